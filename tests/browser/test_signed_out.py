"""The session ends while somebody types: everything typed is still there, nothing was sent, and it is said."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from orders.management.commands.seed_demo import PASSWORD
from scripts.stack import Stack
from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage, sign_in_by_password
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser

KEPT = "What you entered is still here, and nothing was sent."
WORDS = "Ring twice at the green door."


def forget_session(page: Page) -> None:
    page.context.clear_cookies(name="session")


def sign_in_over(page: Page, who: str) -> None:
    dialog = page.get_by_role("dialog", name="You were signed out")
    dialog.get_by_label("E-mail").fill(f"{who}@northwind.example")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in", exact=True).click()


@pytest.fixture
def edit(open_page: OpenPage, stack: Stack, emulator: RunningEmulator) -> Callable[..., Page]:
    """The form of an order's notes, with something typed, in a session of its own."""

    def open_edit(**options: bool) -> Page:
        page = open_page("/account/login/", None, **options)
        sign_in_by_password(page, stack, "support")
        page.goto(f"{stack.address}/northwind/live/orders/{emulator.cases()['orders']['pending']}/edit/")
        page.get_by_label("Notes on the order").fill(WORDS)
        return page

    return open_edit


def test_one_signs_in_over_the_page_and_everything_is_there(
    edit: Callable[..., Page], emulator: RunningEmulator
) -> None:
    page = edit()
    before = emulator.ledger()
    forget_session(page)
    address = page.url
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nothing was sent.")
    assert problems(page) == []
    sign_in_over(page, "support")
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_label("Notes on the order")).to_have_value(WORDS)
    assert page.url == address
    assert emulator.ledger() == before
    page.get_by_role("button", name="Save changes").click()
    expect(page).to_have_url(re.compile("/journal/"))


def test_who_typed_nothing_is_told_nothing_of_it(edit: Callable[..., Page]) -> None:
    typed = edit()
    page = typed.context.new_page()
    page.goto(typed.url)
    forget_session(page)
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nothing was sent.")
    expect(page.get_by_text("What you entered").locator("visible=true")).to_have_count(0)
    sign_in_over(page, "support")
    expect(page.get_by_text("You are signed in again.")).to_be_visible()
    expect(page.get_by_text("What you entered").locator("visible=true")).to_have_count(0)


def test_one_signs_in_in_another_tab_and_everything_is_there(edit: Callable[..., Page], stack: Stack) -> None:
    page = edit()
    forget_session(page)
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    sign_in_by_password(page.context.new_page(), stack, "support")
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.get_by_label("Notes on the order")).to_have_value(WORDS)


@pytest.mark.parametrize("where", ["over the page", "in another tab"])
def test_another_person_sees_nothing_of_it(where: str, edit: Callable[..., Page], stack: Stack) -> None:
    page = edit()
    forget_session(page)
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    if where == "over the page":
        sign_in_over(page, "viewer")
    else:
        sign_in_by_password(page.context.new_page(), stack, "viewer")
    page.wait_for_url(re.compile("/northwind/live/orders/$"))
    assert WORDS not in page.content()


def test_without_a_script_the_form_comes_back_filled_in(
    edit: Callable[..., Page], stack: Stack, emulator: RunningEmulator
) -> None:
    page = edit(java_script_enabled=False)
    before = emulator.ledger()
    forget_session(page)
    page.get_by_role("button", name="Save changes").click()
    page.get_by_label("E-mail").fill("support@northwind.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Nothing was sent.", exact=True)).to_be_visible()
    expect(page.get_by_label("Notes on the order")).to_have_value(WORDS)
    assert emulator.ledger() == before
    page.get_by_role("button", name="Save changes").click()
    expect(page).to_have_url(re.compile("/journal/"))


def draft_of(page: Page, stack: Stack) -> Page:
    sign_in_by_password(page, stack, "support")
    page.goto(f"{stack.address}/northwind/test/drafts/")
    page.get_by_role("button", name="New order").click()
    expect(page).to_have_url(re.compile(r"/drafts/[0-9a-f-]{36}/"))
    return page


def test_a_draft_that_saves_itself_shows_a_banner_and_goes_on_after_the_sign_in(
    open_page: OpenPage, stack: Stack, emulator: RunningEmulator
) -> None:
    page = draft_of(open_page("/account/login/", None), stack)
    forget_session(page)
    page.get_by_label("Description of line 1").press_sequentially("Tea")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    expect(page.get_by_label("Description of line 1")).to_have_value("Tea")
    assert page.get_by_label("Password").count() == 0
    assert problems(page) == []
    page.get_by_role("button", name="Sign in here").click()
    sign_in_over(page, "support")
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.locator("#draft-state")).to_contain_text("Saved")
    page.reload()
    expect(page.get_by_label("Description of line 1")).to_have_value("Tea")


def test_a_token_that_is_too_old_is_said_and_tried_again_in_place(
    open_page: OpenPage, stack: Stack, emulator: RunningEmulator
) -> None:
    page = draft_of(open_page("/account/login/", None), stack)
    page.context.clear_cookies()
    sign_in_by_password(page.context.new_page(), stack, "support")
    page.get_by_label("Description of line 1").press_sequentially("Tea")
    expect(page.get_by_text("You have signed in again since you opened this page.")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    page.reload()
    expect(page.get_by_label("Description of line 1")).to_have_value("Tea")


def test_a_click_on_a_page_asks_for_no_sign_in_and_says_nothing_of_one(edit: Callable[..., Page]) -> None:
    page = edit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Notes on the order").click()
    page.get_by_role("heading").first.click()
    with page.expect_response("**/account/session/"):
        page.evaluate("fetch(document.body.dataset.session)")
    assert [url for url in asked if "/account/session/" not in url] == []
    expect(page.get_by_text(KEPT)).to_have_count(0)
