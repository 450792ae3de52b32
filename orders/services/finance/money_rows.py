"""Payments and refunds as pages and files show them: in words, with their order's number and their customer's name."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders import states
from orders.apis.revkeen.objects import brand_name
from orders.models import RefundCopy, TransactionCopy
from orders.money import Money
from orders.services.finance import money_list
from orders.services.finance.money_list import Source
from orders.services.index import copies as order_copies
from orders.services.index.order_filters import Place
from orders.services.orders.payments import DECLINES
from orders.services.orders.refunds import REASONS
from orders.states import State

TYPES = {"refund": "Refund", "void": "Void"}


@dataclass(frozen=True)
class MoneyRow:
    """What a page and a file show of a payment or refund."""

    id: str
    at: datetime
    what: str  # `Visa ••1111`, or the method
    state: State
    amount: Money
    unreadable: bool  # then the amount is not dependable
    note: str  # why it failed, or why it went back
    order_id: uuid.UUID | None
    number: str
    customer_id: uuid.UUID | None
    customer: str  # "" where the name is not known yet
    waits: bool  # it is on its way, and its age counts


def rows(place: Place, source: Source, copies: Collection[Any], names: dict[uuid.UUID, str]) -> list[MoneyRow]:
    """The copies (`MoneyCopy`) in their order; `names` are those of customers, as far as they are known."""
    numbers = order_copies.numbers(place.merchant, place.mode, (copy.order_id for copy in copies))
    reasons = money_list.refund_reasons(place, list(copies))
    return [_row(copy, numbers, names, reasons, source.signed) for copy in copies]


def _row(
    copy: TransactionCopy | RefundCopy,
    numbers: dict[uuid.UUID, str],
    names: dict[uuid.UUID, str],
    reasons: Any,
    signed: bool,
) -> MoneyRow:
    is_refund = isinstance(copy, RefundCopy)
    state = states.refund_state(copy.status) if is_refund else states.transaction_status(copy.status)
    return MoneyRow(
        id=str(copy.refund_id if isinstance(copy, RefundCopy) else copy.transaction_id),
        at=copy.moved_at,
        what=_what(copy),
        state=State("Unreadable", "alert-triangle", "bad") if copy.unreadable else state,
        amount=Money(-copy.amount if signed and _is_out(copy) else copy.amount, copy.currency),
        unreadable=bool(copy.unreadable),
        note=_note(copy, reasons),
        order_id=copy.order_id,
        number=numbers.get(copy.order_id, "") if copy.order_id else "",
        customer_id=copy.customer_id,
        customer=names.get(copy.customer_id, "") if copy.customer_id else "",
        waits=is_refund and copy.status not in money_list.ENDED,
    )


def _is_out(copy: TransactionCopy | RefundCopy) -> bool:
    return isinstance(copy, TransactionCopy) and copy.flow == TransactionCopy.Flow.OUT


def _what(copy: TransactionCopy | RefundCopy) -> str:
    method = (copy.method or "payment").replace("_", " ").capitalize()
    card = f"{brand_name(copy.card_brand or None)} ••{copy.card_last_four}" if copy.card_last_four else method
    if isinstance(copy, RefundCopy) or copy.type == "sale":
        return card
    return f"{TYPES.get(copy.type, copy.type[:40].capitalize())}, {card}"


def _note(copy: TransactionCopy | RefundCopy, reasons: Any) -> str:
    """What went wrong in the gateway's words, or why money goes back in RevKeen's."""
    if copy.unreadable:
        return copy.unreadable
    if copy.failure_reason:
        return DECLINES.get(copy.failure_reason, copy.failure_reason)
    reason = copy.reason if isinstance(copy, RefundCopy) else reasons.get(copy.transaction_id, "")
    return REASONS.get(reason, reason)
