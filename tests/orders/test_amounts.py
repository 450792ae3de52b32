import pytest

from orders.amounts import mismatches
from orders.apis.revkeen.objects import Order
from tests.support.samples import a_transaction, an_order


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
    assert any(f"a difference of {apart}" in str(mismatch) for mismatch in found)


def test_payments_are_compared_where_they_are_known() -> None:
    paid = an_order(amount_paid=2090, amount_due=0, status="paid")
    assert mismatches(paid, [a_transaction()]) == []
    assert [mismatch.rule for mismatch in mismatches(paid, [a_transaction(amount=2000)])] == ["Payments together"]
    assert mismatches(paid, [a_transaction(), a_transaction(status="failed")]) == []


def test_payments_in_another_currency_are_not_added_up_with_those_of_the_order() -> None:
    paid = an_order(amount_paid=2090, amount_due=0, status="paid")
    (found,) = mismatches(paid, [a_transaction(amount=1090), a_transaction(amount=1000, currency="jpy")])
    assert str(found) == "Payments together: we calculate 10.90, RevKeen has 20.90, a difference of 10.00."


def test_refunds_that_are_not_reconciled_do_not_count_yet() -> None:
    refunded = an_order(amount_paid=2090, amount_due=0, amount_refunded=90, status="paid")
    sale, pending = a_transaction(), a_transaction(type="refund", amount=90, status="pending")
    assert [mismatch.rule for mismatch in mismatches(refunded, [sale, pending])] == ["Refunds together"]
    assert mismatches(refunded, [sale, a_transaction(type="refund", amount=90)]) == []
