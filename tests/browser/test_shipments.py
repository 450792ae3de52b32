"""Shipments as people see them: counting down, undone, turning to sent by themselves, failed, and put right."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from scripts.stack import Stack
from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage
from tests.browser.test_fulfill import effects, paid_order, too_wide
from tests.support.emulation import RunningEmulator
from tests.support.shipping import open_orders
from tests.support.variants import only_full

pytestmark = pytest.mark.browser

LONG = "Merino base layer, long sleeve, women’s M, charcoal melange, recycled-yarn edition"
SOON = 60_000  # milliseconds: a few rounds of the worker on a slow machine
TAKEN: set[str] = set()  # the emulator is reset after each test, and the dashboard is not


@pytest.fixture
def unknown_there(emulator: RunningEmulator) -> dict[str, Any]:
    """An order that neither partner knows."""
    return paid_order(emulator, ["Ridgeline 2 tent", LONG])


@pytest.fixture
def known_there(emulator: RunningEmulator) -> dict[str, Any]:
    """An order that both partners know, and of which nothing has left; from the oldest, each but once."""
    order: dict[str, Any] = next(order for order in reversed(open_orders(emulator)) if order["id"] not in TAKEN)
    TAKEN.add(order["id"])
    return order


@pytest.fixture
def held(stack: Stack) -> Iterator[None]:
    """What is sent off can be undone for a while."""
    set_undo_seconds(stack, 60)
    yield
    set_undo_seconds(stack, 0)


def set_undo_seconds(stack: Stack, seconds: int) -> None:
    change = f"from orders.models import Merchant; Merchant.objects.update(undo_seconds={seconds})"
    stack.manage("shell", "-c", change)


def order_page(order: dict[str, Any]) -> str:
    return f"/northwind/live/orders/{order['id']}/"


def fulfill(page: Page, order: dict[str, Any]) -> None:
    """Everything at once, and nobody is e-mailed; then to the page of the order."""
    page.get_by_label("No e-mail").check()
    page.get_by_role("button", name=re.compile("^Fulfill .*no e-mail")).click()
    page.wait_for_url(lambda url: "/fulfill/" not in url)
    page.goto(page.url.split("/northwind/")[0] + order_page(order))


def sent_off(open_page: OpenPage, order: dict[str, Any], **options: Any) -> Page:
    page = open_page(f"{order_page(order)}fulfill/", "operations", **options)
    fulfill(page, order)
    return page


def state_at(page: Page, system: str) -> Any:
    """The cell of the newest shipment's card that says how it stands there."""
    return page.locator(".dest").first.get_by_role("row").filter(has_text=system).get_by_role("cell").first


@pytest.mark.usefixtures("held")
def test_it_counts_down_and_undo_means_that_nobody_hears_anything(
    open_page: OpenPage, emulator: RunningEmulator, unknown_there: dict[str, Any]
) -> None:
    page = sent_off(open_page, unknown_there)
    expect(page.get_by_text(re.compile(r"^\s*Sending in \d+ s\s*$"))).to_be_visible()
    assert problems(page) == []
    page.get_by_role("button", name="Undo shipment 1").click()
    expect(page.get_by_text("Undone. No system was notified.")).to_be_visible()
    expect(page.locator("#shipments")).to_contain_text("no system was notified")
    assert effects(emulator, unknown_there) == []


@pytest.mark.usefixtures("held")
def test_without_a_script_it_says_when_it_goes_and_can_be_undone(
    open_page: OpenPage, emulator: RunningEmulator, unknown_there: dict[str, Any]
) -> None:
    page = open_page(f"{order_page(unknown_there)}fulfill/", "operations", java_script_enabled=False)
    fulfill(page, unknown_there)
    expect(page.get_by_text(re.compile(r"^\s*Sending at \d\d:\d\d:\d\d"))).to_be_visible()
    page.get_by_role("button", name="Undo shipment 1").click()
    expect(page.get_by_role("region", name="Message")).to_contain_text("Undone. No system was notified.")
    expect(page.get_by_role("region", name="Message")).to_be_focused()
    assert effects(emulator, unknown_there) == []


def test_all_three_turn_to_sent_by_themselves_and_it_is_said(
    open_page: OpenPage, emulator: RunningEmulator, known_there: dict[str, Any]
) -> None:
    page = sent_off(open_page, known_there)
    for system in ("RevKeen", "Digital River", "OrderProtection"):
        expect(state_at(page, system)).to_contain_text("Sent", timeout=SOON)
    expect(page.locator("#shipments[hx-get]")).to_have_count(0)
    assert problems(page) == []


@pytest.mark.usefixtures("held")
def test_the_focus_stays_while_the_cards_are_drawn_anew(
    open_page: OpenPage, emulator: RunningEmulator, unknown_there: dict[str, Any]
) -> None:
    page = sent_off(open_page, unknown_there)
    link = page.locator("#shipments").get_by_role("link", name="Shipment 1", exact=True)
    link.focus()
    with page.expect_response(re.compile("/shipments/$")):
        pass
    expect(link).to_be_focused()
    page.get_by_role("button", name="Undo shipment 1").click()


@pytest.mark.parametrize("width", [390, only_full(1440)])
def test_a_failed_partner_update_is_given_up_with_a_reason(
    width: int, open_page: OpenPage, emulator: RunningEmulator, unknown_there: dict[str, Any]
) -> None:
    page = sent_off(open_page, unknown_there, viewport={"width": width, "height": 900})
    expect(state_at(page, "Digital River")).to_contain_text("Failed", timeout=SOON)
    assert too_wide(page) <= 0
    page.get_by_role("link", name="Stop trying Digital River for shipment 1").click()
    page.get_by_role("button", name="Stop trying").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was stopped.")
    assert problems(page) == []
    page.get_by_label("Why stop this update?").fill("Done by hand")
    page.get_by_role("button", name="Stop trying").click()
    expect(page.locator("#shipments")).to_contain_text("Done by hand")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Partner update stopped")


def test_tracking_is_put_right_with_one_more_number(
    open_page: OpenPage, emulator: RunningEmulator, known_there: dict[str, Any]
) -> None:
    page = sent_off(open_page, known_there)
    expect(state_at(page, "OrderProtection")).to_contain_text("Sent", timeout=SOON)
    page.locator("#shipments").get_by_role("link", name="Shipment 1", exact=True).click()
    page.get_by_role("link", name="Correct tracking").click()
    page.get_by_label("Carrier", exact=True).select_option("FedEx")
    first, second = f"F-{uuid.uuid4().hex[:8]}", f"G-{uuid.uuid4().hex[:8]}"
    page.get_by_label("Tracking number 1", exact=True).fill(first)
    page.get_by_role("button", name="Add number").click()
    page.get_by_label("Tracking number 2", exact=True).fill(second)
    assert problems(page) == []
    assert too_wide(page) <= 0
    save = page.get_by_role("button", name="Save and notify Digital River and OrderProtection")
    save.click()
    expect(page.get_by_label("Everything is correct")).to_be_visible()
    expect(page.get_by_text("This does not look like a number from FedEx.").first).to_be_visible()
    assert problems(page) == []
    page.get_by_label("Everything is correct").check()
    save.click()
    expect(page.get_by_text("Shipment 1 now has FedEx")).to_be_visible()
    expect(page.get_by_role("link", name=second)).to_be_visible()
    expect(page.get_by_text("and cannot be corrected.")).to_be_visible()
    assert problems(page) == []
