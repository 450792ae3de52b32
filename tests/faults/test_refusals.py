"""Who may say no: RevKeen, in its own words, as long as nothing shows that it was done."""

from typing import Any

from orders.models import Connection, Operation
from tests.support.actions import BY_LETTER, Action
from tests.support.matrix import survives
from tests.support.reliability import Case, House, says_nothing, words

State = Operation.State
NO_EVENTS = {"object": "list", "data": [], "has_more": False}
FORBIDDEN = {"error": {"type": "permission_error", "code": "permission_denied", "message": "No."}}


def assert_in_doubt_then_done_once(case: Case) -> None:
    page = case.press()
    assert case.state == State.IN_DOUBT, (case.state, case.operation.message)
    assert not says_nothing(page), words(page)
    case.assert_open()
    Connection.objects.update(wait_until=None)  # the time that a 429 asked for is over
    case.recover()
    case.assert_invariants(State.DONE)
    assert len(case.keys()) == 1


@survives(20, status=[400, 403, 404, 422, 429, 499])
def test_a_gateways_no_after_the_work_is_not_revkeens(action: Action, status: int, house: House) -> None:
    case = Case(house, action)
    case.fail("bad_gateway", status=status, after_work=True)
    assert_in_doubt_then_done_once(case)


FOREIGN: dict[str, dict[str, Any]] = {
    "another code": {"status": 400, "body": {"error": {"type": "t", "code": "waf_blocked", "message": "No."}}},
    "a code of another status": {"status": 401, "body": {"error": {"type": "t", "code": "conflict", "message": "No."}}},
    "a status without codes": {"status": 402, "body": {"error": {"type": "t", "code": "conflict", "message": "No."}}},
    "no type": {"status": 400, "body": {"error": {"code": "invalid_request", "message": "No."}}},
    "a bare text": {"status": 400, "body": {"error": "No."}},
    "another Content-Type": {
        "status": 400,
        "content_type": "text/html",
        "body": {"error": {"type": "t", "code": "invalid_request", "message": "No."}},
    },
}


@survives(20, "P", answer=FOREIGN)
def test_a_no_that_is_not_documented_is_in_doubt(action: Action, answer: dict[str, Any], house: House) -> None:
    case = Case(house, action)
    case.fail("respond", **answer, after_work=True)
    assert_in_doubt_then_done_once(case)


@survives(20, "PU")
def test_a_foreign_no_that_repeats_itself_is_soon_a_persons(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("bad_gateway", status=403, times=50)
    case.press()
    case.reconcile()
    case.assert_invariants(State.NEEDS_REVIEW)
    assert len(case.calls()) == 3


@survives(26, no={"400": (400, "invalid_request"), "422": (422, "invalid_request"), "409": (409, "conflict")})
def test_a_no_in_revkeens_own_words_is_held_against_its_events(
    action: Action, no: tuple[int, str], house: House
) -> None:
    case = Case(house, action)
    case.fail("error", status=no[0], code=no[1], message="It was done already.", after_work=True)
    assert_in_doubt_then_done_once(case)


@survives(26, "UPNF")
def test_a_no_to_what_moved_the_order_is_a_persons_where_no_event_tells(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail_reads("respond", "/events$", times=100, body=NO_EVENTS)
    case.fail("error", status=400, code="invalid_request", message="It was done already.", after_work=True)
    page = case.press()
    assert not says_nothing(page), words(page)
    case.reconcile()
    case.assert_invariants(State.NEEDS_REVIEW)
    assert len(case.calls()) == 1


@survives(26, "PNF")
def test_a_no_is_no_end_while_the_order_cannot_be_read(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("error", status=400, code="invalid_request", message="No.")
    case.fail_reads("delay", r"/orders/[^/]+$", seconds=0)  # the look before
    case.fail_reads("disconnect", r"/orders/[^/]+$", times=100)
    case.press()
    assert case.state == State.IN_DOUBT
    case.house.emulator.clear_faults()
    case.fail("error", status=400, code="invalid_request", message="No.")
    case.reconcile()
    case.assert_invariants(State.REFUSED)


@survives(17)
def test_a_429_in_revkeens_own_words_is_held_against_what_it_shows(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("rate_limited", retry_after="0", times=2, after_work=True)
    assert_in_doubt_then_done_once(case)


def test_a_declined_payment_is_refused_also_where_the_key_may_not_read_events(house: House) -> None:
    case = Case(house, BY_LETTER["P"])
    case.fail_reads("respond", "/events$", times=100, status=403, body=FORBIDDEN)
    declined = house.shop.wallet["0002"]
    sent = [pair for pair in case.form.sent if pair[0] not in ("method", "charging")]
    sent += [("method", declined), ("charging", f"2000 {declined}")]
    page = case.press(type(case.form)(case.form.path, sent))
    assert case.state == State.REFUSED, case.operation.message
    assert says_nothing(page), words(page)
