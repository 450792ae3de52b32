import uuid
from typing import Any

import msgspec
import pytest

from orders.apis.revkeen import objects
from orders.apis.revkeen.objects import Order, Transaction
from orders.services.amounts import mismatches

LINE = {
    "id": str(uuid.uuid4()),
    "description": "Tent",
    "quantity": 2,
    "unit_price": 1000,
    "subtotal": 2000,
    "discount": 100,
    "tax": 190,
    "total": 2090,
}


def an_order(line: dict[str, Any] | None = None, **changes: Any) -> Order:
    fields = {
        "id": str(uuid.uuid4()),
        "public_id": "NW-1",
        "status": "pending",
        "billing_type": "one_time",
        "currency": "usd",
        "subtotal": 2000,
        "discount": 100,
        "tax": 190,
        "total": 2090,
        "amount_paid": 0,
        "amount_refunded": 0,
        "amount_due": 2090,
        "created_at": "2026-11-01T10:00:00Z",
        "updated_at": "2026-11-01T10:00:00Z",
        "line_items": [LINE | (line or {})],
    }
    return objects.reader(Order)(msgspec.json.encode(fields | changes))


def a_transaction(**changes: Any) -> Transaction:
    fields = {
        "id": str(uuid.uuid4()),
        "type": "sale",
        "status": "succeeded",
        "currency": "usd",
        "amount": 2090,
        "created_at": "2026-11-01T10:00:00Z",
    }
    return objects.reader(Transaction)(msgspec.json.encode(fields | changes))


def test_an_order_whose_amounts_agree_adds_up() -> None:
    assert mismatches(an_order()) == []


@pytest.mark.parametrize(
    ("order", "rule", "apart"),
    [
        (an_order({"subtotal": 2001, "total": 2091}), "Line 1, price × quantity", "0.01"),
        (an_order({"total": 2091}), "Line 1, total", "0.01"),
        (an_order(subtotal=2001, total=2091, amount_due=2091), "Subtotal of the lines", "0.01"),
        (an_order(tax=191, total=2091, amount_due=2091), "Tax of the lines", "0.01"),
        (an_order(total=2091, amount_due=2091), "Subtotal − discount + tax", "0.01"),
        (an_order(amount_due=2000), "Total − paid", "0.90"),
        (an_order(amount_refunded=1), "Refunded, at most what was paid", "0.01"),
    ],
)
def test_each_rule_names_itself_and_by_how_much_it_is_off(order: Order, rule: str, apart: str) -> None:
    found = mismatches(order)
    assert rule in [mismatch.rule for mismatch in found]
    assert any(f"{apart} apart" in str(mismatch) for mismatch in found)


def test_payments_are_compared_where_they_are_known() -> None:
    paid = an_order(amount_paid=2090, amount_due=0, status="paid")
    assert mismatches(paid, [a_transaction()]) == []
    assert [mismatch.rule for mismatch in mismatches(paid, [a_transaction(amount=2000)])] == ["Payments together"]
    assert mismatches(paid, [a_transaction(), a_transaction(status="failed")]) == []


def test_payments_in_another_currency_are_not_added_up_with_those_of_the_order() -> None:
    paid = an_order(amount_paid=2090, amount_due=0, status="paid")
    (found,) = mismatches(paid, [a_transaction(amount=1090), a_transaction(amount=1000, currency="jpy")])
    assert str(found) == "Payments together: we calculate 10.90, RevKeen has 20.90, a difference of 10.00."


def test_refunds_that_are_not_settled_do_not_count_yet() -> None:
    refunded = an_order(amount_paid=2090, amount_due=0, amount_refunded=90, status="paid")
    sale, pending = a_transaction(), a_transaction(type="refund", amount=90, status="pending")
    assert [mismatch.rule for mismatch in mismatches(refunded, [sale, pending])] == ["Refunds together"]
    assert mismatches(refunded, [sale, a_transaction(type="refund", amount=90)]) == []
