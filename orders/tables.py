"""A list as a table that is taken along as a file: its columns, its rows, and what is said below them.

Each list that can be exported makes one of these (forms/exports/lists.py names them all), and everything else, from
the cells of a spreadsheet to the mail when it is ready, is the same for all of them (services/exports/).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from orders.money import Money

AT_ONCE = 20_000  # rows that are made while somebody waits
Value = str | int | Decimal | Money | datetime | None


class Kind(Enum):
    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"  # becomes two columns, in major and in minor units; the row's currency stands before the first
    MOMENT = "moment"  # becomes two columns, in UTC and in the merchant's time


@dataclass(frozen=True)
class Column:
    heading: str
    kind: Kind = Kind.TEXT
    summed: bool = True  # of money: whether the sums of a currency mean something


@dataclass(frozen=True)
class Table:
    """`rows` are read piece by piece, once, and have a value for each column; all money of a row has one currency.

    `count` says how many rows there are, but no more than it is asked for. `notes` are asked for after the last row.
    """

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    count: Callable[[int], int]
    filter: str = ""  # in words
    as_of: datetime | None = None  # where the rows are copies: as of when
    notes: Callable[[], Sequence[str]] = tuple
    at_once: int = AT_ONCE  # fewer where a row costs more


class NotReady(Exception):
    """The list is not complete yet, and a file of it would lack rows; the message says so to a person."""


class NotValid(Exception):
    """The list cannot be asked for that."""
