"""Copies become again what pages show: an order as RevKeen sent it, or a row that could not be read."""

from collections.abc import Iterable

from orders.apis.listings import Listing, Unreadable
from orders.apis.revkeen.objects import LineItem, Order
from orders.models import OrderCopy, OrderLineCopy

SAME_NAME = (
    *("public_id", "status", "billing_type", "currency", "subtotal", "discount", "tax", "total", "amount_paid"),
    *("amount_refunded", "amount_due", "created_at", "updated_at", "customer_id", "metadata", "invoice_id"),
    *("subscription_id", "paid_at", "canceled_at", "fulfilled_at", "expires_at", "livemode"),
)
OF_A_LINE = (
    *("description", "quantity", "unit_price", "subtotal", "total", "product_id", "discount", "tax", "metadata"),
    "position",
)


def listing(copies: Iterable[OrderCopy], *, has_more: bool = False, total: int | None = None) -> Listing[Order]:
    """The page that RevKeen would have sent of these, whose line items were read with them."""
    rows: list[Order] = []
    unreadable: list[tuple[int, Unreadable]] = []
    for place, copy in enumerate(copies):
        if copy.unreadable:
            unreadable.append((place, Unreadable(str(copy.order_id), copy.unreadable, copy.status, copy.public_id)))
        else:
            rows.append(order_of(copy))
    return Listing(rows, unreadable, has_more, total)


def order_of(copy: OrderCopy, lines: Iterable[OrderLineCopy] | None = None) -> Order:
    """`lines`: its line items, where they were not read with it."""
    own = copy.lines.all() if lines is None else lines
    return Order(
        id=copy.order_id,
        fulfillment_status=copy.fulfillment_status or None,
        notes=copy.notes or None,
        line_items=tuple(map(_line, own)) if copy.has_lines else None,
        **{name: getattr(copy, name) for name in SAME_NAME},
    )


def _line(line: OrderLineCopy) -> LineItem:
    return LineItem(id=line.line_id, **{name: getattr(line, name) for name in OF_A_LINE})
