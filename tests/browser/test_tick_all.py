"""One box ticks all rows of a list; without a script there is none, and rows are ticked one by one."""

import re

import pytest
from playwright.sync_api import Page, expect

from scripts.stack import Stack
from tests.browser.conftest import OpenPage
from tests.browser.places import ORDERS
from tests.browser.test_lists import refresh
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("where", [ORDERS, "/northwind/live/to-fulfill/"])
def test_one_box_ticks_all_rows_of_the_page_or_none(where: str, open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page(where)
    every, ticks = page.get_by_label("Select all on this page"), page.locator("tbody .tick input:enabled")
    every.focus()
    page.keyboard.press("Space")
    expect(page.locator("tbody .tick input:enabled:not(:checked)")).to_have_count(0)
    expect(page.locator(".bulk .ticked")).to_be_visible()
    ticks.first.uncheck()
    expect(every).not_to_be_checked()
    assert every.evaluate("box => box.indeterminate") == (ticks.count() > 1)
    ticks.first.check()
    expect(every).to_be_checked()
    page.get_by_role("button", name="Clear").click()
    expect(every).not_to_be_checked()
    expect(page.locator("tbody .tick :checked")).to_have_count(0)


def test_ticks_stay_through_pages_and_sorts_and_are_sent_together(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = open_page(ORDERS)
    page.locator("tbody .tick input").nth(3).check()
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_text("1 more on other pages")).to_be_visible()
    page.locator("tbody .tick input").first.check()
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("tbody .tick input").nth(3)).to_be_checked()
    page.get_by_role("link", name="Total", exact=True).click()
    page.get_by_role("button", name="Add up").click()
    expect(page.get_by_role("heading", name="2 selected orders")).to_be_visible()
    page.get_by_role("link", name="Clear", exact=True).click()
    expect(page.locator(".bulk")).to_be_hidden()
    page.locator("tbody .tick input").first.check()
    page.locator(".tabs").get_by_role(
        "link", name=re.compile("^Paid")
    ).click()  # other orders: nothing of them is ticked
    expect(page.locator(".bulk")).to_be_hidden()


def test_more_than_an_address_can_say_is_not_sent(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page(ORDERS)
    page.get_by_label("Select all on this page").check()
    page.get_by_role("link", name="Older").click()
    page.get_by_label("Select all on this page").check()
    expect(page.get_by_text("At most 80 at once")).to_be_visible()
    page.get_by_role("button", name="Add up").click()
    expect(page).to_have_url(re.compile("starting_after"))
    page.get_by_role("link", name=re.compile(r"^Add up all \d+")).click()
    expect(page.get_by_role("heading", name=re.compile(r"All \d+ orders of this list"))).to_be_visible()


def test_the_box_for_all_rows_follows_a_live_refresh(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page("/account/")
    page.clock.install()
    page.goto(page.url.replace("/account/", ORDERS))
    page.get_by_label("Select all on this page").check()
    refresh(page)
    expect(page.get_by_label("Select all on this page")).to_be_checked()
    expect(page.locator("tbody .tick input:not(:checked)")).to_have_count(0)


def test_without_a_script_rows_are_ticked_one_by_one(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page("/northwind/live/to-fulfill/", java_script_enabled=False)
    expect(page.locator("[data-tick-all]")).to_be_hidden()
    page.locator("tbody .tick input:enabled").first.check()
    page.get_by_role("button", name="Create batch").click()
    expect(page.get_by_role("heading", name=re.compile("^Batch [0-9]+$"), level=1)).to_be_visible()


SENT_OFF = """
import uuid
from django.utils import timezone
from orders.models import Fulfillment, Merchant, PartnerUpdate, Shipment, User
by = User.objects.get(email="both@example.com")
of = {"merchant": Merchant.objects.get(slug="kestrel"), "mode": "test"}
for nth in range(51):
    of |= {"order_id": uuid.uuid4(), "order_number": f"KO-{nth}"}
    pressed = Fulfillment.objects.create(id=uuid.uuid4(), user=by, who=by.email, undo_until=timezone.now(), **of)
    sent = Shipment.objects.create(fulfillment=pressed, number=1, carrier="ups", notified=False, state="left", **of)
    of.pop("order_number")
    PartnerUpdate.objects.create(shipment=sent, destination="digital_river", state="failed", **of)
"""


def test_ticks_stay_on_all_pages_of_each_list_that_has_them(open_page: OpenPage, stack: Stack) -> None:
    stack.manage("shell", "-c", SENT_OFF)
    page = open_page("/kestrel/test/shipments/", who="both")
    tick_on_two_pages(page, "Older")
    page.get_by_role("button", name="Packing slips").click()
    expect(page.locator(".slip")).to_have_count(2)
    page.goto(page.url.partition("/shipments")[0] + "/partner-updates/")
    tick_on_two_pages(page, "Newer")
    page.get_by_role("button", name="Send again", exact=True).last.click()
    expect(page.get_by_text("2 updates will be sent again.")).to_be_visible()
    expect(page.get_by_text("on other pages")).to_be_hidden()  # they are gone from the list


def tick_on_two_pages(page: Page, on: str) -> None:
    page.locator("tbody .tick input").first.check()
    page.get_by_role("link", name=on, exact=True).click()
    expect(page.get_by_text("1 more on other pages")).to_be_visible()
    page.locator("tbody .tick input").first.check()
