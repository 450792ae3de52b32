"""The overview as a table: a row for each currency of the period, of what it is compared with, and of its parts."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from orders.services.finance import periods, sums
from orders.services.finance.listed import IMPORTING
from orders.services.finance.periods import Period
from orders.services.finance.sums import Figures, Sums
from orders.services.index.order_filters import Place
from orders.tables import Column, Kind, NotReady, Table, Value

WHOLE, BEFORE, YEAR_BEFORE = "Whole period", "Period before", "Year before"
AMOUNTS = {
    "ordered": "Ordered",
    "discount": "Discount",
    "tax": "Tax",
    "still_due": "Still due",
    "collected": "Collected",
    "refunded": "Refunded",
    "net": "Net",
}
COLUMNS = [
    *map(Column, ("Part", "First day", "Last day")),
    *(Column(name, Kind.NUMBER) for name in ("Orders", "Payments", "Refunds")),
    # A part is in the whole too: adding the rows up would count it twice.
    *(Column(name, Kind.MONEY, summed=False) for name in AMOUNTS.values()),
]
Part = tuple[str, Period]


def table(place: Place, period: Period, step: str, as_of: datetime | None) -> Table:
    """`step` is one of `periods.STEPS`. Raise `NotReady` until orders and money were imported."""
    if as_of is None:
        raise NotReady(IMPORTING.format(what="orders and payments"))
    rows = _rows(place, period, step)
    words = f"{period}, {periods.STEPS[step].lower()}"
    return Table("Overview", COLUMNS, rows, lambda most: min(len(rows), most), filter=words, as_of=as_of)


def _rows(place: Place, period: Period, step: str) -> list[Sequence[Value]]:
    parts = periods.parts(period, step)
    others = [(BEFORE, periods.before(period)), (YEAR_BEFORE, periods.year_before(period))]
    found = sums.of_periods(place, [*parts, *(other for _, other in others)])
    whole = sums.together(found[: len(parts)])
    compared = [whole, *found[len(parts) :]]
    every = {code for of_it in compared for code in of_it}  # one that is only in a part of them is 0 in the others
    compared = [{code: of_it.get(code, Figures(code)) for code in every} for of_it in compared]
    named = [(WHOLE, period), *others, *((periods.STEPS[step], part) for part in parts)]
    of_each = [*compared, *found[: len(parts)]]
    return [row for one, of_it in zip(named, of_each, strict=True) for row in _of(one, of_it)]


def _of(part: Part, found: Sums) -> Iterator[Sequence[Value]]:
    label, period = part
    for currency in sorted(found):
        figures: Figures = found[currency]
        counts = (figures.orders, figures.payments, figures.refunds)
        yield [label, str(period.first), str(period.last), *counts, *(figures.money(name) for name in AMOUNTS)]
