"""Copies become again what pages show: an order as RevKeen sent it, or a row that could not be read."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from orders.apis.listings import Listing, Unreadable
from orders.apis.revkeen.objects import LineItem, Order
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


AT_ONCE = 500  # ids in one question


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


def listing(copies: Collection[OrderCopy], *, has_more: bool = False, total: int | None = None) -> Listing[Order]:
    """The page that RevKeen would have sent of these, with their line items."""
    rows: list[Order] = []
    unreadable: list[tuple[int, Unreadable]] = []
    lines = _lines(copies)
    for place, copy in enumerate(copies):
        if copy.unreadable:
            unreadable.append((place, Unreadable(str(copy.order_id), copy.unreadable, copy.status, copy.public_id)))
        else:
            rows.append(_order(copy, lines[copy.pk]))
    return Listing(rows, unreadable, has_more, total)


def order_of(copy: OrderCopy, lines: Iterable[OrderLineCopy] | None = None) -> Order:
    """`lines`: its line items, where they were not read with it."""
    return _order(copy, map(_line, copy.lines.all() if lines is None else lines))


def _order(copy: OrderCopy, lines: Iterable[LineItem]) -> Order:
    return Order(
        id=copy.order_id,
        fulfillment_status=copy.fulfillment_status or None,
        notes=copy.notes or None,
        line_items=tuple(lines) if copy.has_lines else None,
        **{name: getattr(copy, name) for name in SAME_NAME},
    )


def _line(line: OrderLineCopy) -> LineItem:
    return LineItem(id=line.line_id, **{name: getattr(line, name) for name in OF_A_LINE})


def _lines(copies: Iterable[OrderCopy]) -> Mapping[int, list[LineItem]]:
    """By the key of their order, in their order. A page has several hundred: rows cost less than models."""
    found: defaultdict[int, list[LineItem]] = defaultdict(list)
    lines = OrderLineCopy.objects.filter(order__in=[copy.pk for copy in copies]).order_by("order", "position")
    for order, line_id, *values in lines.values_list("order_id", "line_id", *OF_A_LINE):
        found[order].append(LineItem(id=line_id, **dict(zip(OF_A_LINE, values, strict=True))))
    return found
