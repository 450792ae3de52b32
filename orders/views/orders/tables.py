"""Orders as rows of a table, the same in the list, on a customer's page and beside an order."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from orders import amounts, states
from orders.apis.revkeen.objects import Listing, Order, Unreadable
from orders.money import Money
from orders.same import Same
from orders.services.index.adding_up import Added
from orders.states import State

LONGEST_NUMBER = 24


@dataclass(frozen=True)
class OrderRow:
    """What a row shows: two that are equal look the same, whatever else their orders hold."""

    order: Order = field(compare=False)
    id: str
    number: str  # the order's number, cut where it is longer than any number should be
    whole_number: str
    customer: str  # "" when the name is not known yet
    short_customer_id: str  # "" for a guest
    summary: str
    payment: State
    fulfillment: State
    total: Money
    due: Money | None
    placed: datetime
    updated: datetime
    adds_up: bool
    done: bool
    ticked: bool


@dataclass(frozen=True)
class Sum:
    """What some orders of one currency come to; currencies are never added to each other."""

    count: int
    total: Money
    paid: Money
    refunded: Money
    due: Money


def order_rows(
    listing: Listing[Order], names: dict[uuid.UUID, str], ticked: Collection[str] = ()
) -> list[OrderRow | Unreadable]:
    """All rows in their order; one that could not be read stays what it is, and the others are shown."""
    return [row if isinstance(row, Unreadable) else order_row(row, names, ticked) for row in listing]


def kept_rows(
    listing: Listing[Order], names: dict[uuid.UUID, str], ticked: Collection[str] = ()
) -> Sequence[OrderRow | Unreadable]:
    """The same; of a listing that is shown once more as it was, the rows that were made then."""
    return _kept_rows(Same(listing), frozenset(names.items()), frozenset(ticked))


@lru_cache(maxsize=64)
def _kept_rows(
    listing: Same[Listing[Order]], names: frozenset[tuple[uuid.UUID, str]], ticked: frozenset[str]
) -> Sequence[OrderRow | Unreadable]:
    return tuple(order_rows(listing.it, dict(names), ticked))


def order_row(order: Order, names: dict[uuid.UUID, str], ticked: Collection[str] = ()) -> OrderRow:
    number = order.public_id
    return OrderRow(
        order=order,
        id=str(order.id),
        number=number if len(number) <= LONGEST_NUMBER else f"{number[:LONGEST_NUMBER]}…",
        whole_number=number,
        customer=names.get(order.customer_id, "") if order.customer_id else "",
        short_customer_id=f"{str(order.customer_id)[:8]}…" if order.customer_id else "",
        summary=order.summary,
        payment=states.payment_state(order),
        fulfillment=states.fulfillment_state(order),
        total=order.money(order.total),
        due=order.money(due) if (due := _due(order)) else None,
        placed=order.created_at,
        updated=order.updated_at,
        adds_up=not amounts.check(order, None).mismatches,
        done=states.finished(order),
        ticked=str(order.id) in ticked,
    )


def sums_by_currency(orders: Iterable[Order], others: Iterable[Added] = ()) -> list[Sum]:
    """One sum a currency, in minor units exactly; `others` were added up already."""
    each = [*map(_added, orders), *others]
    return [
        _sum([one for one in each if one.currency == code], code) for code in sorted({one.currency for one in each})
    ]


def _added(order: Order) -> Added:
    return Added(order.currency_code, 1, order.total, order.amount_paid, order.amount_refunded, _due(order))


def _sum(each: list[Added], currency: str) -> Sum:
    def add(amounts: Iterable[int]) -> Money:
        return Money(sum(amounts), currency)

    return Sum(
        count=sum(one.count for one in each),
        total=add(one.total for one in each),
        paid=add(one.paid for one in each),
        refunded=add(one.refunded for one in each),
        due=add(one.due for one in each),
    )


def _due(order: Order) -> int:
    """Minor units that somebody still has to pay; RevKeen keeps an `amount_due` on canceled orders too."""
    return 0 if states.finished(order) else order.amount_due
