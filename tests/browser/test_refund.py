"""Giving money back as people do: by keyboard, without a script, over two payments, and until the money has moved."""

from functools import partial
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator
from tests.support.pages import order_path
from tests.support.variants import only_full

address = partial(order_path, "refund/")


pytestmark = pytest.mark.browser


@pytest.fixture
def order(emulator: RunningEmulator) -> dict[str, Any]:
    """60.00 USD, paid in two parts of 40.00 and 20.00."""
    wallet = emulator.cases()["customers"]["wallet_0"]
    order = emulator.make_order(customer_id=wallet["id"], currency="usd")
    for amount in (4000, 2000):
        order = emulator.send(f"/orders/{order['id']}/pay", {"amount": amount, "payment_method_id": wallet["1111"]})
    return order


def refunds(emulator: RunningEmulator, order: dict[str, Any]) -> list[int]:
    return [row["amount"] for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == "refund"]


def test_the_button_follows_what_is_typed_and_a_wrong_amount_stands_by_its_field(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "finance")
    first, second = page.get_by_label("Refund to Visa ••1111").all()
    first.fill("12.5")
    expect(page.get_by_role("button", name="Refund 12.50 USD to Visa ••1111")).to_be_visible()
    second.fill("20.01")
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    page.get_by_label("Duplicate").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("This is more than the 20.00 USD that is left")).to_be_visible()
    assert problems(page) == []
    page.get_by_label("Refund to Visa ••1111").last.fill("20")
    page.get_by_label("Yes, refund 32.50 USD of real money").check()
    page.get_by_role("button", name="Refund 32.50 USD to 2 payments").click()
    expect(page.get_by_text("Refunded: 12.50 USD to Visa ••1111.")).to_be_visible()
    expect(page.get_by_text("Refunded: 20.00 USD to Visa ••1111.")).to_be_visible()
    assert problems(page) == []
    assert refunds(emulator, order) == [1250, 2000]


def test_all_that_is_left_keeps_what_else_was_typed(open_page: OpenPage, order: dict[str, Any]) -> None:
    page = open_page(address(order), "finance")
    page.get_by_label("Details").fill("Torn at the seam")
    page.get_by_label("Product unacceptable").check()
    page.get_by_role("link", name="Fill in all").click()
    expect(page.get_by_role("button", name="Refund 60.00 USD to 2 payments")).to_be_visible()
    expect(page.get_by_label("Details")).to_have_value("Torn at the seam")
    expect(page.get_by_label("Product unacceptable")).to_be_checked()
    expect(page.get_by_role("link", name="Fill in all")).to_be_focused()


def test_without_a_script_the_button_has_to_name_the_refund_first(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "finance", java_script_enabled=False)
    page.get_by_label("Refund to Visa ••1111").first.fill("12.5")
    page.get_by_label("Other", exact=True).check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Review the total and confirm it.")
    expect(page.get_by_role("button", name="Refund 12.50 USD to Visa ••1111")).to_be_visible()
    assert refunds(emulator, order) == []
    expect(page.get_by_label("Other", exact=True)).to_be_checked()
    page.get_by_label("Yes, refund 12.50 USD of real money").check()
    page.get_by_role("button", name="Refund 12.50 USD to Visa ••1111").click()
    expect(page.get_by_text("Refunded: 12.50 USD")).to_be_visible()
    page.goto(page.url.split("/journal/")[0] + f"/orders/{order['id']}/refund/")
    page.get_by_role("link", name="Fill in all").click()
    expect(page.get_by_role("button", name="Refund 47.50 USD to 2 payments")).to_be_visible()


def test_by_keyboard_alone(open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]) -> None:
    page = open_page(address(order), "finance")
    page.get_by_label("Refund to Visa ••1111").first.focus()
    page.keyboard.type("5")
    expect(page.get_by_role("button", name="Refund 5.00 USD to Visa ••1111")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first reason
    page.keyboard.press("Tab")
    page.keyboard.type("Changed their mind")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # real money
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Refunded: 5.00 USD to Visa ••1111.")).to_be_visible()
    assert refunds(emulator, order) == [500]


def test_enter_in_an_amount_sends_nothing_that_the_button_did_not_name(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "finance")
    page.get_by_label("Refund to Visa ••1111").first.fill("5")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Check these fields")).to_be_visible()
    expect(page.get_by_label("Refund to Visa ••1111").first).to_have_value("5")
    assert refunds(emulator, order) == []


@pytest.mark.full
def test_a_double_click_refunds_once(open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]) -> None:
    page = open_page(address(order) + "?fill=all", "finance")
    page.get_by_label("Duplicate").check()
    page.get_by_label("Yes, refund").check()
    page.get_by_role("button", name="Refund 60.00 USD").dblclick()
    expect(page.get_by_text("Refunded: 40.00 USD to Visa ••1111.")).to_be_visible()
    expect(page.get_by_text("Refunded: 20.00 USD to Visa ••1111.")).to_be_visible()
    assert refunds(emulator, order) == [4000, 2000]


def test_an_unknown_outcome_turns_by_itself_and_the_money_is_followed_by_the_worker(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    emulator.settings(refund_status="pending")
    emulator.fault("disconnect", "/refunds$", method="POST", after_work=True)
    emulator.fault("error", "/events$", times=100)  # so that nothing turns the page while it is looked at
    page = open_page(address(order), "finance")
    page.get_by_label("Refund to Visa ••1111").first.fill("5")
    page.get_by_label("Duplicate").check()
    page.get_by_label("Yes, refund 5.00 USD").check()
    page.get_by_role("button", name="Refund 5.00 USD").click()
    expect(page.get_by_text("In doubt: ")).to_be_visible()
    assert problems(page) == []
    emulator.clear_faults()
    expect(page.get_by_text("Refund on its way: 5.00 USD")).to_be_visible(timeout=60_000)
    assert problems(page) == []
    assert refunds(emulator, order) == [500]


@pytest.mark.parametrize("scheme", ["light", only_full("dark")])
def test_the_form_is_accessible(open_page: OpenPage, order: dict[str, Any], scheme: Any) -> None:
    assert problems(open_page(address(order), "finance", color_scheme=scheme)) == []
    assert problems(open_page(address(order) + "?fill=all", "finance", color_scheme=scheme)) == []
