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

IMPORT = (
    "from orders.models import Merchant; from tests.support.indexed import index_everything;"
    "index_everything(Merchant.objects.get(slug='northwind'))"
)
OFFERED = "#search-options [role=option]"
SEARCH = "Search orders, customers and shipments"


def said(emulator: RunningEmulator, order: dict[str, Any]) -> list[str]:
    """What somebody may say of their order."""
    customer = emulator.get(f"/customers/{order['customer_id']}")["data"]
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
    ]


def fitting(emulator: RunningEmulator) -> dict[str, Any]:
    """The newest order about which there is everything to say."""
    for order in emulator.orders():
        customer = order["customer_id"] and emulator.get(f"/customers/{order['customer_id']}")["data"]
        of_a_product = order["line_items"] and order["line_items"][0]["product_id"]
        if customer and customer.get("phone") and of_a_product and order["currency"].upper() in ("EUR", "USD", "GBP"):
            return order
    raise AssertionError("no order has it all")


def test_everything_that_is_said_leads_to_the_order(
    open_page: OpenPage, emulator: RunningEmulator, stack: Stack
) -> None:
    stack.manage("shell", "-c", IMPORT)
    order = fitting(emulator)
    page = open_page(ORDERS)
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
