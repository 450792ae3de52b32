"""The payment form says what the order's banner says against paying it now: one that is on its way, or an expiry."""

import html
import re
import uuid
from typing import Any

import pytest
from django.test import Client

from tests.orders.test_conditions import LONG_AGO
from tests.support.emulation import Emulator

pytestmark = pytest.mark.database

Order = dict[str, Any]


def notices(client: Client, order: Order) -> list[str]:
    page = client.get(f"/northwind/live/orders/{order['id']}/pay/").content.decode()
    assert 'name="form_token"' in page
    found = re.findall(r'(?s)<section class="notice[^>]*aria-label="Before you charge">(.*?)</section>', page)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split()) for part in found]


def part_paid(emulator: Emulator, status: str) -> Order:
    """An order whose first payment of 20.00 has this status at RevKeen."""
    order = emulator.make_order()
    token = f"tok_approve_{uuid.uuid4().hex}"
    paid: Order = emulator.send(f"/orders/{order['id']}/pay", {"payment_token": token, "amount": 2000})
    [sale] = emulator.get(f"/transactions?invoice_id={paid['invoice_id']}")["data"]
    emulator.patch("transactions", sale["id"], status=status)
    return paid


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("pending", "A payment is on its way: 20.00 USD from Visa ••1111. Wait for it before you take another."),
        ("teleported", "RevKeen returned a payment status we do not know."),
    ],
)
def test_a_payment_that_may_still_come_is_said_before_another_is_taken(
    status: str, said: str, admin: Client, emulator: Emulator
) -> None:
    [notice] = notices(admin, part_paid(emulator, status))
    assert notice.startswith(said)


def test_an_expired_order_says_so_on_the_payment_form(admin: Client, emulator: Emulator) -> None:
    order = emulator.make_order(expires_at="2099-01-02T10:00:00Z")
    assert notices(admin, order) == []
    emulator.patch("orders", order["id"], expires_at=LONG_AGO)
    [notice] = notices(admin, order)
    assert notice.startswith("Expired. 2 Jan")
    assert "Ask the customer before you take a payment" in notice


def test_payments_that_cannot_be_read_are_not_taken_for_none(admin: Client, emulator: Emulator) -> None:
    order = part_paid(emulator, "succeeded")
    assert notices(admin, order) == []
    emulator.fault("error", "/transactions", times=4)
    assert notices(admin, order)[0].startswith("Its payments could not be read.")
