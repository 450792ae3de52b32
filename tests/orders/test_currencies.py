"""Currencies are ISO 4217's, from a list with its date; in one that is not there money moves in minor units."""

import uuid
from datetime import date
from typing import Any

import pytest
from django.test import Client

from orders import iso4217
from orders.forms.drafts.drafts import CURRENCIES
from orders.models import Merchant, Operation
from orders.money import Money, decimal_places
from scripts import currencies
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.pages import form_token_in, source, text

UNKNOWN = "QQQ"
LIST = b"""<ISO_4217 Pblshd="2026-07-01"><CcyTbl>
  <CcyNtry><CcyNm>Yen</CcyNm><Ccy>JPY</Ccy><CcyMnrUnts>0</CcyMnrUnts></CcyNtry>
  <CcyNtry><CcyNm>Euro</CcyNm><Ccy>EUR</Ccy><CcyMnrUnts>2</CcyMnrUnts></CcyNtry>
  <CcyNtry><CcyNm IsFund="true">Mvdol</CcyNm><Ccy>BOV</Ccy><CcyMnrUnts>2</CcyMnrUnts></CcyNtry>
  <CcyNtry><CcyNm>Gold</CcyNm><Ccy>XAU</Ccy><CcyMnrUnts>N.A.</CcyMnrUnts></CcyNtry>
  <CcyNtry><CcyNm>No universal currency</CcyNm></CcyNtry>
</CcyTbl></ISO_4217>"""


@pytest.mark.parametrize(
    ("code", "places"),
    [("XCG", 2), ("ANG", None), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("EUR", 2), ("XAU", None), ("XTS", None)],
)
def test_a_currency_has_the_decimals_that_iso_4217_gives_it(code: str, places: int | None) -> None:
    assert decimal_places(code) == places


def test_the_list_has_a_date_and_can_be_written_anew_from_isos_own() -> None:
    assert date.fromisoformat(iso4217.PUBLISHED) >= date(2026, 1, 1)
    written: dict[str, Any] = {}
    exec(currencies.written(LIST), written)
    assert written["PUBLISHED"] == "2026-07-01"
    assert written["PLACES"] == {"JPY": 0, "BOV": 2, "EUR": 2}
    assert written["FUNDS"] == {"BOV"}


def test_drafts_offer_what_people_pay_with() -> None:
    assert {"XCG", "EUR", "JPY"} <= set(CURRENCIES)
    assert not {"ANG", "BOV", "XAU"} & set(CURRENCIES)


@pytest.mark.parametrize("code", ["EUR", "JPY", "KWD", UNKNOWN])
def test_what_a_form_shows_of_an_amount_reads_back_to_it(code: str) -> None:
    money = Money(1234567, code)
    assert Money.typed(money.as_typed.replace(",", ""), code) == money


@pytest.mark.parametrize("typed", ["12.5", "-1", "", "１２", "1e3"])
def test_minor_units_are_whole_numbers(typed: str) -> None:
    with pytest.raises(ValueError, match="whole minor units"):
        Money.typed(typed, UNKNOWN)


@pytest.fixture
def person(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("person@northwind.example", northwind, "support", "finance"))


def send(client: Client, address: str, **typed: str) -> Any:
    return client.post(address, {"form_token": form_token_in(source(client, address)), **typed})


@pytest.mark.database
def test_an_order_in_an_unknown_currency_is_paid_and_refunded_in_minor_units(
    person: Client, emulator: Emulator
) -> None:
    order = emulator.make_order(currency=UNKNOWN.lower())
    address = f"/northwind/live/orders/{order['id']}/pay/"
    page = text(person.get(address).content.decode())
    assert f"Amount in minor units of {UNKNOWN}" in page
    assert f"The number of decimals of {UNKNOWN} has" in page
    assert 'value="6,000"' in person.get(address).content.decode()
    token = f"tok_approve_{uuid.uuid4().hex}"
    paying = {"amount": "6,000", "method": "token", "token": token, "charging": "6000 token"}
    assert send(person, address, **paying, confirmed="on").status_code == 422, "which sum is large nobody knows"
    assert send(person, address, **paying, typed="6000").status_code == 303
    sale = emulator.get(f"/transactions?invoice_id={emulator.get('/orders/' + order['id'])['invoice_id']}")["data"][0]
    address = f"/northwind/live/orders/{order['id']}/refund/"
    assert f"The number of decimals of {UNKNOWN} has" in text(person.get(address).content.decode())
    back = {f"amount_{sale['id']}": "2500", "reason": "duplicate", "refunding": f"{sale['id']}:2500", "typed": "2,500"}
    assert send(person, address, **back).status_code == 303
    assert emulator.get(f"/orders/{order['id']}")["amount_refunded"] == 2500
    assert set(Operation.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.database
def test_an_order_in_a_new_currency_is_paid_as_any_other(person: Client, emulator: Emulator) -> None:
    order = emulator.make_order(currency="xcg")
    address = f"/northwind/live/orders/{order['id']}/pay/"
    assert "Amount in XCG" in text(person.get(address).content.decode())
    token = f"tok_approve_{uuid.uuid4().hex}"
    paying = {"amount": "60.00", "method": "token", "token": token, "charging": "6000 token", "confirmed": "on"}
    assert send(person, address, **paying).status_code == 303
    assert emulator.get(f"/orders/{order['id']}")["amount_paid"] == 6000
