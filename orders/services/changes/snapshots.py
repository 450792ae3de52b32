"""What a form showed of an order, as its form token carries it and the journal keeps it, and what is different since.

A topic whose form showed more has a struct of its own that begins with these fields: whatever asked for an operation,
its order is read back as an `OrderSnapshot`. They stand as flat JSON in the column `Operation.seen`, as they always
have, so an operation of an earlier release is read like any other.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from orders.apis.revkeen.objects import Listing, Order, Refund
from orders.models import Merchant, Operation
from orders.moments import in_zone
from orders.money import Money

AMOUNTS = {"total": "Total", "amount_paid": "Paid", "amount_refunded": "Refunded", "amount_due": "Due"}
STATES = {"status": "Status", "fulfillment_status": "Fulfillment"}

S = TypeVar("S")


class OrderSnapshot(Struct, frozen=True, kw_only=True):
    """Amounts in minor units of the currency, whose code is in upper case."""

    number: str = ""  # not kept by every form of an earlier release
    currency: str
    total: int
    amount_paid: int
    amount_refunded: int
    amount_due: int
    status: str
    fulfillment_status: str | None
    updated_at: datetime

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)


@dataclass(frozen=True)
class Difference:
    what: str
    before: str
    now: str


def snapshot_of(order: Order) -> OrderSnapshot:
    return OrderSnapshot(**facts_of(order))


def facts_of(order: Order) -> dict[str, Any]:
    """The fields of an `OrderSnapshot`, for a struct that begins with them."""
    same = {name: getattr(order, name) for name in (*AMOUNTS, *STATES, "updated_at")}
    return {**same, "number": order.public_id, "currency": order.currency_code}


def order_alone(snapshot: OrderSnapshot) -> OrderSnapshot:
    """The order without what else a form showed beside it."""
    return msgspec.convert(snapshot, OrderSnapshot, from_attributes=True)


def kept(snapshot: object) -> Any:
    """A snapshot as JSON has it."""
    return msgspec.to_builtins(snapshot)


def of_operation(operation: Operation) -> OrderSnapshot | None:
    """What the form showed of the order that the operation is about; None where there was no order yet."""
    return shown_by(operation, OrderSnapshot) if "updated_at" in operation.seen else None


def currency_of(operation: Operation) -> str:
    """The currency of the order as the form showed it; "" where there was no order yet."""
    shown = of_operation(operation)
    return shown.currency if shown else ""


def shown_by(operation: Operation, shape: type[S]) -> S:
    """What the form showed that the operation was asked with, in the shape of its topic."""
    return msgspec.convert(operation.seen, shape)


def differences(
    before: OrderSnapshot, order: Order, merchant: Merchant, *, only_money_and_status: bool = False
) -> list[Difference]:
    """What of `before` no longer holds, in words and in the merchant's time; empty when the order is as it was."""
    now = snapshot_of(order)
    if before.currency != now.currency:  # the amounts cannot be compared
        return [Difference("Currency", before.currency, now.currency)]
    amounts = ((words, getattr(before, name), getattr(now, name)) for name, words in AMOUNTS.items())
    states = ((words, getattr(before, name), getattr(now, name)) for name, words in STATES.items())
    found = [Difference(what, str(now.money(old)), str(now.money(new))) for what, old, new in amounts if old != new]
    found += [Difference(what, _word(old), _word(new)) for what, old, new in states if old != new]
    if not found and not only_money_and_status and before.updated_at != now.updated_at:
        times = (_time(state.updated_at, merchant.zone) for state in (before, now))
        found.append(Difference("Last changed", *times))
    return found


def spent(refunds: Listing[Refund]) -> int | None:
    """What is gone of a payment, in minor units: given back or on its way. None when not every refund is known."""
    if refunds.unreadable or refunds.has_more:
        return None
    return sum(refund.amount_minor for refund in refunds.rows if refund.spent)


def _word(state: str | None) -> str:
    return str(state or "none").replace("_", " ")


def _time(moment: datetime, zone: tzinfo) -> str:
    local = in_zone(moment, zone)
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}"
