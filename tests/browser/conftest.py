"""A real browser against the real thing: emulator, dashboard and worker as `make demo` starts them."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from orders.management.commands.seed_demo import PASSWORD
from scripts.stack import Stack, free_port
from tests.support.emulation import RunningEmulator

# Without the background flags Chromium looks for hosts of its own; as root it needs --no-sandbox; and the toolbar of
# one that draws windows is a page too, which takes half of the time where nobody sees it.
FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync
    --disable-features=InitialWebUI,WebUIReloadButton,WebUIToolbar,WebUILocationBar""".split()
# How the browser and htmx put it that an answer was 4xx or 5xx, or that none came.
ANSWERED = (
    *("Failed to load resource", "Response Status Error Code 401", "Response Status Error Code 403"),
    *("htmx:sendError", "htmx:afterRequest"),
)
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first draws no windows

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> str:
    found = os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        assert os.environ.get("REQUIRE_BROWSER") != "1", "REQUIRE_BROWSER=1, and there is no Chromium"
        pytest.skip("there is no Chromium here: browser tests are left out")
    return found


@pytest.fixture(scope="session")
def stack(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("browser") / "stack"
    options = ("--limits", "off", "--orders", "90")
    stack = Stack(folder, free_port(), free_port(), options, undo_seconds=0, settings="tests.browser.settings")
    stack.make()
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def emulator(stack: Stack) -> Iterator[RunningEmulator]:
    """The stack's emulator; what a test has planted there is gone after it."""
    emulator = RunningEmulator(stack.emulator_address)
    yield emulator
    emulator.reset()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in_as(stack: Stack, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Sign somebody in through the form, once; further pages begin with the cookies of that."""
    kept: dict[str, Path] = {}

    def sign_in(who: str) -> Path:
        if who not in kept:
            context = browser.new_context()
            sign_in_by_password(context.new_page(), stack, who)
            kept[who] = tmp_path_factory.mktemp("cookies") / "state.json"
            context.storage_state(path=kept[who])
            context.close()
        return kept[who]

    return sign_in


@pytest.fixture
def open_page(stack: Stack, browser: Browser, signed_in_as: Callable[[str], Path]) -> Iterator[OpenPage]:
    """Open an address as somebody. A message of the browser about an error or a refusal fails the test."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_page(path: str, who: str | None = "admin", **options: Any) -> Page:
        state = {"storage_state": signed_in_as(who)} if who else {}
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **state, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(stack.address + path)
        if who and urlsplit(page.url).path == "/account/login/":  # a test has ended this person's sessions
            sign_in_by_password(page, stack, who)
            context.storage_state(path=signed_in_as(who))
            page.goto(stack.address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A page that is meant to answer 4xx or 5xx says so on the console; that is no trouble of the page.
    assert [text for text in troubles if not any(words in text for words in ANSWERED)] == []


def sign_in_by_password(page: Page, stack: Stack, who: str) -> None:
    email = "both@example.com" if who == "both" else f"{who}@northwind.example"
    page.goto(f"{stack.address}/account/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/account/login" not in url)
