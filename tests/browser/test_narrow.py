"""On a telephone nothing is wider than the page, whatever RevKeen says and however long a button is."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator

PHONE = {"viewport": {"width": 390, "height": 844}}
WIDTH = "document.documentElement.scrollWidth"


@pytest.mark.parametrize("place", ["orders/", "orders/{}/"])
def test_a_status_of_one_long_word_does_not_widen_the_page(
    place: str, emulator: RunningEmulator, open_page: OpenPage
) -> None:
    order = emulator.make_order()
    emulator.patch("orders", order["id"], status="x" * 60, fulfillment_status="y" * 60)
    page = open_page("/northwind/live/" + place.format(order["id"]), **PHONE)
    assert page.get_by_text("x" * 40).count()
    assert page.evaluate(WIDTH) <= 390


def test_the_buttons_of_the_banner_go_one_below_the_other(emulator: RunningEmulator, open_page: OpenPage) -> None:
    lines = [{"description": "Sample", "unit_price": 0, "quantity": 1}]
    order = emulator.make_order(line_items=lines)
    page = open_page(f"/northwind/live/orders/{order['id']}/", **PHONE)
    assert page.get_by_role("link", name="Complete without a charge").is_visible()
    assert page.evaluate(WIDTH) <= 390


def test_a_name_of_one_long_word_does_not_widen_the_way_back_to_its_draft(
    emulator: RunningEmulator, open_page: OpenPage
) -> None:
    customer = emulator.cases()["customers"]["one_word_unbroken"]["id"]
    order = emulator.make_order(customer_id=customer)
    page = open_page(f"/northwind/live/orders/{order['id']}/", **PHONE)
    page.get_by_text("Actions", exact=True).click()
    page.get_by_role("button", name="Copy into a draft").click()
    page.get_by_role("button", name="Review and create").click()
    expect(page.get_by_role("heading", name="Create this order in RevKeen")).to_be_visible()
    assert page.evaluate(WIDTH) <= 390
