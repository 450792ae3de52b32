"""Fulfilling with a scanner, which types a number and presses Enter."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_fulfill import address, effects, ups_number
from tests.browser.test_fulfill import email as email
from tests.browser.test_fulfill import nothing_chosen_before as nothing_chosen_before
from tests.browser.test_fulfill import order as order
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser


def test_a_scanner_goes_on_from_field_to_field_and_sends_nothing(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any], email: str
) -> None:
    page = open_page(address(order), "operations")
    number = page.get_by_label("Tracking number", exact=True)
    right = ups_number()
    scan(page, right[:-1])
    expect(page.get_by_text("This one has 17.").first).to_be_visible()
    expect(number).to_be_focused()
    scan(page, right)  # in the place of the other one
    expect(page.get_by_text("Set to UPS").first).to_be_visible()
    expect(number).to_have_value(right)
    expect(page.get_by_label(f"E-mail {email}")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("No e-mail")).to_be_checked()
    for _ in range(2):  # as a scanner that reads twice
        scan(page, right)
        expect(page.get_by_label("No e-mail")).to_be_focused()
    expect(number).to_have_value(right)
    assert effects(emulator, order) == []


def scan(page: Page, text: str) -> None:
    page.keyboard.type(text)
    with page.expect_response("**/fulfill/**"):
        page.keyboard.press("Enter")


def test_a_number_of_nobody_leads_on_to_the_carrier(open_page: OpenPage, order: dict[str, Any]) -> None:
    page = open_page(address(order), "operations")
    scan(page, "4 1 9")  # which no other test has shipped under: a number known here would be doubted
    expect(page.get_by_label("Carrier", exact=True)).to_be_focused()
