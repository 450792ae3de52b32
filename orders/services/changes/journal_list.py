"""The journal as a list: operations, and what happened around them, told in one order.

A page begins after a row and not at a number, so that new rows shift nothing.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import caches
from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.models import DecisionCheck, EventLog, Membership, Merchant, Operation, Shipment, User
from orders.permissions import Right

PAGE_SIZE = 50
REMEMBERED_SECONDS = 2.0
EXPORTED_AT_ONCE = 500
MOST_ORDERS = 10  # of one number, which RevKeen gives once
NEEDS_REVIEW = Operation.State.NEEDS_REVIEW
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = Operation | EventLog


@dataclass(frozen=True)
class Position:
    """The place of a row: its time, and which of the two tables has it. Of equal times the operation is the older."""

    at: datetime
    is_event: bool
    id: Any

    def __str__(self) -> str:
        microseconds = (self.at - EPOCH) // timedelta(microseconds=1)
        return f"{'event' if self.is_event else 'operation'}.{microseconds}.{self.id}"

    @classmethod
    def read(cls, text: str) -> "Position":
        """Raise ValueError."""
        table, microseconds, row_id = text.split(".", 2)
        at = EPOCH + timedelta(microseconds=_number(microseconds, 17))
        if table == "event":
            return cls(at, True, _number(row_id, 18))
        if table != "operation":
            raise ValueError("is not a place in the journal")
        return cls(at, False, uuid.UUID(row_id))


@dataclass(frozen=True)
class Wanted:
    """Which rows: of a merchant and mode, and what the filter says. None and "" mean any."""

    merchant: Merchant
    mode: str
    only_of: int | None = None  # whoever may not see what others did sees their own
    person: int | None = None
    order: str = ""  # number or id
    operation_kinds: tuple[str, ...] | None = None
    event_kinds: tuple[str, ...] | None = None
    state: str = ""
    start: datetime | None = None
    end: datetime | None = None  # not included
    oldest_first: bool = False


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    has_previous: bool
    has_next: bool


def page(wanted: Wanted, after: Position | None, before: Position | None, size: int = PAGE_SIZE) -> Page:
    """The rows that follow on `after`, or those that lead up to `before`, or the first ones."""
    backwards = before is not None
    rows = _rows(wanted, before or after, wanted.oldest_first != backwards, size + 1)
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        return Page(rows[::-1], more, True)
    return Page(rows, after is not None, more)


def all_rows(wanted: Wanted) -> Iterator[Row]:
    """Every row, read piece by piece."""
    last: Position | None = None
    while rows := _rows(wanted, last, wanted.oldest_first, EXPORTED_AT_ONCE):
        yield from rows
        last = position(rows[-1])


def count(wanted: Wanted, most: int) -> int:
    """All rows, but no more than `most`."""
    return min(most, sum(found[:most].count() for found in [_operations(wanted), *_events(wanted)]))


def position(row: Row) -> Position:
    if isinstance(row, EventLog):
        return Position(row.at, True, row.pk)
    return Position(row.created_at, False, row.pk)


def needing_someone(membership: Membership, mode: str) -> int:
    """How many operations wait for a person, of those that this member may see."""
    found = Operation.objects.filter(_in_state(NEEDS_REVIEW), merchant_id=membership.merchant_id, mode=mode)
    return (found if membership.may(Right.JOURNAL_OF_ALL) else found.filter(user_id=membership.user_id)).count()


def lately_needing_someone(membership: Membership, mode: str) -> int:
    """For the navigation of every page, so it is counted anew every few seconds only, by each process."""
    key = f"operations:{membership.pk}:{mode}"
    count: Any = caches["process"].get_or_set(key, lambda: needing_someone(membership, mode), REMEMBERED_SECONDS)
    return int(count)


def people(merchant: Merchant) -> list[User]:
    """Members, and whoever did something here and has left."""
    did = Exists(Operation.objects.filter(merchant=merchant, user=OuterRef("pk")))
    noted = Exists(EventLog.objects.filter(merchant=merchant, user=OuterRef("pk")))
    is_member = Exists(Membership.objects.filter(merchant=merchant, user=OuterRef("pk")))
    return list(User.objects.filter(is_member | did | noted).order_by("name", "email"))


def _rows(wanted: Wanted, beyond: Position | None, ascending: bool, limit: int) -> list[Row]:
    sign = "" if ascending else "-"
    operations = _operations(wanted).filter(_beyond_operation(wanted, beyond, ascending) if beyond else Q())
    found: list[Row] = list(operations.order_by(f"{sign}created_at", f"{sign}id")[:limit])
    for events in _events(wanted):
        there = events.filter(_beyond_event(beyond, ascending) if beyond else Q())
        found += there.order_by(f"{sign}at", f"{sign}id")[:limit]
    return sorted(found, key=_order, reverse=not ascending)[:limit]


def _order(row: Row) -> tuple[datetime, bool, Any]:
    place = position(row)
    return place.at, place.is_event, place.id


def _beyond_operation(wanted: Wanted, place: Position, ascending: bool) -> Q:
    """Operations beyond the place.

    SQLite keeps the times that the database gave with three decimals and compares them as text: an operation's time
    is compared with itself as it stands there, not with what became of it in Python.
    """
    if place.is_event:
        return Q(created_at__gt=place.at) if ascending else Q(created_at__lte=place.at)
    there = Operation.objects.filter(merchant=wanted.merchant, mode=wanted.mode, pk=place.id).values("created_at")
    if ascending:
        return Q(created_at__gte=there) & (Q(created_at__gt=there) | Q(id__gt=place.id))
    return Q(created_at__lte=there) & (Q(created_at__lt=there) | Q(id__lt=place.id))


def _beyond_event(place: Position, ascending: bool) -> Q:
    if ascending:
        return Q(at__gt=place.at) | Q(at=place.at, id__gt=place.id) if place.is_event else Q(at__gte=place.at)
    return Q(at__lt=place.at) | Q(at=place.at, id__lt=place.id) if place.is_event else Q(at__lt=place.at)


def _operations(wanted: Wanted) -> "QuerySet[Operation, Operation]":
    found = Operation.objects.filter(merchant=wanted.merchant, mode=wanted.mode)
    found = found.select_related("user", "decided_by", "decision_check")
    if wanted.operation_kinds is not None:
        found = found.filter(kind__in=wanted.operation_kinds)
    if wanted.state:
        found = found.filter(_in_state(wanted.state))
    if wanted.order:
        found = found.filter(_about(wanted.order))
    return found.filter(_by(wanted), _within(wanted, "created_at"))


def _in_state(state: str) -> Q:
    """A decision that RevKeen contradicts needs somebody as well."""
    if state != NEEDS_REVIEW:
        return Q(state=state)
    return Q(state=state) | Q(pk__in=DecisionCheck.objects.filter(DecisionCheck.CONTRADICTED).values("pk"))


def _events(wanted: Wanted) -> "list[QuerySet[EventLog, EventLog]]":
    """Of the merchant, in this mode or none; and how its members signed in. None has a state, some have an order.

    Two queries, because each of them is read from the index in its order, and the two together are not.
    """
    if wanted.state:
        return []
    members = Membership.objects.filter(merchant=wanted.merchant)
    by_member = Q(user__in=members.values("user_id")) | Q(user=None, who__in=members.values("user__email"))
    found = EventLog.objects.select_related("user").filter(_by(wanted), _within(wanted, "at"))
    if wanted.event_kinds is not None:
        found = found.filter(kind__in=wanted.event_kinds)
    if wanted.order:
        return [found.filter(merchant=wanted.merchant, mode=wanted.mode, order_id__in=_order_ids(wanted))]
    return [
        found.filter(merchant=wanted.merchant, mode__in=("", wanted.mode)),
        found.filter(by_member, merchant=None),
    ]


def _by(wanted: Wanted) -> Q:
    people = [pk for pk in (wanted.only_of, wanted.person) if pk is not None]
    return Q(*(Q(user_id=pk) for pk in people))


def _within(wanted: Wanted, field: str) -> Q:
    bounds = {f"{field}__gte": wanted.start, f"{field}__lt": wanted.end}
    return Q(**{name: bound for name, bound in bounds.items() if bound is not None})


def _about(order: str) -> Q:
    """Operations on the order of this id or number, the one that created it included."""
    try:
        order_id = uuid.UUID(order)
    except ValueError:
        return Q(order_number__iexact=order) | Q(kind=Operation.Kind.CREATE, result__number=order.upper())
    return Q(order_id=order_id) | Q(created_order_id=order_id)


def _order_ids(wanted: Wanted) -> list[uuid.UUID]:
    """The orders of this id or number, as far as something here is about them: an event keeps no number."""
    try:
        return [uuid.UUID(wanted.order)]
    except ValueError:
        named = {"merchant": wanted.merchant, "mode": wanted.mode, "order_number__iexact": wanted.order}
    asked = Operation.objects.filter(**named, order_id__isnull=False).values_list("order_id", flat=True).distinct()
    sent_off = Shipment.objects.filter(**named).values_list("order_id", flat=True).distinct()
    return [order_id for order_id in {*asked[:MOST_ORDERS], *sent_off[:MOST_ORDERS]} if order_id is not None]


def numbers_of(rows: Iterable[Row], merchant: Merchant, mode: str) -> dict[uuid.UUID, str]:
    """The numbers of the orders that events are about, as far as something here says them."""
    ids = {row.order_id for row in rows if isinstance(row, EventLog) and row.order_id is not None}
    if not ids:
        return {}
    named = {"merchant": merchant, "mode": mode, "order_id__in": ids}
    asked = Operation.objects.filter(**named).values_list("order_id", "order_number").distinct()
    sent_off = Shipment.objects.filter(**named).values_list("order_id", "order_number").distinct()
    return {order_id: number for order_id, number in [*asked, *sent_off] if order_id and number}


def _number(text: str, digits: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= digits):
        raise ValueError("is not a number that stands in an address of ours")
    return int(text)
