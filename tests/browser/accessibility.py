"""What is wrong with a page: heading, title, width, ids, and what axe finds once the page is at rest."""

from itertools import cycle
from typing import Literal

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page

AT_REST = """() => document.readyState === "complete"
  && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")"""

TRIES = 3
LEFT = "Execution context was destroyed"

WIDTHS = (360, 390, 1440)
Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[int, Scheme], ...] = ((390, "dark"), (1440, "light"))


def faults_of(page: Page) -> list[str]:
    """Without axe, which takes a second."""
    heading = page.locator("h1").all_inner_texts()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found = [] if len(heading) == 1 else [f"{len(heading)} headings"]
    found += [] if heading and heading[0].strip()[:8] in page.title() else [f"title {page.title()!r} for {heading}"]
    found += [f"{wide} px too wide"] if wide > 0 else []
    repeated = page.evaluate(
        "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"
    )
    return found + [f"id {name} stands twice" for name in repeated]


def faults_in_turn(page: Page, addresses: dict[str, str]) -> dict[str, list[str]]:
    """Of each page, loaded once: at every width, and with axe in one of the looks by turns; of those that have any."""
    found = {}
    for (name, address), (width, scheme) in zip(addresses.items(), cycle(LOOKS), strict=False):
        page.emulate_media(color_scheme=scheme)
        page.goto(address)
        found[name] = [f"at {each}: {fault}" for each in (*WIDTHS, width) for fault in _faults_at(each, page)]
        found[name] += [violations(page)]
    return {name: faults for name, faults in found.items() if any(faults)}


def _faults_at(width: int, page: Page) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    return faults_of(page)


def problems(page: Page) -> list[str]:
    """The rules that are broken."""
    return [violation["id"] for violation in _look(page).response["violations"]]


def violations(page: Page) -> str:
    """The same as a report with the address, empty if there are none."""
    results = _look(page)
    return f"{page.url}\n{results.generate_report()}" if results.violations_count else ""


def _look(page: Page) -> AxeResults:
    """Who clicked before expects what the click leads to first; a page that leaves meanwhile is looked at anew."""
    for _ in range(TRIES - 1):
        try:
            return _look_once(page)
        except Error as error:
            if LEFT not in error.message:
                raise
    return _look_once(page)


def _look_once(page: Page) -> AxeResults:
    page.wait_for_function(AT_REST)
    return Axe().run(page)
