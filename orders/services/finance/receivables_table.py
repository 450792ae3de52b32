"""Receivables as a table: a row for each order, the oldest first, or one for each customer and currency."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from orders.models import OrderCopy
from orders.money import Money
from orders.services.finance import receivables
from orders.services.finance.listed import IMPORTING, MOST, READ_AT_ONCE, Listed
from orders.services.finance.receivables import AGES, OLDEST_FIRST, Debtor
from orders.services.finance.sums import STILL_DUE
from orders.services.index import clock, order_list
from orders.services.index.order_filters import Place
from orders.services.revkeen import customer_names
from orders.tables import Column, Kind, NotReady, Table, Value

BY_ORDER = [
    *map(Column, ("Order", "Order id", "Customer", "Customer id")),
    Column("Due", Kind.MONEY),
    Column("Placed", Kind.MOMENT),
    Column("Age"),
]
BY_CUSTOMER = [
    *map(Column, ("Customer", "Customer id")),
    Column("Orders", Kind.NUMBER),
    Column("Due", Kind.MONEY),
    Column("Oldest", Kind.MOMENT),
]


def by_order(place: Place, asked: Q, filter_words: str) -> Table:
    """Raise `NotReady` until all orders were imported."""
    as_of, taken = _as_of(place), clock.now()
    keys = order_list.keys(place, STILL_DUE & asked, OLDEST_FIRST, MOST)
    listed = Listed(OrderCopy.objects.defer("text", "metadata", "notes"), keys, taken)
    rows = _orders(place, listed)
    return Table("Receivables", BY_ORDER, rows, listed.count, filter=filter_words, as_of=as_of, notes=listed.notes)


def by_customer(place: Place, asked: Q, filter_words: str) -> Table:
    """All of them, of whom the page shows the first. Raise `NotReady` until all orders were imported."""
    as_of = _as_of(place)
    found = receivables.debtors(place, asked, MOST)
    title = "Receivables by customer"
    rows = _customers(place, found)
    return Table(title, BY_CUSTOMER, rows, lambda most: min(len(found), most), filter=filter_words, as_of=as_of)


def _as_of(place: Place) -> datetime:
    if place.as_of is None:
        raise NotReady(IMPORTING.format(what="orders"))
    return place.as_of


def _orders(place: Place, listed: Listed) -> Iterator[list[Value]]:
    for copies in listed.parts():
        names = customer_names.of_files(place.merchant, place.mode, (copy.customer_id for copy in copies))
        for copy in copies:
            name = names.get(copy.customer_id, "") if copy.customer_id else ""
            about = [copy.public_id, str(copy.order_id), name, str(copy.customer_id or "")]
            age = AGES.get(receivables.age_of(place, copy), "")
            yield [*about, Money(copy.still_due, copy.currency), copy.created_at, age]


def _customers(place: Place, found: list[Debtor]) -> Iterator[list[Value]]:
    for start in range(0, len(found), READ_AT_ONCE):
        part = found[start : start + READ_AT_ONCE]
        names = customer_names.of_files(place.merchant, place.mode, (one.customer_id for one in part))
        for one in part:
            name = names.get(one.customer_id, "") if one.customer_id else "Guests"
            yield [name, str(one.customer_id or ""), one.owed.count, one.owed.amount, one.oldest]
