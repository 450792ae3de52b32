"""How a table stands in a file, whatever kind of file it is: the cells of its head, of its rows, and of its foot.

The foot comes after an empty row: the sums of each currency below their columns, then the number of rows, the filter,
and as of when. A file without it is not whole.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import timezone

from orders import csv_cells
from orders.money import CurrencyMismatch, Money
from orders.tables import Column, Kind, Table, Value

Cell = str | int | Decimal | datetime | None  # a moment has no zone: its column names it
Cells = list[Cell]


class Layout:
    """Counts and adds up the rows as they pass."""

    def __init__(self, table: Table, zone: ZoneInfo) -> None:
        self.table, self.zone = table, zone
        self.count = 0
        self.sums: dict[str, list[int]] = defaultdict(lambda: [0] * len(table.columns))
        self._money = [place for place, column in enumerate(table.columns) if column.kind == Kind.MONEY]
        self._summed = [place for place in self._money if table.columns[place].summed]
        self._began = timezone.now()

    @property
    def kinds(self) -> list[Kind]:
        """Of each column of the file."""
        return [kind for place, column in enumerate(self.table.columns) for kind in self._kinds(place, column)]

    def head(self) -> Cells:
        return [name for place, column in enumerate(self.table.columns) for name in self._headings(place, column)]

    def body(self) -> Iterator[Cells]:
        for row in self.table.rows:
            self._note(row)
            yield self._cells(row)

    def foot(self) -> Iterator[Cells]:
        yield []
        for currency, sums in sorted(self.sums.items()):
            yield self._sum(currency, sums)
        yield ["Rows", self.count]
        yield ["Filter", self.table.filter or "None"]
        if self.table.as_of is not None:
            yield ["As of (UTC)", in_zone(self.table.as_of, UTC)]
        yield ["Made (UTC)", in_zone(self._began, UTC), "to", in_zone(timezone.now(), UTC)]
        for note in self.table.notes():
            yield ["Note", note]

    def _kinds(self, place: int, column: Column) -> list[Kind]:
        if column.kind == Kind.MONEY:
            before = [Kind.TEXT] if place == self._money[0] else []
            return [*before, Kind.NUMBER, Kind.NUMBER]
        return [Kind.MOMENT, Kind.MOMENT] if column.kind == Kind.MOMENT else [column.kind]

    def _headings(self, place: int, column: Column) -> list[str]:
        name = column.heading
        if column.kind == Kind.MONEY:
            before = ["Currency"] if place == self._money[0] else []
            return [*before, name, f"{name} in minor units"]
        return [f"{name} (UTC)", f"{name} ({self.zone.key})"] if column.kind == Kind.MOMENT else [name]

    def _cells(self, row: Sequence[Value]) -> Cells:
        currency = _currency_of(row)
        cells: Cells = []
        for place, (column, value) in enumerate(zip(self.table.columns, row, strict=True)):
            if column.kind == Kind.MONEY:
                before = [currency] if place == self._money[0] else []
                cells += [*before, *_amount(value)]
            elif column.kind == Kind.MOMENT:
                cells += (
                    [in_zone(value, zone) for zone in (UTC, self.zone)] if isinstance(value, datetime) else ["", ""]
                )
            else:
                cells.append("" if value is None else value)  # type: ignore[arg-type]
        return cells

    def _note(self, row: Sequence[Value]) -> None:
        self.count += 1
        for place in self._summed:
            value = row[place]
            if isinstance(value, Money):
                self.sums[value.currency][place] += value.minor

    def _sum(self, currency: str, sums: list[int]) -> Cells:
        row: list[Value] = [
            Money(sums[place], currency) if place in self._summed else None for place in range(len(sums))
        ]
        return [f"Sum in {currency}", *self._cells(row)[1:]]


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """To the second, as a clock in the zone shows it; in UTC where the calendar ends before the zone's day."""
    try:
        there = moment.astimezone(zone)
    except OverflowError:
        there = moment
    return there.replace(tzinfo=None, microsecond=0)


def _amount(value: Value) -> Cells:
    return [csv_cells.number(value), value.minor] if isinstance(value, Money) else ["", ""]


def _currency_of(row: Sequence[Value]) -> str:
    """Raise `CurrencyMismatch` where there are several: one column could not name them."""
    found = {value.currency for value in row if isinstance(value, Money)}
    if len(found) > 1:
        raise CurrencyMismatch(f"A row has amounts in {', '.join(sorted(found))}.")
    return next(iter(found), "")
