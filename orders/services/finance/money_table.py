"""A list of payments or refunds as a table, out of the copies, with the rows of all its pages in their order."""

from collections.abc import Iterator

from django.db.models import Q

from orders.services.finance import money_list, money_rows
from orders.services.finance.listed import IMPORTING, MOST, Listed
from orders.services.finance.money_list import Source
from orders.services.finance.money_rows import MoneyRow
from orders.services.index import clock, freshness
from orders.services.index.order_filters import Place
from orders.services.revkeen import customer_names
from orders.tables import Column, Kind, NotReady, Table, Value

COLUMNS = [
    *map(Column, ("Method", "Id", "State", "Reason", "Order", "Order id", "Customer", "Customer id")),
    Column("Amount", Kind.MONEY),
    Column("When", Kind.MOMENT),
]


def table(place: Place, source: Source, asked: Q, sort: str, title: str, filter_words: str) -> Table:
    """What was given back counts below zero where the list has both. Raise `NotReady` until all were imported."""
    as_of = freshness.money_as_of(place.merchant, place.mode)
    if as_of is None:
        raise NotReady(IMPORTING.format(what="payments and refunds"))
    taken = clock.now()
    keys = money_list.keys(place, source, asked, sort, MOST)
    listed = Listed(source.model._default_manager.all(), keys, taken)
    return Table(
        title,
        COLUMNS,
        _rows(place, source, listed),
        listed.count,
        filter=filter_words,
        as_of=as_of,
        notes=listed.notes,
    )


def _rows(place: Place, source: Source, listed: Listed) -> Iterator[list[Value]]:
    for copies in listed.parts():
        names = customer_names.of_files(place.merchant, place.mode, (copy.customer_id for copy in copies))
        yield from map(_row, money_rows.rows(place, source, copies, names))


def _row(row: MoneyRow) -> list[Value]:
    """Without an amount where RevKeen told of none that could be read."""
    of_order = [row.number, str(row.order_id or "")]
    of_customer = [row.customer, str(row.customer_id or "")]
    amount = None if row.unreadable else row.amount
    return [row.what, row.id, row.state.word, row.note, *of_order, *of_customer, amount, row.at]
