"""The list of orders out of the index, where RevKeen cannot answer: any filter, any order, and how many there are."""

import uuid
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet

from orders.among import among
from orders.models import OrderCopy
from orders.services.index import keyset
from orders.services.index.order_filters import Place

PAGE_SIZE = 50
COUNTED = 10_000  # more are "10,000+"
FEW = 1000  # orders that are looked up by themselves before they are sorted
SORTED = 5_000  # at most, where they are listed by groups: one question is quicker than one for each group
NEAR = (500, 5_000)  # rows in the order of the list among which the first of many are looked for
GROUPED = ("payment_state", "fulfillment_state")  # columns with few values, to be listed one after the other

# Amounts of several currencies are not compared: they stand by currency.
SORTS: dict[str, tuple[str, ...]] = {
    "number": ("public_id",),
    "customer": ("customer_name",),
    "payment": ("payment_state",),
    "fulfillment": ("fulfillment_state",),
    "total": ("currency", "total"),
    "due": ("currency", "still_due"),
    "placed": (),
    "updated": ("updated_at",),
}
NEWEST_FIRST = "-placed"


@dataclass(frozen=True)
class Page:
    """The keys of its copies from the first to the last, and whether there are any ahead of them, and more after."""

    keys: list[int]
    ahead: bool
    more: bool

    @cached_property
    def rows(self) -> list[OrderCopy]:
        copies = OrderCopy.objects.defer("text").in_bulk(self.keys)
        return [copies[key] for key in self.keys if key in copies]


@dataclass(frozen=True)
class Counts:
    """Orders by status, "" for all of them. Where not `exact` the rows were too many, and there may be more of each."""

    by_status: dict[str, int]
    exact: bool = True

    def words(self, status: str) -> str:
        """`1,204`, or `10,000+`."""
        count = self.by_status.get(status, 0)
        return f"{min(count, COUNTED):,}{'' if self.exact and count <= COUNTED else '+'}"


@dataclass(frozen=True)
class Known:
    """The status by its key of each order that some conditions ask for; where not `whole` there are more of them."""

    statuses: Mapping[int, str]
    whole: bool = True

    def of(self, status: str) -> "Known | None":
        """Those with this status, "" for all of them; None where there may be others."""
        if not status:
            return self
        return Known({key: one for key, one in self.statuses.items() if one == status}) if self.whole else None

    @property
    def counts(self) -> Counts:
        of_each = Counter(self.statuses.values())
        return Counts({**of_each, "": len(self.statuses)}, exact=self.whole)


def look_up(place: Place, asked: Q, most: int = COUNTED) -> Known:
    """What the conditions ask for, found once for the page and its counts; one more than `most` is too many."""
    found = list(of(place).filter(asked).order_by().values_list("pk", "status")[: most + 1])
    return Known(dict(found), whole=len(found) <= most)


def page(
    place: Place,
    asked: Q,
    sort: str = NEWEST_FIRST,
    after: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
    known: Known | None = None,
) -> Page:
    """The rows that follow on the order `after`, or lead up to `before`; the first ones without such an order.

    `known`: those that are asked for, where they have been looked up already.
    """
    keys = _keys(sort)
    backwards = before is not None
    if backwards:
        keys = [keyset.turned(key) for key in keys]
    start = _position(place, keys, before or after)
    if known is None and asked:
        known = look_up(place, asked, FEW)
    found = _first(place, _Hits(asked, known), keys, start, size + 1)
    more, found = len(found) > size, found[:size]
    if backwards and start is not None:
        return Page(found[::-1], more, True)
    return Page(found, start is not None, more)


def keys(place: Place, asked: Q, sort: str, most: int) -> "array[int]":
    """The keys of all orders asked for, in their order, but no more than `most`: one query, so one moment's."""
    found = of(place).filter(asked).order_by(*_keys(sort)).values_list("pk", flat=True)
    return array("q", found[:most])


@dataclass(frozen=True)
class _Hits:
    """What is asked for among rows in some order: as a question, and by the keys where all of them are known."""

    asked: Q
    known: Known | None = None

    @property
    def keys(self) -> Mapping[int, str] | None:
        return self.known.statuses if self.known and self.known.whole else None

    def of(self, rows: "QuerySet[OrderCopy, Any]") -> "QuerySet[OrderCopy, Any]":
        return rows.filter(self.asked, gone_at=None) if self.keys is None else rows.filter(among("pk", self.keys))

    def among_first(self, rows: "QuerySet[OrderCopy, Any]", count: int, limit: int) -> list[int] | None:
        """So many of those among the first `count` of these rows; None where these are not enough.

        Of known ones no more is read than the index of their order.
        """
        first = rows.values_list("pk", flat=True)[:count]
        if self.keys is None:
            found = list(self.of(rows).filter(pk__in=first).values_list("pk", flat=True)[:limit])
            return found if len(found) == limit else None
        found = [key for key in first if key in self.keys][:limit]
        return found if len(found) == limit or len(first) < count else None


def _first(place: Place, hits: _Hits, keys: list[str], start: list[Any] | None, limit: int) -> list[int]:
    """The keys of the first rows after a position."""
    here = OrderCopy.objects.filter(merchant=place.merchant, mode=place.mode)
    column = keys[0].lstrip("-")
    beyond = here.filter(keyset.beyond(keys, start), keyset.pinned(hits.asked, column))
    if hits.keys is not None and len(hits.keys) <= (SORTED if column in GROUPED else FEW):
        return list(hits.of(beyond).order_by(*keys).values_list("pk", flat=True)[:limit])
    if column not in GROUPED:
        return _nearest(beyond, keys, hits, limit)
    found: list[int] = []
    for value in _groups(here, keys[0], start):
        of_group = here.filter(**{column: value})
        if start is not None and value == start[0]:
            of_group = of_group.filter(keyset.beyond(keys[1:], start[1:]))
        found += _of_group(of_group, keys[1:], hits, limit - len(found))
        if len(found) == limit:
            break
    return found


def _of_group(rows: "QuerySet[OrderCopy, Any]", keys: list[str], hits: _Hits, limit: int) -> list[int]:
    """Those of a group are by their own keys alone, and may be few or none."""
    if hits.asked and hits.keys is None:
        some = list(hits.of(rows).values_list("pk", flat=True)[: FEW + 1])
        if len(some) <= FEW:
            return sorted(some, reverse=keys == ["-id"])[:limit]
    return _nearest(rows, keys, hits, limit)


def _groups(here: "QuerySet[OrderCopy, Any]", key: str, start: list[Any] | None) -> Iterator[Any]:
    """The values of a column that has few, in the order of the list, from one to the next by its index."""
    name, further = key.lstrip("-"), "lt" if key.startswith("-") else "gt"
    values = here.order_by(key).values_list(name, flat=True)
    value = values[:1].first() if start is None else start[0]
    while value is not None:
        yield value
        value = values.filter(**{f"{name}__{further}": value})[:1].first()


def _nearest(rows: "QuerySet[OrderCopy, Any]", keys: list[str], hits: _Hits, limit: int) -> list[int]:
    """The keys of the first of these rows that are asked for, of many: some of them are near.

    Databases take what is asked for to lie evenly in any order; where it does not, they would sort nearly all.
    """
    in_order = rows.order_by(*keys)
    for count in NEAR if hits.asked else ():
        found = hits.among_first(in_order, count, limit)
        if found is not None:
            return found
    return list(hits.of(in_order).values_list("pk", flat=True)[:limit])


def of(place: Place) -> "QuerySet[OrderCopy, Any]":
    """The copies of a merchant and mode but for those that RevKeen has no more."""
    return OrderCopy.objects.filter(merchant=place.merchant, mode=place.mode, gone_at=None)


def count(place: Place, asked: Q) -> Counts:
    """How many orders each status has among those asked for, in one query, which an index answers where it is all."""
    if asked:
        return look_up(place, asked).counts
    of_each = dict(of(place).order_by().values_list("status").annotate(count=Count("*")))
    return Counts({**of_each, "": sum(of_each.values())})


def _keys(sort: str) -> list[str]:
    """What is sorted by, as Django writes it; of equal ones the newest comes first."""
    sign, name = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
    return [*(sign + key for key in SORTS[name]), f"{sign}id" if name == "placed" else "-id"]


def _position(place: Place, keys: list[str], order_id: uuid.UUID | None) -> list[Any] | None:
    """What that order has of each key, also one that has gone; None without one, and for one that was never here."""
    if order_id is None:
        return None
    names = [key.lstrip("-") for key in keys]
    here = OrderCopy.objects.filter(merchant=place.merchant, mode=place.mode)
    found = here.filter(order_id=order_id).values_list(*names).first()
    return list(found) if found else None
