"""Passes over RevKeen's lists, newest first: they find what no event tells of, and the first of all is the import.

Lists are read on by time and not by cursor, a second over what was read last, so that orders of one moment are not
lost at the border of two pages. One page is one transaction with its position: a worker that is killed loses nothing.
"""

import contextvars
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from orders.apis.listings import Listing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Order
from orders.apis.revkeen.reads import Read
from orders.models import IndexState, OrderCopy, Sweep
from orders.services.index import clock, keys, marks, statistics, writing
from orders.services.revkeen.session import Reading, Session
from orders.services.sync import settling, turns

log = structlog.get_logger("orders.sync")

Kind = Sweep.Kind
EVERY = {kind: timedelta(minutes=5) for kind in Sweep.OF_STATUS} | {
    Kind.WEEK: timedelta(hours=1),
    Kind.QUARTER: timedelta(days=1),
    Kind.ALL: timedelta(days=7),
}
BACK = {Kind.WEEK: timedelta(days=7), Kind.QUARTER: timedelta(days=90)}
LOOKED_AFTER = (Kind.ALL, Kind.QUARTER)  # the import, and what goes over many rows once a day
QUIET = 3  # passes over old orders without any change, after which they are looked at half as often
SELDOM = timedelta(days=30)
OTHER_SIZE = 37  # rows of a page: its borders lie elsewhere
MOST_MARKED = 1000  # orders that a pass has missed; of more it is the list that is wrong


@dataclass(frozen=True)
class Window:
    """What a pass reads: the status, or the Unix second from which on orders were created, inclusive."""

    status: str
    created_gte: int | None


def window_of(sweep: Sweep) -> Window:
    back, began = BACK.get(Kind(sweep.kind)), sweep.began_at
    since = int((began - back).timestamp()) if back and began else None
    return Window(sweep.kind if sweep.kind in Sweep.OF_STATUS else "", since)


def read_pages(api: Session, state: IndexState, sweep: Sweep, most: int, go_on: Callable[[], bool]) -> int:
    """Read the next pages, each while the one before it is written, and keep each together with where the pass is then.

    Return how many: `most`, or fewer where the pass ends or `go_on` says no. Raise `ApiError`, `Lost`.
    """
    read_started = clock.now()
    if sweep.began_at is None:
        _begin(sweep, read_started)
    listing = api.get(_page(sweep)).require()
    with ThreadPoolExecutor(1) as beside:
        for number in range(1, most + 1):
            window, ended = window_of(sweep), not (listing.has_more and _move(sweep, listing))
            last = ended or number == most or not go_on()
            following = None if last else _ask(beside, api, state, sweep)
            _keep(state, sweep, listing, read_started, window if ended else None)
            if following is None:
                if ended and sweep.kind in LOOKED_AFTER:
                    statistics.gather()
                return number
            read_started, answer = following
            listing = answer.result().require()
    raise AssertionError("unreachable")


def _page(sweep: Sweep) -> Read[Listing[Order]]:
    window = window_of(sweep)
    return reads.orders(
        status=window.status,
        created_gte=window.created_gte,
        created_lte=sweep.created_lte,
        starting_after=sweep.after,
        limit=sweep.page_size,
    )


def _ask(beside: Executor, api: Session, state: IndexState, sweep: Sweep) -> "tuple[datetime, Future[Reading[Any]]]":
    """Have the next page read when it is its turn. When that is asked for is early enough for when it began."""
    page, read_started, seconds = _page(sweep), clock.now(), turns.reserve(state)

    def read() -> Reading[Any]:
        time.sleep(seconds)
        return api.get(page)

    return read_started, beside.submit(contextvars.copy_context().run, read)


def _keep(
    state: IndexState, sweep: Sweep, listing: Listing[Order], read_started: datetime, ended: Window | None
) -> None:
    """`ended`: what the pass has read, where this was the last page of it."""
    with transaction.atomic():
        turns.require(state)
        applied = writing.apply(sweep.merchant, sweep.mode, listing, read_started)
        marks.served(sweep.merchant, sweep.mode, [order.id for order in listing.rows], read_started)
        if sweep.rows == 0:
            sweep.expected = listing.total
        sweep.rows += len(listing.rows) + len(listing.unreadable)
        sweep.changed += len(applied.outdated)
        if ended is None:
            sweep.save()
        else:
            _finish(sweep, ended)


def _begin(sweep: Sweep, now: datetime) -> None:
    sweep.began_at, sweep.created_lte, sweep.after = now, None, None
    sweep.rows = sweep.changed = 0


def _move(sweep: Sweep, listing: Listing[Order]) -> bool:
    """Go on after this page; False where nothing on it says how."""
    if not listing.rows:
        ids = [_uuid(row.id) for _, row in listing.unreadable]
        sweep.after = ids[-1] if ids else None
        return sweep.after is not None
    last = listing.rows[-1]
    until = int(last.created_at.timestamp()) + 1
    if sweep.created_lte is None or until < sweep.created_lte:
        sweep.created_lte, sweep.after = until, None
    else:  # more orders of one moment than a page holds
        sweep.after = last.id
    return True


def _finish(sweep: Sweep, window: Window) -> None:
    """What has a copy and was not on the list is read by itself: it has left the status, or it is gone."""
    copies = _copies(sweep, window)
    unseen = list(copies.filter(read_started__lt=sweep.began_at).values_list("order_id", flat=True)[: MOST_MARKED + 1])
    marks.mark(sweep.merchant, sweep.mode, unseen[:MOST_MARKED])
    missed = sweep.kind not in Sweep.OF_STATUS and copies.count() - len(unseen) < (sweep.expected or 0)
    now = clock.now()
    if len(unseen) > MOST_MARKED:
        log.warning("a list lacks many orders that have copies", sweep=sweep.kind, merchant=sweep.merchant_id)
    elif not (missed and sweep.page_size != OTHER_SIZE):
        sweep.next_as_of, sweep.marked_at = sweep.began_at, now
    sweep.page_size = OTHER_SIZE if missed and sweep.page_size != OTHER_SIZE else reads.LARGEST_PAGE
    sweep.quiet = 0 if sweep.changed or unseen else min(sweep.quiet + 1, 100)
    sweep.due_at = now if sweep.page_size == OTHER_SIZE else now + interval(sweep)
    sweep.began_at = sweep.created_lte = sweep.after = None
    sweep.save()
    settling.settle(sweep.merchant, sweep.mode)


def interval(sweep: Sweep) -> timedelta:
    """Until the next pass: longer and longer over old orders of which none changes."""
    every = EVERY[Kind(sweep.kind)]
    if sweep.kind in Sweep.OF_STATUS or sweep.quiet < QUIET:
        return every
    longer: timedelta = every * 2 ** min(sweep.quiet - QUIET + 1, 10)
    return min(SELDOM, longer)


def _copies(sweep: Sweep, window: Window) -> "QuerySet[OrderCopy]":
    """Those that the pass should have seen."""
    here: dict[str, Any] = {"merchant": sweep.merchant, "mode": sweep.mode, "gone_at": None}
    if window.status:
        here["status"] = window.status
    if window.created_gte is not None:
        here["id__gte"] = keys.first_of(datetime.fromtimestamp(window.created_gte, tz=sweep.due_at.tzinfo))
    return OrderCopy.objects.filter(**here)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
