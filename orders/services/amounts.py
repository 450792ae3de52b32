"""Do an order's amounts agree with each other? Each rule says what it compares and by how much it is off.

The rules follow RevKeen's description of the fields: a line's subtotal is price times quantity, its total is
subtotal less discount plus tax; the order's amounts are the sums of its lines; due is total less paid.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orders.apis.revkeen.objects import LineItem, Order, Transaction
from orders.money import Money

Compared = tuple[str, int, int]  # the rule, what follows from the other amounts, what RevKeen sent; in minor units


@dataclass(frozen=True)
class Mismatch:
    """Two amounts that should be equal. `expected` follows from the others, `sent` is what RevKeen sent."""

    rule: str
    expected: Money
    sent: Money

    def __str__(self) -> str:
        apart = Money(abs((self.sent - self.expected).minor), self.sent.currency)
        return f"{self.rule}: {self.expected.number} by our sum, RevKeen says {self.sent.number}, {apart.number} apart."


def mismatches(order: Order, transactions: Iterable[Transaction] | None = None) -> list[Mismatch]:
    """All rules that fail, the lines' first. Payments are compared when `transactions` are given."""
    compared = [*_line_sums(order), *_order_sums(order)]
    if transactions is not None:
        compared += _payment_sums(order, transactions)
    return [
        Mismatch(rule, order.money(expected), order.money(sent))
        for rule, expected, sent in compared
        if expected != sent
    ]


def _line_sums(order: Order) -> Iterator[Compared]:
    for number, line in enumerate(order.lines, start=1):
        yield f"Line {number}, price × quantity", line.unit_price * line.quantity, line.subtotal
        yield f"Line {number}, total", line.subtotal - line.discount + line.tax, line.total


def _order_sums(order: Order) -> Iterator[Compared]:
    if order.line_items:
        for name in ("subtotal", "discount", "tax"):
            yield f"{name.capitalize()} of the lines", _sum(order.line_items, name), getattr(order, name)
    yield "Subtotal − discount + tax", order.subtotal - order.discount + order.tax, order.total
    yield "Total − paid", order.total - order.amount_paid, order.amount_due
    refunded = order.amount_refunded
    yield "Refunded, at most what was paid", min(refunded, max(order.amount_paid, 0)), refunded


def _payment_sums(order: Order, transactions: Iterable[Transaction]) -> Iterator[Compared]:
    paid = refunded = 0
    for transaction in (row for row in transactions if row.currency.upper() == order.currency_code):
        paid += transaction.amount if _came_in(transaction) else 0
        refunded += transaction.amount if _went_back(transaction) else 0
    yield "Payments together", paid, order.amount_paid
    yield "Refunds together", refunded, order.amount_refunded


def _came_in(transaction: Transaction) -> bool:
    """A payment that was voided later was one: its void counts as a refund."""
    return transaction.type == "sale" and transaction.status in ("succeeded", "voided")


def _went_back(transaction: Transaction) -> bool:
    return transaction.type in ("refund", "void") and transaction.status == "succeeded"


def _sum(lines: Iterable[LineItem], name: str) -> int:
    return sum(getattr(line, name) for line in lines)
