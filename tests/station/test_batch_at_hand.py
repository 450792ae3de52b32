"""A batch at the station: its pick list is scanned, and Enter leads from one of its orders to the next."""

import uuid
from typing import Any

import pytest
from django.test import Client

from orders.models import Batch, Hold, Merchant, Packing, User
from orders.services.handling import holds, saying
from orders.services.handling.holds import Why
from orders.services.handling.saying import Orders
from orders.services.items import items
from orders.services.items.items import ItemRow
from orders.services.picking import batches
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.packing import PLACE, email_of, paid, scan

BINS = {"TENT": "A-2", "ROPE": "A-10", "LAMP": "B-1"}


@pytest.fixture
def walk(emulator: Emulator, northwind: Merchant, mara: User) -> list[dict[str, Any]]:
    """The only orders that wait, in the order in which they are packed. They were placed the other way round."""
    for order in emulator.orders("limit=100&status=paid"):
        emulator.patch("orders", order["id"], fulfillment_status="fulfilled", status="fulfilled")
    items.save(northwind, [ItemRow(sku, sku, lies_in) for sku, lies_in in BINS.items()], ("sku", "name", "bin"), mara)
    made = [paid(emulator, (sku.title(), 1, {"sku": sku})) for sku in reversed(BINS)]
    index_everything(northwind)
    return list(reversed(made))


@pytest.fixture
def batch(northwind: Merchant, walk: list[dict[str, Any]], jonas: User) -> Batch:
    return batches.create(northwind, "live", {uuid.UUID(one["id"]): one["public_id"] for one in walk}, jonas)


def at_hand(client: Client) -> str:
    return Packing.objects.get(user__email=email_of(client)).order_number


def send_off(client: Client) -> None:
    scan(client, "", "")  # without a label: it asks once
    assert at_hand(client) == ""


def test_the_pick_lists_code_opens_its_orders_one_after_the_other_and_then_the_batch_is_done(
    operations: Client, walk: list[dict[str, Any]], batch: Batch
) -> None:
    for place, order in enumerate(walk, 1):
        assert scan(operations, batch.code if place == 1 else "") == f"{order['public_id']} opened."
        assert f"{place} of 3 in batch 1" in operations.get(PLACE).content.decode()
        send_off(operations)
    assert scan(operations) == "Nothing else to fulfill in batch 1."
    assert Packing.objects.get().batch is None


def test_a_batch_is_gone_on_with_where_it_was_left(
    operations: Client, walk: list[dict[str, Any]], batch: Batch, emulator: Emulator, northwind: Merchant
) -> None:
    scan(operations, batch.code)
    send_off(operations)
    urgent = paid(emulator, ("Mug", 1, {"sku": "MUG"}))
    index_everything(northwind)
    scan(operations, urgent["public_id"])
    assert "Not in batch 1" in operations.get(PLACE).content.decode()
    send_off(operations)
    assert scan(operations) == f"{walk[1]['public_id']} opened."


def test_a_batch_can_be_left_and_the_oldest_order_follows(
    operations: Client, walk: list[dict[str, Any]], batch: Batch
) -> None:
    scan(operations, batch.code)
    scan(operations, do="back")
    assert "Leave batch 1" in operations.get(PLACE).content.decode()
    scan(operations, do="leave")
    assert scan(operations) == f"{walk[-1]['public_id']} opened."


def test_a_batch_does_not_push_an_unfinished_order_aside(
    operations: Client, walk: list[dict[str, Any]], batch: Batch
) -> None:
    scan(operations, walk[2]["public_id"], "LAMP")
    assert "is not finished" in scan(operations, batch.code)
    scan(operations, do=f"less:{walk[2]['line_items'][0]['id']}")
    assert scan(operations, batch.code) == f"{walk[0]['public_id']} opened."


@pytest.mark.parametrize("in_batch", [True, False])
def test_the_next_order_is_none_that_is_on_hold_or_another_persons(
    operations: Client, walk: list[dict[str, Any]], batch: Batch, northwind: Merchant, jonas: User, in_batch: bool
) -> None:
    held, others, taken = (uuid.UUID(one["id"]) for one in walk)
    colleague = sign_in(make_person("second@northwind.example", northwind, "operations"))
    scan(colleague, str(taken))
    holds.hold(northwind, "live", [held], Why(Hold.Reason.STOCK), jonas)
    saying.assign(Orders(northwind, "live", (others,), jonas), jonas)
    whose = " in batch 1" if in_batch else ""
    words = scan(operations, batch.code if in_batch else "")
    assert words == f"Nothing else for you{whose}: 3 left, on hold, locked, assigned to others or in their hands."
    saying.assign(Orders(northwind, "live", (others,), jonas), User.objects.get(email=email_of(operations)))
    assert scan(operations, batch.code if in_batch else "") == f"{walk[1]['public_id']} opened."


def test_the_form_too_leads_on_to_none_that_is_another_persons(
    operations: Client, walk: list[dict[str, Any]], northwind: Merchant, jonas: User
) -> None:
    """The list is the oldest first, which is the walk from behind."""
    saying.assign(Orders(northwind, "live", (uuid.UUID(walk[1]["id"]),), jonas), jonas)
    page = operations.get("/northwind/live/to-fulfill/").content.decode()
    assert f"/northwind/live/orders/{walk[2]['id']}/fulfill/" in page
    following = operations.get(f"/northwind/live/orders/{walk[2]['id']}/next-to-fulfill/")
    assert following.url == f"/northwind/live/orders/{walk[0]['id']}/fulfill/"  # type: ignore[attr-defined]
