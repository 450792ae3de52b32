"""The editor of a draft as a browser sends it, and the order that it becomes."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from orders.models import Draft
from tests.support.emulation import Emulator
from tests.support.pages import form_token_in

TEST_KEY = "rk_sandbox_northwind_demo"


IN_PLACE = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "draft-state"}


def address(draft: Draft, page: str = "") -> str:
    return f"/northwind/{draft.mode}/drafts/{draft.pk}/{page}"


def opened(client: Client, draft: Draft) -> dict[str, Any]:
    """The fields of the editor as a browser would send them back."""
    return fields(client.get(address(draft)).content.decode())


def fields(page: str) -> dict[str, Any]:
    form = page[page.index('id="draft"') :]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            found.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?([^<]*)</textarea>', form):
        found[name] = [unescape(text)]
    for name, choices in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', choices)
        found[name] = [chosen[1] if chosen else ""]
    return found


def save(client: Client, draft: Draft, do: str = "save", form: Any = None, **typed: Any) -> Any:
    sent = (form or opened(client, draft)) | {name.replace("__", "-"): value for name, value in typed.items()}
    return client.post(address(draft), {**sent, "do": do})


def fill(client: Client, draft: Draft, *lines: tuple[str, str, str], currency: str = "USD") -> Draft:
    """Type these lines: description, quantity, price."""
    save(client, draft, currency=currency)
    for number, (description, quantity, price) in enumerate(lines):
        draft.refresh_from_db()
        if number >= len(draft.lines):
            save(client, draft, "add_line")
            draft.refresh_from_db()
        line = draft.lines[number]["id"]
        typed = {f"description-{line}": description, f"quantity-{line}": quantity, f"price-{line}": price}
        save(client, draft, **typed)
    draft.refresh_from_db()
    return draft


def create(client: Client, draft: Draft, **more: str) -> Any:
    page = client.get(address(draft, "create/")).content.decode()
    return client.post(address(draft, "create/"), {"form_token": form_token_in(page), "confirmed": "on", **more})


def created(emulator: Emulator) -> list[dict[str, Any]]:
    return [row for row in emulator.ledger() if row["effect"] == "order_created"]


def now(emulator: Emulator, order: dict[str, Any]) -> dict[str, Any]:
    return emulator.get(f"/orders/{order['id']}", TEST_KEY)


def replacement(emulator: Emulator) -> dict[str, Any]:
    return emulator.orders("limit=1", TEST_KEY)[0]


def form_token_of(page: str) -> dict[str, str]:
    return {"form_token": form_token_in(page)}


@pytest.fixture
def draft(support: Client) -> Draft:
    support.post("/northwind/test/drafts/new/")
    return Draft.objects.get()
