"""The day's work: what was shipped from here by carrier and person, and at which pace.

A pace is one's own or the team's: nobody is held against anybody else.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum

from orders import carriers
from orders.models import Merchant, Shipment, User
from orders.services.fulfillment.to_fulfill import Left
from orders.tables import Column, Kind, Table, Value

AT_ONCE = 500  # parcels that are read for a file, and that a page lists
COUNTED: dict[str, Any] = {
    "orders": Count("order_id", distinct=True),
    "parcels": Count("pk", distinct=True),
    "units": Sum("items__quantity"),
}


@dataclass(frozen=True)
class Day:
    """A day of the merchant's, of 23 to 25 hours."""

    merchant: Merchant
    mode: str
    date: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.date, time.min, self.merchant.zone)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.date + timedelta(days=1), time.min, self.merchant.zone)

    @property
    def cutoff(self) -> datetime:
        """Until when an order has to be paid to leave on this day."""
        return datetime.combine(self.date, self.merchant.cutoff, self.merchant.zone)


@dataclass(frozen=True)
class Shipped:
    """What was shipped of one carrier by one person, or of all by all."""

    carrier: str
    person: str
    orders: int
    parcels: int
    units: int


@dataclass(frozen=True)
class Pace:
    """Orders, over the hours of the clock in which something was shipped."""

    orders: int
    hours: int

    @property
    def per_hour(self) -> float:
        return round(self.orders / self.hours, 1) if self.hours else 0.0


@dataclass(frozen=True)
class Waits:
    """Orders that were paid by some moment and have not left, and how many more of those are on hold."""

    orders: int
    units: int
    held: int


def parcels(day: Day) -> "QuerySet[Shipment, Any]":
    """What was shipped on the day and counts, the first parcel first."""
    here = Shipment.objects.filter(merchant=day.merchant, mode=day.mode, kind=Shipment.Kind.PARCEL)
    found = here.filter(state__in=Shipment.COUNTED, created_at__gte=day.start, created_at__lt=day.end)
    return found.select_related("fulfillment__user").prefetch_related("items", "tracking").order_by("created_at", "pk")


def by_carrier(day: Day) -> list[Shipped]:
    """One row for each carrier and person, by their names."""
    groups = parcels(day).order_by().values("carrier", "fulfillment__user")
    rows: list[Any] = list(groups.annotate(**COUNTED))
    people = {user.pk: str(user) for user in User.objects.filter(pk__in={row["fulfillment__user"] for row in rows})}
    names = [(carriers.name_of(row["carrier"]) or "No carrier", people[row["fulfillment__user"]]) for row in rows]
    sums = [_sum(row, *of_row) for row, of_row in zip(rows, names, strict=True)]
    return sorted(sums, key=lambda one: (one.carrier.casefold(), one.person.casefold()))


def in_all(day: Day) -> Shipped:
    """An order in parcels of two carriers counts once."""
    return _sum(parcels(day).order_by().aggregate(**COUNTED), "", "")


def paces(day: Day, person: User) -> tuple[Pace, Pace]:
    """The person's own, and that of the whole team."""
    rows = list(parcels(day).values_list("fulfillment__user", "order_id", "created_at"))
    return _pace(day, (row for row in rows if row[0] == person.pk)), _pace(day, rows)


def waits(rows: Iterable[Left], since: datetime) -> Waits:
    """What was paid before this moment and still waits."""
    late = [row for row in rows if row.units_left and row.order.since < since]
    free = [row for row in late if row.handled.hold is None]
    return Waits(len(free), sum(row.units_left for row in free), len(late) - len(free))


COLUMNS = [
    Column("Time", Kind.MOMENT),
    *map(Column, ("Carrier", "Shipped by", "Order", "Order id", "Shipment", "Tracking numbers")),
    *(Column(name, Kind.NUMBER) for name in ("Lines", "Units")),
]


def table(day: Day) -> Table:
    words = f"shipped on {day.date:%Y-%m-%d}"
    return Table("Manifest", COLUMNS, _rows(day), lambda most: parcels(day).order_by()[:most].count(), filter=words)


def _rows(day: Day) -> Iterator[list[Value]]:
    for shipment in parcels(day).iterator(chunk_size=AT_ONCE):
        items = shipment.items.all()
        yield [
            shipment.created_at,
            *(shipment.carrier_name, str(shipment.fulfillment.user), shipment.order_number, str(shipment.order_id)),
            *(str(shipment.number), " ".join(row.number for row in shipment.tracking.all())),
            *(len(items), sum(item.quantity for item in items)),
        ]


def _sum(row: dict[str, Any], carrier: str, person: str) -> Shipped:
    return Shipped(carrier, person, row["orders"], row["parcels"], row["units"] or 0)


def _pace(day: Day, rows: Iterable[tuple[int, uuid.UUID, datetime]]) -> Pace:
    every = list(rows)
    hours = {at.astimezone(day.merchant.zone).replace(minute=0, second=0, microsecond=0) for _, _, at in every}
    return Pace(len({order_id for _, order_id, _ in every}), len(hours))
