"""A customer is on the telephone: whatever they say goes into the box above the page and leads to their order."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from scripts.stack import Stack
from tests.browser.conftest import OpenPage
from tests.browser.places import ORDERS
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser

NOTE, SKU, PURCHASE, UPS = "Leave it behind the blue shed", "RT-200/B", "PO-4711-88", "1Z999AA10123456784"
LAST_FOUR = "7351"  # more orders than are shown were paid with the emulator's usual card
MOST_SHOWN = 20
OFFERED = "#search-options [role=option]"
SEARCH = "Search orders, customers and shipments"
READ = """
import uuid
from orders.models import Fulfillment, Merchant, Shipment, TrackingNumber, User
from orders.services.index import deriving
from tests.support.indexed import index_everything
merchant, order_id = Merchant.objects.get(slug="northwind"), uuid.UUID("{order}")
here = dict(merchant=merchant, mode="live", order_id=order_id)
pressed = Fulfillment.objects.create(id=uuid.uuid4(), user=User.objects.first(), who="", fingerprint="", **here)
shipment = Shipment.objects.create(fulfillment=pressed, number=1, notified=False, state="left", carrier="ups", **here)
TrackingNumber.objects.create(shipment=shipment, position=0, number="{number}", normalized="{number}")
index_everything(merchant)
deriving.of_shipments(merchant, "live", order_id)
"""


@pytest.fixture
def order(emulator: RunningEmulator, stack: Stack) -> dict[str, Any]:
    """One of which there is everything to say, in the index with all the others."""
    found = fitting(emulator)
    line = {**found["line_items"][0], "metadata": {"sku": SKU}}
    emulator.patch("orders", found["id"], notes=NOTE, metadata={"purchase": PURCHASE}, line_items=[line])
    emulator.patch("transactions", payments(emulator, found)[0]["id"], card_last_four=LAST_FOUR)
    stack.manage("shell", "-c", READ.format(order=found["id"], number=UPS))
    return found


def said(emulator: RunningEmulator, order: dict[str, Any]) -> list[str]:
    """What somebody may say of their order."""
    customer = emulator.get(f"/customers/{order['customer_id']}")["data"]
    invoice = emulator.get(f"/invoices/{order['invoice_id']}")["data"]
    payment = payments(emulator, order)[0]
    line = order["line_items"][0]
    whole, part = divmod(order["total"], 100)
    return [
        order["public_id"],
        order["public_id"].split("-")[1],
        f"#{order['public_id'].split('-')[1]}",
        order["id"],
        customer["name"][:6],
        customer["email"],
        customer["email"].split("@")[0],
        customer["phone"],
        line["description"],
        line["product_id"],
        f"{whole}.{part:02} {order['currency']}",
        f"{whole},{part:02}",
        NOTE,
        SKU,
        PURCHASE,
        UPS,
        " ".join(UPS[at : at + 3] for at in range(0, len(UPS), 3)),
        UPS[-8:],
        invoice["invoice_number"],
        payment["id"],
        payment["card_last_four"],
    ]


def fitting(emulator: RunningEmulator) -> dict[str, Any]:
    """The newest order about which there is everything to say."""
    for order in emulator.orders():
        customer = order["customer_id"] and emulator.get(f"/customers/{order['customer_id']}")["data"]
        of_a_product = order["line_items"] and order["line_items"][0]["product_id"]
        with_cents = order["currency"].upper() in ("EUR", "USD", "GBP")
        has_it_all = customer and customer.get("phone") and of_a_product and with_cents and by_card(emulator, order)
        if has_it_all and len(emulator.orders(f"customer_id={customer['id']}&limit=100")) < MOST_SHOWN:
            return order
    raise AssertionError("no order has it all")


def by_card(emulator: RunningEmulator, order: dict[str, Any]) -> bool:
    paid = payments(emulator, order)
    return bool(paid) and bool(paid[0]["card_last_four"])


def payments(emulator: RunningEmulator, order: dict[str, Any]) -> list[dict[str, Any]]:
    if not order["invoice_id"]:
        return []
    found: list[dict[str, Any]] = emulator.get(f"/transactions?invoice_id={order['invoice_id']}")["data"]
    return found


def test_everything_that_is_said_leads_to_the_order(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(f"{ORDERS}{order['id']}/")  # what its invoice and payments are called is known once they were read
    expect(page.get_by_role("heading", name=order["public_id"])).to_be_visible()
    page.goto(page.url.replace(f"{order['id']}/", ""))
    for words in said(emulator, order):
        page.get_by_role("combobox", name=SEARCH).fill(words)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/search/\?q=|/orders/[0-9a-f-]{36}/"))
        if "/search/" in page.url:
            expect(page.locator(f"main a[href$='/orders/{order['id']}/']")).to_be_visible()
        else:
            assert page.url.endswith(f"/orders/{order['id']}/"), words
        page.goto(page.url.split("/northwind/")[0] + ORDERS)
    offers_while_typing(page, order)


def offers_while_typing(page: Page, order: dict[str, Any]) -> None:
    """Arrows choose, Escape closes, Enter opens what is chosen."""
    box = page.get_by_role("combobox", name=SEARCH)
    box.press_sequentially(order["public_id"], delay=5)
    expect(page.locator(OFFERED).first).to_contain_text(order["public_id"])
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("Escape")
    expect(page.locator(OFFERED)).to_have_count(0)
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press("Backspace")
    expect(page.locator(OFFERED).first).to_be_visible()
    box.press("ArrowDown")
    box.press("ArrowUp")
    box.press("ArrowDown")
    number = page.locator(f"{OFFERED}[aria-selected=true] strong").inner_text()
    box.press("Enter")
    expect(page.get_by_role("heading", name=number)).to_be_visible()
