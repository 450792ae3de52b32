"""Canceling, notes and metadata, OrderProtection's status and partner updates again, each for many orders."""

import re
from typing import Any

import pytest
from django.test import Client

from orders.models import Job, Merchant, Operation, PartnerUpdate, Shipment, User
from tests.support import shipping
from tests.support.approving import limit
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.many import BASE, apply, applying, job_at, marks, page, paid, run, states
from tests.support.pages import text
from tests.support.parcels import parcel, partner_update_of, send_off

pytestmark = pytest.mark.database


def begin(client: Client, what: str, orders: list[dict[str, Any]], **asked: str) -> Job:
    """The form of a change, opened for these orders and sent."""
    address = f"{BASE}{what}/?" + "&".join(f"tick={order['id']}" for order in orders)
    form = client.get(address).content.decode()
    carried = re.findall('name="order" value="([^"]+)"', form)
    return job_at(client.post(address, {"order": carried, "source": "A list", **asked}))


def test_orders_are_canceled_for_one_reason_but_for_those_that_cannot_be(
    support: Client, northwind: Merchant, emulator: Emulator
) -> None:
    unpaid = [emulator.make_order() for _ in range(2)]
    done = paid(emulator)
    index_everything(northwind)
    job = begin(support, "cancel", [*unpaid, done], reason="stock", text="Back in May")
    assert marks(job) == {1: [], 2: [], 3: ["closed"]}
    assert "Money was received; refund it first." in text(page(support, job))
    assert "Apply: cancel 2 rows for good" in text(page(support, job))
    apply(support, job)
    run()
    assert states(job) == ["done", "done", "bad"]
    found = [row for row in emulator.ledger() if row["effect"] == "cancel"]
    assert [row["order_id"] for row in found] == [order["id"] for order in unpaid]
    bodies = Operation.objects.filter(kind="cancel").values_list("body", flat=True)
    assert [body["reason"] for body in bodies] == ["Out of stock: Back in May"] * 2


def test_what_is_above_a_limit_is_not_canceled_by_a_job_either(
    support: Client, northwind: Merchant, emulator: Emulator
) -> None:
    """The check says so, and so does the journal, should a limit be set after it."""
    items = [{"description": "Tent", "unit_price": 6000, "quantity": 1}]
    orders = [emulator.make_order(line_items=items, currency="usd") for _ in range(3)]
    index_everything(northwind)
    limit(northwind, "support", "cancel", once=100, day=130)
    job = begin(support, "cancel", orders, reason="customer")
    assert marks(job) == {1: [], 2: [], 3: ["limit"]}
    limit(northwind, "support", "cancel", once=50)
    apply(support, job)
    run()
    assert states(job) == ["not_sent", "not_sent", "bad"]
    assert "is above the limit of 50.00 USD for one cancellation" in job.rows.get(place=1).message
    assert {row["effect"] for row in emulator.ledger()} == {"order_created"}


def test_a_note_and_metadata_are_added_to_what_orders_have(
    support: Client, northwind: Merchant, emulator: Emulator
) -> None:
    first = emulator.make_order(notes="Ring twice.", metadata={"channel": "web", "season": "old"})
    second = emulator.make_order()
    index_everything(northwind)
    job = begin(support, "edit", [first, second], note="Fair stand B.", name="season", value="2027")
    apply(support, job)
    run()
    assert states(job) == ["done", "done"]
    found = [emulator.get(f"/orders/{order['id']}") for order in (first, second)]
    assert [order["notes"] for order in found] == ["Ring twice.\nFair stand B.", "Fair stand B."]
    assert found[0]["metadata"] == {"channel": "web", "season": "2027"}
    again = begin(support, "edit", [first], name="season", value="2027")
    index_everything(northwind)
    assert applying(support, again) == ""
    assert marks(again) == {1: ["nothing"]}


def test_partners_hear_a_status_and_what_failed_again(
    operations: Client, jonas: User, northwind: Merchant, emulator: Emulator
) -> None:
    shipping.connect(northwind, shipping.ORDER_PROTECTION)
    order, other = paid(emulator), paid(emulator)
    (shipment,) = send_off(northwind, jonas, order, parcel(order, 2))
    shipping.work()
    index_everything(northwind)
    job = begin(operations, "status", [order, other], status="DELIVERED")
    assert marks(job) == {1: [], 2: ["nothing"]}
    apply(operations, job)
    run()
    assert Shipment.objects.get(pk=shipment.pk).status == "DELIVERED"
    partner_update_of(shipment, "order_protection", state=PartnerUpdate.State.FAILED)
    again = begin(operations, "send-again", [order, other])
    assert marks(again) == {1: [], 2: ["nothing"]}
    apply(operations, again)
    run()
    assert states(again) == ["done", "bad"]
    assert partner_update_of(shipment, "order_protection", failures=0).state == PartnerUpdate.State.WAITING
