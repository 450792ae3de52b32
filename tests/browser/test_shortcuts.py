"""Keys: they move, open, tick and lead on; none in a field or with a modifier, none for whoever switched them off."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.places import ORDERS
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser

TICKED = "tbody .tick :checked"


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_row_is_reached_ticked_and_opened(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page(ORDERS)
    links = page.locator("tbody th a")
    press(page, "ArrowDown", "x")
    expect(page.locator("tbody :focus")).to_have_count(0)
    expect(page.locator(TICKED)).to_have_count(0)
    press(page, "k", "j", "ArrowDown", "ArrowUp", "x")
    expect(links.nth(1)).to_be_focused()
    expect(page.locator("tbody tr").nth(1).locator(":checked")).to_have_count(1)
    expect(page.locator(".bulk .ticked")).to_be_visible()
    address = str(links.nth(1).get_attribute("href"))
    press(page, "o")
    page.wait_for_url(f"**{address}")


def test_an_order_is_looked_at_beside_the_list_and_the_next_ones_by_key(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = open_page(ORDERS)
    links, peek = page.locator("tbody th a"), page.get_by_role("complementary", name="Order at a glance")
    number = [links.nth(at).inner_text() for at in range(3)]
    press(page, "j", "Space")
    expect(peek.get_by_role("heading", name=number[0])).to_be_visible()
    press(page, "j")
    expect(peek.get_by_role("heading", name=number[1])).to_be_visible()
    peek.get_by_role("button", name="Next order").click()
    expect(peek.get_by_role("heading", name=number[2])).to_be_visible()
    press(page, "Escape")
    expect(peek).to_be_hidden()
    expect(links.nth(2)).to_be_focused()
    press(page, "Space", "Space")
    expect(peek).to_be_hidden()
    page.get_by_role("link", name=f"Look at {number[1]}").click()
    peek.get_by_role("link", name="Open the order").click()
    expect(page.get_by_role("heading", name=number[1], level=1)).to_be_visible()


@pytest.mark.parametrize(("on", "back"), [("j", "k"), ("]", "[")])
def test_keys_turn_pages_and_lead_from_order_to_order(
    on: str, back: str, open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = open_page(ORDERS)
    first, second = (str(page.locator("tbody th a").nth(at).get_attribute("href")) for at in (0, 1))
    with page.expect_navigation():
        press(page, "n")
    expect(page.locator(f"tbody a[href='{first}']")).to_have_count(0)
    with page.expect_navigation():
        press(page, "p")
    with page.expect_navigation():
        press(page, "j", "o")
    with page.expect_navigation():
        press(page, on)
    assert second.split("?")[0] in page.url
    with page.expect_navigation():
        press(page, back)
    assert first.split("?")[0] in page.url


def test_no_key_fires_in_a_field_a_dialog_or_with_a_modifier(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page(ORDERS)
    press(page, "/", *"jonx?")
    expect(page.get_by_role("combobox", name="Search orders")).to_have_value("jonx?")
    page.get_by_role("heading", name="Orders", exact=True).click()
    press(page, "Control+j", "Alt+j", "Meta+j", "Shift+j")
    expect(page.locator("tbody :focus")).to_have_count(0)
    press(page, "j", "?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    press(page, "x", "j", "o", "n")
    press(page, "Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("tbody th a").first).to_be_focused()
    expect(page.locator(TICKED)).to_have_count(0)
    # A key leads to what shows and moves, or to a group of buttons without pressing any: nothing that sends a form.
    assert page.locator("[aria-keyshortcuts]:not(a[href], table, [data-search], [role=group])").count() == 0
    address = page.url
    press(page, "x", "b")
    expect(page.get_by_role("group", name="With the selected orders")).to_be_focused()
    press(page, "Enter", "Space")
    assert page.url == address


def test_shift_and_a_click_tick_a_range(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page(ORDERS)
    ticks = page.locator("tbody .tick input")
    ticks.nth(5).click()
    ticks.nth(2).click(modifiers=["Shift"])
    assert [ticks.nth(at).is_checked() for at in range(1, 7)] == [False, True, True, True, True, False]
    ticks.nth(4).click(modifiers=["Shift"])
    assert [ticks.nth(at).is_checked() for at in range(1, 7)] == [False, False, False, False, True, False]


def test_to_fulfill_has_the_same_keys(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page("/northwind/live/to-fulfill/")
    row = page.locator(".bulk-form tbody tr").filter(has=page.locator(".tick input:enabled")).first
    row.locator("th a").focus()
    press(page, "x")
    expect(row.locator(".tick input")).to_be_checked()


@pytest.mark.parametrize("place", [ORDERS, "/northwind/live/to-fulfill/"])
def test_what_is_done_with_selected_rows_is_a_key_away(open_page: OpenPage, place: str) -> None:
    page = open_page(place, "operations")
    press(page, "j", "x", "b")
    expect(page.get_by_role("group", name="With the selected orders")).to_be_focused()
    press(page, "Tab")
    expect(page.locator(".bulk :focus")).to_be_visible()


def test_whoever_switches_keys_off_finds_the_list_at_the_account(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = open_page("/account/", "viewer")
    page.get_by_label("Use keyboard shortcuts").uncheck()
    page.get_by_role("button", name="Save shortcuts").click()
    expect(page.get_by_text("Keyboard shortcuts are off.")).to_be_visible()
    page.goto(page.url.replace("/account/", ORDERS))
    press(page, "j", "n", "/", "?")
    expect(page.locator("body")).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("summary", has_text="Account of").click()
    page.get_by_role("link", name="Keyboard shortcuts").click()
    page.wait_for_url(re.compile("/account/#h-shortcuts"))
    page.get_by_label("Use keyboard shortcuts").check()
    page.get_by_role("button", name="Save shortcuts").click()
    expect(page.get_by_text("Keyboard shortcuts are on.")).to_be_visible()
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_what_can_be_done_is_found_and_done_by_key_and_enter_alone_makes_nothing(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    order = emulator.orders("status=pending&limit=1")[0]
    page = open_page(f"{ORDERS}{order['id']}/")
    press(page, "Control+k")
    page.keyboard.type("take pay")
    expect(page.get_by_role("option", name="Take payment")).to_be_visible()
    press(page, "ArrowDown", "Enter")
    page.wait_for_url(f"**{ORDERS}{order['id']}/pay/")
    press(page, "Control+k")
    page.keyboard.type("New order")
    expect(page.get_by_role("option", name="New order")).to_be_visible()
    press(page, "Enter")
    page.wait_for_url("**/northwind/live/drafts/")  # where its button is
    press(page, "Control+k")
    page.keyboard.type("New order")
    expect(page.get_by_role("option", name="New order")).to_be_visible()
    press(page, "ArrowDown", "Enter")
    page.wait_for_url(re.compile("/drafts/[0-9a-f-]{36}/"))


def test_ctrl_k_finds_a_page_by_its_name_also_from_a_field(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page("/northwind/live/journal/")
    press(page, "/", "a", "Control+k")  # what was typed is selected, and replaced
    page.keyboard.type("fulf")
    expect(page.get_by_role("option", name="To fulfill", exact=True)).to_be_visible()
    press(page, "ArrowDown", "Enter")
    page.wait_for_url("**/northwind/live/to-fulfill/")
