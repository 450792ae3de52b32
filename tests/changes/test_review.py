"""A person's word on what became of an operation: the facts, who may say it and when, and that it is said once."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.test import Client
from msgspec.structs import replace

from orders.apis.revkeen import reads
from orders.models import EventLog, JournalCounter, Membership, Merchant, Operation, OrderLock, User
from orders.services.changes import quarantine, review
from orders.services.changes.plans import Step
from orders.services.changes.review import AlreadyEnded, Decision
from orders.services.changes.snapshots import kept, snapshot_of
from orders.services.revkeen import session
from tests.changes.test_quarantine import MAKE
from tests.changes.test_two_at_work import in_two
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.journal import change_request, payments, reconcile_due, submit
from tests.support.journal import order as order
from tests.support.journal import support as support
from tests.support.pages import form_token_in, source
from tests.support.processes import Site

pytestmark = pytest.mark.database

State, Kind = Operation.State, Operation.Kind


@pytest.fixture
def finance(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("fin@northwind.example", northwind, "finance"))


@pytest.fixture
def waiting(northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator) -> Operation:
    """A payment that RevKeen did nothing of; eleven minutes ago, and no machine may send it again."""
    emulator.fault("disconnect", "/pay$")
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    return left_to_people(operation)


def left_to_people(operation: Operation, *, quiet: timedelta = timedelta(minutes=11)) -> Operation:
    Operation.objects.filter(pk=operation.pk).update(state=State.NEEDS_REVIEW, last_sent_at=Now() - quiet)
    operation.refresh_from_db()
    return operation


def address(operation: Operation) -> str:
    return f"/northwind/live/journal/{operation.pk}/"


def form_token(client: Client, operation: Operation) -> str:
    return form_token_in(source(client, address(operation)))


def decide(client: Client, operation: Operation, outcome: str, *, follow: bool = True, **fields: str) -> Any:
    sent = {"form_token": fields.pop("form_token", None) or form_token(client, operation), "outcome": outcome, **fields}
    return client.post(f"{address(operation)}decide/", sent, follow=follow)


def pay_calls(emulator: Emulator) -> int:
    return sum(call["path"].endswith("/pay") for call in emulator.calls())


def test_the_page_shows_the_facts_and_both_answers(finance: Client, waiting: Operation, emulator: Emulator) -> None:
    emulator.send(f"/orders/{waiting.order_id}/pay", {"amount": 250, "payment_token": f"tok_approve_{uuid.uuid4()}"})
    currency = waiting.seen["currency"]
    page = finance.get(address(waiting)).content.decode()
    assert "Needs review: did this go through?" in page
    assert re.search(r"payment\.succeeded</span> <span class=\"muted\">from another change", page)
    assert "Transactions of the invoice since the click" in page
    assert f"2.50 {currency}" in page
    assert "It happened: a payment" in page
    assert "It did not happen: close it" in page


def test_it_happened_is_written_once_with_name_and_reason_and_frees_the_order(
    finance: Client, waiting: Operation, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = decide(finance, waiting, "happened", reason="the gateway shows it")
    assert answer.redirect_chain == [(address(waiting), 303)]
    page = answer.content.decode()
    assert "Decided that it happened: <bdi>a payment</bdi>" in page
    assert "the gateway shows it" in page
    waiting.refresh_from_db()
    assert (waiting.state, waiting.code, waiting.reason) == (State.DONE, "decided", "the gateway shows it")
    assert str(waiting.decided_by) == "Fin"
    assert waiting.result["number"] == order["public_id"]
    assert not OrderLock.objects.exists()
    assert EventLog.objects.get(kind="decided").text == ("Take payment, a payment: it happened. the gateway shows it")
    assert pay_calls(emulator) == 1


def test_it_did_not_happen_opens_the_door_to_a_new_key(
    finance: Client, northwind: Merchant, support: User, waiting: Operation, order: dict[str, Any], emulator: Emulator
) -> None:
    page = decide(finance, waiting, "did_not", reason="not in the gateway").content.decode()
    assert "Decided that it did not happen" in page
    assert "Did not happen" in page
    waiting.refresh_from_db()
    assert (waiting.state, waiting.code) == (State.REFUSED, "decided")
    again = submit(northwind, support, change_request(northwind, support, order, 100))
    assert again.state == State.DONE
    assert payments(emulator, order) == [100]


def test_after_a_backup_was_restored_a_decision_sends_no_step_that_follows(
    finance: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    """No worker has looked yet, and nothing was begun: the decision is the first to come across it."""
    emulator.fault("disconnect", "/pay$", after_work=True)
    first = submit(northwind, support, change_request(northwind, support, order, 100, then=[in_two(emulator, order)]))
    left_to_people(first)
    counter = JournalCounter.objects.get()
    Path(settings.COUNTER_FILE).write_text(f"{counter.installation} {counter.count + 5}")
    decide(finance, first, "happened", reason="seen")
    second = Operation.objects.get(plan_id=first.pk, step=1)
    assert (second.state, second.code) == (State.NEEDS_REVIEW, "quarantined")
    assert payments(emulator, order) == [100]


def test_before_ten_quiet_minutes_nobody_says_that_it_did_not_happen(finance: Client, waiting: Operation) -> None:
    left_to_people(waiting, quiet=timedelta(minutes=9, seconds=50))
    page = finance.get(address(waiting)).content.decode()
    assert "Wait ten minutes after it was last sent, until" in page
    assert "It did not happen: close it" not in page
    answer = decide(finance, waiting, "did_not", reason="sure")
    assert answer.status_code == 422
    assert "Wait ten minutes" in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.state == State.NEEDS_REVIEW
    assert decide(finance, waiting, "happened", reason="seen").status_code == 200
    waiting.refresh_from_db()
    assert waiting.state == State.DONE


def test_whoever_clicked_does_not_say_that_it_did_not_happen_where_others_can(
    finance: Client, northwind: Merchant, support: User, waiting: Operation
) -> None:
    Membership.objects.filter(user=support).update(roles=["support", "finance"])
    clicker = sign_in(support)
    assert "You started this change yourself; Fin can decide this." in clicker.get(address(waiting)).content.decode()
    assert decide(clicker, waiting, "did_not", reason="sure").status_code == 422
    waiting.refresh_from_db()
    assert waiting.state == State.NEEDS_REVIEW


def take_away_the_others_role() -> None:
    Membership.objects.filter(user__email="fin@northwind.example").update(roles=["viewer"])


def let_the_other_go() -> None:
    User.objects.filter(email="fin@northwind.example").update(is_active=False)


@pytest.mark.parametrize("lift", [take_away_the_others_role, let_the_other_go])
@pytest.mark.parametrize("outcome", ["happened", "did_not"])
def test_who_may_decide_is_fixed_when_it_begins(
    outcome: str, lift: Callable[[], None], finance: Client, support: User, waiting: Operation
) -> None:
    """Whoever asked becomes one who decides, and sees to it that nobody else does."""
    Membership.objects.filter(user=support).update(roles=["admin"])
    lift()
    clicker = sign_in(support)
    words = "You started this change yourself; Fin had the right when this started, and needs the role again to decide."
    assert clicker.get(address(waiting)).content.decode().count(words) == 2
    assert decide(clicker, waiting, outcome, reason="sure").status_code == 422
    waiting.refresh_from_db()
    assert waiting.state == State.NEEDS_REVIEW


@pytest.mark.parametrize("outcome", ["happened", "did_not"])
def test_who_gets_the_right_later_does_not_decide_of_what_began_before(
    outcome: str, finance: Client, northwind: Merchant, waiting: Operation
) -> None:
    puppet = sign_in(make_person("puppet@northwind.example", northwind, "admin"))
    answer = decide(puppet, waiting, outcome, reason="sure")
    assert answer.status_code == 422
    assert "You had no right to decide when this started; Fin can decide this." in answer.content.decode()
    assert decide(finance, waiting, outcome, reason="sure").status_code == 200


@pytest.mark.parametrize("outcome", ["happened", "did_not"])
def test_where_the_merchant_had_nobody_else_whoever_asked_decides_with_a_reason(
    outcome: str, northwind: Merchant, emulator: Emulator, order: dict[str, Any]
) -> None:
    alone = make_person("alone@northwind.example", northwind, "admin")
    emulator.fault("disconnect", "/pay$")
    waiting = left_to_people(submit(northwind, alone, change_request(northwind, alone, order, 100)))
    assert decide(sign_in(alone), waiting, outcome).status_code == 422
    assert decide(sign_in(alone), waiting, outcome, reason="sure").status_code == 200
    waiting.refresh_from_db()
    assert waiting.decided_by_id == alone.pk


@pytest.mark.parametrize("outcome", ["happened", "did_not"])
def test_both_answers_about_money_need_a_reason_and_a_second_person(
    outcome: str, finance: Client, support: User, waiting: Operation
) -> None:
    assert decide(finance, waiting, outcome, reason=" ").status_code == 422
    Membership.objects.filter(user=support).update(roles=["support", "finance"])
    answer = decide(sign_in(support), waiting, outcome, reason="sure")
    assert answer.status_code == 422
    assert "You started this change yourself; Fin can decide this." in answer.content.decode()
    assert decide(finance, waiting, outcome, reason="sure").status_code == 200


def test_it_did_not_happen_needs_revkeens_answer_of_now(
    finance: Client, waiting: Operation, emulator: Emulator
) -> None:
    same = form_token(finance, waiting)
    emulator.fault("disconnect", ".*", times=20)
    answer = decide(finance, waiting, "did_not", reason="sure", form_token=same)
    assert answer.status_code == 422
    assert "RevKeen must respond first." in answer.content.decode()
    assert 'value="sure"' not in answer.content.decode()  # the form is off, with the reason beside it
    emulator.clear_faults()
    waiting.refresh_from_db()
    assert waiting.state == State.NEEDS_REVIEW


def test_it_did_not_happen_needs_a_reason_which_stays_typed_after_a_refusal(
    finance: Client, waiting: Operation, emulator: Emulator
) -> None:
    answer = decide(finance, waiting, "did_not", reason=" ")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="did_not_reason_error"' in page
    assert 'href="#did_not_reason"' in page
    same = form_token(finance, waiting)
    emulator.send(f"/orders/{waiting.order_id}", {"notes": "changed"}, method="PATCH")
    answer = decide(finance, waiting, "did_not", reason="it is not there", form_token=same)
    assert 'value="it is not there"' in answer.content.decode()


@pytest.mark.parametrize("outcome", ["happened", "did_not"])
def test_when_revkeen_shows_something_else_than_the_page_did_nothing_is_decided(
    outcome: str, finance: Client, waiting: Operation, emulator: Emulator
) -> None:
    same = form_token(finance, waiting)
    emulator.send(f"/orders/{waiting.order_id}/pay", {"amount": 250, "payment_token": f"tok_approve_{uuid.uuid4()}"})
    answer = decide(finance, waiting, outcome, reason="sure", form_token=same)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was decided: the data in RevKeen changed." in page
    assert "<dt>Paid</dt><dd><s>" in page
    waiting.refresh_from_db()
    assert waiting.state == State.NEEDS_REVIEW


@pytest.mark.parametrize("outcome", ["happened", "did_not"])
def test_an_event_with_our_key_reconciles_it_whatever_is_said(
    outcome: str, finance: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$", after_work=True)
    operation = left_to_people(submit(northwind, support, change_request(northwind, support, order, 100)))
    answer = decide(finance, operation, outcome, reason="I say so")
    assert "the outcome became known in the meantime" in answer.content.decode()
    operation.refresh_from_db()
    assert (operation.state, operation.decided_by) == (State.DONE, None)
    assert not EventLog.objects.filter(kind="decided").exists()


def test_the_worker_reconciles_what_waits_for_a_person_when_the_event_comes_and_the_page_turns(
    finance: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$", after_work=True)
    operation = left_to_people(submit(northwind, support, change_request(northwind, support, order, 100)))
    watch = f"{address(operation)}watch/?state=needs_review"
    assert finance.get(watch).status_code == 204
    assert reconcile_due(operation).state == State.DONE
    assert finance.get(watch)["HX-Refresh"] == "true"


def test_the_same_decision_sent_twice_is_one(finance: Client, waiting: Operation) -> None:
    same = form_token(finance, waiting)
    for _ in range(2):
        page = decide(finance, waiting, "did_not", reason="sure", form_token=same).content.decode()
        assert "Decided that it did not happen" in page
        assert "became known in the meantime" not in page
    assert EventLog.objects.filter(kind="decided").count() == 1


def test_a_decision_after_anothers_shows_what_stands(finance: Client, northwind: Merchant, waiting: Operation) -> None:
    other = sign_in(make_person("ada@northwind.example", northwind, "admin"))
    late = form_token(other, waiting)
    decide(finance, waiting, "happened", reason="seen")
    page = decide(other, waiting, "did_not", reason="sure", form_token=late).content.decode()
    assert "the outcome became known in the meantime" in page
    assert "Decided that it happened" in page


SAY = """
import json, sys
from orders.models import Operation, User
from orders.services.changes import review, checks
from orders.services.revkeen import session
from orders.services.changes.review import Decision, AlreadyEnded
from tests.support.processes import READY
operation = Operation.objects.get(pk=sys.argv[1])
with session.session(operation.merchant, operation.mode) as api:
    facts = checks.look(api, operation)
decision = Decision(sys.argv[2] == "happened", "sure", review.snapshot_of(facts.order, facts.refunds))
exec(READY)
try:
    review.decide(operation, User.objects.get(email=sys.argv[3]), decision)
    print(json.dumps("decided"))
except AlreadyEnded:
    print(json.dumps("reconciled"))
"""
WAIT = """
from datetime import timedelta
from django.db.models.functions import Now
from orders.models import Membership, Operation, User
for name in ("one", "two"):
    person = User.objects.create(email=f"{name}@northwind.example", name=name)
    Membership.objects.create(user=person, merchant=Operation.objects.get().merchant, roles=["finance"])
Operation.objects.update(state="needs_review", last_sent_at=Now() - timedelta(minutes=11))
"""


def test_two_people_who_decide_at_once_decide_once(site: Site, running_emulator: Emulator) -> None:
    running_emulator.reset()
    site.environment |= {"REVKEEN_LIVE_URL": running_emulator.api, "REVKEEN_TEST_URL": running_emulator.api}
    running_emulator.fault("disconnect", "/pay$")
    operation = site.run(MAKE, running_emulator.make_order()["id"])["id"]
    site.run(WAIT + "import json\nfrom tests.support.processes import READY\nexec(READY)\nprint(json.dumps(0))")
    people = [
        (operation, "happened", "one@northwind.example"),
        (operation, "did_not", "two@northwind.example"),
        (operation, "did_not", "one@northwind.example"),
    ]
    assert sorted(site.run_together(SAY, people)) == ["decided", "reconciled", "reconciled"]
    assert site.rows("SELECT COUNT(*) FROM orders_eventlog WHERE kind = 'decided'") == [(1,)]


def _order(merchant: Merchant, order_id: str) -> Any:
    with session.session(merchant, "live") as api:
        return api.get(reads.order(uuid.UUID(order_id))).require()


@pytest.mark.parametrize("role", ["support", "operations", "viewer"])
def test_who_may_not_decide_is_refused_and_on_record(
    role: str, northwind: Merchant, support: User, waiting: Operation, finance: Client
) -> None:
    person = support if role == "support" else make_person("x@northwind.example", northwind, role)
    client = sign_in(person)
    answer = decide(client, waiting, "happened", form_token=form_token(finance, waiting))
    assert answer.status_code == 403
    assert EventLog.objects.filter(kind="refused", user=person).exists()
    if role == "support":
        page = client.get(address(waiting)).content.decode()
        assert "You may not decide the outcome of a change." in page
        assert "Did this go through?" not in page


def test_a_form_token_is_good_for_its_operation_person_and_merchant_alone(
    finance: Client, northwind: Merchant, kestrel: Merchant, waiting: Operation
) -> None:
    others = sign_in(make_person("ada@northwind.example", northwind, "admin"))
    assert decide(finance, waiting, "happened", form_token=form_token(others, waiting)).status_code == 404
    stranger = sign_in(make_person("k@kestrel.example", kestrel, "admin"))
    elsewhere = f"/kestrel/live/journal/{waiting.pk}/decide/"
    assert stranger.post(elsewhere, {"form_token": form_token(finance, waiting)}).status_code == 404
    waiting.refresh_from_db()
    assert waiting.state == State.NEEDS_REVIEW


def test_what_is_still_being_reconciled_cannot_be_decided(
    northwind: Merchant, support: User, order: dict[str, Any], finance: Client, emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$")
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    assert "Did this go through?" not in finance.get(address(operation)).content.decode()
    with pytest.raises(AlreadyEnded):
        review.decide(operation, support, Decision(True, "", {"order": None, "refunded": None}))
    operation.refresh_from_db()
    assert operation.state == State.IN_DOUBT


def test_one_in_quarantine_is_decided_on_the_same_page_with_extra_words(finance: Client, waiting: Operation) -> None:
    quarantine.quarantine()
    page = finance.get(address(waiting)).content.decode()
    assert "A backup was restored in which this change was still open." in page
    decide(finance, waiting, "did_not", reason="sure")
    waiting.refresh_from_db()
    assert waiting.state == State.REFUSED


@pytest.fixture
def creating(northwind: Merchant, support: User, emulator: Emulator) -> Operation:
    """An order that RevKeen made without our learning of it; its event is not there yet."""
    operation_id = uuid.uuid4()
    lines = [{"description": "Tent", "unit_price": 6000, "quantity": 1}]
    return Operation.objects.create(
        pk=operation_id,
        plan_id=operation_id,
        merchant=northwind,
        mode="live",
        connection_id=uuid.uuid4(),
        shown_key="rk_live_…demo",
        kind=Kind.CREATE,
        body={"currency": "usd", "line_items": lines},
        seen={},
        summary="one line, 60.00 USD",
        later={},
        user=support,
        who=support.email,
        state=State.NEEDS_REVIEW,
    )


def test_a_create_that_happened_needs_the_order_which_is_read(
    finance: Client, creating: Operation, emulator: Emulator
) -> None:
    made = emulator.make_order()
    page = finance.get(address(creating)).content.decode()
    assert "Orders created since the click" in page
    assert made["id"] in page
    assert decide(finance, creating, "happened", order_id="").status_code == 422
    pasted = f"https://admin.example/northwind/live/orders/{made['id']}/"
    decide(finance, creating, "happened", order_id=pasted)
    creating.refresh_from_db()
    assert (creating.state, str(creating.created_order_id)) == (State.DONE, made["id"])
    assert creating.result["number"] == made["public_id"]


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("missing", "RevKeen has no order with this id."),
        ("old", "is older than this operation."),
        ("other total", "is over 61.00 USD, not 60.00 USD."),
        ("taken", "was created by another operation."),
        ("text", "Paste the id of one order"),
        ("two", "Paste the id of one order"),
    ],
)
def test_an_order_that_cannot_be_the_created_one_is_refused_by_its_field(
    which: str, words: str, finance: Client, creating: Operation, emulator: Emulator
) -> None:
    made = emulator.make_order()["id"]
    other = {"description": "Tent", "unit_price": 6100, "quantity": 1}
    if which == "taken":
        copied = {name: getattr(creating, name) for name in ("merchant", "mode", "connection_id", "body", "seen")}
        Operation.objects.create(
            **copied,
            kind=Kind.CREATE,
            plan_id=uuid.uuid4(),
            user=creating.user,
            state=State.DONE,
            created_order_id=made,
        )
    pasted = {
        "missing": str(uuid.uuid4()),
        "old": emulator.orders("limit=100")[-1]["id"],
        "other total": emulator.make_order(line_items=[other])["id"],
        "taken": made,
        "text": "the one of this morning",
        "two": f"{made} {uuid.uuid4()}",
    }[which]
    answer = decide(finance, creating, "happened", order_id=pasted)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'id="happened_order_id_error"' in page
    assert f'value="{pasted}"' in page
    creating.refresh_from_db()
    assert creating.state == State.NEEDS_REVIEW


def plan(emulator: Emulator, order: dict[str, Any], *amounts: int) -> list[Step]:
    method = {"payment_method_id": emulator.cases()["customers"]["wallet_0"]["1111"]}
    return [
        Step(
            kind="pay",
            order_id=order["id"],
            order_number=order["public_id"],
            body={"amount": amount, **method},
            summary=f"part of {amount}",
        )
        for amount in amounts
    ]


def test_after_it_happened_the_rest_of_the_plan_goes_on(
    finance: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$")
    then = plan(emulator, order, 200)
    first = left_to_people(submit(northwind, support, change_request(northwind, support, order, 100, then=then)))
    decide(finance, first, "happened", reason="sure")
    states = list(Operation.objects.order_by("step").values_list("state", flat=True))
    assert states == [State.DONE, State.DONE]
    assert payments(emulator, order) == [200]
    assert not OrderLock.objects.exists()


def test_after_it_did_not_happen_the_plan_ends(
    finance: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$")
    then = plan(emulator, order, 200)
    first = left_to_people(submit(northwind, support, change_request(northwind, support, order, 100, then=then)))
    decide(finance, first, "did_not", reason="sure")
    assert Operation.objects.count() == 1
    assert payments(emulator, order) == []
    assert not OrderLock.objects.exists()


def test_after_a_decision_in_quarantine_the_next_step_waits_too(
    finance: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$")
    first = submit(northwind, support, change_request(northwind, support, order, 100, then=plan(emulator, order, 200)))
    quarantine.quarantine()
    decide(finance, first, "happened", reason="sure")
    states = list(Operation.objects.order_by("step").values_list("state", "quarantined"))
    assert states == [(State.DONE, True), (State.NEEDS_REVIEW, True)]
    assert payments(emulator, order) == []


def test_it_happened_can_be_said_while_revkeen_does_not_answer(
    finance: Client, waiting: Operation, emulator: Emulator
) -> None:
    same = form_token(finance, waiting)
    emulator.fault("disconnect", ".*", times=50)
    assert decide(finance, waiting, "happened", reason="seen", form_token=same, follow=False).status_code == 303
    emulator.clear_faults()
    waiting.refresh_from_db()
    assert (waiting.state, "order" in waiting.result) == (State.DONE, False)


def test_a_later_step_is_decided_on_its_own_page_which_the_plans_page_leads_to(
    finance: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    other = emulator.make_order()
    [step] = plan(emulator, order, 200)
    shown = kept(snapshot_of(_order(northwind, other["id"])))
    step = replace(step, order_id=other["id"], snapshot=shown, body={"amount": 200})
    emulator.fault("disconnect", f"{other['id']}/pay$")
    second = left_to_people(submit(northwind, support, change_request(northwind, support, order, 100, then=[step])))
    assert second.step == 1
    page = finance.get(f"/northwind/live/journal/{second.plan_id}/").content.decode()
    assert "Did this go through?" not in page
    assert f'href="{address(second)}">Go to this step' in page
    answer = decide(finance, second, "did_not", reason="sure")
    assert answer.redirect_chain == [(f"/northwind/live/journal/{second.plan_id}/", 303)]
    second.refresh_from_db()
    assert second.state == State.REFUSED
    assert not OrderLock.objects.exists()


def test_a_form_sent_again_after_the_decision_says_what_was_decided(
    northwind: Merchant, support: User, finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$")
    client = sign_in(support)
    form = client.get(f"/northwind/live/orders/{order['id']}/pay/").content.decode()
    card = emulator.cases()["customers"]["wallet_0"]["1111"]
    sent = {
        "form_token": form_token_in(form),
        "amount": "1.00",
        "method": card,
        "charging": f"100 {card}",
        "confirmed": "on",
    }
    client.post(f"/northwind/live/orders/{order['id']}/pay/", sent)
    decide(finance, left_to_people(Operation.objects.get()), "did_not", reason="not in the gateway")
    answer = client.post(f"/northwind/live/orders/{order['id']}/pay/", sent)
    assert answer.status_code == 422
    assert "Fin decided that it did not happen." in answer.content.decode()
    assert payments(emulator, order) == []


def test_the_page_shows_what_changed_since_the_form_was_opened(
    finance: Client, waiting: Operation, emulator: Emulator
) -> None:
    assert "The order has not changed since the form was opened." in finance.get(address(waiting)).content.decode()
    emulator.send(f"/orders/{waiting.order_id}/pay", {"amount": 250, "payment_token": f"tok_approve_{uuid.uuid4()}"})
    page = finance.get(address(waiting)).content.decode()
    assert "Order changes since the form was opened" in page
    assert re.search(r"<dt>Paid</dt><dd><s>0.00 \w+</s> → <strong>2.50 ", page)
