"""What is owed: orders of which something is due, by how many days ago they were placed, in the merchant's time zone.

RevKeen's invoices of orders carry no due date that its lists would tell, so an order is as old as it is.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum, UUIDField, Value
from django.db.models.functions import Coalesce

from orders.models import OrderCopy
from orders.money import Money
from orders.services.finance.sums import CURRENCY, STILL_DUE
from orders.services.index import keys, order_filters, order_list
from orders.services.index.order_filters import OPEN, Filter, Place

OLDEST_FIRST = "placed"
MOST_CUSTOMERS = 200  # that a page shows
GUEST = uuid.UUID(int=0)
DAYS: dict[str, tuple[int, int | None]] = {"0-7": (0, 7), "8-30": (8, 30), "31-60": (31, 60), "over_60": (61, None)}
AGES = {
    "0-7": "0–7 days",
    "8-30": "8–30 days",
    "31-60": "31–60 days",
    "over_60": "Over 60 days",
    "expired": "Expired",
}


@dataclass(frozen=True)
class Owed:
    count: int
    amount: Money


@dataclass(frozen=True)
class Line:
    """One currency: what is due of each age in the order of `AGES`, and all of it but what has expired."""

    currency: str
    by_age: list[Owed]
    total: Owed


@dataclass(frozen=True)
class Debtor:
    """A customer, and what they owe in one currency; `None` for guests, who are many."""

    customer_id: uuid.UUID | None
    owed: Owed
    oldest: datetime


def aged(place: Place, asked: Q) -> list[Line]:
    """One line a currency, of the orders that are asked for."""
    sums = {f"due_{age}": Sum("still_due", filter=of_age(place, age), default=0) for age in AGES}
    counts = {f"count_{age}": Count("pk", filter=of_age(place, age)) for age in AGES}
    rows = _of(place, asked).order_by().values(code=CURRENCY).annotate(**sums, **counts)
    return [_line(row["code"], row) for row in sorted(rows, key=itemgetter("code"))]


def debtors(place: Place, asked: Q, most: int = MOST_CUSTOMERS) -> list[Debtor]:
    """Who owes, those first who have owed for longest; at most so many lines."""
    # By the bare column SQLite would walk through all orders of all customers, for they stand in its order there.
    customer = Coalesce("customer_id", Value(GUEST, UUIDField()))
    rows = _of(place, asked).order_by().values_list(customer, CURRENCY)
    sums = rows.annotate(Count("pk"), Sum("still_due"), oldest=Min("created_at")).order_by("oldest")[:most]
    return [
        Debtor(None if customer_id == GUEST else customer_id, Owed(count, Money(int(minor), currency)), oldest)
        for customer_id, currency, count, minor, oldest in sums
    ]


def orders(place: Place, asked: Q, after: uuid.UUID | None, before: uuid.UUID | None) -> order_list.Page:
    """The orders of which something is due, the oldest first; what follows on one, or leads up to one."""
    return order_list.page(place, keys.bounded(STILL_DUE & asked), OLDEST_FIRST, after, before)


def of_age(place: Place, age: str) -> Q:
    """Orders of an age, by the merchant's days; what has expired is of none but its own."""
    over = Q(status__in=OPEN, expires_at__isnull=False, expires_at__lte=place.now)
    if age == "expired":
        return over
    youngest, oldest = DAYS[age]
    found = ~over & Q(created_at__lt=_midnight(place, youngest - 1))
    return found if oldest is None else found & Q(created_at__gte=_midnight(place, oldest))


def expired(place: Place, copy: OrderCopy) -> bool:
    """The same of one order as `of_age` asks of all."""
    return copy.status in OPEN and copy.expires_at is not None and copy.expires_at <= place.now


def age_of(place: Place, copy: OrderCopy) -> str:
    """The one of `AGES` that the order is of; "" for one that was placed after today."""
    if expired(place, copy):
        return "expired"
    zone = place.merchant.zone
    days = (place.now.astimezone(zone).date() - copy.created_at.astimezone(zone).date()).days
    fitting = (
        age for age, (youngest, oldest) in DAYS.items() if days >= youngest and (oldest is None or days <= oldest)
    )
    return next(fitting, "")


def _of(place: Place, asked: Q) -> "QuerySet[OrderCopy, Any]":
    return OrderCopy.objects.filter(STILL_DUE, asked, merchant=place.merchant, mode=place.mode)


def _midnight(place: Place, days_ago: int) -> datetime:
    """Where the day began that was so many days ago."""
    today: date = place.now.astimezone(place.merchant.zone).date()
    return datetime.combine(today - timedelta(days=days_ago), time.min, place.merchant.zone)


def _line(currency: str, row: Any) -> Line:
    by_age = {age: Owed(row[f"count_{age}"], Money(int(row[f"due_{age}"]), currency)) for age in AGES}
    open_ones = [owed for age, owed in by_age.items() if age != "expired"]
    total = Owed(sum(owed.count for owed in open_ones), Money(sum(owed.amount.minor for owed in open_ones), currency))
    return Line(currency, list(by_age.values()), total)


FILTERS = {
    "age": Filter("Age", of_age, AGES, once=True),
    "currency": Filter("Currency", order_filters.currency, hint="EUR", once=True),
    "customer": Filter("Customer", order_filters.customer, hint="Customer id", once=True),
    "placed": Filter("Placed", order_filters.days("created_at"), once=True),
}
