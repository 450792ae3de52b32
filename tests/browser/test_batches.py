"""A batch of fifty orders and more on paper: every line and unit is on it, nothing is cut, and every code is read."""

import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from scripts.stack import Stack
from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage
from tests.browser.places import ORDERS
from tests.browser.stored import in_index
from tests.browser.test_packing_slips import lay_out, pages_of, too_wide, what_may_be_cut
from tests.support.emulation import RunningEmulator
from tests.support.parcels import paid_order
from tests.support.scanning import scanned

pytestmark = pytest.mark.browser

QUEUE = "/northwind/live/to-fulfill/"


def create(open_page: OpenPage, **options: Any) -> Page:
    """The page of a new batch of all that stands on the first page of To fulfill."""
    page = open_page(QUEUE, "operations", **options)
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Create batch").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Batch \d+"))
    return page


def paper(page: Page, link: str) -> None:
    page.get_by_role("link", name=re.compile(f"^ *{link}")).first.click()
    expect(page.locator(".slip").first).to_be_visible()


def test_a_batch_is_on_paper_with_every_line_and_unit_and_every_code_is_read(
    open_page: OpenPage, emulator: RunningEmulator, stack: Stack
) -> None:
    orders = [paid_order(emulator, (f"Kettle {place % 7}", 1 + place % 3), ("Filter", 2)) for place in range(50)]
    open_page(ORDERS, "operations")  # what is seen is in the index at once
    in_index(stack, orders)
    page = create(open_page)
    numbers = page.locator("tbody th a").all_inner_texts()
    assert len(numbers) >= 50
    wanted = {order["public_id"]: order for order in emulator.orders("limit=100&status=paid")}
    units = {number: sum(line["quantity"] for line in wanted[number]["line_items"]) for number in numbers}
    batch = page.url
    paper(page, "Packing slips")
    assert [scanned(one) for one in drawings(page)] == numbers, "each slip's code opens its order"
    printed = page.locator(".slip").evaluate_all("slips => slips.map(slip => [...slip.querySelectorAll('tbody tr')]"
        ".map(row => Number(row.querySelector('.num').innerText)))")  # fmt: skip
    assert {number: sum(of_slip) for number, of_slip in zip(numbers, printed, strict=True)} == units
    lines = {number: len(wanted[number]["line_items"]) for number in numbers}
    assert {number: len(of_slip) for number, of_slip in zip(numbers, printed, strict=True)} == lines
    is_laid_out(page)
    page.goto(f"{batch}pick-list/")
    assert [scanned(one) for one in drawings(page)] == [f"BATCH-{batch.rstrip('/').split('/')[-1]}"]
    on_list: Counter[str] = Counter()
    for row in page.locator(".picks tbody tr").all():
        of_row = re.findall(r"\d+ · (\S+)\s+× (\d+)", row.locator("td").last.inner_text())
        assert sum(int(count) for _, count in of_row) == int(row.locator(".num").inner_text())
        on_list.update({number: int(count) for number, count in of_row})
    assert on_list == Counter(units)
    is_laid_out(page)


def drawings(page: Page) -> list[str]:
    found: list[str] = page.locator(".slip .bars").evaluate_all("bars => bars.map(bar => bar.outerHTML)")
    return found


def is_laid_out(page: Page) -> None:
    """Nothing is cut or too wide, and no slip shares a sheet."""
    lay_out(page, "A4")
    assert too_wide(page, "A4") == []
    assert what_may_be_cut(page) == []
    assert pages_of(page.pdf(format="A4")) >= page.locator(".slip").count()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_pages_of_picking_fit_a_phone_and_have_no_barriers(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = create(open_page)
    batch, host = page.url, page.url.split("/northwind")[0]
    of_batch = [batch, f"{batch}pick-list/", f"{batch}slips/", f"{batch}../"]
    order = f"{host}/northwind/live/orders/{emulator.cases()['orders']['paid']}/handling/"
    others = [f"{host}{QUEUE}?batch=none&sort=-units", f"{host}/northwind/live/shipments/manifest/", order]
    for address in (*of_batch, *others):
        page.goto(address)
        has_no_barriers(page, address)
    page.goto(f"{host}{QUEUE}")
    page.get_by_label("Select all on this page").check()
    has_no_barriers(page, "ticked")
    page.get_by_role("button", name="Hold, tag, assign").first.click()
    expect(page.get_by_role("button", name=re.compile("Save for"))).to_be_visible()
    has_no_barriers(page, "many orders")


def has_no_barriers(page: Page, what: str) -> None:
    for width, height in ((360, 740), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (what, width)
    assert problems(page) == [], what


def test_without_a_script_orders_are_put_on_hold_together_and_a_batch_is_made_and_printed(open_page: OpenPage) -> None:
    page = open_page(QUEUE, "operations", java_script_enabled=False)
    for box in page.locator("tbody .tick input:enabled").all()[:2]:
        box.check()
    page.get_by_role("button", name="Hold, tag, assign").click()
    assert page.get_by_role("button", name="Save for 2 orders").is_visible()
    page.get_by_label("Add tags").fill("without script")
    page.get_by_role("button", name="Save for 2 orders").click()
    expect(page.locator("tbody .tag", has_text="without script")).to_have_count(2)
    for box in page.locator("tbody .tick input:enabled").all()[:2]:
        box.check()
    page.get_by_role("button", name="Create batch").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    paper(page, "Packing slips")
    page.get_by_role("button", name="Print").click()
    expect(page.get_by_text("print with Ctrl+P")).to_be_visible()
