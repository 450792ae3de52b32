"""What is typed is taken whole: a text that is too long is refused at its field, and never cut without a word."""

import re
from typing import Any

import pytest
from django.test import Client

from orders.models import Draft, Merchant, User
from tests.accounts.test_unsent import NAMES, address_of, browser
from tests.support.drafts import TEST_KEY, address, opened
from tests.support.emulation import Emulator

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("emulator")]


@pytest.fixture
def client(mara: User) -> Client:
    return browser(mara)


@pytest.mark.parametrize("name", NAMES)
def test_no_browser_cuts_what_is_typed_into_a_form(
    name: str, client: Client, mara: User, northwind: Merchant, emulator: Emulator
) -> None:
    page = client.get(address_of(name, client, emulator, mara, northwind)).content.decode()
    assert not re.search(r"<(?:input|textarea)[^>]*maxlength", page)


def draft_of(client: Client) -> tuple[Draft, dict[str, Any]]:
    token = client.get("/northwind/test/drafts/").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', token)
    assert found
    client.post("/northwind/test/drafts/new/", {"csrfmiddlewaretoken": found[1]}, headers=REFERER)
    draft = Draft.objects.get()
    return draft, opened(client, draft)


REFERER = {"Referer": "https://testserver/"}


def test_a_description_of_600_characters_is_said_at_its_field_and_stays_whole(client: Client) -> None:
    draft, form = draft_of(client)
    field = f"description-{draft.lines[0]['id']}"
    answer = client.post(address(draft), {**form, field: "x" * 600, "do": "save"}, headers=REFERER)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "600" in page[page.index(f'id="id_{field}_error"') :][:300]
    assert f'value="{"x" * 600}"' in page


@pytest.mark.parametrize(("do", "field"), [("find_offers", "product_q"), ("find_customers", "q")])
def test_a_search_that_is_longer_than_what_is_looked_for_says_so(do: str, field: str, client: Client) -> None:
    draft, form = draft_of(client)
    page = client.post(address(draft), {**form, field: "x" * 300, "do": do}, headers=REFERER).content.decode()
    assert "Only the first 200 of the 300 characters were looked for." in page


@pytest.mark.parametrize("place", [{}, {"HX-Request": "true", "HX-Target": "customer-choice"}])
def test_a_search_on_the_edit_form_says_what_of_it_was_not_looked_for(
    place: dict[str, str], client: Client, emulator: Emulator
) -> None:
    page = f"/northwind/test/orders/{emulator.make_order(TEST_KEY)['id']}/edit/"
    hidden = re.findall(
        r'type="hidden" name="(csrfmiddlewaretoken|form_token)" value="([^"]+)"', client.get(page).content.decode()
    )
    typed = {**dict(hidden), "customer": "guest", "q": "x" * 300, "find": "yes"}
    answer = client.post(page, typed, headers={**REFERER, **place})
    assert answer.status_code == 200
    assert "Only the first 200 of the 300 characters were looked for." in answer.content.decode()
    assert "Check these fields" not in answer.content.decode(), "nothing was to be saved"


def test_a_line_too_many_is_said(client: Client) -> None:
    draft, _ = draft_of(client)
    draft.lines = [{**draft.lines[0], "id": f"{number:08x}"} for number in range(200)]
    draft.save()
    form = opened(client, draft)
    answer = client.post(address(draft), {**form, "do": "add_line"}, headers=REFERER, follow=True)
    assert "No line was added: a draft can have up to 200." in answer.content.decode()
