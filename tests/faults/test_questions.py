"""An answer is one to its question: about something else it is in doubt after a change, and unreadable after a read."""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, connection, transaction

from orders.apis.errors import InDoubt
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Event, EventRequest
from orders.apis.revkeen.reads import Read
from orders.models import Connection, Merchant, Operation, RefundStatus
from orders.services.changes import outcomes, verification
from orders.services.revkeen import last_known, session
from tests.support.actions import BY_LETTER, Action
from tests.support.emulation import Emulator
from tests.support.matrix import survives
from tests.support.refunding import paid_order, refund_elsewhere, sales
from tests.support.reliability import CANARY, Case, House

pytestmark = pytest.mark.database

State = Operation.State
NO_EVENTS = {"object": "list", "data": [], "has_more": False}
ASKED = [
    "order", "customer", "orders of a customer", "orders in a status", "payment methods", "prices", "invoice",
    "invoices of a customer", "transactions", "refunds", "refund", "events of an order", "events of a type",
]  # fmt: skip


def questions(emulator: Emulator) -> dict[str, tuple[Read[Any], Read[Any]]]:
    """Of each kind of read two that have different answers."""
    mine = paid_order(emulator, 2500)
    other = emulator.make_order(customer_id=emulator.cases()["customers"]["wallet_1"]["id"])
    other = emulator.send(f"/orders/{other['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4()}"})
    [my_sale], [their_sale] = sales(emulator, mine), sales(emulator, other)
    my_refund, their_refund = (refund_elsewhere(emulator, sale, 100)["id"] for sale in (my_sale, their_sale))

    def two(make: Callable[[uuid.UUID], Read[Any]], name: str) -> tuple[Read[Any], Read[Any]]:
        return make(uuid.UUID(mine[name])), make(uuid.UUID(other[name]))

    return {
        "order": two(reads.order, "id"),
        "customer": two(reads.customer, "customer_id"),
        "orders of a customer": two(lambda one: reads.orders(customer_id=one), "customer_id"),
        "orders in a status": (reads.orders(status="pending"), reads.orders(status="paid")),
        "payment methods": two(reads.payment_methods, "customer_id"),
        "prices": (reads.prices("USD"), reads.prices("EUR")),
        "invoice": two(reads.invoice, "invoice_id"),
        "invoices of a customer": two(reads.customer_invoices, "customer_id"),
        "transactions": two(reads.transactions, "invoice_id"),
        "refunds": (reads.refunds(uuid.UUID(my_sale)), reads.refunds(uuid.UUID(their_sale))),
        "refund": (reads.refund(uuid.UUID(my_refund)), reads.refund(uuid.UUID(their_refund))),
        "events of an order": two(reads.order_events, "id"),
        "events of a type": (reads.events_since(0, ("order.created",)), reads.events_since(0, ("order.paid",))),
    }


@pytest.mark.parametrize("name", ASKED)
def test_the_answer_to_another_question_is_not_shown_and_not_kept(
    name: str, northwind: Merchant, emulator: Emulator
) -> None:
    asked, other = questions(emulator)[name]
    answer = emulator.get(f"{other.path}?{urlencode(other.params)}")
    assert answer.get("data", answer)
    emulator.fault("respond", f"{asked.path}$", method="GET", body=answer)
    with session.session(northwind, "live") as api:
        reading = api.get(asked)
    assert reading.value is None
    assert isinstance(reading.error, InDoubt)
    key = Connection.objects.get(merchant=northwind, mode="live")
    assert last_known.find(key.pk, asked) is None
    with session.session(northwind, "live") as api:
        assert api.get(asked).error is None


def test_data_of_the_other_mode_is_not_shown(northwind: Merchant, emulator: Emulator) -> None:
    read = reads.order_events(uuid.UUID(paid_order(emulator, 2500)["id"]))
    emulator.fault("alter", "/events$", method="GET", set={"data.0.livemode": False})
    with session.session(northwind, "live") as api:
        reading = api.get(read)
    assert (reading.value, str(reading.error)) == (None, "RevKeen answered with data of the other mode.")


# Changes


def assert_in_doubt_then_done_once(case: Case) -> None:
    case.press()
    assert case.state == State.IN_DOUBT, (case.state, case.operation.message)
    case.recover()
    case.assert_invariants(State.DONE)
    assert len(case.effects()) == 1


@survives(22, "C", what=["customer_id", "currency", "subtotal", "metadata"])
def test_another_order_is_not_taken_for_the_one_that_was_to_be_created(action: Action, what: str, house: House) -> None:
    case = Case(house, action)
    other = {"customer_id": str(uuid.uuid4()), "currency": "eur", "subtotal": 7, "metadata": {}}
    case.fail("alter", set={what: other[what]})
    assert_in_doubt_then_done_once(case)


@survives(22, "CR")
def test_the_answer_to_an_equal_change_before_is_not_taken_for_that_to_this_one(action: Action, house: House) -> None:
    before = Case(house, action)
    before.press()
    before.assert_invariants(State.DONE)
    made = answer_of(house.emulator, action, before.operation)
    case = Case(house, action)
    if action.name == "refund":  # of the same payment, and as much
        case = Case(house, fixed(action, before.subject))
    case.fail("respond", status=201, body=made)
    assert_in_doubt_then_done_once(case)


def answer_of(emulator: Emulator, action: Action, operation: Operation) -> Any:
    if action.name == "refund":
        return emulator.get(f"/refunds/{operation.result['refund']['id']}", CANARY)
    return emulator.get(f"/orders/{operation.created_order_id}", CANARY)


def fixed(action: Action, subject: str) -> Action:
    """The same action on a subject that is there already."""
    return type(action)(**{**vars(action), "prepare": lambda shop, browser: subject})


def test_a_fulfillment_is_not_borne_out_by_an_order_that_somebody_else_moved(house: House) -> None:
    emulator = house.emulator
    lines = [{"description": f"Tent {at}", "unit_price": 700, "quantity": 1} for at in range(3)]
    action = BY_LETTER["F"]
    order = emulator.make_order(line_items=lines)
    emulator.send(f"/orders/{order['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4()}"})
    Case(house, fixed(action, order["id"])).press()  # a part of it
    case = Case(house, fixed(action, order["id"]))
    moved = emulator.get(f"/orders/{order['id']}") | {"updated_at": "2031-01-01T00:00:00.000Z"}
    case.fail("respond", body=moved)
    case.fail_reads("delay", f"/orders/{order['id']}$", seconds=0)  # the look before
    case.fail_reads("respond", f"/orders/{order['id']}$", times=1, body=moved)
    case.press()
    assert case.state == State.IN_DOUBT
    assert "no event confirms it" in case.operation.message
    case.recover()
    case.assert_invariants(State.DONE)
    assert len(case.effects()) == 1


# What RevKeen made belongs to one operation


def test_what_another_operation_has_made_is_not_this_ones_too(house: House) -> None:
    first = Case(house, BY_LETTER["C"])
    first.press()
    made = first.operation.created_order_id
    second = Case(house, BY_LETTER["C"])
    second.fail("disconnect")
    second.press()
    with session.session(second.operation.merchant, "live") as api:
        order = api.get(reads.order(made or uuid.uuid4())).require()
    ended = outcomes.done(second.operation, order)
    assert (ended.state, ended.code, ended.created_order_id) == (State.NEEDS_REVIEW, "taken", None)


def test_the_database_knows_a_remote_id_once(house: House) -> None:
    for letter in "RRCC":
        Case(house, BY_LETTER[letter]).press()
    one, two = RefundStatus.objects.all()
    with pytest.raises(IntegrityError), transaction.atomic():
        RefundStatus.objects.filter(pk=two.pk).update(refund_id=one.refund_id)
    made, other = Operation.objects.filter(kind="create")
    held = Operation.objects.filter(pk=other.pk)
    if connection.vendor == "sqlite":  # a program that replaces what is in its way
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE OR REPLACE orders_operation SET created_order_id = %s WHERE id = %s",
                [made.created_order_id.hex if made.created_order_id else "", other.pk.hex],
            )
    assert held.exists()
    assert Operation.objects.filter(pk=made.pk).exists()


# Without the key


@survives(22, "CR")
def test_what_was_made_is_found_by_its_mark_when_its_key_is_lost(action: Action, house: House) -> None:
    """A proxy lost the key: no event has it, and RevKeen would do it once more."""
    case = Case(house, action)
    case.fail("disconnect", after_work=True)
    case.fail_reads("respond", "/events$", times=100, body=NO_EVENTS)
    case.press()
    assert case.state == State.IN_DOUBT
    case.reconcile()
    case.assert_invariants(State.DONE)
    assert len(case.calls()) == 1


@survives(22, "C")
def test_a_create_is_not_sent_again_while_it_cannot_be_looked_for(action: Action, house: House) -> None:
    case = Case(house, action)
    case.fail("disconnect", after_work=True)
    case.fail_reads("respond", "/events$", times=100, body=NO_EVENTS)
    case.fail_reads("respond", "/orders$", times=100, status=403, body=FORBIDDEN)
    case.press()
    case.reconcile()
    assert case.state == State.NEEDS_REVIEW
    assert len(case.calls()) == 1


FORBIDDEN = {"error": {"type": "permission_error", "code": "permission_denied", "message": "No."}}


@pytest.mark.parametrize("written", ["{}", '"{}"', "'{}'", " {} "])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_events_are_ours_however_their_key_is_written(written: str, case: Callable[[str], str], house: House) -> None:
    lost = Case(house, BY_LETTER["P"])
    lost.fail("disconnect")
    lost.press()
    key = written.format(case(str(lost.operation.pk)))
    event = Event("e", "order.paid", 1, request=EventRequest(idempotency_key=key))
    assert verification.told(lost.operation, [event])[0] == State.DONE
