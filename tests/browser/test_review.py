"""What a browser refuses by itself on the page of an order's findings, and what it must not."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser


def test_findings_are_assigned_and_snoozed_without_a_note(open_page: OpenPage, emulator: RunningEmulator) -> None:
    order = emulator.cases()["orders"]["due_does_not_add_up"]
    page = open_page(f"/northwind/live/orders/{order}/", "finance")
    page.get_by_role("region", name="Review").get_by_role("link", name="Review").click()
    page.get_by_role("button", name="Sign off ticked findings").click()
    expect(page.get_by_label("Note")).to_be_focused()  # signing off needs one
    page.get_by_label("Snooze until").fill((datetime.now(tz=UTC).date() + timedelta(days=7)).isoformat())
    page.get_by_role("button", name="Save for ticked findings").click()
    expect(page.locator("#messages")).to_contain_text("changed.")


def test_a_note_of_one_long_word_leaves_the_amounts_in_sight(open_page: OpenPage, emulator: RunningEmulator) -> None:
    order = emulator.cases()["orders"]["due_does_not_add_up"]
    page = open_page(f"/northwind/live/orders/{order}/", "finance")
    page.get_by_role("region", name="Review").get_by_role("link", name="Review").click()
    page.get_by_label("Note").fill("x" * 300)
    page.get_by_role("button", name="Sign off ticked findings").click()
    expect(page.locator("#messages")).to_contain_text("signed off")
    for address in (page.url, page.url.split("/review/")[0] + "/review/?state=signed"):
        page.goto(address)
        expect(page.locator("tbody td.amt").last).to_be_in_viewport(ratio=1)
