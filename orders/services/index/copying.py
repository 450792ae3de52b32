"""An order as RevKeen sends it becomes rows: every field, and what follows from them alone."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from orders import amounts, item_codes, states
from orders.apis.listings import Unreadable
from orders.apis.revkeen.objects import LineItem, Order
from orders.models import OrderCopy, OrderLineCopy
from orders.storable import storable

SAME_NAME = (
    *("public_id", "status", "billing_type", "subtotal", "discount", "tax", "total", "amount_paid"),
    *("amount_refunded", "amount_due", "customer_id", "metadata", "invoice_id", "subscription_id", "livemode"),
)
MOMENTS = ("created_at", "updated_at", "paid_at", "canceled_at", "fulfilled_at", "expires_at")
OF_UNREADABLE = ("read_started", "digest", "gone_at", "unreadable")  # all that is changed of a copy that there was
SAID = (  # what terms and text are made of, beside line items and the customer
    *("public_id", "notes", "metadata", "currency", "total", "amount_paid", "amount_refunded"),
    *("customer_id", "invoice_id"),
)
OF_A_LINE = ("description", "quantity", "unit_price", "subtotal", "discount", "tax", "total", "product_id", "metadata")

NOBODY_PAYS = ("canceled", "refunded")  # statuses of orders of which nothing is to be paid, whatever is due

_encode = msgspec.json.Encoder().encode


def digest_of(order: Order | Unreadable) -> str:
    """The same for the same content alone."""
    content = _encode(order) if isinstance(order, Order) else f"{order.reason}\n{order.raw}".encode(errors="replace")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def fields_of(order: Order | Unreadable, read_started: datetime) -> dict[str, Any]:
    """The columns of a copy; of one that cannot be read the reason, and what it says of itself."""
    seen = {"read_started": read_started, "digest": digest_of(order), "gone_at": None}
    if isinstance(order, Unreadable):
        said = {"public_id": order.number, "status": order.status, "unreadable": order.reason or "It cannot be read."}
        return storable(said) | {"created_at": read_started, "updated_at": read_started} | seen
    same = {name: storable(getattr(order, name)) for name in SAME_NAME}
    moments = {name: in_calendar(getattr(order, name)) for name in MOMENTS}
    return same | moments | _derived(order) | seen | {"unreadable": ""}


def lines_of(order: Order, copy: OrderCopy) -> list[OrderLineCopy]:
    return [_line(line, copy, position) for position, line in enumerate(order.lines)]


def content_of(line: OrderLineCopy) -> str:
    """What it says, to be compared: Python takes 1 and true for the same."""
    return _as_text([getattr(line, name) for name in ("line_id", "code", *OF_A_LINE)])


def _as_text(values: list[object]) -> str:
    return json.dumps(values, sort_keys=True, default=str)


def says_the_same(before: Mapping[str, object] | None, copy: OrderCopy) -> bool:
    """Whether the terms and the text of a copy are what they were, as long as its line items are; None for a new one.

    Not where the customer may have got a name meanwhile, and not of one that is made anew.
    """
    if before is None or before["unreadable"] or not before["digest"] or (copy.customer_id and not copy.customer_name):
        return False
    return _as_text([before[name] for name in SAID]) == _as_text([getattr(copy, name) for name in SAID])


def in_calendar(moment: datetime | None) -> datetime | None:
    """In UTC; the first or the last day of the calendar where UTC has no such day."""
    try:
        return moment.astimezone(UTC) if moment else None
    except OverflowError:
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return first if moment and moment.year == 1 else last


def _derived(order: Order) -> dict[str, Any]:
    wrong = amounts.mismatches(order)
    texts = {
        "currency": order.currency_code,
        "fulfillment_status": order.fulfillment_status or "",
        "notes": order.notes or "",
        "payment_state": states.payment_state(order).word,
        "fulfillment_state": states.fulfillment_state(order).word,
        "summary": order.summary,
    }
    return storable(texts) | {
        "has_lines": order.line_items is not None,
        "amounts_rule": wrong[0].rule if wrong else "",
        "still_due": 0 if order.status in NOBODY_PAYS else order.amount_due,
    }


def _line(line: LineItem, copy: OrderCopy, position: int) -> OrderLineCopy:
    same = {name: storable(getattr(line, name)) for name in OF_A_LINE}
    code = item_codes.code_of(line, None)
    return OrderLineCopy(order=copy, line_id=line.id, position=position, code=code, **same)


def columns() -> list[str]:
    """Those of a copy that a newer state replaces."""
    kept = ("id", "merchant", "mode", "order_id")
    return [field.name for field in OrderCopy._meta.concrete_fields if field.name not in kept]


def values_of(copy: OrderCopy) -> dict[str, object]:
    return {name: getattr(copy, name) for name in columns()}


def changed_columns(copies: Iterable[tuple[Mapping[str, object] | None, OrderCopy]]) -> list[str]:
    """Those that differ in one of these copies from the values before, None for a new one: the less is written, the
    fewer indexes have to follow.
    """
    changed = {"metadata"}  # of which Python takes 1 and true for the same
    for before, copy in copies:
        if before is None:
            return columns()
        changed |= {name for name, value in before.items() if getattr(copy, name) != value}
    return sorted(changed)
