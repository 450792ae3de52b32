"""Which transactions of an invoice are an order's own: an invoice may be linked to several orders, and names none.

They all are when together they come to what RevKeen calls paid. Else the order's events tell which payments are its
own; the others are another order's once the own ones make up what was paid, and until then nobody knows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from orders.apis.revkeen.objects import Event, Listing, Order, Transaction

CAME_IN = ("succeeded", "voided")  # a payment that was voided later was one: its void counts as a refund


@dataclass(frozen=True)
class Split:
    """The transactions of an order's invoice, apart. A refund or a void goes with its payment."""

    own: list[Transaction] = field(default_factory=list)
    of_others: list[Transaction] = field(default_factory=list)
    unknown: list[Transaction] = field(default_factory=list)
    whole: bool = True  # every transaction of the invoice could be read

    @property
    def shared(self) -> bool:
        """Whether money went through the invoice that is not known to be this order's."""
        return any(came_in(row) for row in (*self.of_others, *self.unknown))


class Moved(Protocol):
    """A transaction, as RevKeen sends it or as it is kept. `amount` in minor units."""

    @property
    def type(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def amount(self) -> int: ...


def came_in(transaction: Moved) -> bool:
    return transaction.type == "sale" and transaction.status in CAME_IN


def went_back(transaction: Moved) -> bool:
    return transaction.type in ("refund", "void") and transaction.status == "succeeded"


def split(order: Order, transactions: Listing[Transaction], events: Listing[Event] | None) -> Split:
    """`events` are the order's own; None where they could not be read."""
    rows, whole = list(transactions.rows), not (transactions.has_more or transactions.unreadable)
    if _paid_with(order, rows) == order.amount_paid:
        return Split(own=rows, whole=whole)
    told = _told_of(events.rows if events else [])
    own = [row for row in rows if _payment_of(row) in told]
    rest = [row for row in rows if _payment_of(row) not in told]
    if _paid_with(order, own) >= order.amount_paid:
        return Split(own=own, of_others=rest, whole=whole)
    return Split(own=own, unknown=rest, whole=whole)


def sales(transactions: Iterable[Transaction]) -> list[Transaction]:
    """The payments that went through, the oldest first; what was voided since is shown as history."""
    return sorted(filter(came_in, transactions), key=lambda row: row.created_at)


def _paid_with(order: Order, transactions: Iterable[Transaction]) -> int:
    """Minor units of the order's currency."""
    return sum(row.amount for row in transactions if came_in(row) and row.currency.upper() == order.currency_code)


def _payment_of(transaction: Transaction) -> str:
    return str(transaction.parent_transaction_id or transaction.id)


def _told_of(events: Iterable[Event]) -> set[str]:
    """The ids of the payments that the order's events tell of."""
    objects = [event.data.object for event in events if event.type.startswith("payment.")]
    return {str(told[name]) for told in objects for name in ("id", "payment_id") if name in told}
