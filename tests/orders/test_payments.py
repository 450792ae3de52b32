"""Taking a payment through the form: what is charged is what the button named, once; a refusal keeps what was typed."""

import re
import uuid
from functools import partial
from typing import Any

import pytest
from django.test import Client

from orders.models import Membership, Merchant, Operation
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.pages import form_token_in, order_path, source

address = partial(order_path, "pay/")


State = Operation.State


@pytest.fixture
def wallet(emulator: Emulator) -> dict[str, str]:
    """A customer with a card for every outcome: last four digits → payment method id."""
    return emulator.cases()["customers"]["wallet_0"]


@pytest.fixture
def order(emulator: Emulator, wallet: dict[str, str]) -> dict[str, Any]:
    return emulator.make_order(customer_id=wallet["id"], currency="usd")


def form_token(client: Client, order: dict[str, Any]) -> str:
    return form_token_in(source(client, address(order)))


def pay(client: Client, order: dict[str, Any], method: str, amount: str = "60.00", **more: str) -> Any:
    minor = amount.replace(".", "").replace(",", "")
    sent = {
        "form_token": more.pop("form_token", None) or form_token(client, order),
        "amount": amount,
        "method": method,
        "charging": f"{minor} {method}",
        "confirmed": "on",
        **more,
    }
    return client.post(address(order), sent)


def charges(emulator: Emulator, order: dict[str, Any]) -> list[int]:
    return [row["amount"] for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == "payment"]


def test_a_charge_leads_to_its_operation_which_says_that_it_is_done(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    answer = pay(support, order, wallet["1111"])
    assert answer.status_code == 303
    page = support.get(answer["Location"]).content.decode()
    assert "Done: <bdi>60.00 USD from Visa ••1111</bdi>" in page
    assert charges(emulator, order) == [6000]


def test_a_part_payment_charges_that_part(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    pay(support, order, wallet["1111"], "12.50")
    assert charges(emulator, order) == [1250]


@pytest.mark.database
def test_the_same_form_sent_again_charges_once_and_shows_the_first_result(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    same = form_token(support, order)
    first = pay(support, order, wallet["1111"], form_token=same)
    second = pay(support, order, wallet["1111"], form_token=same)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    assert charges(emulator, order) == [6000]


def test_the_same_form_with_another_sum_sends_nothing_more(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    same = form_token(support, order)
    pay(support, order, wallet["1111"], "10.00", form_token=same)
    second = pay(support, order, wallet["1111"], "20.00", form_token=same)
    assert second.status_code == 303
    assert "nothing else was sent" in support.get(second["Location"]).content.decode()
    assert charges(emulator, order) == [1000]


def test_what_the_button_did_not_name_is_not_charged(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    answer = pay(support, order, wallet["1111"], "20.00", charging=f"6000 {wallet['1111']}")
    assert answer.status_code == 422
    assert "Charge 20.00 USD to" in answer.content.decode()
    assert charges(emulator, order) == []


@pytest.mark.parametrize(
    "amount", ["0", "-5", "60.01", "12.505", "1e3", "１２", "", "abc", "10 USD", "1,2", "999999999999999999", "NaN"]
)
def test_an_amount_that_cannot_be_charged_is_refused_by_its_field_and_stays_typed(
    amount: str, support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    answer = pay(support, order, wallet["1111"], amount)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_amount_error"' in page
    assert f'value="{amount}"' in page or not amount
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("card", "words"),
    [("0002", "the bank declined it"), ("9995", "there are not enough funds")],
)
def test_a_decline_is_said_by_the_field_and_the_corrected_form_charges(
    card: str, words: str, support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    answer = pay(support, order, wallet[card], "20.00")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"Not charged: {words}" in page
    assert 'value="20.00"' in page
    assert charges(emulator, order) == []
    assert pay(support, order, wallet["1111"], "20.00", form_token=form_token_in(page)).status_code == 303
    assert charges(emulator, order) == [2000]
    assert [row.state for row in Operation.objects.order_by("created_at")] == [State.REFUSED, State.DONE]


@pytest.mark.parametrize(
    "told_by",
    [
        {"status": "expired"},
        {"status": "active", "card": {"brand": "visa", "last4": "0069", "exp_month": 1, "exp_year": 2024}},
    ],
    ids=["its status", "its date alone"],
)
def test_an_expired_card_cannot_be_chosen(
    told_by: dict[str, Any], support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    expired = wallet["0069"]
    emulator.patch("payment_methods", expired, **told_by)
    page = support.get(address(order)).content.decode()
    assert re.search(rf'value="{expired}" disabled', page)
    assert pay(support, order, expired).status_code == 422
    assert charges(emulator, order) == []


@pytest.mark.database
def test_a_token_pays_for_a_guest_and_is_kept_nowhere(support: Client, emulator: Emulator) -> None:
    order = emulator.make_order(currency="jpy", line_items=[{"description": "Tea", "unit_price": 700, "quantity": 1}])
    token = f"tok_approve_{uuid.uuid4().hex}"
    answer = pay(support, order, "token", "700", token=token)
    assert answer.status_code == 303
    assert charges(emulator, order) == [700]
    assert token not in support.get(answer["Location"]).content.decode()
    assert token not in str(Operation.objects.values().get())


def test_live_asks_once_more(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    assert pay(support, order, wallet["1111"], confirmed="").status_code == 422
    assert charges(emulator, order) == []


def test_a_large_sum_in_live_is_typed_once_more(
    northwind: Merchant, support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    Merchant.objects.filter(pk=northwind.pk).update(sums_to_type={"USD": 50, "EUR": 50})
    assert pay(support, order, wallet["1111"]).status_code == 422
    assert pay(support, order, wallet["1111"], typed="6.00").status_code == 422
    assert pay(support, order, wallet["1111"], typed="60.00").status_code == 303
    assert charges(emulator, order) == [6000]


def test_an_order_that_changed_since_the_form_was_opened_is_not_charged(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    old = form_token(support, order)
    emulator.send(f"/orders/{order['id']}/pay", {"amount": 1000, "payment_method_id": wallet["1111"]})
    answer = pay(support, order, wallet["1111"], "20.00", form_token=old)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "the order changed since this form was opened" in page
    assert "60.00 USD</s> → <strong>50.00 USD" in page
    assert charges(emulator, order) == [1000]


def test_when_an_order_changed_is_said_in_the_time_of_the_merchant(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    old = form_token(support, order)
    emulator.patch("orders", order["id"], updated_at="2026-11-20T23:30:00.000Z")
    page = pay(support, order, wallet["1111"], "20.00", form_token=old).content.decode()
    assert "<strong>21 Nov 2026, 00:30:00 CET</strong>" in page


def test_the_form_of_one_place_does_nothing_in_another(
    northwind: Merchant, kestrel: Merchant, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    person = make_person("both@example.com", northwind, "support")
    Membership.objects.create(user=person, merchant=kestrel, roles=["support"])
    client = sign_in(person)
    text = form_token(client, order)
    sent = {"form_token": text, "amount": "60.00", "method": wallet["1111"], "charging": f"6000 {wallet['1111']}"}
    emulator.forget_calls()
    for elsewhere in (
        f"/kestrel/live/orders/{order['id']}/pay/",
        address(order, "test"),
        address({"id": uuid.uuid4()}),
    ):
        assert client.post(elsewhere, sent).status_code == 404
    other = sign_in(make_person("colleague@northwind.example", northwind, "support"))
    assert other.post(address(order), sent).status_code == 404
    assert emulator.calls() == []
    assert not Operation.objects.exists()


@pytest.mark.database
def test_an_unknown_outcome_offers_no_other_payment(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$", after_work=True)
    answer = pay(support, order, wallet["1111"])
    assert answer.status_code == 303
    assert "In doubt: " in support.get(answer["Location"]).content.decode()
    form = support.get(address(order)).content.decode()
    assert "In doubt: " in form
    assert 'name="form_token"' not in form


@pytest.mark.database
def test_whoever_comes_second_is_told_who_and_when_and_keeps_what_was_typed(
    northwind: Merchant, support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "support"))
    theirs = form_token(colleague, order)
    emulator.fault("disconnect", "/pay$", after_work=True)
    pay(support, order, wallet["1111"], "20.00")
    answer = pay(colleague, order, wallet["1111"], "33.00", form_token=theirs)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<bdi>Support</bdi> is changing this order (started" in page
    assert 'value="33.00"' in page
    assert 'name="form_token"' not in page
    assert charges(emulator, order) == [2000]


@pytest.mark.database
def test_characters_that_no_database_keeps_do_not_stand_in_the_way(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    emulator.patch("customers", wallet["id"], name="Nu\x00l")
    emulator.patch("orders", order["id"], public_id="NW-\x00-1")
    answer = pay(support, order, wallet["1111"])
    assert answer.status_code == 303
    assert Operation.objects.get().state == State.DONE
    assert charges(emulator, order) == [6000]


def typed(page: str, name: str) -> str:
    """The value that a form brings back in a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_after_a_change_the_form_speaks_of_the_order_as_it_is_now(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    old = form_token(support, order)
    emulator.send(f"/orders/{order['id']}/pay", {"amount": 1000, "payment_method_id": wallet["1111"]})
    page = pay(support, order, wallet["1111"], form_token=old).content.decode()
    assert "This is more than the 50.00 USD that is due." in page
    assert "Due: 50.00. A smaller amount leaves it part paid." in page
    assert "all that is due" not in page
    assert 'value="60.00"' in page
    answer = pay(support, order, wallet["1111"], "50.00", form_token=typed(page, "form_token"))
    assert answer.status_code == 303
    assert charges(emulator, order) == [1000, 5000]


def test_a_token_that_was_pasted_stays_while_nothing_was_sent_and_is_in_no_page(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    token = f"tok_approve_{uuid.uuid4().hex}"
    old = form_token(support, order)
    emulator.send(f"/orders/{order['id']}/pay", {"amount": 1000, "payment_method_id": wallet["1111"]})
    page = pay(support, order, "token", "20.00", token=token, form_token=old).content.decode()
    assert f"Your token is saved. It ends in {token[-4:]}." in page
    assert token not in page
    kept = typed(page, "kept_token")
    wrong = pay(
        support, order, "token", "99.00", kept_token=kept, form_token=typed(page, "form_token")
    ).content.decode()
    assert "This is more than the 50.00 USD that is due." in wrong
    again = {"kept_token": typed(wrong, "kept_token"), "form_token": typed(wrong, "form_token")}
    assert pay(support, order, "token", "20.00", **again).status_code == 303
    assert charges(emulator, order) == [1000, 2000]


def test_a_token_that_revkeen_has_seen_is_not_kept(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    page = pay(support, order, "token", token=f"tok_decline_{uuid.uuid4().hex}").content.decode()
    assert "Not charged: the bank declined it." in page
    assert "A token can be used only once, and this one was already used. Paste a new one." in page
    assert 'name="kept_token"' not in page


@pytest.mark.database
def test_a_kept_token_serves_its_person_and_order_alone(
    northwind: Merchant, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "support"))
    token = f"tok_approve_{uuid.uuid4().hex}"
    kept = typed(pay(support, order, "token", "99.00", token=token).content.decode(), "kept_token")
    other = emulator.make_order(currency="usd")
    for client, about in ((colleague, order), (support, other)):
        answer = pay(client, about, "token", kept_token=kept)
        assert answer.status_code == 422
        assert "Paste the token from RevKeen’s payment form." in answer.content.decode()
    assert charges(emulator, order) == charges(emulator, other) == []
