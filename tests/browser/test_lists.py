"""The list as people use it: live refresh, ticks, filters, Back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.places import ORDERS
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser


def refresh(page: Page) -> None:
    """Let the time pass after which the list asks again, and wait for what it brings."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-target") == "order-table"):
        page.clock.fast_forward(16_000)
    page.wait_for_timeout(150)


def test_a_live_refresh_brings_what_changed_and_keeps_focus_and_ticks(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = open_page("/account/")
    page.clock.install()
    page.goto(page.url.replace("/account/", ORDERS))
    newest = emulator.orders("limit=3")
    boxes = [page.locator(f"#tick-{order['id']}") for order in newest]
    boxes[0].check()
    boxes[2].check()
    page.locator(f"#order-{newest[1]['id']}").focus()
    emulator.patch("orders", newest[1]["id"], public_id="NW-CHANGED")
    refresh(page)
    expect(page.get_by_text("NW-CHANGED")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == f"order-{newest[1]['id']}"
    assert [box.is_checked() for box in boxes] == [True, False, True]
    assert page.locator(".bulk").is_visible()


def test_an_outage_shows_the_copy_and_recovery_needs_no_reload(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page("/account/")
    page.clock.install()
    page.goto(page.url.replace("/account/", ORDERS))
    rows = page.locator("tbody tr").count()
    emulator.fault("bad_gateway", path="/orders$", times=10_000)
    refresh(page)
    expect(page.get_by_text("You see the copy as of")).to_be_visible()
    assert page.locator("tbody tr").count() == rows
    emulator.clear_faults()
    page.wait_for_timeout(100)
    for _ in range(8):
        refresh(page)
        if not page.get_by_text("You see the copy as of").is_visible():
            return
        page.wait_for_timeout(1000)  # the breaker's few seconds are the server's, not the page's
    pytest.fail("the list did not recover")


def test_ticked_orders_are_added_up(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page(ORDERS)
    for box in page.locator("tbody input[type=checkbox]").all()[:4]:
        box.check()
    page.get_by_role("button", name="Add up").click()
    expect(page.get_by_role("heading", name="4 selected orders")).to_be_visible()
    assert page.locator("tbody input:checked").count() == 4


def test_back_after_a_filter_shows_the_whole_page(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page(ORDERS)
    page.get_by_role("link", name=re.compile("^Canceled")).click()
    page.wait_for_url(re.compile("status=canceled"))
    page.go_back()
    expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(page).not_to_have_url(re.compile("status"))


def test_a_customer_is_found_by_typing_and_filters_the_list(open_page: OpenPage, emulator: RunningEmulator) -> None:
    order = next(order for order in emulator.orders() if order["customer_id"])
    email = emulator.get(f"/customers/{order['customer_id']}")["data"]["email"]
    page = open_page(ORDERS)
    page.get_by_text("any customer").click()
    page.get_by_label("Customer name or e-mail").press_sequentially(email, delay=5)
    page.locator("#customer-options a", has_text=email).click()
    page.wait_for_url(re.compile(f"customer={order['customer_id']}"))
    expect(page.get_by_role("link", name=order["public_id"], exact=True)).to_be_visible()


def test_the_keyboard_alone_finds_an_order_and_goes_on_to_the_next(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    newest, second = emulator.orders("limit=2")
    page = open_page(ORDERS)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.insert_text(newest["id"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=newest["public_id"])).to_be_visible()
    page.get_by_role("link", name="Older order").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=second["public_id"])).to_be_visible()


def test_a_whole_row_leads_to_its_order_and_back_again_it_has_the_focus(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    order = emulator.orders("limit=3")[-1]
    page = open_page(ORDERS)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=order["public_id"], exact=True))
    row.locator(".total").click()
    expect(page.get_by_role("heading", name=order["public_id"])).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name=order["public_id"], exact=True)).to_be_focused()
    row.locator(".clip").first.select_text()  # whoever marks words to copy them stays here, and who ticks
    row.locator(".clip").first.dispatch_event("click")
    row.get_by_role("checkbox").check()
    expect(page).to_have_url(re.compile(r"/orders/$"))


def test_a_menu_opens_by_keyboard_and_escape_gives_the_focus_back(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = open_page(ORDERS)
    summary = page.locator("details.merchant > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Northwind Trading, test")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Northwind Trading, test")).to_be_hidden()
    expect(summary).to_be_focused()


def test_the_orders_of_the_customer_load_into_the_page(open_page: OpenPage, emulator: RunningEmulator) -> None:
    order = next(order for order in emulator.orders() if order["customer_id"])
    page = open_page(f"{ORDERS}{order['id']}/")
    page.get_by_role("link", name="Show this customer’s orders").click()
    expect(page.locator("#customer-orders").get_by_role("link", name=order["public_id"])).to_be_visible()
    assert page.url.endswith(f"{order['id']}/")
