"""What axe finds on a page, once the page is at rest: a page that is about to be left cannot be looked at."""

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AT_REST = """() => document.readyState === "complete"
  && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")"""


def problems(page: Page) -> list[str]:
    """The rules that are broken."""
    return [violation["id"] for violation in _look(page).response["violations"]]


def violations(page: Page) -> str:
    """The same as a report with the address, empty if there are none."""
    results = _look(page)
    return f"{page.url}\n{results.generate_report()}" if results.violations_count else ""


def _look(page: Page) -> AxeResults:
    """Who clicked before has to expect what the click leads to first."""
    page.wait_for_function(AT_REST)
    return Axe().run(page)
