"""RevKeen's events say which orders may have changed. They are marked to be read, and no event is believed more.

An event may be seen later than one that came after it, so the feed is read from well before where it was read to.
"""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta

from django.db import transaction

from orders.apis.errors import ScopeMissing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Event
from orders.apis.revkeen.subjects import Subject, subject_of
from orders.models import IndexState, WebhookReceiver
from orders.services.index import clock, concerned
from orders.services.revkeen.session import Session
from orders.services.sync import settling, turns

EVERY = timedelta(seconds=30)
EVERY_WITHOUT_WEBHOOKS = timedelta(seconds=10)  # that should come: RevKeen does not deliver them
ASKED_AGAIN = timedelta(hours=1)  # of a key that may not read events
LAG = timedelta(seconds=120)  # until an event is seen by whoever asks
MOST_PAGES = 50  # of a hundred events; after a longer absence everything is read anew
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
REMEMBERED = 20_000

_seen: OrderedDict[tuple[int, str], None] = OrderedDict()  # events whose orders this process has marked


def read(api: Session, state: IndexState, pause: turns.Pause) -> None:
    """Mark the orders of new events, and move the watermark. Raise `ApiError`, `Lost`, `Ending`."""
    if state.next_as_of is not None:
        settling.settle(state.merchant, state.mode)
    read_started = clock.now()
    try:
        events, whole = _since(api, state, pause)
    except ScopeMissing:
        _write(state, feed_refused=True, feed_due_at=read_started + ASKED_AGAIN)
        return
    new = [event for event in events if (state.pk, event.id) not in _seen]
    with transaction.atomic():
        if new and state.watermark is not None:
            concerned.mark(state.merchant, state.mode, _subjects(new))
        if not whole:
            settling.begin_anew(state)
        _write(
            state,
            watermark=_moved(state.watermark, events, read_started - LAG),
            feed_refused=False,
            feed_due_at=read_started + interval(state),
            **settling.right_as_of(state, read_started - LAG),
        )
    _remember(state, new)


def interval(state: IndexState) -> timedelta:
    """Until the next read: shorter while webhooks, which tell of changes earlier, are set up and do not come."""
    here = {"connection__merchant": state.merchant, "connection__mode": state.mode, "connection__active": True}
    in_trouble = WebhookReceiver.objects.filter(**here).exclude(trouble="")
    return EVERY_WITHOUT_WEBHOOKS if in_trouble.exists() else EVERY


def forget_seen() -> None:
    """Start afresh, as a new process does."""
    _seen.clear()


def _since(api: Session, state: IndexState, pause: turns.Pause) -> tuple[list[Event], bool]:
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
        turns.wait_for_calls(state, 1, pause)
    return found, False


def _moved(before: datetime | None, events: list[Event], latest: datetime) -> datetime:
    """By RevKeen's clock as far as events show it, and never past our own less the lag; it does not go back."""
    newest = max((event.at for event in events), default=before or EARLIEST)
    return max(before or EARLIEST, min(newest, latest))


def _subjects(events: list[Event]) -> list[Subject]:
    return [subject_of(event.type, event.data.object) for event in events]


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
