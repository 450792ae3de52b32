"""The list of orders out of the index, where RevKeen cannot answer: any filter, any order, and how many there are."""

import uuid
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from orders.models import OrderCopy
from orders.services.index import keyset
from orders.services.index.order_filters import Place

PAGE_SIZE = 50
COUNTED = 10_000  # more are "10,000+"
FEW = 1000  # orders that are looked up by themselves before they are sorted
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
    """The rows from the first to the last, and whether there are any ahead of them, and more after them."""

    rows: list[OrderCopy]
    ahead: bool
    more: bool


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
class Few:
    """All orders that some conditions ask for, where these are few: the status of each by its key."""

    statuses: Mapping[int, str]

    def of(self, status: str) -> "Few":
        """Those with this status; "" for all of them."""
        return Few({key: one for key, one in self.statuses.items() if status in ("", one)})

    @property
    def counts(self) -> Counts:
        of_each = Counter(self.statuses.values())
        return Counts({**of_each, "": len(self.statuses)})


def few(place: Place, asked: Q) -> Few | None:
    """Those asked for, looked up once for the page and its counts; None where they are many, or not narrowed down."""
    if not asked:
        return None
    found = list(of(place).filter(asked).values_list("pk", "status")[: FEW + 1])
    return Few(dict(found)) if len(found) <= FEW else None


def page(
    place: Place,
    asked: Q,
    sort: str = NEWEST_FIRST,
    after: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
    some: Few | None = None,
    *,
    many: bool = False,
) -> Page:
    """The rows that follow on the order `after`, or lead up to `before`; the first ones without such an order.

    `some`: those that are asked for, where they have been looked up already; `many`: they were too many for that.
    """
    keys = _keys(sort)
    backwards = before is not None
    if backwards:
        keys = [keyset.turned(key) for key in keys]
    start = _position(place, keys, before or after)
    some = some or (None if many else few(place, asked))
    if some:
        sorted_few = of(place).filter(keyset.beyond(keys, start), pk__in=list(some.statuses)).order_by(*keys)
        found = list(sorted_few.values_list("pk", flat=True)[: size + 1])
    else:
        found = _first(place, asked, keys, start, size + 1)
    more, found = len(found) > size, found[:size]
    copies = OrderCopy.objects.defer("text").prefetch_related("lines").in_bulk(found)
    rows = [copies[key] for key in found if key in copies]
    if backwards and start is not None:
        return Page(rows[::-1], more, True)
    return Page(rows, start is not None, more)


def keys(place: Place, asked: Q, sort: str, most: int) -> "array[int]":
    """The keys of all orders asked for, in their order, but no more than `most`: one query, so one moment's."""
    found = of(place).filter(asked).order_by(*_keys(sort)).values_list("pk", flat=True)
    return array("q", found[:most])


def _first(place: Place, asked: Q, keys: list[str], start: list[Any] | None, limit: int) -> list[int]:
    """The keys of the first rows after a position, of many."""
    here = OrderCopy.objects.filter(merchant=place.merchant, mode=place.mode)
    column = keys[0].lstrip("-")
    if column not in GROUPED:
        return _nearest(here.filter(keyset.beyond(keys, start)), keys, asked, limit)
    found: list[int] = []
    for value in _groups(here, keys[0], start):
        of_group = here.filter(**{column: value})
        if start is not None and value == start[0]:
            of_group = of_group.filter(keyset.beyond(keys[1:], start[1:]))
        found += _of_group(of_group, keys[1:], asked, limit - len(found))
        if len(found) == limit:
            break
    return found


def _of_group(rows: "QuerySet[OrderCopy, Any]", keys: list[str], asked: Q, limit: int) -> list[int]:
    """Those of a group are by their own keys alone, and may be few or none."""
    if asked:
        some = list(rows.filter(asked, gone_at=None).values_list("pk", flat=True)[: FEW + 1])
        if len(some) <= FEW:
            return sorted(some, reverse=keys == ["-id"])[:limit]
    return _nearest(rows, keys, asked, limit)


def _groups(here: "QuerySet[OrderCopy, Any]", key: str, start: list[Any] | None) -> Iterator[Any]:
    """The values of a column that has few, in the order of the list, from one to the next by its index."""
    name, further = key.lstrip("-"), "lt" if key.startswith("-") else "gt"
    values = here.order_by(key).values_list(name, flat=True)
    value = values[:1].first() if start is None else start[0]
    while value is not None:
        yield value
        value = values.filter(**{f"{name}__{further}": value})[:1].first()


def _nearest(rows: "QuerySet[OrderCopy, Any]", keys: list[str], asked: Q, limit: int) -> list[int]:
    """The keys of the first of these rows that are asked for, of many: some of them are near.

    Databases take what is asked for to lie evenly in any order; where it does not, they would sort nearly all.
    """
    there = rows.filter(asked, gone_at=None).order_by(*keys).values_list("pk", flat=True)
    for count in NEAR if asked else ():
        found = list(there.filter(pk__in=rows.order_by(*keys).values("pk")[:count])[:limit])
        if len(found) == limit:
            return found
    return list(there[:limit])


def of(place: Place) -> "QuerySet[OrderCopy, Any]":
    """The copies of a merchant and mode but for those that RevKeen has no more."""
    return OrderCopy.objects.filter(merchant=place.merchant, mode=place.mode, gone_at=None)


def count(place: Place, asked: Q) -> Counts:
    """How many orders each status has among those asked for, in one query, which an index answers where it is all."""
    rows = of(place).filter(asked).order_by()
    if not asked:
        of_each = dict(rows.values_list("status").annotate(count=Count("*")))
    else:
        of_each = Counter(rows.values_list("status", flat=True)[: COUNTED + 1])
    total = sum(of_each.values())
    return Counts({**of_each, "": total}, exact=not asked or total <= COUNTED)


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
