"""Many orders at once, as somebody with a browser does it: out of a list, and without a script out of a table."""

import re

import pytest
from playwright.sync_api import Page, expect

from chaos.shop import ups
from tests.browser.accessibility import faults_of, violations
from tests.browser.conftest import OpenPage
from tests.browser.places import ORDERS
from tests.support.emulation import RunningEmulator
from tests.support.many import paid, told

pytestmark = pytest.mark.browser

JOBS = "/northwind/live/jobs/"


def known_orders(page: Page, emulator: RunningEmulator, count: int) -> list[dict[str, str]]:
    """Paid orders that are in the index, because their pages were opened."""
    found = [paid(emulator) for _ in range(count)]
    base = page.url.partition("/northwind")[0]
    for order in found:
        page.goto(f"{base}{ORDERS}{order['id']}/")
    page.goto(base + ORDERS)
    return found


def reload_until(page: Page, words: str) -> None:
    """As a person without a script does."""
    for _ in range(100):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(200)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())


def test_ticked_orders_are_fulfilled_and_followed_to_their_end(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page(ORDERS, "operations")
    orders = known_orders(page, emulator, 2)
    for order in orders:
        page.get_by_role("checkbox", name=order["public_id"]).check()
    page.get_by_text("Change many").click()
    assert violations(page) == ""
    page.get_by_role("button", name="Fulfill", exact=True).click()
    page.get_by_label("No e-mail", exact=True).check()
    page.get_by_label("Tracking number of").first.focus()
    for place in range(len(orders)):  # scanned, one after the other
        page.keyboard.type(ups(700 + place))
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Check 2 rows")).to_be_focused()
    page.keyboard.press("Enter")
    apply = page.get_by_role("button", name=re.compile("Apply: fulfill 2 rows"))
    expect(apply).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 800})
    assert (faults_of(page), violations(page)) == ([], "")
    apply.click()
    expect(page.locator("#job h2").get_by_text("Ended")).to_be_visible(timeout=20_000)  # it refreshes itself
    assert (faults_of(page), violations(page)) == ([], "")
    assert [len(told(emulator, order)) for order in orders] == [1, 1]


def test_without_a_script_a_table_is_checked_corrected_and_applied(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = open_page(ORDERS, "operations", java_script_enabled=False)
    good, doubted, mistyped = known_orders(page, emulator, 3)
    page.get_by_role("link", name="Jobs").click()
    page.get_by_role("link", name="Fulfill from a file").click()
    rows = [f"{good['id']},{ups(710)}", f"{doubted['id']},", f"NW-999999,{ups(711)}"]
    page.get_by_label("Or paste the table").fill("\n".join(["Order,Tracking", *rows]))
    page.get_by_label("No e-mail", exact=True).check()
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("No order “NW-999999” here.")).to_be_visible()
    page.get_by_role("link", name="Correct the rows").click()
    page.get_by_label("Order of row 4").fill(mistyped["id"])
    page.get_by_role("button", name="Check the rows anew").click()
    expect(page.get_by_text("1 row corrected, and all checked anew.")).to_be_visible()
    page.get_by_role("checkbox", name="Row 3 is correct").check()
    page.get_by_role("button", name="They are correct").click()
    page.get_by_role("button", name=re.compile("Apply: fulfill 3 rows")).click()
    reload_until(page, "3 of 3 rows")
    assert [len(told(emulator, order)) for order in (good, doubted, mistyped)] == [1, 1, 1]
