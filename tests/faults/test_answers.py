"""What RevKeen may answer to a change, and what may become of the answer on its way."""

import base64
import time
import uuid
from typing import Any

from django.conf import LazySettings
from django.core import signing

from orders.models import Operation
from orders.services.changes import form_tokens
from tests.support.actions import BY_LETTER, Action, form_token_of
from tests.support.fresh import forget_gates
from tests.support.matrix import survives
from tests.support.reliability import CANARY, Case, House

State = Operation.State
OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BEFORE_AND_AFTER = {"before the work": False, "after the work": True}


def assert_unknown_then_done_once(case: Case) -> None:
    """What most faults have to come to: nobody knows, then a machine finds out, under the same key."""
    case.press()
    assert case.state == State.IN_DOUBT, case.operation.message
    case.assert_open()
    case.recover()
    case.assert_invariants(State.DONE)
    assert len(case.keys()) == 1


@survives(12)
def test_a_time_out_after_the_work_is_reconciled_without_doing_it_again(
    action: Action, house: House, settings: LazySettings
) -> None:
    case = Case(house, action)
    settings.REVKEEN_CHANGE_SECONDS = 0.3
    case.fail("hang", after_work=True)
    assert_unknown_then_done_once(case)


RESETS = {
    "before the answer": {"kind": "disconnect", "how": "reset"},
    "in the middle of the answer": {"kind": "cut", "how": "reset"},
}


@survives(13, fault=RESETS, after_work=BEFORE_AND_AFTER)
def test_a_reset_is_unknown_until_it_is_reconciled(
    action: Action, fault: dict[str, Any], after_work: bool, house: House
) -> None:
    case = Case(house, action)
    case.fail(**fault, after_work=after_work)
    assert_unknown_then_done_once(case)


BROKEN: dict[str, dict[str, Any]] = {
    "truncated JSON": {"kind": "truncated"},
    "wrong Content-Length": {"kind": "raw", "text": f"{OK}Content-Length: 99\r\n\r\n{{}}", "after_work": True},
    "broken chunk": {
        "kind": "raw",
        "text": f"{OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{{}}",
        "after_work": True,
    },
}


@survives(14, fault=BROKEN)
def test_a_broken_answer_is_unknown_until_it_is_reconciled(action: Action, fault: dict[str, Any], house: House) -> None:
    case = Case(house, action)
    case.fail(**fault)
    assert_unknown_then_done_once(case)


@survives(14, place=["https:pay/done", "mailto:pay@example.com"])
def test_an_answer_that_sends_us_elsewhere_is_unknown_whatever_it_names(
    action: Action, place: str, house: House
) -> None:
    case = Case(house, action)
    case.fail("respond", status=302, headers={"Location": place}, after_work=True)
    assert_unknown_then_done_once(case)


@survives(15)
def test_a_drip_ends_at_the_deadline_of_the_whole_call(action: Action, house: House, settings: LazySettings) -> None:
    case = Case(house, action)
    settings.REVKEEN_CHANGE_SECONDS = 0.4
    case.fail("drip", seconds=0.1, bytes=8)
    started = time.monotonic()
    case.press()
    assert case.state == State.IN_DOUBT
    assert time.monotonic() - started >= 0.4
    sent = noticed_by_the_emulator(case)
    assert sent["ended_ms"] - sent["started_ms"] <= 900
    case.recover()
    case.assert_invariants(State.DONE)


def noticed_by_the_emulator(case: Case) -> dict[str, Any]:
    """The call, as soon as the emulator has seen that its caller hung up."""
    until = time.monotonic() + 5
    while case.calls()[0]["ended_ms"] is None and time.monotonic() < until:
        time.sleep(0.02)
    return case.calls()[0]


@survives(16)
def test_a_connection_that_is_closed_as_the_call_goes_out_is_unknown_and_not_sent_twice_at_once(
    action: Action, house: House
) -> None:
    case = Case(house, action)
    case.fail("disconnect", how="close")
    case.press()
    assert case.state == State.IN_DOUBT
    assert len(case.calls()) == 1
    case.recover()
    case.assert_invariants(State.DONE)


@survives(17, retry_after=["86400", "Fri, 31 Dec 2100 23:59:59 GMT", None, "-5", "soon"])
def test_a_long_429_is_not_sent_and_what_was_typed_stays(action: Action, retry_after: str | None, house: House) -> None:
    case = Case(house, action)
    case.fail("rate_limited", retry_after=retry_after)
    page = case.press()
    assert "Nothing was sent" in page.text
    forget_gates()  # as another process would be: nobody asks before it is time
    again = action.filled(house.shop, page, case.subject)
    assert again is not None
    case.press(again)
    case.reconcile()
    assert len(case.calls()) == 1
    case.assert_invariants(State.NOT_SENT, State.NOT_SENT)


@survives(17)
def test_a_short_429_is_waited_for(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("rate_limited", retry_after="1")
    case.press()
    first, second = case.calls()
    assert second["started_ms"] - first["ended_ms"] >= 990
    case.assert_invariants(State.DONE)


@survives(18)
def test_an_error_before_the_work_is_sent_again_under_its_key(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("error", status=500)
    assert_unknown_then_done_once(case)
    assert len(case.calls()) == 2


@survives(19)
def test_an_error_that_is_stored_is_replayed_twice_and_then_a_persons_unless_an_event_tells(
    action: Action, house: House
) -> None:
    case = Case(house, action)
    case.fail("error", status=500, after_work=True)
    case.fail_reads("respond", "/events$", times=100, body={"object": "list", "data": [], "has_more": False})
    case.press()
    hide_the_effect(case)
    case.reconcile()
    assert case.state == State.NEEDS_REVIEW
    assert len(case.calls()) == 3
    assert len(case.keys()) == 1
    case.assert_open()
    case.assert_invariants(State.NEEDS_REVIEW)
    case.house.emulator.clear_faults()
    case.look_again()
    case.assert_invariants(State.DONE)


def hide_the_effect(case: Case) -> None:
    """Let RevKeen's reads go on showing the order as it was before the click."""
    for operation in case.operations:
        if operation.order_id is not None:
            order = case.house.emulator.get(f"/orders/{operation.order_id}")
            case.fail_reads("alter", f"/orders/{order['id']}$", times=100, set=operation_seen(operation))
    for listed in ("/refunds$", "/orders$"):
        case.fail_reads("respond", listed, times=100, body={"object": "list", "data": [], "has_more": False})


def operation_seen(operation: Operation) -> dict[str, Any]:
    names = ("status", "fulfillment_status", "updated_at", "amount_paid", "amount_refunded", "amount_due", "total")
    return {name: operation.seen[name] for name in names}


@survives(20, status=[502, 503, 504], after_work=BEFORE_AND_AFTER)
def test_a_gateways_html_is_unknown_and_never_shown(
    action: Action, status: int, after_work: bool, house: House
) -> None:
    case = Case(house, action)
    case.fail("bad_gateway", status=status, after_work=after_work)
    assert_unknown_then_done_once(case)
    assert not [row for row in case.operations if "<" in row.message or len(row.message) > 200]


NO_JSON: dict[str, dict[str, Any]] = {
    "HTML": {"kind": "html"},
    "204": {"kind": "empty", "status": 204},
    "empty": {"kind": "empty"},
    "wrong Content-Type": {"kind": "respond", "content_type": "text/plain"},
}


@survives(21, fault=NO_JSON, after_work=BEFORE_AND_AFTER)
def test_a_yes_that_is_no_json_is_unknown(
    action: Action, fault: dict[str, Any], after_work: bool, house: House
) -> None:
    case = Case(house, action)
    case.fail(**fault, after_work=after_work)
    assert_unknown_then_done_once(case)


SHAPES: dict[str, dict[str, Any]] = {
    "null": {"text": "null"},
    "a list": {"text": "[]"},
    "NaN": {"text": '{"id": NaN, "data": NaN}'},
    "bad UTF-8": {"base64": base64.b64encode(OK.encode() + b'Content-Length: 5\r\n\r\n{"\xff"}').decode()},
}
AMOUNTS = {"a half cent": 12.5, "text": "12", "10^30": 10**30}


@survives(22, name=SHAPES.keys())
def test_an_answer_of_the_wrong_shape_is_unknown(action: Action, name: str, house: House) -> None:
    case = Case(house, action)
    case.fail("raw" if "base64" in SHAPES[name] else "respond", **SHAPES[name], after_work=True)
    assert_unknown_then_done_once(case)


@survives(22, amount=AMOUNTS)
def test_an_answer_with_an_amount_that_is_none_is_unknown(action: Action, amount: Any, house: House) -> None:
    case = Case(house, action)
    case.fail("alter", set={"data.amount_minor" if action.name == "refund" else "total": amount})
    assert_unknown_then_done_once(case)


@survives(22)
def test_an_answer_about_another_order_is_unknown(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("alter", set={"data.id" if action.name == "refund" else "id": str(uuid.uuid4())})
    assert_unknown_then_done_once(case)


STRANGE = {"status": "<b>asleep</b>", "billing_type": "<b>new</b>", "currency": "xxx", "line_items": None}


@survives(22, "CUPNF", member=STRANGE.keys())
def test_strange_values_in_the_answer_do_not_hide_what_happened(action: Action, member: str, house: House) -> None:
    case = Case(house, action)
    case.fail("alter", set={member: STRANGE[member]})
    case.press()
    case.reconcile()
    case.assert_invariants(State.DONE)
    assert not [page for page in case.pages if "<b>" in page.text]


@survives(22, "R", member=["reason", "status", "currency"])
def test_strange_values_of_a_refund_do_not_hide_what_happened(action: Action, member: str, house: House) -> None:
    case = Case(house, action)
    case.fail("alter", set={f"data.{member}": "<b>new</b>"})
    case.press()
    case.reconcile()
    case.assert_invariants(State.DONE)
    assert not [page for page in case.pages if "<b>" in page.text]


@survives(23)
def test_a_yes_to_what_did_not_happen_stays_open_and_says_that_they_disagree(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("respond", body=yes(case))
    page = case.press()
    assert case.state == State.IN_DOUBT
    assert "RevKeen said yes, but" in page.text
    assert "an answer is not borne out" in house.log.getvalue()
    case.recover()
    case.assert_invariants(State.DONE)
    assert len(case.keys()) == 1


@survives(23)
def test_a_yes_that_is_never_borne_out_is_a_persons(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("respond", times=20, body=yes(case))
    case.press()
    case.reconcile()
    case.assert_invariants(State.NEEDS_REVIEW)
    assert len(case.calls()) == 3
    case.assert_open()


def yes(case: Case) -> Any:
    """What RevKeen would answer had it done it."""
    if case.action.name == "refund":
        payment = next(name for name, _ in case.form.sent if name.startswith("amount_")).removeprefix("amount_")
        operation_id = signing.loads(dict(case.form.sent)["form_token"], salt=form_tokens.SALT)["id"]
        refund = {"id": str(uuid.uuid4()), "payment_id": payment, "amount_minor": 735, "currency": "USD"}
        refund["reason_details"] = f"[operation {operation_id}]"
        return {"data": {**refund, "status": "succeeded", "created_at": "2030-01-01T00:00:00Z"}}
    return case.house.emulator.get(f"/orders/{case.subject}")


@survives(24)
def test_a_call_that_is_still_in_progress_is_asked_again_under_its_key(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("error", status=409, code="idempotency_in_progress", times=2)
    case.press()
    case.assert_open()
    case.reconcile()
    case.assert_invariants(State.DONE)
    assert len(case.calls()) == 3
    assert len(case.keys()) == 1


@survives(25)
def test_a_conflict_of_keys_raises_an_alarm_and_is_a_persons(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("error", status=409, code="idempotency_conflict")
    case.press()
    assert "an operation needs review" in house.log.getvalue()
    case.assert_open()
    case.reconcile()
    case.look_again()
    assert len(case.calls()) == 1
    case.assert_invariants(State.NEEDS_REVIEW)


@survives(26, refusal={"400": (400, "invalid_request"), "409": (409, "conflict")})
def test_a_wrong_state_is_refused_and_the_order_shown_as_it_is(
    action: Action, refusal: tuple[int, str], house: House
) -> None:
    case = Case(house, action)
    case.fail("error", status=refusal[0], code=refusal[1], message="The order is in another state.")
    page = case.press()
    assert page.status == 422
    assert "The order is in another state." in page.text
    assert form_token_of(page)
    case.reconcile()
    case.assert_invariants(State.REFUSED)


@survives(27, status=[400, 422])
def test_a_refused_form_that_is_corrected_goes_out_under_another_key_and_does_it_once(
    action: Action, status: int, house: House
) -> None:
    case = Case(house, action)
    case.fail("error", status=status, code="invalid_request", message="Not like this.")
    refused = case.press()
    assert refused.status == 422
    corrected = action.filled(house.shop, refused, case.subject, otherwise=True)
    assert corrected is not None
    case.press(corrected)
    case.reconcile()
    case.assert_invariants(State.REFUSED, State.DONE)
    assert len(case.keys()) == 2
    assert len(case.effects()) == 1


@survives(28)
def test_a_key_that_is_refused_for_the_change_loses_nothing(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("error", status=401, code="unauthenticated", message="The key is not valid.")
    page = case.press()
    assert "The key is not valid." in page.text
    case.reconcile()
    case.assert_invariants(State.REFUSED)


@survives(28)
def test_a_key_that_is_revoked_in_mid_flow_sends_nothing_and_the_page_says_that_it_is_the_key(
    action: Action, house: House
) -> None:
    case = Case(house, action)
    house.emulator.revoke(CANARY)
    page = case.press()
    assert "key" in page.text
    case.reconcile()
    case.assert_invariants(State.REFUSED if action.name == "create" else State.NOT_SENT)


def test_what_was_typed_is_shown_when_the_form_cannot_be_drawn_but_for_the_token(house: House) -> None:
    case = Case(house, BY_LETTER["P"])
    token = "tok_approve_not_to_be_shown"
    typed = {"method": "token", "token": token, "charging": "2000 token"}
    sent = [(name, typed.get(name, value)) for name, value in [*case.form.sent, ("token", "")]]
    house.emulator.revoke(CANARY)
    page = house.tab.post(case.form.path, sent)
    assert "What you entered" in page.text
    assert "20.00" in page.text
    assert token not in page.text
    assert dict(case.form.sent)["form_token"] not in page.text


@survives(30)
def test_a_missing_scope_is_named(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("error", status=403, code="forbidden", message="No.")
    page = case.press()
    assert f"this key may not {'refunds' if action.name == 'refund' else 'orders'}:write" in page.text
    case.reconcile()
    case.assert_invariants(State.REFUSED)


@survives(31, kind=["gzip_bomb", "huge_body", "deep_json", "huge_header"])
def test_a_bomb_is_unknown_and_reconciled(action: Action, kind: str, house: House) -> None:
    case = Case(house, action)
    case.fail(kind, after_work=True)
    assert_unknown_then_done_once(case)
