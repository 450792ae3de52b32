"""The paid orders that wait to be shipped, those that wait longest first, out of the index, which has all of them."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import caches
from django.db.models import BigIntegerField, CharField, Count, DateField, Exists, OuterRef, Q, QuerySet

from orders.among import among
from orders.kept_queries import Given, kept
from orders.models import Merchant, OrderCopy, OrderLineCopy
from orders.services.handling import holds
from orders.services.index import counting, freshness

COUNTED_AGAIN_SECONDS = 10
MOST = 5_000  # of those that wait, the oldest
OPEN = ("unfulfilled", "partial")
COLUMNS = ("pk", "order_id", "public_id", "customer_id", "summary", "paid_at", "created_at", "fulfillment_status")
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
    copies = list(wanted.order_by("id").values_list(*COLUMNS)[: MOST + 1])
    lines = _lines([pk for pk, *_ in copies[:MOST]])
    found = (_of_copy(columns, tuple(lines[pk])) for pk, *columns in copies[:MOST])
    rows = sorted(found, key=lambda order: order.since)
    readable = Count("pk", filter=Q(unreadable=""))
    return Search(
        waiting=[order for order in rows if order.fulfillment_status in OPEN],
        unclear=[order for order in rows if order.fulfillment_status not in OPEN],
        **paid.aggregate(looked_at=readable, unreadable=Count("pk") - readable),
        whole=len(copies) <= MOST,
        from_index=True,
    )


def _lines(copies: list[int]) -> Mapping[int, list[tuple[uuid.UUID, int]]]:
    """Copy → id and units of each of its lines."""
    lines: defaultdict[Any, list[tuple[uuid.UUID, int]]] = defaultdict(list)
    found = OrderLineCopy.objects.filter(among("order__id", copies)).order_by("position")
    for copy, line_id, quantity in found.values_list("order", "line_id", "quantity"):
        lines[copy].append((line_id, quantity))
    return lines


def _paid(merchant: Merchant | Given, mode: str | Given) -> "QuerySet[OrderCopy, Any]":
    return OrderCopy.objects.filter(merchant=merchant, mode=mode, status="paid", gone_at=None)


def _of_copy(columns: Sequence[Any], lines: tuple[tuple[uuid.UUID, int], ...]) -> Waiting:
    id, number, customer_id, summary, paid_at, created_at, fulfillment_status = columns
    return Waiting(id, number, customer_id, summary, paid_at or created_at, fulfillment_status, lines)


def count(merchant: Merchant, mode: str) -> int:
    """How many orders wait and are not on hold, as the index had it some seconds ago; 0 until it has all of them."""
    key = f"to-fulfill-count:{merchant.pk}:{mode}"
    found: Any = caches["process"].get_or_set(key, lambda: _count(merchant, mode), COUNTED_AGAIN_SECONDS)
    return int(found)


def _count(merchant: Merchant, mode: str) -> int:
    if freshness.as_of(merchant, mode) is None:
        return 0
    with_units, without_lines, on_hold = next(iter(_counts(merchant.pk, mode, holds.today(merchant))))
    if on_hold > MOST:  # then more may wait than were counted
        return to_ship(merchant, mode).exclude(holds.held(merchant, mode))[:MOST].count()
    return min(MOST, int(with_units + without_lines - on_hold))


@kept(BigIntegerField(), CharField(), DateField())
def _counts(merchant_id: Given, mode: Given, day: Given) -> "QuerySet[Any, Any]":
    """Those with units left, those whose lines nobody knows, and those of both that are on hold.

    Apart, for of all at once a database would look at the rows themselves, and not at their index alone.
    """
    wait, held = to_ship(merchant_id, mode), holds.standing_on(merchant_id, mode, day).select_related(None)
    of_these = Exists(wait.filter(order_id=OuterRef("order_id")))
    several = (wait.filter(units_left__gt=0), wait.filter(units_left__lte=0), held.filter(of_these))
    return counting.rows_of(merchant_id, 2 * MOST, several)


def to_ship(merchant: Merchant | Given, mode: str | Given) -> "QuerySet[OrderCopy, Any]":
    """The copies of paid orders of which something is left here, as far as that is known."""
    some = Q(units_left__gt=0) | Q(has_lines=False)
    return _paid(merchant, mode).filter(some, fulfillment_status__in=OPEN)
