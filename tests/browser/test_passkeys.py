"""Signing in with a passkey, which only a browser with an authenticator can do."""

import re

import pytest
from playwright.sync_api import Page, expect

from orders.management.commands.seed_demo import PASSWORD
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser

# A device that has already seen the right finger.
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def plug_in_authenticator(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def test_a_passkey_is_added_signs_in_and_is_removed(open_page: OpenPage) -> None:
    page = open_page("/account/login/", who=None)
    plug_in_authenticator(page)
    page.get_by_label("E-mail").fill("operations@northwind.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/northwind/live/orders/")

    page.goto(page.url.replace("/northwind/live/orders/", "/account/"))
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)  # once more, before anything about signing in is changed
    page.keyboard.press("Enter")
    page.get_by_label("Name").fill("My laptop")
    for passwordless in page.locator("[name=passwordless]").all():
        passwordless.check()
    page.locator("main button.btn-primary").click()
    page.wait_for_url("**/account/2fa/recovery-codes/")

    page.locator("details.menu.end > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/account/login/"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/northwind/live/orders/")

    page.goto(page.url.replace("/northwind/live/orders/", "/account/2fa/webauthn/"))
    page.get_by_role("link", name="Remove").first.click()
    page.wait_for_url(re.compile("/(reauthenticate|remove)/"))
    if "reauthenticate" in page.url:
        page.get_by_role("button", name="Use a passkey or security key").click()
        page.wait_for_url(lambda url: "reauthenticate" not in url)
    page.locator("main button.btn-primary").click()
    page.wait_for_url("**/account/2fa/webauthn/")
    expect(page.locator("main")).not_to_contain_text("My laptop")
