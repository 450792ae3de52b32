"""RevKeen is looked at again after a decision about money: what says otherwise is said once, and nothing is sent."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from orders.management.commands.worker import OF_ONE_MERCHANT, AtHand, Command
from orders.models import DecisionCheck, EventLog, Membership, Merchant, Operation, User
from orders.services.changes import review, review_checks
from orders.services.changes.checks import look
from orders.services.changes.journal_list import needing_someone
from orders.services.changes.review import Decision
from orders.services.revkeen import session
from tests.changes.test_review import left_to_people
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.journal import change_request, submit
from tests.support.journal import order as order
from tests.support.journal import support as support
from tests.support.refunding import paid_order, refund, refund_elsewhere, sales, text

pytestmark = pytest.mark.database

Kind = EventLog.Kind
LAST = len(review_checks.WAITS)
KEY = "One of RevKeen’s events carries this operation’s key."


@pytest.fixture
def decider(northwind: Merchant, emulator: Emulator) -> User:
    return make_person("fin@northwind.example", northwind, "finance")


def decided(operation: Operation, by: User, happened: bool) -> Operation:
    left_to_people(operation)
    with session.session(operation.merchant, operation.mode) as api:
        facts = look(api, operation)
    return review.decide(
        operation, by, Decision(happened, "the bank says so", review.snapshot_of(facts.order, facts.refunds))
    )


def check() -> DecisionCheck:
    """As the worker does when a decision is due to be looked at."""
    DecisionCheck.objects.filter(next_look_at__isnull=False).update(next_look_at=Now(), lease_until=Now())
    claimed = review_checks.claim()
    assert claimed is not None
    return review_checks.check(claimed)


def check_for_a_day() -> DecisionCheck:
    for _ in range(LAST):
        found = check()
    return found


def lost_payment(northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator) -> Operation:
    """RevKeen did nothing of it."""
    emulator.fault("disconnect", "/pay$")
    return submit(northwind, support, change_request(northwind, support, order, 100))


def pay_later(emulator: Emulator, operation: Operation, *, key: str = "", amount: int = 100) -> None:
    """The money moves after all: under our key, or by something that does not carry it."""
    body = {"amount": amount, "payment_token": f"tok_approve_{uuid.uuid4()}"}
    emulator.send(f"/orders/{operation.order_id}/pay", body, **({"Idempotency-Key": key} if key else {}))


def refund_in_doubt(client: Client, order: dict[str, Any], emulator: Emulator) -> tuple[Operation, str]:
    """RevKeen did nothing of it."""
    (payment,) = sales(emulator, order)
    emulator.fault("disconnect", "/refunds$", method="POST")
    refund(client, order, {payment: "25.00"})
    return Operation.objects.get(kind="refund"), payment


def pages(found: DecisionCheck) -> tuple[str, str]:
    """Of the operation and of its order."""
    operation = found.operation
    client = sign_in(User.objects.get(email="fin@northwind.example"))
    place = "/northwind/live"
    return text(client, f"{place}/journal/{operation.pk}/"), text(client, f"{place}/orders/{operation.order_id}/")


@pytest.mark.parametrize("with_key", [True, False])
def test_a_payment_that_was_charged_though_decided_not_to_have_been_is_said_once(
    with_key: bool, northwind: Merchant, support: User, decider: User, order: dict[str, Any], emulator: Emulator
) -> None:
    operation = decided(lost_payment(northwind, support, order, emulator), decider, happened=False)
    assert check().contradicted_at is None
    pay_later(emulator, operation, key=str(operation.pk) if with_key else "")
    emulator.forget_calls()
    found = check()
    assert found.contradicted
    assert found.seen == KEY if with_key else "1.00" in found.seen
    assert {call["method"] for call in emulator.calls()} == {"GET"}
    assert review_checks.claim() is None
    logged = EventLog.objects.get(kind=Kind.DECISION_CONTRADICTED)
    assert (logged.order_id, logged.merchant, found.seen in logged.text) == (operation.order_id, northwind, True)
    on_operation, on_order = pages(found)
    assert "RevKeen’s data contradicts this decision." in on_operation
    assert found.seen in on_operation
    assert "RevKeen contradicts a decision about money." in on_order
    assert found.seen in on_order


def test_a_payment_that_nothing_shows_a_day_after_it_was_decided_to_have_happened_is_said(
    northwind: Merchant, support: User, decider: User, order: dict[str, Any], emulator: Emulator
) -> None:
    decided(lost_payment(northwind, support, order, emulator), decider, happened=True)
    for _ in range(LAST - 1):
        assert check().contradicted_at is None
    assert check().seen == review_checks.NOTHING_SHOWS_IT


@pytest.mark.parametrize("happened", [True, False])
def test_a_decision_that_revkeen_bears_out_says_nothing(
    happened: bool, northwind: Merchant, support: User, decider: User, order: dict[str, Any], emulator: Emulator
) -> None:
    operation = lost_payment(northwind, support, order, emulator)
    operation = decided(operation, decider, happened)
    if happened:
        pay_later(emulator, operation)
    found = check() if happened else check_for_a_day()
    assert (found.contradicted_at, found.next_look_at) == (None, None)
    assert not EventLog.objects.filter(kind=Kind.DECISION_CONTRADICTED).exists()


def test_the_same_payment_made_anew_does_not_contradict_that_the_first_did_not_happen(
    northwind: Merchant, support: User, decider: User, order: dict[str, Any], emulator: Emulator
) -> None:
    decided(lost_payment(northwind, support, order, emulator), decider, happened=False)
    assert submit(northwind, support, change_request(northwind, support, order, 100)).state == Operation.State.DONE
    assert check_for_a_day().contradicted_at is None


def test_what_had_moved_before_the_decision_was_seen_by_who_decided(
    northwind: Merchant, support: User, decider: User, order: dict[str, Any], emulator: Emulator
) -> None:
    operation = lost_payment(northwind, support, order, emulator)
    pay_later(emulator, operation)
    decided(operation, decider, happened=False)
    assert check_for_a_day().contradicted_at is None


@pytest.mark.parametrize("happened", [True, False])
def test_while_revkeen_is_down_it_is_looked_at_later(
    happened: bool, northwind: Merchant, support: User, decider: User, order: dict[str, Any], emulator: Emulator
) -> None:
    decided(lost_payment(northwind, support, order, emulator), decider, happened)
    DecisionCheck.objects.update(looks=LAST - 1)
    emulator.fault("disconnect", ".*", times=20)
    found = check()
    assert (found.looks, found.contradicted_at) == (LAST - 1, None)
    waits = DecisionCheck.objects.filter(next_look_at__gt=Now() + timedelta(minutes=9))
    assert waits.filter(next_look_at__lt=Now() + timedelta(minutes=11)).exists()
    emulator.clear_faults()
    assert (check().contradicted_at is not None) == happened


@pytest.mark.parametrize("happened", [True, False])
def test_a_refund_is_held_against_the_decision_too(
    happened: bool, support: User, decider: User, northwind: Merchant, emulator: Emulator
) -> None:
    order = paid_order(emulator, 6000)
    client = sign_in(make_person("clicker@northwind.example", northwind, "finance"))
    operation, payment = refund_in_doubt(client, order, emulator)
    operation = decided(operation, decider, happened)
    assert check().contradicted_at is None
    if not happened:
        refund_elsewhere(emulator, payment, 2500)
        assert "25.00 USD or more refunded" in check().seen
    else:
        DecisionCheck.objects.update(looks=LAST - 1)
        assert check().seen == review_checks.NOTHING_SHOWS_IT


def test_it_needs_someone_until_who_may_decide_closes_it_with_a_reason(
    northwind: Merchant, support: User, decider: User, order: dict[str, Any], emulator: Emulator
) -> None:
    operation = decided(lost_payment(northwind, support, order, emulator), decider, happened=True)
    membership = Membership.objects.get(user=decider)
    assert needing_someone(membership, "live") == 0
    check_for_a_day()
    assert needing_someone(membership, "live") == 1
    client, path = sign_in(decider), f"/northwind/live/journal/{operation.pk}/"
    assert "Contradicted" in text(client, "/northwind/live/journal/?state=needs_review")
    assert sign_in(support).post(f"{path}close/", {"reason": "fine"}).status_code == 403
    refused = client.post(f"{path}close/", {"reason": " "})
    assert (refused.status_code, "Enter what explains it." in refused.content.decode()) == (422, True)
    assert needing_someone(membership, "live") == 1
    for _ in range(2):
        client.post(f"{path}close/", {"reason": "paid by wire"})
    assert needing_someone(membership, "live") == 0
    logged = EventLog.objects.get(kind=Kind.CONTRADICTION_CLOSED)
    assert (logged.user, logged.order_id, "paid by wire" in logged.text) == (decider, operation.order_id, True)
    on_operation, on_order = pages(DecisionCheck.objects.get())
    assert "paid by wire" in on_operation
    assert "RevKeen contradicts a decision" not in on_order


def test_a_contradiction_that_is_not_there_cannot_be_closed(
    northwind: Merchant, support: User, decider: User, order: dict[str, Any], emulator: Emulator
) -> None:
    operation = lost_payment(northwind, support, order, emulator)
    path = f"/northwind/live/journal/{operation.pk}/close/"
    assert sign_in(decider).post(path, {"reason": "fine"}).status_code == 404
    decided(operation, decider, happened=True)
    assert sign_in(decider).post(path, {"reason": "fine"}).status_code == 404


def test_the_worker_looks_and_one_at_a_time(
    northwind: Merchant, support: User, decider: User, order: dict[str, Any], emulator: Emulator
) -> None:
    decided(lost_payment(northwind, support, order, emulator), decider, happened=False)
    assert review_checks.claim() is None, "not before a minute"
    DecisionCheck.objects.update(next_look_at=Now())
    assert review_checks.claim(busy=[northwind.pk]) is None
    assert review_checks.claim() is not None
    assert review_checks.claim() is None
    DecisionCheck.objects.update(lease_until=Now())
    command = Command()
    command.of_merchants = AtHand[int](OF_ONE_MERCHANT)
    assert command.reconcile()
    assert DecisionCheck.objects.get().looks == 1
