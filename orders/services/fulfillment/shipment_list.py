"""Every shipment of a merchant and mode as a list, newest first. A page begins after a shipment and not at a number."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from orders import carriers
from orders.models import Merchant, Operation, PartnerUpdate, Shipment, ShipmentItem, TrackingNumber

PAGE_SIZE = 50
EXPORTED_AT_ONCE = 500
FEW = 1000  # shipments that are looked up by what fits before the list is walked through
SHORTEST_BEGINNING = 6  # of a tracking number; a shorter one would fit half of a carrier's
REVKEEN = "revkeen"
MANY = ("", PartnerUpdate.State.SENT)  # states that most partner updates are in: looked for shipment by shipment
OTHER, NONE = "other", "none"  # carriers that are not in the directory, and no carrier


@dataclass(frozen=True)
class Wanted:
    """Which shipments: of a merchant and mode, and what the filter says. None and "" mean any."""

    merchant: Merchant
    mode: str
    carrier: str = ""  # a code of the directory, OTHER or NONE
    tracking: str = ""  # normalized: a whole number, or how one begins
    order: str = ""  # number or id
    state: str = ""
    destination: str = ""  # REVKEEN or one of PartnerUpdate.Destination
    destination_state: str = ""  # of RevKeen's operation, or of the partner update
    product: str = ""  # words of the description, or the product's id
    start: datetime | None = None
    end: datetime | None = None  # not included


@dataclass(frozen=True)
class Page:
    rows: list[Shipment]
    has_newer: bool
    has_older: bool


def page(wanted: Wanted, after: int | None, before: int | None, size: int = PAGE_SIZE) -> Page:
    """The shipments that are older than `after`, or those that lead up to `before`, or the newest ones."""
    if before is not None:
        rows = list(_found(wanted).filter(pk__gt=before).order_by("pk")[: size + 1])
        return Page(rows[:size][::-1], len(rows) > size, True)
    rows = _older(wanted, after, size + 1)
    return Page(rows[:size], after is not None, len(rows) > size)


def all_rows(wanted: Wanted) -> Iterator[Shipment]:
    """Every shipment that is wanted, read piece by piece."""
    last: int | None = None
    while rows := _older(wanted, last, EXPORTED_AT_ONCE):
        yield from rows
        last = rows[-1].pk


def count_items(wanted: Wanted, most: int) -> int:
    """The lines of all shipments that are wanted, but no more than `most`."""
    found = Shipment.objects.filter(_conditions(wanted), merchant=wanted.merchant, mode=wanted.mode)
    return ShipmentItem.objects.filter(shipment__in=found.values("pk"))[:most].count()


def telling_revkeen(merchant: Merchant, mode: str, orders: Collection[uuid.UUID]) -> list[Shipment]:
    """The shipments of these orders that RevKeen is told of lines with, for all orders in one query."""
    if not orders:
        return []
    found = Shipment.objects.filter(merchant=merchant, mode=mode, order_id__in=orders, operation__isnull=False)
    rows = found.select_related("operation")
    return sorted(rows, key=lambda row: row.pk)  # sorted in SQL, all shipments would be walked through for these few


def _older(wanted: Wanted, than: int | None, limit: int) -> list[Shipment]:
    found = _found(wanted) if than is None else _found(wanted).filter(pk__lt=than)
    return list(found.order_by("-pk")[:limit])


def _found(wanted: Wanted) -> "QuerySet[Shipment, Shipment]":
    """With all that a row shows, so that a page costs four queries."""
    found = Shipment.objects.filter(_conditions(wanted), merchant=wanted.merchant, mode=wanted.mode)
    return found.select_related("operation", "fulfillment__user").prefetch_related(
        "items", "tracking", "partner_updates"
    )


def _conditions(wanted: Wanted) -> Q:
    given = [
        _within(wanted),
        Q(state=wanted.state) if wanted.state else Q(),
        _of_order(wanted.order) if wanted.order else Q(),
        _by_carrier(wanted.carrier) if wanted.carrier else Q(),
        _tracked(wanted.tracking) if wanted.tracking else Q(),
        _holding(wanted.product) if wanted.product else Q(),
        _to_destination(wanted) if wanted.destination else Q(),
    ]
    return reduce(and_, given)


def _within(wanted: Wanted) -> Q:
    bounds = {"created_at__gte": wanted.start, "created_at__lt": wanted.end}
    return Q(**{name: bound for name, bound in bounds.items() if bound is not None})


def _of_order(order: str) -> Q:
    """RevKeen's numbers are in upper case; compared as they are, the index is used."""
    try:
        return Q(order_id=uuid.UUID(order))
    except ValueError:
        return Q(order_number__in={order, order.upper()})


def _by_carrier(carrier: str) -> Q:
    if carrier == NONE:
        return Q(carrier="")
    if carrier == OTHER:
        return ~Q(carrier__in=["", *(known.code for known in carriers.CARRIERS)])
    return Q(carrier=carrier)


def _tracked(number: str) -> Q:
    """The whole number, or its beginning where that is long enough to tell."""
    fits = Q(normalized=number)
    if len(number) >= SHORTEST_BEGINNING:
        fits |= _begins(number)
    return _of_few(TrackingNumber.objects.filter(fits).values_list("shipment", flat=True))


def _begins(number: str) -> Q:
    """SQLite does not look up in an index how a text begins; numbers are A-Z and 0-9, and all of them sort before ~."""
    if connection.vendor == "sqlite":
        return Q(normalized__gt=number, normalized__lt=f"{number}~")
    return Q(normalized__startswith=number)


def _holding(product: str) -> Q:
    """With the product of this id, or with a line whose description has all these words."""
    try:
        return _of_few(ShipmentItem.objects.filter(product_id=uuid.UUID(product)).values_list("shipment", flat=True))
    except ValueError:
        words = reduce(and_, (Q(description__icontains=word) for word in product.split()), Q())
        return Q(Exists(ShipmentItem.objects.filter(words, shipment=OuterRef("pk"))))


def _to_destination(wanted: Wanted) -> Q:
    if wanted.destination == REVKEEN:
        found = Operation.objects.filter(merchant=wanted.merchant, mode=wanted.mode, state=wanted.destination_state)
        return Q(operation__in=found.values("pk")) if wanted.destination_state else Q(operation__isnull=False)
    partner_updates = PartnerUpdate.objects.filter(
        merchant=wanted.merchant, mode=wanted.mode, destination=wanted.destination
    )
    if wanted.destination_state in MANY:
        return Q(Exists(partner_updates.filter(_in_state(wanted), shipment=OuterRef("pk"))))
    return _of_few(partner_updates.filter(_in_state(wanted)).values_list("shipment", flat=True))


def _of_few(shipments: "QuerySet[Any, int]") -> Q:
    """Few are looked up by themselves: to find them, PostgreSQL would walk through the whole list, newest first. Of
    many, that walk soon has a page full.
    """
    found = list(shipments[: FEW + 1])
    return Q(pk__in=found if len(found) <= FEW else shipments)


def _in_state(wanted: Wanted) -> Q:
    return Q(state=wanted.destination_state) if wanted.destination_state else Q()
