"""Writing an order as people do: totals while one types, by keyboard, without a script, and two at one draft."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator
from tests.support.variants import only_full

pytestmark = pytest.mark.browser

DRAFTS = "/northwind/test/drafts/"
TEST_KEY = "rk_sandbox_northwind_demo"


def new_draft(open_page: OpenPage, **options: Any) -> Page:
    page = open_page(DRAFTS, "support", **options)
    page.get_by_role("button", name="New order").click()
    expect(page).to_have_url(re.compile(r"/drafts/[0-9a-f-]{36}/"))
    return page


def type_line(page: Page, number: int, description: str, quantity: str, price: str) -> None:
    page.get_by_label(f"Description of line {number}").fill(description)
    page.get_by_label(f"Quantity of line {number}").fill(quantity)
    page.get_by_label(f"Unit price of line {number}").fill(price)
    page.keyboard.press("Tab")


def test_totals_follow_what_is_typed_and_an_error_stands_by_its_field(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = new_draft(open_page)
    page.get_by_label("Currency").fill("KWD")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Prices in KWD")).to_be_visible()
    type_line(page, 1, "Saffron", "3", "1.2505")
    expect(page.locator("tbody tr").first).to_contain_text("KWD has 3 decimals.")
    assert problems(page) == []
    page.get_by_label("Unit price of line 1").fill("1.250")
    page.keyboard.press("Tab")
    expect(page.locator("#draft-state")).to_contain_text("3.750")
    expect(page.locator("tbody tr").first).not_to_contain_text("decimals")
    expect(page.get_by_text("Prices in KWD")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Unit price of line 1")).to_have_value("1.250")


def test_typing_on_right_after_a_change_loses_nothing(open_page: OpenPage, emulator: RunningEmulator) -> None:
    emulator.settings(latency="100")
    page = new_draft(open_page)
    for name, text in (("Description of line 1", "Tea"), ("Quantity of line 1", "2"), ("Unit price of line 1", "3.50")):
        page.get_by_label(name).press_sequentially(text) if name.startswith("Des") else page.get_by_label(name).fill(
            text
        )
        page.keyboard.press("Tab")
    page.get_by_role("button", name="Add an ad-hoc line").click()
    expect(page.get_by_label("Description of line 1")).to_have_value("Tea")
    expect(page.get_by_label("Quantity of line 1")).to_have_value("2")
    expect(page.get_by_label("Unit price of line 1", exact=False).first).to_have_value("3.50")


def test_without_a_script_an_order_is_written_and_created(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = new_draft(open_page, java_script_enabled=False)
    page.get_by_label("Description of line 1").fill("Tea")
    page.get_by_label("Unit price of line 1").fill("3.50")
    page.get_by_role("button", name="Add an ad-hoc line").click()
    page.get_by_label("Description of line 2").fill("Rope")
    page.get_by_label("Unit price of line 2").fill("1,000")
    page.get_by_role("button", name="Review and create").click()
    page.get_by_role("button", name="Create an order of 2 lines for 1,003.50 USD").click()
    expect(page.get_by_text("Done: 2 lines, 1,003.50 USD, for a guest")).to_be_visible()
    assert emulator.orders("limit=1", TEST_KEY)[0]["total"] == 100350


def test_enter_in_a_field_saves_and_sends_nothing(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = new_draft(open_page)
    page.get_by_label("Description of line 1").fill("Tea")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Description of line 1")).to_have_value("Tea")
    expect(page).to_have_url(re.compile(r"/drafts/[0-9a-f-]+/#lines$"))
    assert [row for row in emulator.ledger() if row["effect"] == "order_created"] == []


def test_it_saves_while_one_types_without_leaving_the_field(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = new_draft(open_page)
    page.get_by_label("Unit price of line 1").press_sequentially("3.50")
    expect(page.locator("#draft-state")).to_contain_text("3.50")
    expect(page.get_by_label("Unit price of line 1")).to_be_focused()


def test_what_was_typed_a_moment_before_the_page_is_left_is_saved(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = new_draft(open_page)
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_label("Description of line 1").press_sequentially("Tea")
        page.evaluate("location.assign('/northwind/test/drafts/')")
    page.wait_for_url(re.compile("/drafts/$"))
    page.go_back()
    expect(page.get_by_label("Description of line 1")).to_have_value("Tea")


def test_leaving_with_something_that_is_not_saved_asks(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page(f"/northwind/live/orders/{emulator.cases()['orders']['pending']}/edit/", "support")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}/$"))
    assert asked == []
    page.go_back()
    page.get_by_label("Notes on the order").press_sequentially("Typed.")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}/$"))
    assert asked == ["beforeunload"]


def test_a_text_that_is_too_long_is_said_while_one_types_and_nothing_is_cut(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = new_draft(open_page)
    page.get_by_label("Description of line 1").fill("x" * 600)
    expect(page.get_by_text("600 characters, and 500 are kept. Shorten it by 100.")).to_be_visible()
    expect(page.get_by_label("Description of line 1")).to_have_value("x" * 600)
    expect(page.locator("#draft-state")).to_contain_text("Not saved")


def test_enter_in_find_a_product_finds(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = new_draft(open_page)
    page.get_by_label("Find a product by name or code").fill("e")
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Products at their prices")).to_be_visible()


def test_two_people_at_one_draft(open_page: OpenPage, emulator: RunningEmulator) -> None:
    mine = new_draft(open_page)
    theirs = open_page(re.sub(r"^https?://[^/]+", "", mine.url), "admin")
    expect(theirs.get_by_text("opened this draft at")).to_be_visible()
    theirs.get_by_label("Notes on the order").fill("theirs")
    theirs.keyboard.press("Tab")
    expect(theirs.locator("#draft-state")).to_contain_text("Saved")
    theirs.wait_for_timeout(500)
    mine.get_by_label("Notes on the order").fill("mine")
    mine.keyboard.press("Tab")
    expect(mine.get_by_text("Your changes since then are still here, but not saved.")).to_be_visible()
    expect(mine.locator(".dock")).to_contain_text("Not saved: Mara Lindqvist saved this draft in the meantime.")
    mine.get_by_role("button", name="See the difference").click()
    expect(mine.get_by_role("heading", name="Two versions of this draft")).to_be_visible()
    assert problems(mine) == []
    mine.get_by_role("button", name="Replace with mine").click()
    expect(mine.get_by_label("Notes on the order")).to_have_value("mine")


@pytest.mark.parametrize("scheme", ["light", only_full("dark")])
def test_axe_finds_nothing(scheme: Any, open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = new_draft(open_page, color_scheme=scheme)
    assert problems(page) == []
    page.get_by_role("button", name="Review and create").click()
    expect(page.locator(".notice.bad")).to_be_visible()
    assert problems(page) == []
    type_line(page, 1, "Tea", "1", "3.50")
    expect(page.locator("#draft-state")).to_contain_text("3.50")
    page.get_by_label("Find a product by name or code").fill("e")
    page.get_by_role("button", name="Find products").click()
    expect(page.get_by_role("table", name="Products at their prices")).to_be_visible()
    assert problems(page) == []
    page.get_by_role("button", name="Review and create").click()
    expect(page.get_by_role("heading", name="Create this order in RevKeen")).to_be_visible()
    assert problems(page) == []
