"""Saying whose orders are, how urgent, and with which tags: of one or of many, each change on record once."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from orders.models import EventLog, Handling, Membership, Merchant, OrderTag, User
from orders.permissions import Right
from orders.services import audit
from orders.services.handling import holds
from orders.services.handling.holds import Why
from orders.storable import storable

MOST_TAGS = 10  # of an order
OFFERED = 200  # tags while one is typed


@dataclass(frozen=True)
class Change:
    """What many orders are told at once; what is None, or empty, stays as it is."""

    hold: Why | None = None
    release: bool = False
    assign: bool = False  # to `to`, or to nobody
    to: User | None = None
    priority: int | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True)
class Orders:
    """Which orders it is said of, and by whom."""

    merchant: Merchant
    mode: str
    ids: tuple[uuid.UUID, ...]
    by: User


class TooManyTags(Exception):
    """An order would have more tags than it may. Nothing was changed."""


def assign(orders: Orders, to: User | None) -> int:
    """Give them to a person, or to nobody: how many that is news for."""
    news = [row for row in _rows(orders) if row.assigned_to_id != (to.pk if to else None)]
    for row in news:
        row.assigned_to = to
        row.save()
        _record(orders, EventLog.Kind.ORDER_ASSIGNED, f"to {to}" if to else "to nobody", row.order_id)
    return len(news)


def prioritize(orders: Orders, priority: int) -> int:
    """Say how soon they are wanted: how many that is news for."""
    news = [row for row in _rows(orders) if row.priority != priority]
    for row in news:
        row.priority = priority
        row.save()
        _record(orders, EventLog.Kind.PRIORITY_SET, Handling.Priority(priority).label, row.order_id)
    return len(news)


def tag(orders: Orders, add: Iterable[str], remove: Iterable[str] = ()) -> int:
    """Put tags on and take tags off: how many orders have others than before. Raise `TooManyTags`."""
    added = {key_of(name): storable(name) for name in add}
    off = {key_of(name) for name in remove} - added.keys()
    before = _tags(orders)
    changed = 0
    for order_id in orders.ids:
        has = before.get(order_id, {})
        news, gone = [key for key in added if key not in has], sorted(off & has.keys())
        if len(has) + len(news) - len(gone) > MOST_TAGS and news:
            raise TooManyTags
        if news or gone:
            _write(orders, order_id, {key: added[key] for key in news}, gone)
            words = [f"+ {added[key]}" for key in news] + [f"− {has[key]}" for key in gone]
            _record(orders, EventLog.Kind.ORDER_TAGGED, ", ".join(words), order_id)
            changed += 1
    return changed


def say(orders: Orders, to: User | None, priority: int, tags: Iterable[str]) -> bool:
    """All that the page of one order says of it: whether anything changed. Raise `TooManyTags`."""
    wanted = {key_of(name) for name in tags}
    with transaction.atomic():
        has = {key: name for tags_of in _tags(orders).values() for key, name in tags_of.items()}
        gone = [name for key, name in has.items() if key not in wanted]
        return any([assign(orders, to), prioritize(orders, priority), tag(orders, tags, gone)])


def change(orders: Orders, asked: Change) -> None:
    """All of it for all of them, or nothing. Raise `TooManyTags`."""
    with transaction.atomic():
        if asked.hold is not None:
            holds.hold(orders.merchant, orders.mode, orders.ids, asked.hold, orders.by)
        if asked.release:
            holds.release(orders.merchant, orders.mode, orders.ids, orders.by)
        if asked.assign:
            assign(orders, asked.to)
        if asked.priority is not None:
            prioritize(orders, asked.priority)
        tag(orders, asked.add, asked.remove)


def known_tags(merchant: Merchant, mode: str) -> list[str]:
    """The tags that orders have, by name."""
    here = OrderTag.objects.filter(merchant=merchant, mode=mode)
    named = here.values("key").annotate(as_written=Max("name")).order_by("key")
    return list(named.values_list("as_written", flat=True)[:OFFERED])


def people(merchant: Merchant) -> list[User]:
    """Who may fulfill, and so may be assigned to."""
    members = Membership.objects.filter(merchant=merchant).select_related("user").order_by("user__name", "pk")
    return [member.user for member in members if member.may(Right.FULFILL)]


def key_of(name: str) -> str:
    return storable(name).casefold()[:30]


def _rows(orders: Orders) -> list[Handling]:
    """One for each order, made where there is none, and held until the caller's transaction ends."""
    here = {"merchant": orders.merchant, "mode": orders.mode}
    made = [Handling(**here, order_id=order_id) for order_id in orders.ids]
    Handling.objects.bulk_create(made, ignore_conflicts=True, batch_size=200)
    rows = Handling.objects.filter(**here, order_id__in=orders.ids)
    return list(rows.select_for_update(of=("self",)).select_related("assigned_to").order_by("order_id"))


def _tags(orders: Orders) -> dict[uuid.UUID, dict[str, str]]:
    found: dict[uuid.UUID, dict[str, str]] = {}
    rows = OrderTag.objects.filter(merchant=orders.merchant, mode=orders.mode, order_id__in=orders.ids)
    for row in rows:
        found.setdefault(row.order_id, {})[row.key] = row.name
    return found


def _write(orders: Orders, order_id: uuid.UUID, news: dict[str, str], gone: Collection[str]) -> None:
    here = {"merchant": orders.merchant, "mode": orders.mode, "order_id": order_id}
    OrderTag.objects.filter(**here, key__in=gone).delete()
    made = [OrderTag(**here, key=key, name=name) for key, name in news.items()]
    OrderTag.objects.bulk_create(made, ignore_conflicts=True)


def _record(orders: Orders, kind: EventLog.Kind, text: str, order_id: uuid.UUID) -> None:
    audit.record(kind, text, user=orders.by, merchant=orders.merchant, mode=orders.mode, order_id=order_id)
