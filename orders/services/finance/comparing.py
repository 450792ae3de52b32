"""*Compare with RevKeen*: exactly what is behind a figure is read again, kept, and what differed is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Listing
from orders.models import OrderCopy, TransactionCopy
from orders.services.finance.periods import Period
from orders.services.index import clock, money_copies, writing
from orders.services.index.order_filters import Place
from orders.services.revkeen import session
from orders.services.revkeen.session import Session

MOST_PAGES = 20  # of a hundred rows, for which somebody waits

Row = tuple[str, dict[str, Any]]  # what people call it, and what is summed of it


@dataclass(frozen=True)
class Difference:
    """`was` and `now` in words; "" for what was not there."""

    label: str
    was: str
    now: str


@dataclass(frozen=True)
class Compared:
    """`whole`: all of it was read; else the newest, for there are more than a page may ask for."""

    as_of: datetime
    rows: int
    whole: bool
    differences: list[Difference] = field(default_factory=list)


def orders(place: Place, period: Period) -> Compared:
    """The orders that were placed in the period. Raise `ApiError`."""
    return _compare(place, period, _order_page, _order_rows)


def money(place: Place, period: Period) -> Compared:
    """All money that moved in the period. Raise `ApiError`."""
    return _compare(place, period, _money_page, _money_rows)


def _compare(
    place: Place,
    period: Period,
    read_page: "Callable[[Session, Place, Period, Any, datetime], Listing[Any]]",
    kept: "Callable[[Place, Period], dict[Any, Row]]",
) -> Compared:
    began, before, rows = clock.now(), kept(place, period), 0
    seen: set[Any] = set()
    with session.session(place.merchant, place.mode, for_index=True) as api:
        after, more = None, True
        for _ in range(MOST_PAGES):
            page = read_page(api, place, period, after, began)
            rows += len(page.rows) + len(page.unreadable)
            seen.update(row.id for row in page.rows)
            more = page.has_more and bool(page.rows)
            if not more:
                break
            after = page.rows[-1].id
    now = kept(place, period)
    if more:  # of what was not read nothing can be told
        before = {id: row for id, row in before.items() if id in seen}
    return Compared(began, rows, not more, _differences(before, now, seen))


def _differences(before: dict[Any, Row], now: dict[Any, Row], seen: set[Any]) -> list[Difference]:
    found = []
    for id in sorted(before.keys() | now.keys(), key=str):
        was, is_now = before.get(id), now.get(id)
        if was != is_now:
            label = (is_now or was or ("", {}))[0]
            found.append(Difference(label, *_words(was[1] if was else {}, is_now[1] if is_now else {})))
        elif id not in seen and was is not None:
            found.append(Difference(was[0], "in the index", "RevKeen does not list it"))
    return found


def _words(was: dict[str, Any], now: dict[str, Any]) -> tuple[str, str]:
    names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    return tuple(", ".join(f"{name} {one[name]}" for name in names if name in one) for one in (was, now))  # type: ignore[return-value]


def _order_page(api: Session, place: Place, period: Period, after: Any, began: datetime) -> Listing[Any]:
    read = reads.orders(
        created_gte=int(period.start.timestamp()),
        created_lte=int(period.end.timestamp()) - 1,
        starting_after=after,
        limit=reads.LARGEST_PAGE,
    )
    page = api.get(read).require()
    writing.apply(place.merchant, place.mode, page, began)
    return page


def _money_page(api: Session, place: Place, period: Period, after: Any, began: datetime) -> Listing[Any]:
    start, end = int(period.start.timestamp()), int(period.end.timestamp()) - 1
    page = api.get(reads.transactions_since(start, after, created_lte=end)).require()
    money_copies.keep_transactions(place.merchant, place.mode, page, began)
    return page


def _order_rows(place: Place, period: Period) -> dict[Any, Row]:
    here = OrderCopy.objects.filter(merchant=place.merchant, mode=place.mode, gone_at=None)
    rows = here.filter(created_at__gte=period.start, created_at__lt=period.end)
    names = ("currency", "status", "total", "discount", "tax", "still_due")
    return {row.order_id: (row.public_id, {name: getattr(row, name) for name in names}) for row in rows.defer("text")}


def _money_rows(place: Place, period: Period) -> dict[Any, Row]:
    here = TransactionCopy.objects.filter(merchant=place.merchant, mode=place.mode)
    rows = here.filter(moved_at__gte=period.start, moved_at__lt=period.end)
    names = ("currency", "type", "status", "amount")
    return {row.transaction_id: (str(row), {name: getattr(row, name) for name in names}) for row in rows}
