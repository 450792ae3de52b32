"""Before shipping: slips of what is left of the selected orders, the pick list over them, and what a line's code is."""

import html
import re
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import caches
from django.test import Client

from orders.apis.revkeen.objects import LineItem, Product
from orders.item_codes import code_of
from orders.models import Fulfillment, Merchant, Operation, Shipment, SlipPrint, User
from tests.conftest import sign_in
from tests.support.emulation import Emulator
from tests.support.pages import text
from tests.support.parcels import paid_order, parcel, send_off

pages = pytest.mark.database
BASE = "/northwind/live/to-fulfill/"
BATCHES = "/northwind/live/batches/"
SLIPS, PICK_LIST = f"{BASE}slips/", "pick-list/"
HOSTILE = '"><script>window.pwned=1</script>'


@pytest.fixture
def client(jonas: User) -> Client:
    return sign_in(jonas)


@pytest.fixture
def two(emulator: Emulator) -> list[dict[str, Any]]:
    """Both have ropes under one SKU; the first one has two tents, without one."""
    first = paid_order(emulator, ("Tent", 2), ("Rope", 3), notes="Ring twice.")
    second = paid_order(emulator, ("Rope, 60 m", 4))
    ropes = [{**first["line_items"][1], "metadata": {"sku": "ROPE-60"}}]
    emulator.patch("orders", first["id"], line_items=[first["line_items"][0], *ropes])
    emulator.patch("orders", second["id"], line_items=[{**second["line_items"][0], "metadata": {"sku": "ROPE-60"}}])
    return [first, second]


def ids(*orders: dict[str, Any]) -> dict[str, list[str]]:
    return {"id": [order["id"] for order in orders]}


def paper_of(client: Client, paper: str, *orders: dict[str, Any]) -> str:
    """The address of the slips of these orders alone, or of a paper of a new batch of them."""
    if paper == SLIPS:
        return f"{SLIPS}?{urlencode(ids(*orders), doseq=True)}"
    return batch_of(client, *orders) + paper


def batch_of(client: Client, *orders: dict[str, Any]) -> str:
    """The address of a new batch of these orders."""
    answer = client.post(f"{BATCHES}create/", {"id": [uuid.UUID(order["id"]).hex for order in orders]})
    assert answer["Location"].startswith(BATCHES), answer.content.decode()
    return str(answer["Location"])


def papers(client: Client, address: str, *orders: dict[str, Any]) -> list[str]:
    answer = client.get(paper_of(client, address, *orders))
    assert answer.status_code == 200
    found = re.findall(r'<article class="slip".*?</article>', answer.content.decode(), re.DOTALL)
    return [text(paper) for paper in found]


# What a line's code is


def line(**metadata: Any) -> LineItem:
    return LineItem(uuid.uuid4(), "Rope", 1, 100, 100, 100, product_id=uuid.uuid4(), metadata=metadata)


def test_the_code_of_a_line_is_its_sku_or_else_its_products_and_never_anything_else() -> None:
    product = Product(uuid.uuid4(), "Rope", product_id="P-1")
    assert code_of(line(sku=" S-1\x00 "), product) == "S-1"
    assert code_of(line(sku=4711), None) == "4711"
    for none in ("", "  ", None, True, [], {}, 1.5):
        assert code_of(line(sku=none), product) == "P-1"
        assert code_of(line(sku=none), None) == ""
    assert code_of(None, product) == "P-1"


@pages
def test_form_slip_and_pick_list_name_one_code(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator, two: list[dict[str, Any]]
) -> None:
    product = emulator.get("/products")["data"][0]
    (tent,) = two[1]["line_items"]
    for facts, code in (({"metadata": {"sku": "ROPE-60"}}, "ROPE-60"), ({"metadata": {}}, product["product_id"])):
        caches["copies"].clear()
        emulator.patch("orders", two[1]["id"], line_items=[{**tent, "product_id": product["id"], **facts}])
        form = client.get(f"/northwind/live/orders/{two[1]['id']}/fulfill/").content.decode()
        assert f'<small class="mono">{code}</small>' in form
        assert code in papers(client, SLIPS, two[1])[0]
        assert code in papers(client, PICK_LIST, two[1])[0]
    (sent,) = send_off(northwind, jonas, two[1], parcel(two[1], 1))
    assert product["product_id"] in client.get(f"/northwind/live/shipments/{sent.pk}/slip/").content.decode()


# Slips before shipping


@pages
def test_a_slip_before_shipping_has_what_is_left_and_nothing_is_recorded(
    client: Client, northwind: Merchant, jonas: User, two: list[dict[str, Any]]
) -> None:
    send_off(northwind, jonas, two[0], parcel(two[0], 1))
    counts = [model.objects.count() for model in (Shipment, Fulfillment, Operation)]
    first, second = papers(client, SLIPS, *two)
    assert first.startswith(f"{two[0]['public_id']} Not shipped yet · Northwind Trading")
    assert "Tent 1 of 2" in first
    assert "Rope ROPE-60 3 of 3" in first
    assert "4 units to pack." in first
    assert "Ring twice." in first
    assert "4 of 4" in second
    assert [model.objects.count() for model in (Shipment, Fulfillment, Operation)] == counts
    assert not SlipPrint.objects.exists()
    assert client.post(SLIPS, ids(*two)).status_code == 405


@pages
def test_the_slips_number_can_be_scanned_and_the_dialog_opens_when_asked(
    client: Client, two: list[dict[str, Any]]
) -> None:
    page = client.get(SLIPS, ids(two[0])).content.decode()
    assert f'aria-label="Code 128: {two[0]["public_id"]}"' in page
    assert "data-print" not in page
    asked = html.unescape(re.search(r'href="([^"]*print=1)"', page)[1])  # type: ignore[index]
    assert "data-print" in client.get(asked).content.decode()


@pages
@pytest.mark.parametrize("address", [SLIPS, PICK_LIST])
def test_only_what_waits_to_be_shipped_is_packed(
    address: str, client: Client, northwind: Merchant, jonas: User, emulator: Emulator, two: list[dict[str, Any]]
) -> None:
    place = paper_of(client, address, *two)
    send_off(northwind, jonas, two[1], parcel(two[1], 4))
    emulator.patch("orders", two[1]["id"], fulfillment_status="unfulfilled", status="paid")
    for facts in ({"status": "canceled"}, {"status": "refunded"}, {"fulfillment_status": "in_transit"}):
        emulator.patch("orders", two[0]["id"], **{"status": "paid", "fulfillment_status": "unfulfilled"} | facts)
        page = client.get(place).content.decode()
        assert 'class="slip"' not in page
        for order in two:
            assert f"Nothing to pack for {order['public_id']} :" in text(page)


@pages
def test_an_order_of_another_merchant_is_not_there_and_said_to_be_missing(
    client: Client, emulator: Emulator, two: list[dict[str, Any]]
) -> None:
    theirs = emulator.make_order(key="rk_live_kestrel_demo")
    page = client.get(SLIPS, ids(theirs, two[0])).content.decode()
    assert theirs["public_id"] not in page
    assert "1 of the selected orders is missing:" in page
    assert page.count('class="slip"') == 1


@pages
def test_lines_that_nobody_can_tell_apart_are_said_on_both_papers(
    client: Client, emulator: Emulator, two: list[dict[str, Any]]
) -> None:
    emulator.patch("orders", two[0]["id"], fulfillment_status="partial")
    assert "find out before packing" in papers(client, SLIPS, two[0])[0]
    assert f"Some lines of {two[0]['public_id']} are fulfilled" in papers(client, PICK_LIST, *two)[0]


@pages
@pytest.mark.parametrize("address", [SLIPS, PICK_LIST])
def test_what_revkeen_was_not_there_to_say_is_said_to_be_old_or_missing(
    address: str, client: Client, emulator: Emulator, two: list[dict[str, Any]]
) -> None:
    place = paper_of(client, address, *two)
    client.get(SLIPS, ids(two[0]))
    emulator.fault("error", times=100)
    page = text(client.get(place).content.decode())
    assert "1 of 1 order is as of" in page
    assert "1 of the selected orders is missing:" in page


@pages
def test_the_sender_stands_on_slips_before_and_after_shipping(
    client: Client, northwind: Merchant, jonas: User, two: list[dict[str, Any]]
) -> None:
    Merchant.objects.filter(pk=northwind.pk).update(sender_address=f"Elbchaussee 1\n{HOSTILE}")
    (sent,) = send_off(northwind, jonas, two[0], parcel(two[0], 1))
    for page in (client.get(SLIPS, ids(two[0])), client.get(f"/northwind/live/shipments/{sent.pk}/slip/")):
        assert f"From Northwind Trading Elbchaussee 1 {HOSTILE} Carrier" in text(page.content.decode())
        assert "<script>window" not in page.content.decode()


# The pick list


@pages
def test_the_pick_list_has_one_row_for_each_product_over_all_orders(client: Client, two: list[dict[str, Any]]) -> None:
    (found,) = papers(client, PICK_LIST, *two)
    first, second = (order["public_id"] for order in two)
    assert "2 orders, 9 units · Northwind Trading" in found
    assert f"ROPE-60 Rope Rope, 60 m 7 1 · {first} × 3 2 · {second} × 4 Tent 2 1 · {first} × 2 2 products" in found


# For both


@pages
def test_more_than_a_hundred_orders_are_refused_in_words_before_anything_is_asked(
    client: Client, emulator: Emulator
) -> None:
    emulator.forget_calls()
    answer = client.get(SLIPS, {"id": [uuid.uuid4().hex for _ in range(101)]})
    assert answer.status_code == 400
    assert "101 orders are too many at once" in answer.content.decode()
    for query in ("", "?id=", "?id=x&id=-1", f"?id={'9' * 40}"):
        assert "No orders selected" in client.get(SLIPS + query).content.decode()
    assert not emulator.calls()


@pages
@pytest.mark.parametrize("address", [SLIPS, PICK_LIST])
def test_what_others_wrote_is_escaped_on_what_is_packed(
    address: str, client: Client, emulator: Emulator, two: list[dict[str, Any]]
) -> None:
    lines = [{**line, "description": HOSTILE, "metadata": {"sku": HOSTILE}} for line in two[0]["line_items"]]
    emulator.patch("orders", two[0]["id"], notes=HOSTILE, line_items=lines)
    page = client.get(paper_of(client, address, two[0])).content.decode()
    assert "<script>window" not in page
    assert page.count("&lt;script&gt;") >= 2


@pages
def test_orders_are_ticked_in_to_fulfill_by_whoever_may_say_something_of_them(
    client: Client, viewer: Client, two: list[dict[str, Any]]
) -> None:
    page = client.get(BASE).content.decode()
    for order in two:
        assert f'value="{uuid.UUID(order["id"]).hex}"' in page
    assert f'formaction="{BATCHES}create/"' in page
    assert "data-tick-all" in page
    assert 'name="id"' not in viewer.get(BASE).content.decode()
    assert "data-tick-all" not in viewer.get(BASE).content.decode()
