"""A form that was opened before an update which changed what form tokens carry: refused in words, and nothing is
sent.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from chaos.browser import Form, forms
from orders.models import Fulfillment, Merchant, Operation, User
from orders.services.changes import form_tokens, snapshots
from tests.accounts.test_unsent import TYPED, everything, pages, post, shown, typed_into
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator

NAMES = ["canceling", "editing", "paying", "refunding", "fulfilling", "giving units up"]
WORDS = "This form was opened before an update."


@pytest.fixture
def client(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("mara@northwind.example", northwind, "admin"))


def before_the_update(form_token: str) -> str:
    """As the release before this one signed it."""
    content = signing.loads(form_token, salt=form_tokens.SALT)
    content["version"] -= 1
    return signing.dumps(content, salt=form_tokens.SALT, compress=True)


def before_there_were_versions(form_token: str) -> str:
    content = signing.loads(form_token, salt=form_tokens.SALT)
    del content["version"]
    content["seen"] = content.pop("snapshot")
    return signing.dumps(content, salt=form_tokens.SALT, compress=True)


def of_another_shape(form_token: str) -> str:
    """As a release signed it that changed a shape and forgot to count the version up."""
    content = signing.loads(form_token, salt=form_tokens.SALT)
    content["snapshot"]["total"] = "12.50"
    return signing.dumps(content, salt=form_tokens.SALT, compress=True)


def opened(client: Client, page: str) -> tuple[Form, dict[str, Any]]:
    return typed_into(client.get(page).content.decode(), page)


@pytest.mark.parametrize("age", [before_the_update, before_there_were_versions, of_another_shape])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_refused_in_words_and_shown_again_with_what_was_typed(
    name: str, age: Any, client: Client, emulator: Emulator
) -> None:
    page = pages(emulator)[name]
    form, sent = opened(client, page)
    before = everything()
    [form_token] = sent["form_token"]
    answer = post(client, page, form, sent | {"form_token": age(form_token)})
    assert (answer.status_code, everything()) == (303, before)
    again = client.get(answer["Location"])
    text = again.content.decode()
    assert again.status_code == 200
    assert "Nothing was sent." in text
    assert WORDS in text
    for field, value in sent.items():
        if value == TYPED:
            assert TYPED in shown(text, field), field
    assert [row for row in emulator.ledger() if row["effect"] != "seeded"] == []


def test_once_it_is_shown_again_it_can_be_sent(client: Client, emulator: Emulator) -> None:
    page = pages(emulator)["canceling"]
    form, sent = opened(client, page)
    sent |= {"reason": "stock", "text": "back in May", "form_token": before_the_update(sent["form_token"][0])}
    text = client.get(post(client, page, form, sent)["Location"]).content.decode()
    [anew] = [found for found in forms(text) if any(name == "form_token" for name, _ in found.fields)]
    assert post(client, page, anew, dict(anew.fields)).status_code == 303
    assert [row["effect"] for row in emulator.ledger() if row["effect"] != "seeded"] == ["cancel"]
    assert Operation.objects.get().body == {"reason": "Out of stock: back in May"}


def test_without_a_mark_of_whose_it_is_it_is_refused_in_words_too(client: Client, emulator: Emulator) -> None:
    page = pages(emulator)["canceling"]
    _, sent = opened(client, page)
    typed = {"reason": "stock", "form_token": before_the_update(sent["form_token"][0])}
    text = client.post(page, typed, follow=True).content.decode()
    assert "Nothing was sent: this form was opened before an update." in text
    assert not Operation.objects.exists()


def test_the_part_that_follows_what_is_typed_leads_to_the_whole_form(client: Client, emulator: Emulator) -> None:
    page = pages(emulator)["paying"]
    _, sent = opened(client, page)
    headers = {"HX-Request": "true", "HX-Target": "charge"}
    answer = client.post(page, sent | {"form_token": before_the_update(sent["form_token"][0])}, headers=headers)
    assert answer.status_code == 200
    assert WORDS in client.get(answer["HX-Redirect"]).content.decode()


def test_what_it_began_before_the_update_is_what_it_leads_to(client: Client, emulator: Emulator) -> None:
    page = pages(emulator)["canceling"]
    form, sent = opened(client, page)
    sent |= {"reason": "stock"}
    first = post(client, page, form, sent)
    assert first.status_code == 303
    again = post(client, page, form, sent | {"form_token": before_the_update(sent["form_token"][0])})
    assert again["Location"] == first["Location"]
    assert "This form was sent before an update." in client.get(again["Location"]).content.decode()
    assert [row["effect"] for row in emulator.ledger() if row["effect"] != "seeded"] == ["cancel"]


def test_parcels_of_which_revkeen_hears_nothing_are_what_it_leads_to_as_well(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = pages(emulator)["fulfilling"].removesuffix("fulfill/")
    page = pages(emulator)["giving units up"]
    form, sent = opened(client, page)
    [form_token] = sent["form_token"]
    begun = signing.loads(form_token, salt=form_tokens.SALT)["id"]
    user = User.objects.get(email="mara@northwind.example")
    fields = {"order_id": order.split("/")[-2], "order_number": "NW-1", "fingerprint": "", "who": user.email}
    Fulfillment.objects.create(pk=begun, merchant=northwind, mode="live", user=user, **fields)
    answer = post(client, page, form, sent | {"form_token": before_the_update(form_token)})
    assert (answer.status_code, answer["Location"]) == (303, order)


def test_what_an_earlier_release_wrote_down_of_an_order_is_still_read() -> None:
    """Then it was a dict with fewer members, and its time was written with an offset."""
    amounts = {"total": 1250, "amount_paid": 250, "amount_refunded": 0, "amount_due": 1000}
    states = {"status": "pending", "fulfillment_status": None, "currency": "USD"}
    operation = Operation(seen={**amounts, **states, "updated_at": "2026-01-05T11:59:00.250000+00:00"})
    found = snapshots.of_operation(operation)
    assert found is not None
    assert (found.amount_due, found.currency, found.number) == (1000, "USD", "")
    assert found.updated_at == datetime(2026, 1, 5, 11, 59, 0, 250000, tzinfo=UTC)


def test_an_operation_that_created_an_order_was_shown_none() -> None:
    assert snapshots.of_operation(Operation(seen={"draft": "0badcafe", "version": 3})) is None
