"""Batches: exactly what was selected, in the order in which it is packed, printed by whom, and printed again."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from orders.models import Batch, BatchOrder, BatchPrint, EventLog, Merchant, User
from orders.services.handling import holds
from orders.services.handling.holds import Why
from orders.services.items import items
from orders.services.items.items import ItemRow
from orders.services.picking import batches, slips
from orders.services.picking.pick_order import bin_key
from tests.conftest import sign_in
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.pages import prose, text
from tests.support.parcels import paid_order, parcel, send_off

QUEUE = "/northwind/live/to-fulfill/"
BATCHES = "/northwind/live/batches/"
BINS = {"ROPE": "A-10", "TENT": "A-2", "LAMP": "B-1"}


@pytest.fixture
def client(jonas: User) -> Client:
    return sign_in(jonas)


@pytest.fixture
def three(emulator: Emulator, northwind: Merchant, jonas: User) -> list[dict[str, Any]]:
    """The only orders that wait: of a lamp, of a rope and a lamp, of tents. Their bins are another way round."""
    for order in emulator.orders("limit=100&status=paid"):
        emulator.patch("orders", order["id"], fulfillment_status="fulfilled", status="fulfilled")
    made = [paid_order(emulator, *lines) for lines in ([("Lamp", 1)], [("Rope", 1), ("Lamp", 2)], [("Tent", 3)])]
    for order in made:
        lines = [{**line, "metadata": {"sku": line["description"].upper()}} for line in order["line_items"]]
        emulator.patch("orders", order["id"], line_items=lines)
    index_everything(northwind)
    rows = [ItemRow(sku, sku, lies_in) for sku, lies_in in BINS.items()]
    items.save(northwind, rows, ("sku", "name", "bin"), jonas)
    return made


def create(client: Client, *orders: dict[str, Any], query: str = "") -> Any:
    return client.post(f"{BATCHES}create/{query}", {"id": [uuid.UUID(order["id"]).hex for order in orders]})


def test_bins_are_walked_as_one_reads_them() -> None:
    walk = [("A-2", "z"), ("A-10", "a"), ("a-10", "b"), ("B-1", "a"), ("", "a"), ("", "")]
    keys = [bin_key(*one) for one in walk]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.database
def test_a_batch_holds_what_was_ticked_in_the_order_in_which_it_is_packed(
    client: Client, northwind: Merchant, three: list[dict[str, Any]]
) -> None:
    lamp, rope_and_lamp, tents = three
    assert create(client, *three)["Location"] == f"{BATCHES}1/"
    walk = list(BatchOrder.objects.order_by("place").values_list("place", "order_number"))
    assert walk == list(enumerate((one["public_id"] for one in (tents, rope_and_lamp, lamp)), 1))
    page = client.get(f"{BATCHES}1/pick-list/").content.decode()
    assert 'aria-label="Code 128: BATCH-1"' in page
    found = text(page[page.index("<table") :])
    of_lamps = f"LAMP Lamp 3 2 · {rope_and_lamp['public_id']} × 2 3 · {lamp['public_id']} × 1"
    words = f"A-2 TENT Tent 3 1 · {tents['public_id']} × 3 A-10 ROPE Rope 1 2 · {rope_and_lamp['public_id']} × 1 B-1"
    assert f"{words} {of_lamps} 3 products, 7 units." in found
    slips = re.findall(r'<h2 id="h-slip-[^>]*><bdi>([^<]+)', client.get(f"{BATCHES}1/slips/").content.decode())
    assert slips == [one["public_id"] for one in (tents, rope_and_lamp, lamp)]
    assert client.get("/northwind/live/search/?q=batch-1")["Location"] == f"{BATCHES}1/"


@pytest.mark.database
def test_all_of_a_view_is_what_its_filters_find_and_what_joined_it_meanwhile_is_said(
    client: Client, northwind: Merchant, three: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for order in three[:2]:
        client.post(f"/northwind/live/orders/{order['id']}/handling/", {"priority": "0", "tags": "gift"})
    monkeypatch.setattr("orders.views.fulfillment.to_fulfill.ROWS", 1)
    page = client.get(f"{QUEUE}?tag=gift").content.decode()
    assert "All 2 of this view" in prose(page)
    (query,) = set(re.findall(r'/batches/create/(\?[^"]*all=[^"]*)"', page))
    assert create(client, query=query.replace("&amp;", "&"))["Location"] == f"{BATCHES}1/"
    assert set(BatchOrder.objects.values_list("order_number", flat=True)) == {one["public_id"] for one in three[:2]}
    page = client.get(f"{QUEUE}?batch=1").content.decode()
    assert page.count('<a class="tag" href="/northwind/live/batches/1/">') == 1, "on this page"
    assert "batch 1 (2)" in page
    assert "no batch (1)" in page
    answer = client.post(f"{BATCHES}create/?all=2", follow=True)
    assert "The view had 2 orders when you opened it, and has others now." in prose(answer.content.decode())
    assert BatchOrder.objects.filter(batch__number=2).count() == 3
    assert "Some of these orders are in another batch too: batch 1." in prose(
        client.get(f"{BATCHES}2/").content.decode()
    )


@pytest.mark.database
def test_what_is_shipped_or_put_on_hold_after_the_batch_was_made_is_not_packed(
    client: Client, northwind: Merchant, jonas: User, three: list[dict[str, Any]]
) -> None:
    create(client, *three)
    holds.hold(northwind, "live", [uuid.UUID(three[0]["id"])], Why("address"), jonas)
    send_off(northwind, jonas, three[2], parcel(three[2], 3))
    for paper in ("pick-list/", "slips/"):
        page = client.get(f"{BATCHES}1/{paper}").content.decode()
        assert f"{three[0]['public_id']} is on hold: Address to be checked. It is not packed." in prose(page)
        paper_alone = page[page.index('<article class="slip"') :]
        assert three[1]["public_id"] in paper_alone
        assert three[0]["public_id"] not in paper_alone
        assert three[2]["public_id"] not in paper_alone
    page = prose(client.get(f"{BATCHES}1/").content.decode())
    assert "3 orders: 2 wait to be shipped, 1 of them on hold." in page
    assert f"{three[2]['public_id']} 1 Nothing left to ship" in page


def test_many_orders_that_have_left_are_said_in_one_notice(
    client: Client, three: list[dict[str, Any]], emulator: Emulator, northwind: Merchant
) -> None:
    every = [*three, paid_order(emulator, ("Kettle", 1))]
    index_everything(northwind)
    create(client, *every)
    for order in every:
        emulator.patch("orders", order["id"], status="canceled")
    page = client.get(f"{BATCHES}1/slips/").content.decode()
    assert "Nothing to pack for 4 orders:" in prose(page)
    assert "Nothing to pack for NW" not in prose(page)
    assert all(f"<bdi>{order['public_id']}</bdi>" in page for order in every)


@pytest.mark.database
def test_who_printed_what_is_kept_and_it_can_be_printed_again(client: Client, three: list[dict[str, Any]]) -> None:
    create(client, *three[:2])
    assert not BatchPrint.objects.exists()
    for paper in ("pick-list/", "slips/", "slips/"):
        answer = client.post(f"{BATCHES}1/{paper}")
        assert answer.status_code == 303
        assert "data-print" in client.get(answer["Location"]).content.decode()
        assert "data-print" not in client.get(answer["Location"]).content.decode(), "a reload is a preview again"
    assert list(BatchPrint.objects.order_by("pk").values_list("paper", "orders", "who")) == [
        ("pick_list", 2, "jonas@northwind.example"),
        ("slips", 2, "jonas@northwind.example"),
        ("slips", 2, "jonas@northwind.example"),
    ]
    assert prose(client.get(f"{BATCHES}1/").content.decode()).count("Packing slips, 2 orders By Jonas") == 2
    kinds = list(EventLog.objects.filter(kind__startswith="batch_").order_by("id").values_list("text", flat=True))
    assert kinds[:2] == ["Batch 1, 2 orders", "Pick list of Batch 1, 2 orders"]
    assert "Batch 1 2 2" in prose(client.get(BATCHES).content.decode())


def test_slips_of_a_large_batch_come_in_parts(
    client: Client, three: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    create(client, *three)
    counts = [client.get(f"{BATCHES}1/slips/{part}").content.decode().count('class="slip"') for part in
              ("", "?part=1", "?part=2", "?part=9", "?part=x")]  # fmt: skip
    assert counts == [2, 2, 1, 1, 2]
    page = prose(client.get(f"{BATCHES}1/").content.decode())
    assert "Packing slips 1–2" in page
    assert "Packing slips 3–3" in page


def test_the_pick_list_of_a_large_batch_is_whole_and_says_as_of_when(
    client: Client, three: list[dict[str, Any]], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One page asks RevKeen for no more than two hundred orders: of five hundred most would be missing."""
    monkeypatch.setattr(slips, "MOST", 2)
    create(client, *three)
    emulator.forget_calls()
    page = text(client.get(f"{BATCHES}1/pick-list/").content.decode())
    assert [call["path"].rpartition("/")[2] for call in emulator.calls()] == ["products"]
    assert "3 orders, 7 units" in page
    assert "orders as of" in page
    assert "missing" not in page


def test_nothing_selected_too_much_or_another_merchants_orders_make_no_batch(
    client: Client, three: list[dict[str, Any]], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = emulator.make_order(key="rk_live_kestrel_demo")
    assert create(client)["Location"] == QUEUE
    assert create(client, theirs, query="?tag=gift")["Location"] == f"{QUEUE}?tag=gift"
    monkeypatch.setattr(batches, "MOST", 2)
    answer = client.post(f"{BATCHES}create/?all=3", follow=True)
    assert "a batch has at most 2 orders, and you selected 3." in prose(answer.content.decode())
    assert not Batch.objects.exists()
    assert client.get(f"{BATCHES}1/").status_code == 404


# The same said of many orders


@pytest.mark.database
def test_many_orders_are_held_tagged_and_assigned_at_once_and_no_others(
    client: Client, northwind: Merchant, jonas: User, three: list[dict[str, Any]], emulator: Emulator
) -> None:
    page = client.post(f"{QUEUE}handle/?all=3").content.decode()
    assert "Save for 3 orders" in page
    asked = re.search(r'name="orders" value="([^"]+)"', page)
    assert asked
    paid_order(emulator, ("Kettle", 1))
    index_everything(northwind)  # it joins the view while the form is open
    said = {"orders": asked[1], "hold": "hold", "reason": "stock", "person": jonas.pk, "priority": "1", "add": "gift"}
    answer = client.post(f"{QUEUE}handle/?all=3&sort=units", said)
    assert answer["Location"] == f"{QUEUE}?sort=units"
    page = client.get(f"{QUEUE}?tab=on_hold&tag=gift&priority=1&person={jonas.pk}").content.decode()
    assert prose(page).count("Out of stock") == 3
    assert "Kettle" not in page
    assert "Kettle" in client.get(QUEUE).content.decode()
    client.post(f"{QUEUE}handle/", {"orders": asked[1], "hold": "release", "remove": "Gift"})
    assert "gift" not in client.get(QUEUE).content.decode()
    assert "3 orders: " not in prose(client.get(f"{QUEUE}?tab=on_hold").content.decode())
    assert EventLog.objects.filter(kind="hold_released").count() == 3


def test_what_many_are_told_makes_sense_or_nothing_is_changed(client: Client, three: list[dict[str, Any]]) -> None:
    orders = three[0]["id"]
    for fields, words in (
        ({}, "Nothing to change: choose something."),
        ({"hold": "hold"}, "Choose a reason."),
        ({"reason": "stock"}, "Choose whether to put the orders on hold."),
        ({"add": ",".join("abcdefghijk")}, "An order has at most 10 tags."),
        ({"orders": "x"}, "The selection is not valid."),
    ):
        answer = client.post(f"{QUEUE}handle/", {"orders": orders} | fields)
        assert answer.status_code == 422
        assert words in prose(answer.content.decode())
    assert client.post(f"{QUEUE}handle/")["Location"] == QUEUE
    assert not EventLog.objects.filter(order_id=orders).exists()
