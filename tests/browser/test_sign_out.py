import re

import pytest
from playwright.sync_api import expect

from scripts.stack import Stack
from tests.browser.conftest import OpenPage, sign_in_by_password
from tests.browser.places import ORDERS
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser


def test_back_after_signing_out_shows_no_order(open_page: OpenPage, stack: Stack, emulator: RunningEmulator) -> None:
    newest = emulator.orders("limit=1")[0]
    page = open_page("/account/login/", None)  # a session of its own: the others' must live on
    sign_in_by_password(page, stack, "viewer")
    page.goto(stack.address + ORDERS)
    expect(page.get_by_text(newest["public_id"])).to_be_visible()
    page.locator("header summary", has_text="Account of").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/account/login/"))
    page.go_back()
    expect(page.get_by_role("heading", name=re.compile("Sign in"))).to_be_visible()
    page.wait_for_load_state()
    assert newest["public_id"] not in page.content()


def test_signing_out_in_one_tab_empties_the_others(open_page: OpenPage, stack: Stack) -> None:
    page = open_page("/account/login/", None)
    sign_in_by_password(page, stack, "viewer")
    other = page.context.new_page()
    other.goto(stack.address + ORDERS)
    expect(other.get_by_role("heading", name="Orders")).to_be_visible()
    page.goto(stack.address + "/account/")
    page.locator("header summary", has_text="Account of").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    other.wait_for_url(re.compile("/account/login/"))
    expect(other.get_by_role("heading", name=re.compile("Sign in"))).to_be_visible()
