"""Copies become again what pages show: an order as RevKeen sent it, or a row that could not be read."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from django.db.models import BigIntegerField, QuerySet

from orders.apis.listings import Listing, Unreadable
from orders.apis.revkeen.objects import LineItem, Order
from orders.kept_queries import Given, Several, kept
from orders.models import Merchant, OrderCopy, OrderLineCopy

SAME_NAME = (
    *("public_id", "status", "billing_type", "currency", "subtotal", "discount", "tax", "total", "amount_paid"),
    *("amount_refunded", "amount_due", "created_at", "updated_at", "customer_id", "metadata", "invoice_id"),
    *("subscription_id", "paid_at", "canceled_at", "fulfilled_at", "expires_at", "livemode"),
)
OF_A_LINE = (
    *("description", "quantity", "unit_price", "subtotal", "total", "product_id", "discount", "tax", "metadata"),
    "position",
)
OF_AN_ORDER = ("pk", "order_id", "has_lines", "fulfillment_status", "notes", "unreadable", *SAME_NAME)
AT_ONCE = 500  # ids in one question
A_PAGE = 100  # copies of a page, at most


def numbers(merchant: Merchant, mode: str, order_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """The numbers of these orders, as far as they have copies here."""
    wanted = sorted({order_id for order_id in order_ids if order_id})
    here = OrderCopy.objects.filter(merchant=merchant, mode=mode)
    parts = (wanted[begin : begin + AT_ONCE] for begin in range(0, len(wanted), AT_ONCE))
    return {
        order_id: number
        for part in parts
        for order_id, number in here.filter(order_id__in=part).values_list("order_id", "public_id")
    }


def find(merchant: Merchant, mode: str, order_id: uuid.UUID) -> OrderCopy | None:
    """The copy of one that RevKeen has and that could be read, with its line items."""
    here = OrderCopy.objects.filter(merchant=merchant, mode=mode, gone_at=None, unreadable="")
    return here.filter(order_id=order_id).prefetch_related("lines").first()


def listing(keys: Sequence[int], *, has_more: bool = False, total: int | None = None) -> Listing[Order]:
    """The page that RevKeen would have sent of the orders whose copies these are, with their line items."""
    rows: list[Order] = []
    unreadable: list[tuple[int, Unreadable]] = []
    found, lines = _copies(keys), _lines(keys)
    for place, copy in enumerate(found[key] for key in keys if key in found):
        if copy.unreadable:
            unreadable.append((place, Unreadable(str(copy.order_id), copy.unreadable, copy.status, copy.public_id)))
        else:
            rows.append(_order(copy, lines[copy.pk]))
    return Listing(rows, unreadable, has_more, total)


def order_of(copy: OrderCopy, lines: Iterable[OrderLineCopy] | None = None) -> Order:
    """`lines`: its line items, where they were not read with it."""
    return _order(copy, map(_line, copy.lines.all() if lines is None else lines))


def _order(copy: Any, lines: Iterable[LineItem]) -> Order:
    """`copy`: a model, or one of `_copies`."""
    return Order(
        id=copy.order_id,
        fulfillment_status=copy.fulfillment_status or None,
        notes=copy.notes or None,
        line_items=tuple(lines) if copy.has_lines else None,
        **{name: getattr(copy, name) for name in SAME_NAME},
    )


def _line(line: OrderLineCopy) -> LineItem:
    return LineItem(id=line.line_id, **{name: getattr(line, name) for name in OF_A_LINE})


def _copies(keys: Sequence[int]) -> Mapping[int, SimpleNamespace]:
    """By their keys, with what an order is made of: rows cost less than models."""
    rows = (SimpleNamespace(**dict(zip(OF_AN_ORDER, values, strict=True))) for values in _orders_of(keys))
    return {row.pk: row for row in rows}


@kept(Several(BigIntegerField(), A_PAGE))
def _orders_of(keys: Given) -> "QuerySet[OrderCopy, Any]":
    return OrderCopy.objects.filter(pk__in=keys).values_list(*OF_AN_ORDER)


def _lines(keys: Sequence[int]) -> Mapping[int, list[LineItem]]:
    """By the key of their order, in their order. A page has several hundred."""
    found: defaultdict[int, list[LineItem]] = defaultdict(list)
    for order, line_id, *values in _lines_of(keys):
        found[order].append(LineItem(id=line_id, **dict(zip(OF_A_LINE, values, strict=True))))
    return found


@kept(Several(BigIntegerField(), A_PAGE))
def _lines_of(keys: Given) -> "QuerySet[OrderLineCopy, Any]":
    lines = OrderLineCopy.objects.filter(order__pk__in=keys).order_by("order", "position")
    return lines.values_list("order_id", "line_id", *OF_A_LINE)
