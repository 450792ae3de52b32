"""A closed month as a table: what was carried into it, each movement as it was signed, and what it carries on.

The sums below the columns are the line of the month's page. What was open, and what changed afterwards, follows.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from orders.models import ClosedMovement, MonthClosing, Movement
from orders.money import Money
from orders.services.finance import months
from orders.services.finance.months import Line
from orders.services.index import copies
from orders.services.index.order_filters import Place
from orders.tables import Column, Kind, Table, Value

SUMMED = ("Owed before", "Ordered", "Collected", "Owed after", "Net before", "Refunded", "Net after", "At stake")
CHANGED = ("When signed", "Changed to")
COLUMNS = [
    *map(Column, ("What", "Order", "Order id", "RevKeen id", "Words")),
    *(Column(name, Kind.MONEY) for name in SUMMED),
    *(Column(name, Kind.MONEY, summed=False) for name in CHANGED),
    Column("Noticed", Kind.MOMENT),
]
MONEY = (*SUMMED, *CHANGED)


def table(place: Place, closing: MonthClosing) -> Table:
    content = json.loads(closing.content)
    return Table(
        f"{closing}",
        COLUMNS,
        _rows(place, closing, content),
        lambda most: min(_count(closing, content), most),
        filter=f"{closing} in {content['zone']} time, digest {closing.digest}",
        as_of=datetime.fromisoformat(content["as_of"]),
    )


def _count(closing: MonthClosing, content: dict[str, Any]) -> int:
    moved, open_ones = content["movements"]["count"], len(content["open"])
    return 2 * len(content["currencies"]) + int(moved) + open_ones + len(months.after(closing))


def _rows(place: Place, closing: MonthClosing, content: dict[str, Any]) -> Iterator[Sequence[Value]]:
    lines = [months.line_of(one) for one in content["currencies"]]
    yield from (_opening(line) for line in lines)
    for one, number in _numbered(place, ClosedMovement.objects.filter(closing=closing).order_by("kind", "pk")):
        label = Movement.Kind(one.kind).label
        yield _row(label, number, one, {label: Money(one.amount, one.currency)})
    yield from (_closing(line) for line in lines)
    for one in content["open"]:
        about = [one["order"], one["order_id"], "", " ".join([one["rule"] + ":", *one["words"]])]
        yield ["Open when signed", *about, *_money({"At stake": Money(one["amount"], one["currency"])}), None]
    for change, number in _numbered(place, months.after(closing)):
        amounts = {
            "When signed": Money(change.before, change.currency),
            "Changed to": Money(change.now, change.currency),
        }
        yield _row("After closing", number, change, amounts, Movement.Kind(change.kind).label, change.at)


def _opening(line: Line) -> Sequence[Value]:
    before = {
        "Owed before": Money(line.owed_before, line.currency),
        "Net before": Money(line.net_before, line.currency),
    }
    return ["Before the month", "", "", "", "", *_money(before), None]


def _closing(line: Line) -> Sequence[Value]:
    after = {"Owed after": Money(line.owed_after, line.currency), "Net after": Money(line.net_after, line.currency)}
    return ["After the month", "", "", "", "", *_money(after), None]


def _row(
    what: str, number: str, one: Any, amounts: dict[str, Money], words: str = "", noticed: datetime | None = None
) -> Sequence[Value]:
    return [what, number, str(one.order_id or ""), str(one.row_id), words, *_money(amounts), noticed]


def _money(amounts: dict[str, Money]) -> list[Value]:
    return [amounts.get(name) for name in MONEY]


def _numbered(place: Place, rows: Any) -> Iterator[tuple[Any, str]]:
    """Each row with the number of its order, "" where nobody knows whose money it was."""
    every = list(rows)
    numbers = copies.numbers(place.merchant, place.mode, (one.order_id for one in every))
    yield from ((one, numbers.get(one.order_id, "")) for one in every)
