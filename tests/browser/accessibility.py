"""What axe finds on a page, once the page is at rest: a page that is about to be left cannot be looked at."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AT_REST = """() => document.readyState === "complete"
  && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")"""


def problems(page: Page) -> list[str]:
    """The rules that are broken. Who clicked before has to expect what the click leads to first."""
    page.wait_for_function(AT_REST)
    return [violation["id"] for violation in Axe().run(page).response["violations"]]
