"""Do an order's amounts agree with each other? Each rule says what it compares and by how much it is off.

The rules follow RevKeen's description of the fields: a line's subtotal is price times quantity, its total is
subtotal less discount plus tax; the order's amounts are the sums of its lines; due is total less paid.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from orders.apis.revkeen.objects import LineItem, Order
from orders.money import Money
from orders.own_payments import Moved, Split, came_in, went_back


class Part(Enum):
    """Which amounts a rule compares."""

    LINES = "lines"
    TOTAL = "total"
    DUE = "due"
    REFUNDED = "refunded"
    PAYMENTS = "payments"


REFUND_ENDED = ("succeeded", "failed", "canceled")  # statuses: nothing of such a refund is on its way


class Refunded(Protocol):
    """A refund, as RevKeen sends it or as it is kept. `amount` in minor units."""

    @property
    def status(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def amount(self) -> int: ...


# The rule, what follows from the other amounts, what RevKeen sent; in minor units.
Compared = tuple[Part, str, int, int]


@dataclass(frozen=True)
class Mismatch:
    """Two amounts that should be equal. `expected` follows from the others, `sent` is what RevKeen sent."""

    rule: str
    expected: Money
    sent: Money
    part: Part

    @property
    def apart(self) -> Money:
        return Money(abs((self.sent - self.expected).minor), self.sent.currency)

    def __str__(self) -> str:
        apart = self.apart
        numbers = f"we calculate {self.expected.number}, RevKeen has {self.sent.number}"
        return f"{self.rule}: {numbers}, a difference of {apart.number}."


@dataclass(frozen=True)
class Check:
    """What every page says of an order's amounts. They add up only where its payments were compared too."""

    mismatches: list[Mismatch]
    compared: bool  # with the payments, or there is nothing to compare with
    shared: bool = False  # the invoice has payments that are not, or not surely, this order's

    @property
    def adds_up(self) -> bool:
        return self.compared and not self.mismatches


def check(order: Order, payments: Split | None) -> Check:
    """`payments` as `order_payments.split` tells them apart; None where they were not read."""
    if payments is None or not payments.whole:
        nothing_moved = order.invoice_id is None and order.amount_paid == order.amount_refunded == 0
        return Check(mismatches(order), compared=nothing_moved)
    found = mismatches(order, [*payments.own, *payments.unknown])
    return Check(found, compared=True, shared=payments.shared)


def mismatches(order: Order, transactions: Iterable[Moved] | None = None) -> list[Mismatch]:
    """All rules that fail, the lines' first. Payments are compared when `transactions` are given."""
    compared = [*_line_sums(order), *_order_sums(order)]
    if transactions is not None:
        compared += _payment_sums(order, transactions)
    return [
        Mismatch(rule, order.money(expected), order.money(sent), part)
        for part, rule, expected, sent in compared
        if expected != sent
    ]


def refund_mismatches(order: Order, transactions: Iterable[Moved], refunds: Iterable[Refunded]) -> list[Mismatch]:
    """What went back against the refunds that RevKeen calls succeeded: each of them has its own transaction."""
    code = order.currency_code
    back = sum(row.amount for row in transactions if row.currency.upper() == code and went_back(row))
    said = sum(row.amount for row in refunds if row.currency.upper() == code and row.status == "succeeded")
    wrong = Mismatch("Refunds that succeeded", order.money(back), order.money(said), Part.PAYMENTS)
    return [wrong] if back != said else []


def _line_sums(order: Order) -> Iterator[Compared]:
    for number, line in enumerate(order.lines, start=1):
        yield Part.LINES, f"Line {number}, price × quantity", line.unit_price * line.quantity, line.subtotal
        yield Part.LINES, f"Line {number}, total", line.subtotal - line.discount + line.tax, line.total


def _order_sums(order: Order) -> Iterator[Compared]:
    if order.line_items:
        for name in ("subtotal", "discount", "tax"):
            yield Part.LINES, f"{name.capitalize()} of the lines", _sum(order.line_items, name), getattr(order, name)
    yield Part.TOTAL, "Subtotal − discount + tax", order.subtotal - order.discount + order.tax, order.total
    yield Part.DUE, "Total − paid", order.total - order.amount_paid, order.amount_due
    refunded = order.amount_refunded
    yield Part.REFUNDED, "Refunded, at most what was paid", min(refunded, max(order.amount_paid, 0)), refunded


def _payment_sums(order: Order, transactions: Iterable[Moved]) -> Iterator[Compared]:
    paid = refunded = 0
    for transaction in (row for row in transactions if row.currency.upper() == order.currency_code):
        paid += transaction.amount if came_in(transaction) else 0
        refunded += transaction.amount if went_back(transaction) else 0
    yield Part.PAYMENTS, "Payments together", paid, order.amount_paid
    yield Part.PAYMENTS, "Refunds together", refunded, order.amount_refunded


def _sum(lines: Iterable[LineItem], name: str) -> int:
    return sum(getattr(line, name) for line in lines)
