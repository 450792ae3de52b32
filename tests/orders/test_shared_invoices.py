"""Orders on one invoice: what was paid for one is never given back for another, and every page says the same."""

import re
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from orders.models import Merchant, Operation
from orders.services.changes.form_tokens import SALT
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.refunding import address, asked_for, form_token, paid_order, refund, refund_elsewhere, refunds, text

pytestmark = pytest.mark.database

HOW_MUCH = re.compile(r'name="amount_([0-9a-f-]+)"')


@pytest.fixture
def finance(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("finance@northwind.example", northwind, "finance", "support", "operations"))


@pytest.fixture
def first(emulator: Emulator) -> dict[str, Any]:
    return paid_order(emulator, 24585, currency="jpy")


@pytest.fixture
def second(first: dict[str, Any], emulator: Emulator) -> dict[str, Any]:
    """41,741 JPY, on the invoice of an order that was paid before."""
    return paid_order(emulator, 41741, currency="jpy", invoice_id=first["invoice_id"])


def payment_of(emulator: Emulator, order: dict[str, Any]) -> str:
    found = [row for row in emulator.ledger() if row["effect"] == "payment" and row["order_id"] == order["id"]]
    return str(found[-1]["payment_id"])


def page_of(client: Client, order: dict[str, Any], page: str = "") -> str:
    return text(client, f"/northwind/live/orders/{order['id']}/{page}")


def test_another_orders_payment_is_shown_apart_and_cannot_be_chosen(
    finance: Client, second: dict[str, Any], emulator: Emulator
) -> None:
    page = finance.get(address(second) + "?fill=all").content.decode()
    assert HOW_MUCH.findall(page) == [payment_of(emulator, second)]
    assert "Refund 41,741 JPY to" in page
    shown = text(finance, address(second))
    assert re.search("Also on this invoice .* Another order’s 24,585 JPY", shown)


def test_another_orders_payment_that_is_sent_all_the_same_is_not_refunded(
    finance: Client, first: dict[str, Any], second: dict[str, Any], emulator: Emulator
) -> None:
    both = {payment_of(emulator, second): "41,741", payment_of(emulator, first): "24,585"}
    refund(finance, second, both, typed="66,326")
    assert refunds(emulator, first) == []
    assert sum(refunds(emulator, second)) <= 41741


def test_what_was_paid_is_refunded_of_each_order_once(
    finance: Client, first: dict[str, Any], second: dict[str, Any], emulator: Emulator
) -> None:
    for order, amount in ((second, "41,741"), (first, "24,585")):
        assert refund(finance, order, {payment_of(emulator, order): amount}, typed=amount).status_code == 303
    assert (refunds(emulator, first), refunds(emulator, second)) == ([24585], [41741])
    assert emulator.get(f"/orders/{first['id']}")["amount_refunded"] == 24585


@pytest.mark.parametrize("page", ["", "refund/"])
def test_both_orders_add_up_on_every_page_that_compares_payments(
    page: str, finance: Client, first: dict[str, Any], second: dict[str, Any]
) -> None:
    for order in (first, second):
        shown = page_of(finance, order, page)
        assert "Adds up Lines, total, payments and due agree. The invoice also has payments for another order." in shown
        assert "Does not add up" not in shown


@pytest.mark.parametrize("page", ["edit/", "fulfill/"])
def test_a_page_that_compares_no_payments_does_not_say_that_they_agree(
    page: str, finance: Client, second: dict[str, Any]
) -> None:
    shown = page_of(finance, second, page)
    assert "Adds up" not in shown
    if "Amounts" in shown:
        assert "The payments are not compared here." in shown


@pytest.mark.parametrize("page", ["", "refund/"])
def test_payments_that_do_not_add_up_do_so_on_no_page(
    page: str, finance: Client, first: dict[str, Any], emulator: Emulator
) -> None:
    emulator.patch("orders", first["id"], amount_paid=20000, total=20000, subtotal=20000, line_items=[])
    shown = page_of(finance, first, page)
    assert "Payments together: we calculate 24,585, RevKeen has 20,000, a difference of 4,585." in shown
    assert "Adds up" not in shown


def test_whose_payments_nobody_can_tell_are_not_given_back(
    finance: Client, second: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("error", "/events$", status=403, times=9)
    page = page_of(finance, second, "refund/")
    assert "RevKeen does not say which payments of its invoice are of this order." in page
    assert "Not known 24,585 JPY" in page
    assert not HOW_MUCH.search(finance.get(address(second)).content.decode())


def test_no_more_goes_back_than_the_order_received_net(finance: Client, emulator: Emulator) -> None:
    """RevKeen says of the order that less was paid than its payments come to."""
    order = paid_order(emulator, 4000, 2000)
    emulator.patch("orders", order["id"], amount_paid=5000)
    payments = HOW_MUCH.findall(finance.get(address(order)).content.decode())
    answer = refund(finance, order, dict(zip(payments, ("40.00", "10.01"), strict=True)))
    assert answer.status_code == 422
    assert "Together this is more than the 50.00 USD that this order received net." in answer.content.decode()
    assert asked_for(emulator) == 0
    filled = finance.get(address(order) + "?fill=all").content.decode()
    assert "Refund 50.00 USD to" in filled
    assert "you can refund at most 50.00 USD" in filled


def test_what_is_on_its_way_back_counts_as_gone_from_what_was_received(finance: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, 4000, 2000)
    emulator.patch("orders", order["id"], amount_paid=5000)
    emulator.settings(refund_status="pending")
    one, other = HOW_MUCH.findall(finance.get(address(order)).content.decode())
    refund_elsewhere(emulator, one, 3500)
    assert refund(finance, order, {other: "15.01"}).status_code == 422
    assert refund(finance, order, {other: "15.00"}).status_code == 303


def test_the_bound_is_looked_at_again_before_sending(finance: Client, emulator: Emulator) -> None:
    """As a form of an earlier release would send it, which did not know what the order received net."""
    order = paid_order(emulator, 4000)
    emulator.patch("orders", order["id"], amount_paid=3000)
    (payment,) = HOW_MUCH.findall(finance.get(address(order)).content.decode())
    content = signing.loads(form_token(finance, order), salt=SALT)
    content["snapshot"]["net_left"] = 4000
    old = signing.dumps(content, salt=SALT)
    answer = refund(finance, order, {payment: "40.00"}, form_token=old)
    assert answer.status_code == 422
    assert "Received net, and not on its way back" in answer.content.decode()
    assert Operation.objects.get().code == "order_changed"
    assert asked_for(emulator) == 0
