"""The paid orders that wait to be shipped, those that wait longest first, out of the index, which has all of them."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import caches
from django.db.models import Q, QuerySet

from orders.models import Merchant, OrderCopy, OrderLineCopy
from orders.services.handling import holds
from orders.services.index import freshness

COUNTED_AGAIN_SECONDS = 10
MOST = 5_000  # of those that wait, the oldest
OPEN = ("unfulfilled", "partial")
SETTLED = ("", "fulfilled", "returned")  # fulfillment statuses of which nothing waits


@dataclass(frozen=True)
class Waiting:
    """An order as RevKeen had it. `lines`: id and units of each."""

    id: uuid.UUID
    number: str
    customer_id: uuid.UUID | None
    summary: str
    since: datetime
    fulfillment_status: str | None
    lines: tuple[tuple[uuid.UUID, int], ...]


@dataclass(frozen=True)
class Search:
    """The oldest first. `looked_at` paid orders were read, `unreadable` more in vain; `whole`: there are no others.

    `unclear`: orders with a fulfillment status we do not know. Nobody can tell here whether they are to be shipped.
    """

    waiting: list[Waiting]
    unclear: list[Waiting]
    looked_at: int
    unreadable: int
    whole: bool
    from_index: bool = False


def of_index(merchant: Merchant, mode: str) -> Search:
    """All paid orders that wait, as the index has them; what has left is not taken from their lines yet."""
    paid = _paid(merchant, mode)
    wanted = paid.filter(unreadable="").exclude(fulfillment_status__in=SETTLED)
    copies = list(wanted.defer("text", "metadata").order_by("id")[: MOST + 1])
    lines = defaultdict(list)
    of_copies = OrderLineCopy.objects.filter(order__in=wanted.order_by("id")[: MOST + 1]).order_by("position")
    for copy_id, line_id, quantity in of_copies.values_list("order", "line_id", "quantity"):
        lines[copy_id].append((line_id, quantity))
    rows = sorted((_of_copy(copy, tuple(lines[copy.pk])) for copy in copies[:MOST]), key=lambda order: order.since)
    return Search(
        waiting=[order for order in rows if order.fulfillment_status in OPEN],
        unclear=[order for order in rows if order.fulfillment_status not in OPEN],
        looked_at=paid.filter(unreadable="").count(),
        unreadable=paid.exclude(unreadable="").count(),
        whole=len(copies) <= MOST,
        from_index=True,
    )


def _paid(merchant: Merchant, mode: str) -> "QuerySet[OrderCopy, Any]":
    return OrderCopy.objects.filter(merchant=merchant, mode=mode, status="paid", gone_at=None)


def _of_copy(copy: OrderCopy, lines: tuple[tuple[uuid.UUID, int], ...]) -> Waiting:
    return Waiting(
        id=copy.order_id,
        number=copy.public_id,
        customer_id=copy.customer_id,
        summary=copy.summary,
        since=copy.paid_at or copy.created_at,
        fulfillment_status=copy.fulfillment_status,
        lines=lines,
    )


def count(merchant: Merchant, mode: str) -> int:
    """How many orders wait and are not on hold, as the index had it some seconds ago; 0 until it has all of them."""
    key = f"to-fulfill-count:{merchant.pk}:{mode}"
    found: Any = caches["process"].get_or_set(key, lambda: _count(merchant, mode), COUNTED_AGAIN_SECONDS)
    return int(found)


def _count(merchant: Merchant, mode: str) -> int:
    if freshness.as_of(merchant, mode) is None:
        return 0
    return to_ship(merchant, mode).exclude(holds.held(merchant, mode))[:MOST].count()


def to_ship(merchant: Merchant, mode: str) -> "QuerySet[OrderCopy, Any]":
    """The copies of paid orders of which something is left here, as far as that is known."""
    some = Q(units_left__gt=0) | Q(has_lines=False)
    return _paid(merchant, mode).filter(some, fulfillment_status__in=OPEN)
