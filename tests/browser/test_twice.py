"""Buttons pressed twice, Back, reload, and a browser that is closed while the server works: one effect, and no more."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chaos.browser import Page as Answer
from chaos.shop import PLACES, Shop
from tests.browser.conftest import OpenPage
from tests.support.actions import ACTIONS, WORDS, Action
from tests.support.emulation import RunningEmulator
from tests.support.variants import only_full

pytestmark = pytest.mark.browser

PLACE = PLACES[0]
DONE = re.compile(r"^(Done|Refunded): ")
DOUBLE_CLICK = "double click without a script"  # which would hold back the second
ENTER_TWICE = "Enter twice"
WORK_SECONDS = 0.4  # that RevKeen takes, so that the second press comes while the first is under way


def _pay(page: Page) -> Locator:
    page.get_by_label("Yes, charge").check()
    return page.get_by_role("button", name="Charge ")


def _cancel(page: Page) -> Locator:
    page.get_by_label("Duplicate").check()
    return page.get_by_role("button", name=re.compile("^Cancel .* for good"))


def _update(page: Page) -> Locator:
    page.get_by_label("Notes on the order").fill(WORDS)
    return page.get_by_role("button", name="Save changes")


def _fulfill(page: Page) -> Locator:
    page.get_by_label("No e-mail").check()
    return page.get_by_role("button", name=re.compile("^Fulfill"))


def _refund(page: Page) -> Locator:
    page.get_by_role("link", name="Fill in all").click()
    button = page.get_by_role("button", name="Refund 90.00 USD")
    expect(button).to_be_visible()
    page.get_by_label("Duplicate").check()
    page.get_by_label("Yes, refund 90.00 USD").check()
    return button


def _create(page: Page) -> Locator:
    page.get_by_label("Yes, create it in live mode").check()
    return page.get_by_role("button", name="Create an order")


READY: dict[str, Callable[[Page], Locator]] = {
    "create": _create, "update": _update, "pay": _pay, "cancel": _cancel, "fulfill": _fulfill, "refund": _refund,
}  # fmt: skip


@dataclass
class Opened:
    page: Page
    subject: str
    button: Locator
    emulator: RunningEmulator
    action: Action

    def effects(self) -> list[Any]:
        """All of this kind since the order was made; what prepared it had no key of ours."""
        made = (row for row in self.emulator.ledger() if row["effect"] == self.action.effect)
        return [row for row in made if row["idempotency_key"]]


# The riskiest, and one whose form is built as all others on an order are; the rest differs in nothing that a browser
# takes part in.
IN_SHORT = ("pay", "update")


@pytest.fixture(params=[action if action.name in IN_SHORT else only_full(action) for action in ACTIONS], ids=str)
def action(request: pytest.FixtureRequest) -> Action:
    chosen: Action = request.param
    return chosen


@pytest.fixture
def opened(action: Action, how: str, open_page: OpenPage, emulator: RunningEmulator) -> Opened:
    """The form in a browser, filled, and RevKeen so slow that it can be pressed twice."""
    shop = Shop(emulator, PLACE)
    page = open_page("/account/", "admin", java_script_enabled=how != DOUBLE_CLICK)
    subject = action.prepare(shop, Requests(page))
    page.goto(re.sub(r"(//[^/]+).*", r"\1", page.url) + action.path(PLACE, subject))
    button = READY[action.name](page)
    method, path = action.call
    emulator.fault("delay", path, method=method, seconds=WORK_SECONDS)
    return Opened(page, subject, button, emulator, action)


class Requests:
    """Pages asked for with the cookies of a browser, beside its window."""

    def __init__(self, page: Page) -> None:
        self._request = page.context.request
        self._address = re.sub(r"(//[^/]+).*", r"\1", page.url)

    def get(self, path: str) -> Answer:
        answer = self._request.get(self._address + path)
        return Answer(answer.status, answer.text())

    def post(self, path: str, sent: list[tuple[str, str]]) -> Answer:
        answer = self._request.post(self._address + path, form=dict(sent), max_redirects=0)
        return Answer(answer.status, answer.text(), answer.headers.get("location", ""))


@pytest.mark.parametrize("how", [DOUBLE_CLICK, ENTER_TWICE])
def test_pressed_twice_it_is_done_once_and_back_and_reload_do_nothing_more(how: str, opened: Opened) -> None:
    page = opened.page
    if how == DOUBLE_CLICK:
        opened.button.dblclick()
    else:
        opened.button.focus()
        page.keyboard.press("Enter", delay=0)
        page.keyboard.press("Enter", delay=0)
    look_until_done(page)
    assert len(opened.effects()) == 1
    page.reload()
    expect(page.get_by_text(DONE).first).to_be_visible()
    page.go_back()
    page.wait_for_load_state()
    assert len(opened.effects()) == 1


def look_until_done(page: Page) -> None:
    """The second press may have led to a page that says that it is on its way; without a script one looks anew."""
    expect(page.get_by_text(re.compile(r"^\s*(Done|Refunded|On its way): ")).first).to_be_visible()
    for _ in range(10):
        if page.get_by_text(DONE).count():
            return
        page.wait_for_timeout(300)
        page.reload()
    expect(page.get_by_text(DONE).first).to_be_visible()


@pytest.mark.parametrize("how", ["closed"])
def test_a_browser_that_is_closed_while_the_server_works_changes_nothing_of_it(how: str, opened: Opened) -> None:
    with opened.page.expect_request(lambda request: request.method == "POST"):
        opened.button.click(no_wait_after=True)
    opened.page.context.close()
    until = time.monotonic() + 10
    while not opened.effects() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(WORK_SECONDS)
    assert len(opened.effects()) == 1
