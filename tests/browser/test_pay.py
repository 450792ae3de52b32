"""Taking a payment as people do: by keyboard, without a script, and in the four faces of the form."""

import re
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator
from tests.support.pages import order_path
from tests.support.variants import only_full

address = partial(order_path, "pay/")


pytestmark = pytest.mark.browser


@pytest.fixture
def order(emulator: RunningEmulator) -> dict[str, Any]:
    """120.00 USD due from a customer with a card for every outcome."""
    wallet = emulator.cases()["customers"]["wallet_0"]
    lines = [{"description": "Ridgeline 2 tent", "unit_price": 6000, "quantity": 2}]
    return emulator.make_order(customer_id=wallet["id"], currency="usd", line_items=lines)


def charges(emulator: RunningEmulator, order: dict[str, Any]) -> list[int]:
    return [row["amount"] for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == "payment"]


def test_the_button_follows_what_is_typed_and_charges_that(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "support")
    page.get_by_label("Amount in USD").fill("45.5")
    expect(page.get_by_role("button", name="Charge 45.50 USD to Visa ••1111")).to_be_visible()
    page.get_by_label("Yes, charge 45.50 USD of real money").check()
    page.get_by_role("button", name="Charge").click()
    expect(page.get_by_text("Done: 45.50 USD from Visa ••1111.")).to_be_visible()
    assert charges(emulator, order) == [4550]


def test_without_a_script_the_button_has_to_name_the_charge_first(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "support", java_script_enabled=False)
    page.get_by_label("Amount in USD").fill("45.5")
    page.get_by_label("Yes, charge").check()
    page.get_by_role("button", name="Charge 120.00 USD").click()
    expect(page.get_by_role("button", name="Charge 45.50 USD")).to_be_visible()
    assert charges(emulator, order) == []
    page.get_by_label("Yes, charge 45.50 USD of real money").check()
    page.get_by_role("button", name="Charge 45.50 USD").click()
    expect(page.get_by_text("Done: 45.50 USD")).to_be_visible()
    assert charges(emulator, order) == [4550]


def test_by_keyboard_alone(open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]) -> None:
    page = open_page(address(order), "support")
    page.get_by_label("Amount in USD").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Charge 120.00 USD to Visa ••0002")).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Charge 120.00 USD to Visa ••1111")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done: 120.00 USD")).to_be_visible()
    assert charges(emulator, order) == [12000]


def test_focus_and_a_tick_stay_while_the_button_is_redrawn_and_the_tick_goes_when_the_sum_changes(
    open_page: OpenPage, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "support")
    under_way: list[Route] = []
    page.route("**/pay/", lambda route: route.continue_() if under_way else under_way.append(route))
    with page.expect_request("**/pay/"):
        page.get_by_label(re.compile("••9995")).check()
    page.get_by_label("Yes, charge").check()
    page.get_by_role("button", name="Charge 120.00 USD to Visa ••1111").focus()
    under_way[0].continue_()
    expect(page.get_by_role("button", name="Charge 120.00 USD to Mastercard ••9995")).to_be_visible()
    expect(page.get_by_role("button", name="Charge 120.00 USD to Mastercard ••9995")).to_be_focused()
    expect(page.get_by_label("Yes, charge 120.00 USD")).to_be_checked()
    page.get_by_label("Amount in USD").fill("20.00")
    expect(page.get_by_label("Yes, charge 20.00 USD")).not_to_be_checked()


def test_a_decline_stands_by_the_method_and_another_can_be_chosen(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "support")
    page.get_by_label(re.compile("••0002")).check()
    page.get_by_label("Yes, charge").check()
    page.get_by_role("button", name="Charge 120.00 USD to Visa ••0002").click()
    expect(page.get_by_role("alert")).to_contain_text("Not charged: the bank declined it.")
    assert problems(page) == []
    page.get_by_label(re.compile("••1111")).check()
    page.get_by_label("Yes, charge").check()
    page.get_by_role("button", name="Charge 120.00 USD to Visa ••1111").click()
    expect(page.get_by_text("Done: 120.00 USD")).to_be_visible()
    assert charges(emulator, order) == [12000]


def test_an_unknown_outcome_turns_by_itself(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    emulator.fault("disconnect", "/pay$", after_work=True)
    emulator.fault("error", "/events$", times=100)  # so that nothing turns the page while it is looked at
    page = open_page(address(order), "support")
    page.get_by_label("Yes, charge").check()
    page.get_by_role("button", name="Charge 120.00 USD").click()
    expect(page.get_by_text("In doubt: ")).to_be_visible()
    assert problems(page) == []
    emulator.clear_faults()
    expect(page.get_by_text("Done: 120.00 USD")).to_be_visible(timeout=60_000)
    assert problems(page) == []
    assert charges(emulator, order) == [12000]


@pytest.mark.parametrize("scheme", ["dark", only_full("light")])
def test_the_fresh_form_is_accessible(open_page: OpenPage, order: dict[str, Any], scheme: Any) -> None:
    assert problems(open_page(address(order), "support", color_scheme=scheme)) == []
