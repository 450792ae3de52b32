"""Every way that leads somewhere works without a script."""

import re

import pytest
from playwright.sync_api import Page, expect

from scripts.stack import Stack
from tests.browser.conftest import OpenPage, sign_in_by_password
from tests.browser.places import ORDERS
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser


@pytest.fixture
def page(open_page: OpenPage, emulator: RunningEmulator) -> Page:
    return open_page(ORDERS, java_script_enabled=False)


def test_signing_in(open_page: OpenPage, stack: Stack) -> None:
    page = open_page("/account/login/", None, java_script_enabled=False)
    sign_in_by_password(page, stack, "viewer")
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()


def test_filtering_by_date_and_paging(page: Page) -> None:
    page.get_by_text("at any time").click()
    page.get_by_label("From").fill("2020-01-01")
    page.get_by_role("button", name="Apply").last.click()
    page.wait_for_url(re.compile("placed=2020-01-01"))
    page.get_by_role("link", name="Older").click()
    page.wait_for_url(re.compile("starting_after="))
    assert "placed=2020-01-01" in page.url
    page.get_by_role("link", name="Newer").click()
    expect(page).not_to_have_url(re.compile("starting_after="))
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()


def test_finding_a_customer_and_their_orders(page: Page, emulator: RunningEmulator) -> None:
    order = next(order for order in emulator.orders() if order["customer_id"])
    email = emulator.get(f"/customers/{order['customer_id']}")["data"]["email"]
    page.get_by_text("any customer").click()
    page.get_by_label("Customer name or e-mail").fill(email)
    page.get_by_role("button", name="Search customers").click()
    page.get_by_role("row", name=re.compile(re.escape(email))).get_by_role("link").last.click()
    page.wait_for_url(re.compile(f"customer={order['customer_id']}"))
    expect(page.get_by_role("link", name=order["public_id"], exact=True)).to_be_visible()


def test_opening_an_order_and_what_is_around_it(page: Page, emulator: RunningEmulator) -> None:
    order = next(order for order in emulator.orders() if order["customer_id"])
    page.goto(page.url + order["id"] + "/")
    page.get_by_role("link", name="Show this customer’s orders").click()
    page.wait_for_url(re.compile("customer="))
    expect(page.get_by_role("link", name=order["public_id"], exact=True)).to_be_visible()


def test_choosing_a_theme(page: Page) -> None:
    page.goto(page.url.replace(ORDERS, "/account/"))
    page.get_by_label("Dark").check()
    page.get_by_role("button", name=re.compile("theme", re.IGNORECASE)).click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_signing_out(open_page: OpenPage, stack: Stack) -> None:
    page = open_page("/account/login/", None, java_script_enabled=False)
    sign_in_by_password(page, stack, "viewer")
    page.locator("details.menu.end > summary").first.click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/account/login/"))
    page.goto(stack.address + ORDERS)
    expect(page.get_by_role("heading", name=re.compile("Sign in"))).to_be_visible()
