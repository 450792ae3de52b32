"""The station with a scanner, which types thirty characters a second and presses Enter, wherever the focus is."""

import uuid
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from scripts.stack import Stack
from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage
from tests.browser.stored import database, in_index
from tests.browser.test_fulfill import effects, too_wide, ups_number
from tests.browser.test_fulfill import nothing_chosen_before as nothing_chosen_before
from tests.support.at_work import until
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser

PLACE = "/northwind/live/station/"
A_LETTER_MS = 33
SKU, OTHER = "TENT-1", "MUG-1"


def paid_order(emulator: RunningEmulator, units: int = 1, **body: Any) -> dict[str, Any]:
    metadata = body.pop("line", {"sku": SKU})
    line = {"description": "Tent", "unit_price": 1000, "quantity": units, "metadata": metadata}
    made = emulator.make_order(line_items=[line], **body)
    token = {"payment_token": f"tok_approve_{uuid.uuid4().hex}"}
    paid: dict[str, Any] = emulator.send(f"/orders/{made['id']}/pay", token)
    return paid


def known_to_partners(emulator: RunningEmulator) -> dict[str, Any]:
    """With ids of its own at both."""
    name = uuid.uuid4().hex[:12]
    line = {"sku": SKU, "dr_item_id": f"i{name}"}
    made = {"dr_order_id": name, "op_order_id": f"#{name}"}
    order = paid_order(emulator, metadata=made, line=line)
    emulator.tell_partners(order["id"])
    return order


def scan(page: Page, text: str, pause_ms: int = 0) -> None:
    page.keyboard.type(text, delay=pause_ms)
    page.keyboard.press("Enter")


def heard(page: Page, words: str) -> None:
    expect(page.locator("#bench [data-said]")).to_contain_text(words)


def enter(page: Page) -> None:
    """A person's: a scanner's second line break would come at once."""
    page.wait_for_timeout(350)
    page.keyboard.press("Enter")


@pytest.fixture
def nothing_at_hand(stack: Stack, nothing_chosen_before: None) -> None:
    with closing(database(stack)) as kept:
        kept.execute("DELETE FROM orders_packing")
        kept.commit()


@pytest.fixture
def station(open_page: OpenPage, nothing_at_hand: None) -> Page:
    return open_page(PLACE, "operations")


def nothing(page: Page) -> None:
    """An order without any trouble."""


def wrong_item(page: Page) -> None:
    scan(page, OTHER)
    heard(page, f"{OTHER} is no item of this order")


def surplus_unit(page: Page) -> None:
    scan(page, SKU)
    heard(page, "1 of 1: Tent")
    scan(page, SKU)
    heard(page, "One too many")


def lost_request(page: Page) -> None:
    page.route(f"**{PLACE}", lambda route: route.abort(), times=1)


def lost_answer(page: Page) -> None:
    def carry_out(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(f"**{PLACE}", carry_out, times=1)


def focus_on_a_button(page: Page) -> None:
    page.get_by_role("button", name="Put it back").focus()


def focus_in_another_field(page: Page) -> None:
    page.locator("#q").focus()


def a_reload(page: Page) -> None:
    heard(page, "opened")
    page.reload()
    expect(page.locator("#h-order")).to_be_visible()


TROUBLES: list[Callable[[Page], None]] = [
    *(nothing, wrong_item, surplus_unit, lost_request, lost_answer, focus_on_a_button),
    *(focus_in_another_field, a_reload, nothing, nothing),
]


def test_ten_orders_by_three_scans_and_one_enter_each(station: Page, emulator: RunningEmulator, stack: Stack) -> None:
    """Nobody waits for the page between the scans, and nothing but the scanner's keys and Enter is pressed."""
    orders = [known_to_partners(emulator) for _ in TROUBLES]
    labels = [ups_number() for _ in orders]
    in_index(stack, orders)
    for order, label, trouble in zip(orders, labels, TROUBLES, strict=True):
        pause = A_LETTER_MS if trouble is focus_in_another_field else 0
        scan(station, order["public_id"])
        if trouble is not nothing:
            heard(station, f"{order['public_id']} opened")
        trouble(station)
        if trouble is not surplus_unit:
            scan(station, SKU, pause)
        scan(station, label, pause)
        heard(station, f"UPS: {label}")
        scan(station, label)
        heard(station, "was scanned already")
        if trouble is nothing:
            station.evaluate("document.activeElement.blur()")  # whoever clicked beside the field
        enter(station)
        heard(station, f"{order['public_id']} fulfilled")
    expect(station.locator("#q")).to_have_value("")
    told = until(lambda: effects_by_label(emulator), lambda found: len(found) == len(labels) * len(SYSTEMS))
    assert sorted(told) == sorted((label, system) for label in labels for system in SYSTEMS)


SYSTEMS = ("revkeen", "digital_river", "order_protection")


def effects_by_label(emulator: RunningEmulator) -> list[tuple[str, str]]:
    """Each time that a system took a fulfillment: the tracking number, and which system."""
    rows = [row for row in emulator.ledger() if row["effect"] == "fulfillment"]
    return [(row.get("tracking_number") or row["tracking_numbers"][0], row["provider"]) for row in rows]


def test_without_a_scanner_an_order_takes_few_keys(station: Page) -> None:
    station.evaluate("addEventListener('keydown', () => (window.pressed = (window.pressed ?? 0) + 1), true)")
    number = ups_number()
    station.keyboard.press("Enter")
    heard(station, "opened")
    station.keyboard.type(number)
    enter(station)
    heard(station, f"UPS: {number}")
    if station.get_by_role("button", name="choose whether to e-mail").is_visible():
        station.keyboard.press("F7")
        heard(station, "E-mail")
    enter(station)
    heard(station, "fulfilled")
    assert station.evaluate("window.pressed") - len(number) <= 12


def test_what_is_scanned_signed_out_waits_for_the_sign_in_and_says_so(station: Page, emulator: RunningEmulator) -> None:
    order = paid_order(emulator)
    scan(station, order["id"])
    heard(station, "opened")
    session = station.context.cookies()
    station.context.clear_cookies(name="session")
    scan(station, SKU)
    expect(station.locator("#unsent")).to_contain_text("You are signed out. 1 scan waits here")
    station.context.add_cookies(session)
    heard(station, "1 of 1: Tent")
    expect(station.locator("#unsent")).to_be_hidden()


def test_a_slip_that_was_printed_gives_the_station_back(station: Page, emulator: RunningEmulator) -> None:
    """What is scanned into the slip's own tab would be lost."""
    order = paid_order(emulator)
    scan(station, order["id"])
    heard(station, "opened")
    station.context.add_init_script("window.print = () => window.dispatchEvent(new Event('afterprint'))")
    with station.context.expect_page() as opened:
        station.keyboard.press("F9")
    if not opened.value.is_closed():
        opened.value.wait_for_event("close")
    assert station.context.pages == [station]


def test_without_a_script_the_station_is_a_form(
    open_page: OpenPage, emulator: RunningEmulator, nothing_at_hand: None
) -> None:
    order = paid_order(emulator)
    page = open_page(PLACE, "operations", java_script_enabled=False)
    for text in (order["id"], SKU, ups_number()):
        page.get_by_label("Scan or type").fill(text)
        page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 1 unit counted")).to_be_visible()
    page.get_by_role("button", name="Fulfill 1 line, no e-mail").click()
    heard(page, f"{order['public_id']} fulfilled")
    assert effects(emulator, order) == [(1, False)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_station_fits_a_telephone_and_is_accessible(
    open_page: OpenPage, emulator: RunningEmulator, nothing_at_hand: None, scheme: str
) -> None:
    order = paid_order(emulator, units=3)
    page = open_page(PLACE, "operations", viewport={"width": 360, "height": 780}, color_scheme=scheme)
    scan(page, order["id"])
    heard(page, "opened")
    scan(page, SKU)
    heard(page, "1 of 3: Tent")
    scan(page, OTHER)
    heard(page, "is no item of this order")
    expect(page.locator("#said")).to_contain_text("is no item of this order")
    assert too_wide(page) <= 0
    assert problems(page) == []
    page.keyboard.press("Escape")
    heard(page, "Press Esc again")
    page.keyboard.press("Escape")
    heard(page, "is back in To fulfill")


CAMERA = """
window.BarcodeDetector = class { async detect() { return [{ rawValue: "TENT-1" }]; } };
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  canvas.getContext("2d").fillRect(0, 0, 9, 9);
  return canvas.captureStream();
};
"""


def test_a_camera_is_offered_where_the_browser_reads_barcodes(open_page: OpenPage) -> None:
    page = open_page("/northwind/live/items/", "operations")
    page.add_init_script(CAMERA)
    page.goto(page.url.replace("/items/", "/station/"))
    page.get_by_role("button", name="Camera").click()
    heard(page, "TENT-1")
    page.add_init_script("delete window.BarcodeDetector")
    page.reload()
    expect(page.get_by_role("heading", name="Station")).to_be_visible()
    expect(page.get_by_role("button", name="Camera")).to_be_hidden()
