"""Whoever has a second factor, and a session that ended while they typed: signed in over the page, nothing is lost."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from orders.management.commands.seed_demo import PASSWORD
from scripts.stack import Stack
from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage, sign_in_by_password
from tests.support.emulation import RunningEmulator
from tests.support.signing_in import code

pytestmark = pytest.mark.browser

WHO = "finance@northwind.example"
KEPT = "What you entered is still here, and nothing was sent."
TYPED = "Rang twice."


@pytest.fixture
def recovery_codes(open_page: OpenPage, stack: Stack) -> Iterator[list[str]]:
    """Finance has an authenticator app; these stand in for its codes, each of which would take half a minute."""
    page = open_page("/account/login/", None)
    sign_in_by_password(page, stack, "finance")
    page.goto(f"{stack.address}/account/2fa/totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)  # once more, before anything about signing in is changed
    page.get_by_role("button", name="Confirm").click()
    secret = page.locator("main p .mono").inner_text()
    page.get_by_role("textbox", name="Code").fill(code(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url(re.compile("/recovery-codes/"))
    yield page.get_by_role("region", name="Codes").get_by_role("listitem").all_inner_texts()
    stack.manage("reset_second_factor", WHO)


@pytest.fixture
def refund(
    open_page: OpenPage, stack: Stack, emulator: RunningEmulator, recovery_codes: list[str]
) -> Callable[..., Page]:
    """The form of a refund with a reason typed, whose session has ended."""

    def open_refund(**options: bool) -> Page:
        page = open_page("/account/login/", None, **options)
        page.goto(f"{stack.address}/account/login/")
        give_password(page)
        give_code(page, recovery_codes.pop())
        page.wait_for_url(lambda url: "/account/" not in url)
        page.goto(f"{stack.address}/northwind/live/orders/{emulator.cases()['orders']['two_part_payments']}/refund/")
        page.get_by_label("Details").fill(TYPED)
        page.context.clear_cookies(name="session")
        return page

    return open_refund


def give_password(place: Page | Locator) -> None:
    place.get_by_label("E-mail").fill(WHO)
    place.get_by_label("Password", exact=True).fill(PASSWORD)
    place.get_by_role("button", name="Sign in", exact=True).click()


def give_code(place: Page | Locator, code: str) -> None:
    place.get_by_label("Code").fill(code)
    place.get_by_role("button", name="Sign in", exact=True).click()


def over(page: Page) -> Locator:
    page.get_by_role("button", name="Continue").click()
    return page.get_by_role("dialog", name="You were signed out")


def test_password_and_code_are_given_over_the_page_and_everything_is_there(
    refund: Callable[..., Page], emulator: RunningEmulator, recovery_codes: list[str]
) -> None:
    page = refund()
    before, address = emulator.ledger(), page.url
    dialog = over(page)
    give_password(dialog)
    expect(dialog.get_by_label("Code")).to_be_focused()
    assert problems(page) == []
    give_code(dialog, "000000")
    expect(dialog.get_by_role("alert")).to_have_text(re.compile(r"Check these fields:\s+Code"))
    expect(dialog.get_by_role("heading").first).to_be_in_viewport()
    give_code(dialog, recovery_codes.pop())
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Details")).to_have_value(TYPED)
    expect(page.get_by_role("button", name="Continue")).to_be_focused()
    assert page.url == address
    assert emulator.ledger() == before


def test_whoever_cancels_at_the_code_begins_anew_over_the_page(
    refund: Callable[..., Page], recovery_codes: list[str]
) -> None:
    page = refund()
    dialog = over(page)
    give_password(dialog)
    dialog.get_by_role("button", name="Cancel").click()
    give_password(dialog)
    give_code(dialog, recovery_codes.pop())
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.get_by_label("Details")).to_have_value(TYPED)
