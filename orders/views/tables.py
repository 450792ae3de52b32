"""Orders as rows of a table, the same in the list, on a customer's page and beside an order."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from orders import states
from orders.apis.revkeen.objects import Listing, Order, Unreadable
from orders.money import Money
from orders.services import amounts
from orders.states import State


@dataclass(frozen=True)
class OrderRow:
    order: Order
    customer: str  # "" when the name is not known yet
    payment: State
    fulfillment: State
    total: Money
    due: Money | None
    adds_up: bool
    done: bool
    ticked: bool

    @property
    def id(self) -> str:
        return str(self.order.id)

    @property
    def short_customer_id(self) -> str:
        return f"{str(self.order.customer_id)[:8]}…"


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


def order_row(order: Order, names: dict[uuid.UUID, str], ticked: Collection[str] = ()) -> OrderRow:
    return OrderRow(
        order=order,
        customer=names.get(order.customer_id, "") if order.customer_id else "",
        payment=states.payment_state(order),
        fulfillment=states.fulfillment_state(order),
        total=order.money(order.total),
        due=order.money(order.amount_due) if order.amount_due and not states.finished(order) else None,
        adds_up=not amounts.mismatches(order),
        done=states.finished(order),
        ticked=str(order.id) in ticked,
    )


def sums_by_currency(orders: list[Order]) -> list[Sum]:
    """One sum a currency, in minor units exactly."""
    return [_sum([order for order in orders if order.currency_code == code], code) for code in _currencies(orders)]


def _currencies(orders: list[Order]) -> list[str]:
    return sorted({order.currency_code for order in orders})


def _sum(orders: list[Order], currency: str) -> Sum:
    def add(name: str) -> Money:
        return Money(sum(getattr(order, name) for order in orders), currency)

    return Sum(len(orders), add("total"), add("amount_paid"), add("amount_refunded"), add("amount_due"))
