"""Lists of the money that moved, and of the money that was to move, with what each comes to by currency."""

import uuid
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Sum, When

from orders.models import MoneyCopy, RefundCopy, TransactionCopy
from orders.money import Money
from orders.services.index import keyset
from orders.services.index.order_filters import Place

Flow = TransactionCopy.Flow
PAGE_SIZE = 50
SORTS: dict[str, tuple[str, ...]] = {"moved": ("moved_at",), "amount": ("currency", "amount")}
NEWEST_FIRST = "-moved"


@dataclass(frozen=True)
class Source:
    """Where the rows of a list come from."""

    label: str
    model: type[MoneyCopy]
    which: Q
    signed: bool = False  # what was given back counts below zero
    unreadable: bool = False  # it may have rows that could not be read, and these are in no total

    @property
    def key(self) -> str:
        return "transaction_id" if self.model is TransactionCopy else "refund_id"


# Of what neither succeeded nor failed somebody has to look: an unknown status is on its way too.
ENDED = ("succeeded", "failed", "canceled")
PAYMENTS = {
    "received": Source("Received", TransactionCopy, Q(flow=Flow.IN)),
    "failed": Source("Declined or failed", TransactionCopy, Q(flow=Flow.FAILED)),
    "pending": Source("Pending", TransactionCopy, Q(flow=Flow.PENDING)),
    "net": Source("Received and given back", TransactionCopy, Q(flow__in=(Flow.IN, Flow.OUT)), signed=True),
    "other": Source("Disputes and others", TransactionCopy, Q(flow=Flow.OTHER), unreadable=True),
}
REFUNDS = {
    "done": Source("Given back", TransactionCopy, Q(flow=Flow.OUT)),
    "open": Source("On their way", RefundCopy, ~Q(status__in=ENDED), unreadable=True),
    "failed": Source("Failed or canceled", RefundCopy, Q(status__in=("failed", "canceled")), unreadable=True),
}


@dataclass(frozen=True)
class Page:
    """The rows from the first to the last, and whether there are any ahead of them, and more after them."""

    rows: list[Any]  # MoneyCopy
    ahead: bool
    more: bool


@dataclass(frozen=True)
class Total:
    count: int
    amount: Money


def of(place: Place, source: Source, asked: Q) -> "QuerySet[Any]":
    """The copies that a list has."""
    return source.model._default_manager.filter(source.which, asked, merchant=place.merchant, mode=place.mode)


def page(
    place: Place,
    source: Source,
    asked: Q,
    sort: str = NEWEST_FIRST,
    after: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
) -> Page:
    """The rows that follow on the one `after`, or lead up to `before`; the first ones without either."""
    keys = _keys(sort)
    backwards = before is not None
    if backwards:
        keys = [keyset.turned(key) for key in keys]
    start = _position(place, source, keys, before or after)
    rows = list(of(place, source, asked).filter(keyset.beyond(keys, start)).order_by(*keys)[: PAGE_SIZE + 1])
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if backwards and start is not None:
        return Page(rows[::-1], more, True)
    return Page(rows, start is not None, more)


def keys(place: Place, source: Source, asked: Q, sort: str, most: int) -> "array[int]":
    """The keys of all rows that the list has, in its order, but no more than `most`: one query, so one moment's."""
    return array("q", of(place, source, asked).order_by(*_keys(sort)).values_list("pk", flat=True)[:most])


def totals(place: Place, source: Source, asked: Q) -> list[Total]:
    """One a currency, of all rows that the list has; those that could not be read are in none."""
    read = Q(unreadable="") if source.unreadable else Q()
    found = of(place, source, asked).filter(read).order_by("currency")
    amount = Case(When(flow=Flow.OUT, then=-F("amount")), default=F("amount"), output_field=BigIntegerField())
    together = Sum(amount if source.signed else "amount")
    sums = found.values_list("currency").annotate(Count("pk"), together=together)
    return [Total(count, Money(int(minor), currency)) for currency, count, minor in sums]


def refund_reasons(place: Place, rows: list[Any]) -> Mapping[uuid.UUID, str]:
    """Why these refunds and voids were made, where the payment has but one refund of the amount."""
    parents = {row.parent_id for row in rows if isinstance(row, TransactionCopy) and row.parent_id}
    if not parents:
        return {}
    asked = RefundCopy.objects.filter(merchant=place.merchant, mode=place.mode, payment_id__in=parents)
    reasons: dict[tuple[uuid.UUID | None, int], set[str]] = {}
    for refund in asked:
        reasons.setdefault((refund.payment_id, refund.amount), set()).add(refund.reason)
    of_rows = {row.transaction_id: reasons.get((row.parent_id, row.amount), set()) for row in rows}
    return {id: next(iter(said)) for id, said in of_rows.items() if len(said) == 1}


def _keys(sort: str) -> list[str]:
    sign, name = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
    return [*(sign + key for key in SORTS[name]), f"{sign}id" if name == "moved" else "-id"]


def _position(place: Place, source: Source, keys: list[str], row_id: uuid.UUID | None) -> list[Any] | None:
    """What that row has of each key; None without one, and for one that was never here."""
    if row_id is None:
        return None
    here = source.model._default_manager.filter(merchant=place.merchant, mode=place.mode, **{source.key: row_id})
    found = here.values_list(*(key.lstrip("-") for key in keys)).first()
    return list(found) if found else None
