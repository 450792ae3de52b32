"""What holds for every page: a title, a heading, no overflow, nothing that axe finds, no message of the browser."""

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import LOOKS, WIDTHS, Scheme, faults_in_turn, faults_of, violations
from tests.browser.conftest import OpenPage
from tests.browser.places import SIGNED_OUT, pages
from tests.support.emulation import RunningEmulator
from tests.support.variants import only_full

pytestmark = pytest.mark.browser


def visit(page: Page, emulator: RunningEmulator) -> list[tuple[str, str]]:
    """Name and address of every page, those included that the settings lead to."""
    base = page.url.split("/northwind")[0]
    addresses = {name: base + path for name, path in pages(emulator).items()}
    for name in ("connections", "members", "second factor"):
        page.goto(addresses[name])
        links = page.eval_on_selector_all("main a[href]", "all => all.map(link => link.href)")
        addresses |= {link.removeprefix(base): link for link in links if link.startswith(addresses[name])}
    return list(addresses.items())


def test_every_page_fits_and_axe_finds_nothing(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page("/northwind/live/orders/")
    assert faults_in_turn(page, dict(visit(page, emulator))) == {}
    page = open_page("/account/login/", None)
    base = page.url.split("/account")[0]
    assert faults_in_turn(page, {name: base + path for name, path in SIGNED_OUT.items()}) == {}


@pytest.mark.full
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_has_one_heading_and_fits(width: int, open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page("/northwind/live/orders/", viewport={"width": width, "height": 800})
    found = {}
    for name, address in visit(page, emulator):
        page.goto(address)
        found[name] = faults_of(page)
    page = open_page("/account/login/", None, viewport={"width": width, "height": 800})
    for name, path in SIGNED_OUT.items():
        page.goto(page.url.split("/account")[0] + path)
        found[name] = faults_of(page)
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.full
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_finds_nothing(width: int, scheme: Scheme, open_page: OpenPage, emulator: RunningEmulator) -> None:
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page = open_page("/northwind/live/orders/", **look)
    addresses = [address for _, address in visit(page, emulator)]
    signed_out = open_page("/account/login/", None, **look)
    found = [violations(signed_out)]
    for address in addresses:
        page.goto(address)
        found.append(violations(page))
    assert [text for text in found if text] == []


def test_nothing_is_fetched_from_elsewhere_and_the_first_visit_is_light(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    page = open_page("/northwind/live/orders/")
    host = page.url.split("/northwind")[0]
    fetched: list[str] = []
    fresh = page.context.new_page()
    fresh.on("request", lambda request: fetched.append(request.url))
    fresh.goto(f"{host}/northwind/live/orders/", wait_until="networkidle")
    assert [url for url in fetched if not url.startswith(host)] == []
    assert len(fetched) <= 8


def test_live_and_test_differ_without_color(open_page: OpenPage, emulator: RunningEmulator) -> None:
    seen = []
    for mode in ("live", "test"):
        page = open_page(f"/northwind/{mode}/orders/")
        icon = page.locator("link[rel=icon]").get_attribute("href")
        seen.append((page.title(), icon, page.locator("header .mode").inner_text()))
    assert all(live != test for live, test in zip(*seen, strict=True))


@pytest.mark.parametrize("width", [390, 1440])
def test_a_long_name_in_metadata_leaves_room_for_its_value(
    width: int, open_page: OpenPage, emulator: RunningEmulator
) -> None:
    order = emulator.orders("limit=1")[0]
    emulator.patch("orders", order["id"], metadata={"a name without any place to break it " * 3: "value"})
    page = open_page(f"/northwind/live/orders/{order['id']}/", viewport={"width": width, "height": 900})
    facts = page.locator("section:has(#h-meta) dl").first
    assert facts.locator("dd").bounding_box()["width"] >= facts.bounding_box()["width"] / 2  # type: ignore[index]


def test_paper_gets_the_order_and_whose_it_is_without_what_one_clicks(
    open_page: OpenPage, emulator: RunningEmulator
) -> None:
    order = emulator.orders("limit=1")[0]
    page = open_page(f"/northwind/live/orders/{order['id']}/", viewport={"width": 690, "height": 900})
    page.emulate_media(media="print")
    assert [button.inner_text() for button in page.locator("a.btn, button").all() if button.is_visible()] == []
    assert "Northwind Trading" in page.locator("header").first.inner_text()
    assert page.locator("thead").first.is_visible()


@pytest.mark.parametrize("width", [390, only_full(1440)])
def test_the_current_tab_is_in_sight(width: int, open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page("/northwind/live/orders/?status=canceled", viewport={"width": width, "height": 900})
    box = page.locator(".tabs [aria-current]").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width
    assert page.evaluate("scrollY") == 0


def test_the_total_of_a_line_stays_beside_a_long_description(open_page: OpenPage, emulator: RunningEmulator) -> None:
    order = emulator.orders("limit=1")[0]
    long = '=HYPERLINK("http://example.com/without/any/space")'
    lines = [{**order["line_items"][0], "description": long, "total": 1_000_000_000}]
    emulator.patch("orders", order["id"], line_items=lines)
    page = open_page(f"/northwind/live/orders/{order['id']}/", viewport={"width": 390, "height": 900})
    item, total = (page.locator(f"section:has(#h-lines) tbody {cell}").bounding_box() for cell in ("th", ".amt"))
    assert item is not None
    assert total is not None
    assert total["y"] < item["y"] + 10
    assert total["x"] > item["x"] + item["width"]


@pytest.mark.parametrize("width", [390, only_full(1440)])
def test_the_longest_description_of_a_line_fits(width: int, open_page: OpenPage, emulator: RunningEmulator) -> None:
    order = emulator.orders("limit=1")[0]
    emulator.patch("orders", order["id"], line_items=[{**order["line_items"][0], "description": "x" * 500}])
    page = open_page(f"/northwind/live/orders/{order['id']}/", viewport={"width": width, "height": 900})
    assert faults_of(page) == []


def test_the_list_fits_on_paper_with_names_whole(open_page: OpenPage, emulator: RunningEmulator) -> None:
    page = open_page("/northwind/live/orders/", viewport={"width": 690, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    assert page.locator(".clip bdi").first.evaluate("e => e.scrollWidth <= e.clientWidth || !e.clientWidth")
