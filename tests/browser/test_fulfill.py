"""Fulfilling as people do: by keyboard, without a script, with a long order, and in the four faces of the form."""

import re
import sqlite3
import uuid
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from scripts.stack import Stack
from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator
from tests.support.pages import order_path
from tests.support.variants import only_full

address = partial(order_path, "fulfill/")


pytestmark = pytest.mark.browser

LONG = "Merino base layer, long sleeve, women’s M, charcoal melange, recycled-yarn edition"


@pytest.fixture
def email(emulator: RunningEmulator) -> str:
    customer_id = emulator.cases()["customers"]["wallet_0"]["id"]
    return str(emulator.get(f"/customers/{customer_id}")["data"]["email"])


@pytest.fixture
def nothing_chosen_before(stack: Stack) -> None:
    """A form begins with what the person chose last; here with nothing, whichever test came before."""
    with closing(sqlite3.connect(stack.environment["DATABASE_URL"].removeprefix("sqlite:///"), timeout=10)) as kept:
        kept.execute("UPDATE orders_membership SET last_carrier = '', last_email = ''")
        kept.commit()


@pytest.fixture
def order(emulator: RunningEmulator, nothing_chosen_before: None) -> dict[str, Any]:
    """Three lines, paid, nothing shipped."""
    return paid_order(emulator, ["Ridgeline 2 tent", "Titanium cookset", LONG])


def paid_order(emulator: RunningEmulator, descriptions: list[str]) -> dict[str, Any]:
    lines = [{"description": text, "unit_price": 1000, "quantity": 2} for text in descriptions]
    customer_id = emulator.cases()["customers"]["wallet_0"]["id"]
    made = emulator.make_order(customer_id=customer_id, line_items=lines)
    paid: dict[str, Any] = emulator.send(
        f"/orders/{made['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"}
    )
    return paid


def ups_number() -> str:
    """One that is UPS's by its check digit, and that no other order has."""
    digits = f"{uuid.uuid4().int % 10**15:015}"
    summed = sum(map(int, digits[0::2])) + 2 * sum(map(int, digits[1::2]))
    return f"1Z{digits}{-summed % 10}"


def effects(emulator: RunningEmulator, order: dict[str, Any]) -> list[tuple[int, bool]]:
    """How many lines each fulfillment had, and whether the customer was told."""
    rows = (row for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == "fulfillment")
    return [(len(row["line_item_ids"]), row["notified"]) for row in rows]


def too_wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_the_button_follows_ticks_and_e_mail_and_sends_that(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any], email: str
) -> None:
    page = open_page(address(order), "operations")
    expect(page.get_by_role("button", name="Fulfill 3 lines: choose whether to notify the customer")).to_be_visible()
    page.get_by_role("checkbox", name="Titanium cookset").uncheck()
    page.get_by_label(f"E-mail {email}").check()
    expect(page.locator("#announcement")).to_contain_text("2 of 3 remaining lines")
    page.get_by_label("Tracking number", exact=True).fill("1Z 999 AA1 01 2345 6784")
    page.get_by_label("Carrier", exact=True).select_option("UPS")
    page.get_by_role("button", name=f"Fulfill 2 lines and e-mail {email}").click()
    expect(page.get_by_text(f"Done: 2 lines, UPS 1Z 999 AA1 01 2345 6784, e-mail to {email}.")).to_be_visible()
    expect(page.get_by_role("link", name="1Z 999 AA1 01 2345 6784")).to_have_attribute("rel", "noreferrer")
    assert effects(emulator, order) == [(2, True)]


def test_the_number_has_the_focus_and_one_press_ticks_all_or_none(open_page: OpenPage, order: dict[str, Any]) -> None:
    page = open_page(address(order), "operations")
    expect(page.get_by_label("Tracking number", exact=True)).to_be_focused()
    tent = page.get_by_role("checkbox", name="Ridgeline 2 tent")
    page.get_by_role("button", name="Select none").click()
    expect(tent).not_to_be_checked()
    page.get_by_role("button", name="Select all").click()
    expect(tent).to_be_checked()


def test_without_a_script_the_button_has_to_name_the_lines_first(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "operations", java_script_enabled=False)
    page.get_by_role("checkbox", name="Titanium cookset").uncheck()
    page.get_by_label("No e-mail").check()
    page.get_by_role("button", name="Fulfill 3 lines, no e-mail").click()
    expect(page.get_by_role("button", name="Fulfill 2 lines, no e-mail")).to_be_visible()
    assert effects(emulator, order) == []
    page.get_by_role("button", name="Fulfill 2 lines, no e-mail").click()
    expect(page.get_by_text("Done: 2 lines, no e-mail.")).to_be_visible()
    assert effects(emulator, order) == [(2, False)]


def test_by_keyboard_alone_and_on_to_the_next(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "operations")
    page.get_by_role("checkbox", name="Ridgeline 2 tent").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Fulfill 2 lines: choose whether")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Ridgeline 2 tent")).to_be_focused()
    tab_to(page, "Tracking number")
    page.keyboard.type("7 7")
    tab_to(page, "Carrier")
    page.keyboard.type("Another")
    tab_to(page, "Name of the carrier")
    page.keyboard.type("Bike courier")
    tab_to(page, re.compile("E-mail .*@|No e-mail"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    if not page.get_by_label("No e-mail").is_checked():
        page.keyboard.press("ArrowDown")
    tab_to(page, re.compile("^Fulfill 2 lines, no e-mail"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done: 2 lines, Bike courier 7 7, no e-mail.")).to_be_visible()
    page.keyboard.press("Tab")  # the answer has the focus, and the next order comes right behind it
    expect(page.get_by_role("link", name="Next to fulfill")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/fulfill/$"))
    assert order["id"] not in page.url
    assert effects(emulator, order) == [(2, False)]


def tab_to(page: Page, name: str | re.Pattern[str]) -> None:
    """Press Tab until what is called so has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        found = page.get_by_label(name, exact=True) if isinstance(name, str) else page.get_by_label(name)
        if focused.count() and focused.and_(found.or_(page.get_by_role("button", name=name))).count():
            return
    raise AssertionError(name)


def test_two_parcels_are_made_filled_and_sent(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any], email: str
) -> None:
    page = open_page(address(order), "operations")
    page.get_by_label("Units of Titanium cookset to ship now").fill("1")
    page.get_by_role("checkbox", name="Merino base layer").uncheck()
    page.get_by_role("button", name="Add a parcel").focus()
    page.keyboard.press("Enter")
    second = page.get_by_role("region", name="Parcel 2")
    expect(second.get_by_label("Tracking number", exact=True)).to_be_focused()
    expect(second.get_by_label("Units of Titanium cookset")).to_have_value("1")
    second.get_by_role("checkbox", name="Titanium cookset").check()
    second.get_by_role("checkbox", name="Merino base layer").check()
    second.get_by_label("Tracking number", exact=True).fill(ups_number())
    second.get_by_label("Tracking number", exact=True).press("Enter")
    expect(second.get_by_text("Set to UPS").first).to_be_visible()
    expect(second.get_by_label("Carrier", exact=True)).to_have_value("ups")
    page.get_by_role("region", name="Parcel 1").get_by_label("No e-mail").check()
    second.get_by_label(f"E-mail {email}").check()
    assert problems(page) == []
    page.get_by_role("button", name=f"Fulfill 3 lines in 2 parcels and e-mail {email}").click()
    expect(page.get_by_text(re.compile(r"^\s*Done: "))).to_be_visible()
    assert effects(emulator, order) == [(1, False), (2, True)]


def test_a_parcel_is_removed_and_the_focus_goes_on(open_page: OpenPage, order: dict[str, Any]) -> None:
    page = open_page(address(order), "operations")
    page.get_by_role("button", name="Add a parcel").click()
    page.get_by_role("region", name="Parcel 2").get_by_role("button", name="Remove parcel").click()
    expect(page.get_by_role("button", name="Add a parcel")).to_be_focused()
    expect(page.get_by_role("region", name="Parcel 2")).to_have_count(0)


def test_what_is_typed_while_the_form_is_drawn_anew_stays(open_page: OpenPage, order: dict[str, Any]) -> None:
    page = open_page(address(order), "operations")
    waiting: list[Route] = []
    page.route("**/fulfill/", lambda route: waiting.append(route))
    page.get_by_text("More options for Digital River").click()
    page.get_by_label("Tracking number", exact=True).fill("1Z999AA10123456784")
    with page.expect_request("**/fulfill/"):
        page.keyboard.press("Tab")
    page.get_by_label("Shipment id", exact=True).fill("DR-7")
    waiting.pop().continue_()
    expect(page.get_by_text("Set to UPS").first).to_be_visible()
    expect(page.get_by_label("Shipment id", exact=True)).to_have_value("DR-7")
    expect(page.get_by_label("Shipment id", exact=True)).to_be_focused()


def test_without_a_script_parcels_are_added_and_enter_sends_nothing(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "operations", java_script_enabled=False)
    page.get_by_label("Units of Titanium cookset to ship now").fill("1")
    page.get_by_role("button", name="Add a parcel").click()
    page.get_by_role("region", name="Parcel 2").get_by_role("checkbox", name="Titanium cookset").check()
    page.get_by_role("region", name="Parcel 2").get_by_label("Tracking number", exact=True).fill(ups_number())
    page.keyboard.press("Enter")
    expect(page.get_by_text("Set to UPS").first).to_be_visible()
    for choice in page.get_by_label("No e-mail").all():
        choice.check()
    page.get_by_role("button", name="Fulfill 3 lines in 2 parcels, no e-mail").click()
    expect(page.get_by_text(re.compile(r"^\s*Done: "))).to_be_visible()
    assert effects(emulator, order) == [(2, False), (1, False)]


def test_nobody_is_e_mailed_before_somebody_chose(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any], email: str
) -> None:
    page = open_page(address(order), "operations")
    page.get_by_label("Tracking number", exact=True).fill("T-1")
    page.get_by_label("Tracking number", exact=True).press("Enter")
    page.get_by_role("button", name="Fulfill 3 lines: choose whether to notify the customer").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Nothing was fulfilled.")
    assert problems(page) == []
    expect(alert).to_be_focused()
    for key in ("Tab", "Enter", "Tab"):  # to the link, along it, and into the question that it leads to
        page.keyboard.press(key)
    expect(page.get_by_label(f"E-mail {email}")).to_be_focused()
    expect(page.get_by_label("Tracking number", exact=True)).to_have_value("T-1")
    assert effects(emulator, order) == []


def test_a_refusal_stands_by_the_lines_and_the_rest_can_be_sent(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    first = order["line_items"][0]["id"]
    emulator.send(f"/orders/{order['id']}/fulfill", {"line_item_ids": [first], "notify_customer": False})
    page = open_page(address(order), "operations")
    expect(page.get_by_text("RevKeen reports some lines as fulfilled, but not which ones.")).to_be_visible()
    page.get_by_role("checkbox", name="Ridgeline 2 tent").check()
    page.get_by_label("No e-mail").check()
    page.get_by_role("button", name="Fulfill 1 line, no e-mail").click()
    expect(page.get_by_role("alert")).to_contain_text("Not fulfilled: RevKeen refused.")
    assert problems(page) == []
    page.get_by_role("checkbox", name="Ridgeline 2 tent").uncheck()
    page.get_by_role("checkbox", name="Titanium cookset").check()
    page.get_by_role("checkbox", name="Merino base layer").check()
    page.get_by_role("button", name="Fulfill 2 lines, no e-mail").click()
    expect(page.get_by_text("Done: 2 lines, no e-mail.")).to_be_visible()
    assert effects(emulator, order) == [(1, False), (2, False)]


def test_an_unknown_outcome_turns_by_itself(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    emulator.fault("disconnect", "/fulfill$", after_work=True)
    emulator.fault("error", "/events$", times=100)  # so that nothing turns the page while it is looked at
    page = open_page(address(order), "operations")
    page.get_by_label("No e-mail").check()
    page.get_by_role("button", name="Fulfill 3 lines, no e-mail").click()
    expect(page.get_by_text("In doubt: ")).to_be_visible()
    assert problems(page) == []
    emulator.clear_faults()
    expect(page.get_by_text("Done: 3 lines, no e-mail.")).to_be_visible(timeout=60_000)
    assert problems(page) == []
    assert effects(emulator, order) == [(3, False)]


@pytest.mark.full
def test_two_clicks_ship_once(open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]) -> None:
    emulator.fault("delay", "/fulfill$", seconds=1)
    page = open_page(address(order), "operations")
    page.get_by_label("No e-mail").check()
    page.get_by_role("button", name="Fulfill 3 lines, no e-mail").dblclick()
    expect(page.get_by_text("Done: 3 lines, no e-mail.")).to_be_visible()
    assert effects(emulator, order) == [(3, False)]


@pytest.mark.parametrize("scheme", ["dark", only_full("light")])
def test_the_fresh_form_is_accessible(open_page: OpenPage, order: dict[str, Any], scheme: Any) -> None:
    assert problems(open_page(address(order), "operations", color_scheme=scheme)) == []


@pytest.mark.parametrize("width", [390, only_full(1440)])
def test_sixty_lines_of_the_longest_descriptions_and_a_long_address_fit(
    width: int, open_page: OpenPage, emulator: RunningEmulator
) -> None:
    order = paid_order(emulator, ["x" * 500, *[f"{LONG} {place}" for place in range(59)]])
    emulator.patch("customers", order["customer_id"], email=f"{'a' * 240}@example.com")
    page = open_page(address(order), "operations", viewport={"width": width, "height": 844})
    assert too_wide(page) == 0
    page.get_by_label("E-mail aaa").check()
    assert too_wide(page) == 0
    page.get_by_role("button", name="Fulfill 60 lines and e-mail aaa").click()
    expect(page.get_by_text("Done: 60 lines, e-mail to aaa")).to_be_visible()
    assert too_wide(page) == 0
    assert effects(emulator, order) == [(60, True)]
