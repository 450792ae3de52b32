"""Packing slips on paper: as many pages as there should be, nothing cut, on A4 and on Letter; and the print dialog."""

import re
import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser

LONG = "Merino base layer, long sleeve, women’s M, charcoal melange, recycled-yarn edition, with a very long name"
SIZES = {"A4": (210, 297), "Letter": (215.9, 279.4)}
MARGIN = 14  # as static/css/look.css says
PX_PER_MM = 96 / 25.4


@pytest.fixture
def batch(open_page: OpenPage, emulator: RunningEmulator) -> str:
    """The address of three slips: one line, forty lines, and one line of the longest texts."""
    ids = []
    for lines in (["Tent"], [f"{LONG} {place}" for place in range(40)], ["x" * 500]):
        order = paid_order(emulator, lines)
        ids.append(fulfill(open_page, order))
    return "/northwind/live/shipments/slips/?" + "&".join(f"id={pk}" for pk in ids)


def paid_order(emulator: RunningEmulator, descriptions: list[str]) -> dict[str, Any]:
    lines = [{"description": text, "unit_price": 1000, "quantity": 2} for text in descriptions]
    customer_id = emulator.cases()["customers"]["wallet_0"]["id"]
    made = emulator.make_order(customer_id=customer_id, line_items=lines, notes="Ring twice.\nGreen door.")
    paid: dict[str, Any] = emulator.send(
        f"/orders/{made['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"}
    )
    return paid


def fulfill(open_page: OpenPage, order: dict[str, Any]) -> str:
    """Send all of it off in one parcel; the id of its shipment."""
    page = open_page(f"/northwind/live/orders/{order['id']}/fulfill/", "operations")
    page.get_by_label("No e-mail").check()
    page.get_by_role("button", name=re.compile("^Fulfill .*no e-mail")).click()
    expect(page.get_by_text(re.compile(r"^\s*(Done|Recorded): ")).first).to_be_visible()
    page.goto(page.url.split("/live/")[0] + f"/live/orders/{order['id']}/")
    address = page.get_by_role("link", name="Packing slip of").get_attribute("href", timeout=10_000) or ""
    page.close()
    return address.rstrip("/").split("/")[-2]


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_batch_is_cut_between_slips_and_nowhere_else(open_page: OpenPage, batch: str) -> None:
    page = open_page(batch, "operations")
    page.emulate_media(media="print")
    everything = page.url
    for paper in SIZES:
        page.goto(everything)
        together = pages_of(page.pdf(format=paper))
        alone = [pages_on(page, address, paper) for address in singles(everything)]
        assert alone[0] == alone[2] == 1
        assert alone[1] >= 2
        assert together == sum(alone)
        page.goto(everything)
        lay_out(page, paper)
        assert too_wide(page, paper) == []
        assert what_may_be_cut(page) == []


def test_only_slips_are_on_the_paper(open_page: OpenPage, batch: str) -> None:
    page = open_page(batch, "operations")
    lay_out(page, "A4")
    for outside in ("header.top", "#side", "#messages", "main .head"):
        expect(page.locator(outside).first).to_be_hidden()
    for slip in page.locator(".slip").all():
        expect(slip.locator(".tickbox").first).to_be_visible()
        expect(slip.get_by_role("img", name="Code 128")).to_be_visible()


def singles(address: str) -> list[str]:
    base, query = address.split("slips/?")
    return [f"{base}{part.removeprefix('id=')}/slip/" for part in query.split("&")]


def pages_on(page: Page, address: str, paper: str) -> int:
    page.goto(address)
    return pages_of(page.pdf(format=paper))


def too_wide(page: Page, paper: str) -> Any:
    return page.evaluate(
        """width => [...document.querySelectorAll('.slip *')].filter(element => {
            const box = element.getBoundingClientRect();
            return !element.matches('.visually-hidden') && (box.left < -0.5 || box.right > width + 0.5);
        }).map(element => element.outerHTML.slice(0, 80))""",
        inner(paper)[0],
    )


def what_may_be_cut(page: Page) -> Any:
    """Parts that a page may end in the middle of, and heads that are not repeated."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.slip :is(tr, footer, .sums, .boxed-note, thead)')].filter(part => {
            const style = getComputedStyle(part);
            return part.matches('thead') ? style.display !== 'table-header-group' : style.breakInside !== 'avoid';
        }).map(part => part.outerHTML.slice(0, 80))"""
    )


def inner(paper: str) -> tuple[float, float]:
    """Width and height between the margins in CSS pixels."""
    width, height = SIZES[paper]
    return (width - 2 * MARGIN) * PX_PER_MM, (height - 2 * MARGIN) * PX_PER_MM


def lay_out(page: Page, paper: str) -> None:
    """As it will be on this paper."""
    width, height = inner(paper)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": int(width), "height": int(height)})


def test_the_button_keeps_the_printing_and_opens_the_dialog_once(open_page: OpenPage, batch: str) -> None:
    page = open_page(batch, "operations")
    page.context.add_init_script("window.print = () => document.documentElement.dataset.printed = 'yes'")
    page.reload()
    assert problems(page) == []
    page.get_by_role("button", name="Print 3 slips").click()
    expect(page.locator("html[data-printed=yes]")).to_have_count(1)
    expect(page.locator(".slip footer").first).to_contain_text(re.compile(r"Printed \d+ \w+ \d{4}, .* by "))
    page.reload()
    expect(page.get_by_text(re.compile(r"^\s*Printed by .*, today"))).to_have_count(3)
    expect(page.locator("html[data-printed]")).to_have_count(0)


def test_without_a_script_it_says_how_to_print(open_page: OpenPage, batch: str) -> None:
    page = open_page(batch, "operations", java_script_enabled=False)
    page.get_by_role("button", name="Print 3 slips").click()
    expect(page.get_by_text("print with Ctrl+P")).to_be_visible()
    expect(page.locator(".slip")).to_have_count(3)
    expect(page.locator(".slip footer").first).to_contain_text("Printed ")
