"""One timeline on the order page: RevKeen's events and what staff did here, each thing once."""

import re
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.apis.revkeen.objects import Event, EventData, EventRequest
from orders.models import Merchant, Operation, User
from orders.services.orders import timeline as timeline_of
from tests.changes.test_review import decide, left_to_people
from tests.conftest import make_person, sign_in
from tests.support.emulation import REFUSAL, Emulator
from tests.support.journal import change_request, reconcile_due, submit
from tests.support.journal import order as order

State = Operation.State


@pytest.fixture
def support(northwind: Merchant) -> User:
    return make_person("mara@northwind.example", northwind, "support")


def timeline(client: Client, order: dict[str, Any]) -> list[str]:
    """The entries as text, newest first."""
    page = client.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    part = page[page.index('id="h-log"') :]
    entries = re.findall(r"<li><time.*?</time><svg.*?</svg><span>(.*?)</span></li>", part[: part.index("</section>")])
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", entry)).strip() for entry in entries]


def test_an_event_of_ours_says_who_asked_for_it_and_stands_once(
    admin: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    submit(northwind, support, change_request(northwind, support, order, 100))
    entries = [entry for entry in timeline(admin, order) if "by Mara" in entry]
    assert f"Payment received: 1.00 {order['currency'].upper()} · by Mara" in entries
    assert not any("a payment" in entry for entry in entries)


def test_what_others_did_at_revkeen_has_no_name(admin: Client, order: dict[str, Any], emulator: Emulator) -> None:
    emulator.send(f"/orders/{order['id']}/pay", {"amount": 100, "payment_token": f"tok_approve_{uuid.uuid4()}"})
    entries = timeline(admin, order)
    assert any(entry.startswith("Payment received") for entry in entries)
    assert not any(" · by" in entry for entry in entries)


def test_a_refusal_without_an_event_stands_as_an_entry_of_its_own(
    admin: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("respond", "/pay$", status=422, body={"error": REFUSAL})
    assert submit(northwind, support, change_request(northwind, support, order, 100)).state == State.REFUSED
    [entry] = [entry for entry in timeline(admin, order) if "by Mara" in entry]
    assert entry.startswith("Take payment, a payment: refused.")
    assert "Not today" in entry


@pytest.mark.database
def test_what_is_open_is_told_until_its_event_tells_it(
    admin: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$")
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    assert any("in doubt" in entry for entry in timeline(admin, order))
    assert reconcile_due(operation).state == State.DONE
    entries = timeline(admin, order)
    assert not any("not known yet" in entry for entry in entries)
    assert any(entry.startswith("Payment received") and entry.endswith("· by Mara") for entry in entries)


@pytest.mark.database
def test_a_decision_is_told_with_who_decided(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    finance = sign_in(make_person("fin@northwind.example", northwind, "finance"))
    emulator.fault("disconnect", "/pay$")
    operation = left_to_people(submit(northwind, support, change_request(northwind, support, order, 100)))
    assert any("needs review" in entry for entry in timeline(finance, order))
    decide(finance, operation, "did_not", reason="not in the gateway")
    assert "Take payment, a payment: Fin decided that it did not happen. not in the gateway · by Mara" in timeline(
        finance, order
    )


def test_the_order_that_was_created_here_says_by_whom(
    admin: Client, northwind: Merchant, support: User, emulator: Emulator
) -> None:
    order = emulator.make_order()
    Operation.objects.create(
        plan_id=uuid.uuid4(),
        merchant=northwind,
        mode="live",
        connection_id=uuid.uuid4(),
        kind="create",
        body={},
        seen={},
        summary="one line",
        user=support,
        state=State.DONE,
        created_order_id=order["id"],
    )
    assert "Create order, one line: done · by Mara" in timeline(admin, order)


def test_who_did_it_is_for_everybody_and_what_is_known_of_it_for_those_with_the_right(
    admin: Client, viewer: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    other = sign_in(make_person("other@northwind.example", northwind, "support"))
    link = f"/northwind/live/journal/{operation.pk}/"
    page = f"/northwind/live/orders/{order['id']}/"
    linked = [link in client.get(page).content.decode() for client in (admin, sign_in(support), other, viewer)]
    assert linked == [True, True, False, False]
    assert any(entry.endswith("· by Mara") for entry in timeline(viewer, order))


def test_our_part_is_told_while_revkeens_events_cannot_be_read(
    admin: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    submit(northwind, support, change_request(northwind, support, order, 100))
    emulator.fault("disconnect", "/events", times=20)
    assert any(entry.endswith("· by Mara") for entry in timeline(admin, order))
    emulator.clear_faults()


@pytest.mark.database
def test_other_orders_and_modes_are_not_told(
    admin: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$")
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    other = emulator.make_order()
    assert not any("by Mara" in entry for entry in timeline(admin, other))
    assert operation.mode == "live"


def test_names_and_reasons_are_text(
    admin: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    User.objects.filter(pk=support.pk).update(name="<img src=x>")
    emulator.fault("respond", "/pay$", status=422, body={"error": REFUSAL | {"message": "<script>alert(1)</script>"}})
    submit(northwind, support, change_request(northwind, support, order, 100))
    page = admin.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    assert "<img src=x>" not in page
    assert "<script>alert" not in page


@pytest.mark.database
def test_queries_do_not_grow_with_what_staff_did(
    admin: Client, northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    page = f"/northwind/live/orders/{order['id']}/"
    admin.get(page)
    counts = []
    for _ in range(2):
        for amount in (100, 101, 102):
            emulator.fault("respond", "/pay$", status=422, body={"error": REFUSAL})
            submit(northwind, support, change_request(northwind, support, order, amount))
        with CaptureQueriesContext(connection) as queries:
            admin.get(page)
        counts.append(len(queries))
    assert counts[1] <= counts[0] <= 20


def two_payments(emulator: Emulator, amount: int = 22720) -> dict[str, Any]:
    """An order that was paid with two payments of the same amount, in minor units."""
    line = {"description": "Tent", "unit_price": 2 * amount, "quantity": 1}
    order = emulator.make_order(currency="eur", line_items=[line])
    for _ in range(2):
        body = {"amount": amount, "payment_token": f"tok_approve_{uuid.uuid4().hex}"}
        order = emulator.send(f"/orders/{order['id']}/pay", body)
    return order


def refund(emulator: Emulator, order: dict[str, Any], *amounts: int) -> None:
    """So much of each payment of the order, in minor units."""
    sales = emulator.get(f"/transactions?invoice_id={order['invoice_id']}&type=sale")["data"]
    for sale, amount in zip(sales, amounts, strict=True):
        emulator.send("/refunds", {"payment_id": sale["id"], "amount_minor": amount})


def test_a_refund_over_two_payments_is_told_as_two_refunds_of_their_own_amounts(
    admin: Client, emulator: Emulator
) -> None:
    order = two_payments(emulator)
    refund(emulator, order, 22720, 7280)
    entries = timeline(admin, order)
    assert sorted(entry for entry in entries if "efund" in entry) == ["Refunded: 227.20 EUR", "Refunded: 72.80 EUR"]
    assert [entry for entry in entries if "EUR" in entry and "eceived" in entry] == ["Payment received: 227.20 EUR"] * 2
    assert [entry for entry in entries if entry.startswith("Order changed")] == []
    assert entries.count("Paid in full") == 1


def test_a_refund_on_its_way_is_told_when_it_is_asked_for_and_when_it_is_through(
    admin: Client, emulator: Emulator
) -> None:
    order = two_payments(emulator)
    emulator.settings(refund_status="pending")
    refund(emulator, order, 100, 200)
    emulator.settings(refund_status="succeeded")
    assert sorted(entry for entry in timeline(admin, order) if "efund" in entry) == [
        "Refund requested: 1.00 EUR",
        "Refund requested: 2.00 EUR",
    ]


EVENT_AT = 1_790_000_000


def event(name: str, at: int = 0, request: str | None = None, **data: Any) -> Event:
    """An event `at` seconds after the first."""
    return Event(uuid.uuid4().hex, name, EVENT_AT + at, EventData(data), EventRequest(request))


SALE = {"id": "sale", "amount": 22720, "amount_refunded": 7280, "currency": "eur"}
REFUND = {"id": "refund", "payment_id": "sale", "amount_minor": 7280, "currency": "eur"}
ORDER_PAID = {"id": "order", "total": 45440, "currency": "eur"}


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([event("payment.refunded", **SALE), event("refund.succeeded", **REFUND)], ["Refunded: 72.80 EUR"]),
        ([event("payment.refunded", 40, **SALE), event("refund.succeeded", **REFUND)], ["Refunded: 72.80 EUR"]),
        ([event("payment.refunded", **SALE)], ["Total refunded of this payment: 72.80 EUR"]),
        (
            [event("payment.refunded", 9000, **SALE), event("refund.succeeded", **REFUND)],
            ["Total refunded of this payment: 72.80 EUR", "Refunded: 72.80 EUR"],
        ),
        ([event("payment.voided", **SALE), event("refund.succeeded", **REFUND)], ["Refunded: 72.80 EUR"]),
        ([event("payment.voided", **SALE)], ["Payment voided: 227.20 EUR"]),
        ([event("refund.created", **REFUND), event("refund.failed", **REFUND)], ["Refund failed: 72.80 EUR"]),
        ([event("refund.updated", **REFUND), event("refund.succeeded", **REFUND)], ["Refunded: 72.80 EUR"]),
        ([event("refund.succeeded", **REFUND), event("refund.succeeded", 5, **REFUND)], ["Refunded: 72.80 EUR"]),
        ([event("order.paid", **ORDER_PAID)], ["Paid in full"]),
        ([event("payment.frozen", **SALE)], ["payment.frozen"]),
        ([event("payment.succeeded", **SALE | {"amount": True})], ["Payment received"]),
    ],
    ids=lambda value: " ".join(one.type if isinstance(one, Event) else "" for one in value).strip(),
)
def test_one_fact_that_two_events_tell_stands_once_with_its_own_amount(events: list[Event], told: list[str]) -> None:
    shown = [entry.text for day in timeline_of.days(events, [], ZoneInfo("UTC")) for entry in day.entries]
    assert shown == told


@pytest.mark.parametrize("name", [name for name in timeline_of.ICONS_AND_WORDS if not name.startswith("order.")])
def test_every_event_of_money_names_the_member_with_its_amount(name: str) -> None:
    amounts = {"amount": 1, "amount_minor": 2, "amount_refunded": 3, "total": 4, "currency": "eur"}
    about = timeline_of.amount_of(event(name, **amounts))
    own = 2 if name.startswith("refund.") else 3 if name == "payment.refunded" else 1
    assert about is not None
    assert about.minor == own
