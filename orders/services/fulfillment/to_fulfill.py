"""The orders that are paid and not wholly shipped, with what is left of them: high priority first, then the oldest.

The index has all of them (waiting_orders.py). Until it has, and while it is not kept fresh, RevKeen is asked: it lists
newest first and has no filter for fulfillment, so its newest paid orders are read, up to a bound, and what was found is
kept for half a minute. What is left is always counted anew from our own shipments.
"""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.cache import caches
from django.db.models import QuerySet, Sum
from django.utils import timezone

from orders import states
from orders.among import among
from orders.apis.errors import ApiError
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Order
from orders.models import Merchant, OrderLock, Shipment, ShipmentItem, User
from orders.services.fulfillment import at_hand, waiting_orders
from orders.services.fulfillment.unreported import Unreported
from orders.services.fulfillment.waiting_orders import Search, Waiting
from orders.services.handling import handled
from orders.services.handling.handled import NOTHING, Handled
from orders.services.index import freshness
from orders.services.revkeen import last_known
from orders.services.revkeen.session import Reading, Session

log = structlog.get_logger("orders.to_fulfill")

PAGES = 10  # of a hundred paid orders each: how far is read
KEPT_SECONDS = 30
FRESH = timedelta(minutes=15)  # an index that is older is not asked as long as RevKeen answers
SHAPE = 2  # of what is kept: what another version of this program kept is not taken for ours


@dataclass(frozen=True)
class Left:
    """What is left of an order, in lines and units; `lines` and `units` of it in all."""

    order: Waiting
    lines_left: int
    units_left: int
    lines: int
    units: int
    held: bool  # another change has the order now
    refused: bool  # RevKeen did not take a shipment of lines that have units left
    handled: Handled = NOTHING  # what staff said of it

    @property
    def place(self) -> tuple[int, datetime]:
        """Where it stands in the list."""
        return -self.handled.priority, self.order.since

    @property
    def part_gone(self) -> bool:
        return self.units_left < self.units or self.order.fulfillment_status == "partial"

    @property
    def at_most(self) -> bool:
        """Some left without us: RevKeen never tells which lines."""
        return self.order.fulfillment_status == "partial" and self.units_left == self.units


def search(api: Session, *, anew: bool = False) -> Reading[Search]:
    """What the index has; else what RevKeen had at most half a minute ago, or has now.

    Where RevKeen fails, the error beside what there is.
    """
    as_of = freshness.as_of(api.merchant, api.mode)
    if as_of is not None and timezone.now() - as_of <= FRESH and not freshness.halted(api.merchant, api.mode):
        return Reading(as_of, waiting_orders.of_index(api.merchant, api.mode))
    kept = None if anew else _kept(api)
    if kept is not None:
        return kept
    found = _search(api)
    if found.error is None:
        _keep(api, found)
    if found.value is None and as_of is not None:
        return Reading(as_of, waiting_orders.of_index(api.merchant, api.mode), found.error)
    return found


@dataclass(frozen=True)
class Following:
    """The next order to fulfill, or None; `from_top`: none came later in the list, and this is its first."""

    order: Waiting | None
    from_top: bool
    search: Search


def free_for(merchant: Merchant, mode: str, user: User, rows: Iterable[Left]) -> list[Left]:
    """Those that this person can take now: neither locked, nor on hold, nor another's, nor at hand at the station."""
    taken = at_hand.all_ids(merchant, mode)
    return [
        row
        for row in rows
        if not row.held
        and row.handled.hold is None
        and row.handled.assigned_to in (None, user)
        and row.order.id not in taken
    ]


def next_after(api: Session, user: User, order_id: uuid.UUID) -> Following:
    """Of those that this person can take, the first after this one in the list, else the first. Raise `ApiError`."""
    found = search(api).require()
    rows, _ = left(api, found)
    free = [row for row in free_for(api.merchant, api.mode, user, rows) if row.order.id != order_id]
    since = _since(api, found, order_id)
    priority = handled.of_order(api.merchant, api.mode, order_id).priority
    later = next((row for row in free if since is not None and row.place > (-priority, since)), None)
    following = later or next(iter(free), None)
    return Following(following.order if following else None, later is None, found)


def _since(api: Session, found: Search, order_id: uuid.UUID) -> datetime | None:
    """Since when the order waits, or has waited: it may be shipped by now, and then the list is without it."""
    for order in found.waiting:
        if order.id == order_id:
            return order.since
    gone = api.get(reads.order(order_id)).value
    return _waiting(gone).since if gone else None


def left(api: Session, found: Search, not_told: Iterable[Unreported] = ()) -> tuple[list[Left], int]:
    """What can be sent off, and how many orders more have nothing left here that RevKeen still calls unfulfilled.

    Those that RevKeen was not notified about are listed by themselves.
    """
    ids = [order.id for order in found.waiting]
    held, refused, units_gone = _held(api), _refused(api, found), gone(api, ids)
    said = handled.of_orders(api.merchant, api.mode, ids)
    rows = [_left(order, units_gone, refused, order.id in held, said) for order in found.waiting]
    counted = sorted(rows, key=lambda row: row.place)
    some = [row for row in counted if row.units_left or not row.lines]
    listed = {row.order.id for row in some} | {unreported.shipment.order_id for unreported in not_told}
    return some, sum(row.order.id not in listed for row in counted)


def _left(
    order: Waiting, gone: Counter[uuid.UUID], refused: set[uuid.UUID], held: bool, said: dict[uuid.UUID, Handled]
) -> Left:
    units = [max(0, quantity - gone[line_id]) for line_id, quantity in order.lines]
    with_units = {line_id for (line_id, _), count in zip(order.lines, units, strict=True) if count}
    return Left(
        order=order,
        lines_left=sum(count > 0 for count in units),
        units_left=sum(units),
        lines=len(order.lines),
        units=sum(quantity for _, quantity in order.lines),
        held=held,
        refused=bool(with_units & refused),
        handled=said.get(order.id, NOTHING),
    )


def gone(api: Session, order_ids: list[uuid.UUID]) -> Counter[uuid.UUID]:
    """Line item id → units that left or were given up (`shipped_units.taken`, of all these orders in one query)."""
    items = _items(api, order_ids).filter(shipment__state__in=Shipment.COUNTED)
    return Counter(dict(items.values_list("line_item_id").annotate(Sum("quantity"))))


def _refused(api: Session, found: Search) -> set[uuid.UUID]:
    """The lines of shipments that RevKeen did not take (`conditions.not_taken`, of all these orders)."""
    items = _items(api, [order.id for order in found.waiting]).filter(shipment__state=Shipment.State.REFUSED)
    return set(items.values_list("line_item_id", flat=True))


def _items(api: Session, order_ids: list[uuid.UUID]) -> "QuerySet[ShipmentItem, Any]":
    here = ShipmentItem.objects.filter(shipment__merchant=api.merchant, shipment__mode=api.mode)
    return here.filter(among("shipment__order_id", order_ids))


def _held(api: Session) -> set[uuid.UUID]:
    locks = OrderLock.objects.filter(merchant=api.merchant, mode=api.mode)
    return set(locks.values_list("order_id", flat=True))


def _search(api: Session) -> Reading[Search]:
    """As of its oldest answer. A page that cannot be read ends the search; what came before it stands."""
    rows: list[Order] = []
    looked_at, unreadable, whole, last, as_of = 0, 0, False, None, timezone.now()
    error: ApiError | None = None
    for _ in range(PAGES):
        reading = api.get(reads.orders(status="paid", starting_after=last, limit=reads.LARGEST_PAGE))
        error, page = error or reading.error, reading.value
        if page is None:
            break
        as_of = min(as_of, reading.as_of)
        rows += page.rows
        looked_at, unreadable = looked_at + len(page.rows), unreadable + len(page.unreadable)
        whole = not page.has_more or not page.rows
        if whole:
            break
        last = page.rows[-1].id
    if error is not None and not looked_at:
        return Reading(as_of, error=error)
    waiting = _oldest_first(order for order in rows if states.ready_to_ship(order))
    unclear = _oldest_first(order for order in rows if not states.known_fulfillment(order))
    return Reading(as_of, Search(waiting, unclear, looked_at, unreadable, whole), error)


def _oldest_first(orders: Iterable[Order]) -> list[Waiting]:
    return sorted(map(_waiting, orders), key=lambda order: order.since)


def _waiting(order: Order) -> Waiting:
    return Waiting(
        id=order.id,
        number=order.public_id,
        customer_id=order.customer_id,
        summary=order.summary,
        since=order.paid_at or order.created_at,
        fulfillment_status=order.fulfillment_status,
        lines=tuple((line.id, line.quantity) for line in order.lines),
    )


def _kept(api: Session) -> Reading[Search] | None:
    if api.connection is None:
        return None
    try:
        found = caches[last_known.CACHE].get(_key(api))
    except Exception:  # a cache that is not there, or what another version of this program kept
        log.exception("a search could not be looked for")
        return None
    return found if isinstance(found, Reading) else None


def _keep(api: Session, found: Reading[Search]) -> None:
    try:
        caches[last_known.CACHE].set(_key(api), found, KEPT_SECONDS)
    except Exception:
        log.exception("a search could not be kept")


def _key(api: Session) -> str:
    """What one key read is never shown for another."""
    assert api.connection is not None  # noqa: S101  (without one nothing can have been found)
    return f"to-fulfill:{SHAPE}:{api.connection.pk}"
