"""RevKeen's events say which orders may have changed. They are marked to be read, and no event is believed more.

An event may be seen later than one that came after it, so the feed is read from well before where it was read to.
"""

import uuid
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction

from orders.apis.errors import ScopeMissing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Event
from orders.models import IndexState, TransactionCopy
from orders.services.index import clock, marks
from orders.services.revkeen.session import Session
from orders.services.sync import settling, turns

EVERY = timedelta(seconds=30)
ASKED_AGAIN = timedelta(hours=1)  # of a key that may not read events
LAG = timedelta(seconds=120)  # until an event is seen by whoever asks
MOST_PAGES = 50  # of a hundred events; after a longer absence everything is read anew
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
REMEMBERED = 20_000

_seen: OrderedDict[tuple[int, str], None] = OrderedDict()  # events whose orders this process has marked


def read(api: Session, state: IndexState) -> None:
    """Mark the orders of new events, and move the watermark. Raise `ApiError`, `Lost`."""
    if state.next_as_of is not None:
        settling.settle(state.merchant, state.mode)
    read_started = clock.now()
    try:
        events, whole = _since(api, state)
    except ScopeMissing:
        _write(state, feed_refused=True, feed_due_at=read_started + ASKED_AGAIN)
        return
    new = [event for event in events if (state.pk, event.id) not in _seen]
    with transaction.atomic():
        if new and state.watermark is not None:
            marks.mark(state.merchant, state.mode, filter(None, (_uuid(event.order_id) for event in new)))
            marks.mark_invoices(state.merchant, state.mode, _invoices_of(state, new))
        if not whole:
            settling.begin_anew(state)
        _write(
            state,
            watermark=_moved(state.watermark, events, read_started - LAG),
            feed_refused=False,
            feed_due_at=read_started + EVERY,
            **settling.right_as_of(state, read_started - LAG),
        )
    _remember(state, new)


def forget_seen() -> None:
    """Start afresh, as a new process does."""
    _seen.clear()


def _since(api: Session, state: IndexState) -> tuple[list[Event], bool]:
    """The events since a little before the watermark, the newest first, and whether these are all.

    The first time only the newest are read: what they tell of is in the import, which begins afterwards.
    """
    since = None if state.watermark is None else int((state.watermark - LAG).timestamp())
    found: list[Event] = []
    for _ in range(MOST_PAGES):
        listing = api.get(reads.events(since, found[-1].id if found else "")).require()
        found += listing.rows
        if since is None or not listing.has_more or not listing.rows:
            return found, True
        turns.charge(state, 1)
    return found, False


def _moved(before: datetime | None, events: list[Event], latest: datetime) -> datetime:
    """By RevKeen's clock as far as events show it, and never past our own less the lag; it does not go back."""
    newest = max((event.at for event in events), default=before or EARLIEST)
    return max(before or EARLIEST, min(newest, latest))


def _invoices_of(state: IndexState, events: list[Event]) -> Iterable[uuid.UUID]:
    """Those that events name, and those of the payments that events of refunds name."""
    payments = filter(None, (_uuid(event.payment_id) for event in events))
    copies = TransactionCopy.objects.filter(merchant=state.merchant, mode=state.mode, transaction_id__in=set(payments))
    named = (_uuid(event.invoice_id) for event in events)
    return filter(None, [*named, *copies.values_list("invoice_id", flat=True)])


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _write(state: IndexState, **changes: object) -> None:
    """Raise `Lost` when another worker has it."""
    if not IndexState.objects.filter(pk=state.pk, lease_until=state.lease_until).update(**changes):
        raise turns.Lost
    for name, value in changes.items():
        setattr(state, name, value)


def _remember(state: IndexState, events: list[Event]) -> None:
    for event in events:
        _seen[(state.pk, event.id)] = None
    while len(_seen) > REMEMBERED:
        _seen.popitem(last=False)
