"""The list of orders out of the index, where RevKeen cannot answer: any filter, any order, and how many there are."""

import uuid
from array import array
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from orders.models import OrderCopy
from orders.services.index import keyset
from orders.services.index.order_filters import Place
from orders.states import STATUSES

PAGE_SIZE = 50
COUNTED = 10_000  # more are "10,000+"
FEW = 1000  # orders that are looked up by themselves before they are sorted

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


def page(
    place: Place,
    asked: Q,
    sort: str = NEWEST_FIRST,
    after: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """The rows that follow on the order `after`, or lead up to `before`; the first ones without such an order."""
    keys = _keys(sort)
    backwards = before is not None
    if backwards:
        keys = [keyset.turned(key) for key in keys]
    start = _position(place, keys, before or after)
    asked = asked if sort == NEWEST_FIRST else _few(place, asked)
    found = of(place).filter(asked, keyset.beyond(keys, start)).order_by(*keys)
    wanted = found.defer("text").prefetch_related("lines")
    rows = list(wanted[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards and start is not None:
        return Page(rows[::-1], more, True)
    return Page(rows, start is not None, more)


def keys(place: Place, asked: Q, sort: str, most: int) -> "array[int]":
    """The keys of all orders asked for, in their order, but no more than `most`: one query, so one moment's."""
    found = of(place).filter(asked).order_by(*_keys(sort)).values_list("pk", flat=True)
    return array("q", found[:most])


def of(place: Place) -> "QuerySet[OrderCopy, Any]":
    """The copies of a merchant and mode but for those that RevKeen has no more."""
    return OrderCopy.objects.filter(merchant=place.merchant, mode=place.mode, gone_at=None)


def count(place: Place, asked: Q) -> Counts:
    """How many orders each status has among those asked for, in one query, which an index answers where it is all."""
    if not asked:
        of_each = of(place).order_by().values_list("status").annotate(count=Count("*"))
        by_status = dict(of_each)
        return Counts({**by_status, "": sum(by_status.values())})
    looked_at = of(place).filter(asked).values("status")[: COUNTED + 1]
    of_status = {name: Count("status", filter=Q(status=name)) for name in STATUSES}
    found = looked_at.aggregate(all_of_them=Count("*"), **of_status)
    total = found.pop("all_of_them")
    return Counts({"": total, **found}, exact=total <= COUNTED)


def _few(place: Place, asked: Q) -> Q:
    """The same question. Few orders are found first and then sorted: in the order of the list, all would be walked
    through for them.
    """
    if not asked:
        return asked
    found = list(of(place).filter(asked).values_list("pk", flat=True)[: FEW + 1])
    return Q(pk__in=found) if len(found) <= FEW else asked


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
