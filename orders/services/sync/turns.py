"""Whose index a worker keeps fresh now. One at a time has a merchant and mode, and calls as often as its key may."""

import secrets
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from orders.kept_queries import Given, kept
from orders.models import Connection, IndexState, InvoiceToRead, Job, Sweep, ToRead
from orders.services.due import Asked, Literal, asked_often
from orders.services.index import clock
from orders.services.revkeen import customer_names

SAVED = 0.04  # of a minute's calls may be made at once, after a rest
MOST_OF_A_STEP = 8  # calls, with second tries: so many are kept free in every minute
COUNTED_FOR = timedelta(hours=1)
AFTER_FAILURE = timedelta(seconds=15)
FIRST_DUE = {kind: timedelta(minutes=5) for kind in Sweep.OF_STATUS} | {
    Sweep.Kind.WEEK: timedelta(hours=1),
    Sweep.Kind.QUARTER: timedelta(days=1),
    Sweep.Kind.ALL: timedelta(),  # the first of these is the import
    **dict.fromkeys(Sweep.OF_MONEY, timedelta()),  # once all orders are there
    Sweep.Kind.PAY_ALL: timedelta(days=7),  # what is new is all of it at first
    Sweep.Kind.REFUND_ALL: timedelta(days=7),
    Sweep.Kind.CUSTOMERS: timedelta(),
    Sweep.Kind.SAMPLE: timedelta(hours=1),
}


Pause = Callable[[float], object]  # waits for some seconds, or ends at once, and says so, when all shall end


class Lost(Exception):
    """Another worker has taken over: this one was too slow."""


class Ending(Exception):
    """The worker was told to end while it waited."""


def lease() -> timedelta:
    """For longer than a step may take."""
    return timedelta(seconds=3 * settings.REVKEEN_READ_SECONDS + 10)


def begin_new() -> None:
    """Have an index for every merchant and mode that has a key. Of each all orders are to be read."""
    if not _some_without_index().now:
        return
    for key in _without_index():
        with transaction.atomic():
            place: dict[str, Any] = {"merchant_id": key.merchant_id, "mode": key.mode}
            IndexState.objects.get_or_create(**place)
            sweeps = [Sweep(kind=kind, due_at=Now() + wait, **place) for kind, wait in FIRST_DUE.items()]
            Sweep.objects.bulk_create(sweeps, ignore_conflicts=True)


@asked_often
def due() -> Asked:
    """Whether a worker could begin with one, or when."""
    moments = ("feed_due_at", "next_call_at", "wait_until", "lease_until")
    to_come = [(IndexState.objects.all(), name) for name in moments]
    return Asked(_claimable(), *to_come, (Sweep.objects.all(), "due_at"))


def claim() -> IndexState | None:
    """Take one for which something is due; `None` where nothing is."""
    if not _some_claimable().now:  # a look that takes no lock
        return None
    with transaction.atomic():
        found = _claimable().select_related("merchant").select_for_update(skip_locked=True, of=("self",))
        state = found.order_by("feed_due_at").first()
        if state is not None:
            _hold(state, clock.now())
        return state


def give_back(state: IndexState, *, wait: timedelta | None = None) -> None:
    """Let it go; for so long nobody asks RevKeen for it."""
    until = clock.now() + wait if wait else state.wait_until
    IndexState.objects.filter(pk=state.pk, lease_until=state.lease_until).update(lease_until=None, wait_until=until)


def take_calls(state: IndexState, calls: int = 1) -> float:
    """Take so many calls from the share of the background: 0, or the seconds until they may be made.

    Raise `Lost`. In no minute there are more than INDEX_SHARE of what RevKeen takes of the key: people have the rest.
    """
    now = clock.now()
    if state.next_call_at > now:
        return (state.next_call_at - now).total_seconds()
    _take(state, now, calls)
    return 0.0


def reserve(state: IndexState) -> float:
    """Take one call that may be made so many seconds from now. Raise `Lost`."""
    now = clock.now()
    seconds = max(0.0, (state.next_call_at - now).total_seconds())
    _take(state, now, 1)
    return seconds


def wait_for_calls(state: IndexState, calls: int, pause: Pause) -> None:
    """Take so many calls as soon as they may be made. Raise `Lost`, `Ending`."""
    while seconds := take_calls(state, calls):
        if pause(seconds):
            raise Ending


def charge(state: IndexState, calls: int) -> None:
    """Count calls that were made beyond those taken. Raise `Lost`."""
    _take(state, clock.now(), calls)


def require(state: IndexState) -> None:
    """Nobody takes over until this transaction has ended. Raise `Lost` where somebody has."""
    if not IndexState.objects.select_for_update().filter(pk=state.pk, lease_until=state.lease_until).exists():
        raise Lost


def _take(state: IndexState, now: datetime, calls: int) -> None:
    """So many calls at once as were saved and a step may make, the others evenly: together a minute's."""
    a_minute = settings.REVKEEN_CALLS_A_MINUTE[state.mode] * _share(state)
    saved = int(a_minute * SAVED)
    apart = timedelta(seconds=60 / max(1.0, a_minute - saved - MOST_OF_A_STEP))
    state.next_call_at = max(state.next_call_at, now - saved * apart) + calls * apart
    if not _hold(state, now, calls):
        raise Lost


def _share(state: IndexState) -> float:
    """Of what RevKeen takes of the key. While a job sends rows, what people do and jobs leaves less."""
    if not _running_jobs(state.merchant_id, state.mode):
        return float(settings.INDEX_SHARE)
    return float(min(settings.INDEX_SHARE, settings.INDEX_SHARE_BESIDE_JOBS))


@kept(BigIntegerField(), CharField())
def _running_jobs(merchant_id: Given, mode: Given) -> "QuerySet[Job, tuple[uuid.UUID]]":
    here = Job.objects.filter(state=Literal("running"), starts_at__lte=Now())
    return here.filter(merchant_id=merchant_id, mode=mode).values_list("pk")[:1]


def _hold(state: IndexState, now: datetime, calls: int = 0) -> int:
    until = now + lease() + timedelta(microseconds=secrets.randbelow(1_000_000))  # no two leases are the same
    if now - state.calls_from > COUNTED_FOR:
        state.calls, state.calls_from = 0, now
    state.calls += calls
    counted = {"calls": state.calls, "calls_from": state.calls_from}
    mine = IndexState.objects.filter(pk=state.pk, lease_until=state.lease_until)
    held = mine.update(lease_until=until, next_call_at=state.next_call_at, **counted)
    state.lease_until = until
    return held


@asked_often
def _some_claimable() -> Asked:
    return Asked(_claimable())


@asked_often
def _some_without_index() -> Asked:
    return Asked(_without_index())


def _without_index() -> "QuerySet[Connection]":
    here = {"merchant": OuterRef("merchant"), "mode": OuterRef("mode")}
    keys = Connection.objects.filter(active=True, provider=Connection.Provider.REVKEEN)
    return keys.exclude(Exists(Sweep.objects.filter(kind=Sweep.Kind.SAMPLE, **here)))


def _claimable() -> "QuerySet[IndexState]":
    here = {"merchant": OuterRef("merchant"), "mode": OuterRef("mode")}
    active = Connection.objects.filter(active=True, provider=Connection.Provider.REVKEEN, **here)
    waiting = [Exists(model.objects.filter(due_at__lte=Now(), **here)) for model in (Sweep, ToRead, InvoiceToRead)]
    waiting.append(Exists(customer_names.wanted().filter(**here)))
    some = reduce(or_, map(Q, waiting), Q(feed_due_at__lte=Now()))
    free = Q(lease_until=None) | Q(lease_until__lte=Now())
    rested = Q(wait_until=None) | Q(wait_until__lte=Now())
    return IndexState.objects.filter(some, free, rested, Exists(active), next_call_at__lte=Now())
