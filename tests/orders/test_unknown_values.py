"""A value that RevKeen documents nowhere is shown as what it is: no chain of conditions ends in the good case."""

import re
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders import states
from orders.apis.revkeen.objects import Event, EventData, EventRequest, PaymentMethod, Refund
from orders.models import Operation, PartnerUpdate, Shipment
from orders.services.changes import verification
from orders.services.fulfillment import to_fulfill
from orders.services.orders import payments
from orders.services.orders.conditions import conditions
from orders.services.orders.facts import Facts
from orders.services.orders.next_steps import NextSteps, next_steps
from orders.views import payment_rows
from orders.views.changes import facts
from tests.support.emulation import Emulator
from tests.support.pages import text
from tests.support.parcels import paid_order
from tests.support.samples import a_transaction, an_order

NEW = "teleported"
PAID: dict[str, Any] = {"status": "paid", "amount_paid": 2090, "amount_due": 0}
CLAIMS = ("Finished", "Nothing is left", "nothing is left", "Paid.", "everything is")


def told(**fields: Any) -> str:
    """Everything the banner says of an order."""
    found = conditions(Facts(an_order(**fields), timezone.now()))
    return " ".join(f"{condition.headline} {condition.detail}" for condition in found)


def steps(**fields: Any) -> NextSteps:
    order = an_order(**fields)
    return next_steps(order, conditions(Facts(order, timezone.now())))


def possible(**fields: Any) -> set[str]:
    found = steps(**fields)
    return {step.page for step in (found.primary, *found.others) if step is not None and step.possible}


@pytest.mark.parametrize("paid", [{}, PAID], ids=["nothing paid", "all paid"])
def test_an_unknown_status_is_named_and_offers_nothing_that_depends_on_it(paid: dict[str, Any]) -> None:
    fields = {**paid, "status": NEW, "fulfillment_status": "unfulfilled"}
    assert f"RevKeen returned a status we do not know. It says “{NEW}”" in told(**fields)
    assert possible(**fields) <= {"order_refund", "draft_copy"}
    reasons = [step.reason for step in steps(**fields).others if step.page == "order_cancel"]
    assert reasons == [
        "RevKeen returned a status we do not know." if not paid else "money was received; refund it first."
    ]


@pytest.mark.parametrize("status", ["paid", "fulfilled"])
def test_an_unknown_fulfillment_status_is_not_finished(status: str) -> None:
    fields = {**PAID, "status": status, "fulfillment_status": NEW}
    assert f"RevKeen returned a fulfillment status we do not know. It says “{NEW}”" in told(**fields)
    assert possible(**fields) <= {"order_refund", "draft_copy"}
    assert not states.finished(an_order(**fields))
    assert not states.ready_to_ship(an_order(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {**PAID, "status": "fulfilled", "fulfillment_status": "unfulfilled"},
        {**PAID, "status": "fulfilled", "fulfillment_status": "partial"},
        {**PAID, "status": "pending", "fulfillment_status": None},
        {**PAID, "status": "partially_paid", "fulfillment_status": None},
    ],
)
def test_statuses_that_contradict_each_other_are_not_finished(fields: dict[str, Any]) -> None:
    assert not any(claim in told(**fields) for claim in CLAIMS)
    assert "is contradictory" in told(**fields)


@pytest.mark.parametrize(
    "state",
    [
        states.payment_state(an_order(status=NEW)),
        states.fulfillment_state(an_order(fulfillment_status=NEW)),
        states.transaction_state(a_transaction(status=NEW)),
        states.refund_state(NEW),
        states.payment_method_state(PaymentMethod(uuid.uuid4(), "card", NEW), expired=False),
        states.operation_state(Operation(state=NEW)),
        states.shipment_state(Shipment(state=NEW)),
        states.partner_update_state(PartnerUpdate(state=NEW)),
        facts._refund(Refund(uuid.uuid4(), uuid.uuid4(), 100, NEW, "usd")).state,
    ],
    ids="payment fulfillment transaction refund method operation shipment partner-update refund-of-operation".split(),
)
def test_an_unknown_state_has_its_own_word_and_a_question_mark(state: states.State) -> None:
    assert (state.word.lower(), state.icon, state.tone) == (NEW, "help-circle", "")


def test_an_unknown_payment_method_cannot_be_charged() -> None:
    assert payments.blocked_reason(PaymentMethod(uuid.uuid4(), "card", NEW), timezone.now()) == "Teleported"


@pytest.mark.parametrize(
    ("fields", "direction", "moved"),
    [
        ({"status": NEW}, "", None),
        ({"type": NEW}, "Teleported,", None),
        ({"type": "dispute"}, "Dispute,", None),
        ({"status": "pending"}, "", None),
        ({"status": "failed"}, "", False),
        ({}, "", True),
        ({"type": "void"}, "Void of", True),
    ],
)
def test_a_transaction_of_unknown_type_or_status_is_not_said_to_have_moved_money(
    fields: dict[str, Any], direction: str, moved: bool | None
) -> None:
    [row] = payment_rows.payment_rows(an_order(), [a_transaction(**fields)], [])
    assert (row.direction, row.moved) == (direction, moved)
    assert row.refundable is None or moved


EVENTS_OF_KINDS = {
    "create": {"order.created"},
    "update": {"order.updated"},
    "pay": {"payment.succeeded", "order.paid"},
    "cancel": {"order.canceled"},
    "fulfill": {"order.fulfilled", "order.partially_fulfilled", "order.updated"},
    "refund": {"refund.created", "refund.succeeded", "payment.refunded", "payment.voided"},
}


@pytest.mark.parametrize("kind", EVENTS_OF_KINDS)
def test_an_event_of_unknown_type_with_our_key_proves_nothing(kind: str) -> None:
    operation = Operation(kind=kind)
    types = {name for names in EVENTS_OF_KINDS.values() for name in names}
    proofs = {name for name in {*types, f"order.{NEW}", f"payment.{NEW}", NEW} if _done(operation, name)}
    assert proofs == EVENTS_OF_KINDS[kind]


def _done(operation: Operation, name: str) -> bool:
    event = Event("evt_1", name, 0, EventData(), EventRequest("req_1", str(operation.pk)))
    return verification.told(operation, [event]) != ("", "")


def test_every_kind_of_change_has_its_events() -> None:
    assert set(EVENTS_OF_KINDS) == set(Operation.Kind.values)


@pytest.mark.database
def test_orders_with_an_unknown_fulfillment_status_stand_apart_in_to_fulfill(admin: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2))
    emulator.patch("orders", order["id"], fulfillment_status=NEW)
    page = admin.get("/northwind/live/to-fulfill/").content.decode()
    apart = page[page.index('id="h-unclear"') :]
    assert "Unknown fulfillment status" in text(apart)
    assert order["public_id"] in apart
    assert NEW in apart
    assert order["public_id"] not in page[: page.index('id="h-unclear"')]


@pytest.mark.database
def test_all_paid_orders_were_not_looked_at_while_one_cannot_be_read(admin: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2))
    emulator.patch("orders", order["id"], total="much")
    page = text(admin.get("/northwind/live/to-fulfill/").content.decode())
    assert "1 could not be read" in page
    assert not re.search(r"All \d+ paid orders were checked", page)


@pytest.mark.database
def test_a_page_of_an_order_full_of_unknown_values_shows_each_and_claims_nothing(
    admin: Client, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    emulator.patch("orders", order["id"], fulfillment_status=NEW, billing_type="sometimes")
    answer = admin.get(f"/northwind/live/orders/{order['id']}/")
    page = text(answer.content.decode())
    assert answer.status_code == 200
    assert f"It says “{NEW}”" in page
    assert "sometimes" in page
    assert not any(claim in page for claim in ("Finished", "nothing is left to ship"))
    assert "/fulfill/" not in re.sub(r'(?s)id="h-log".*', "", answer.content.decode())


def test_what_was_found_to_fulfill_by_another_version_of_the_search_is_not_taken() -> None:
    api = SimpleNamespace(connection=SimpleNamespace(pk=1))
    assert to_fulfill._key(api) != "to-fulfill:1"  # type: ignore[arg-type]
