"""One door to RevKeen for pages: the active key of a merchant and mode, its gate, and the last good copies.

with revkeen.session(merchant, mode) as api:
    order, events = api.get_together(reads.order(id), reads.order_events(id))
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar, cast, overload

from django.conf import settings
from django.db.models import BigIntegerField, CharField, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from orders import afterwards
from orders.apis.errors import (
    ApiError,
    Busy,
    InDoubt,
    KeyRefused,
    Missing,
    NotConnected,
    NotSent,
    RateLimited,
    Refused,
)
from orders.apis.gate import Gate, gate_of
from orders.apis.revkeen import unchanged
from orders.apis.revkeen.changes import Change
from orders.apis.revkeen.client import Client, Got, TakeApart, decode
from orders.apis.revkeen.reads import Read
from orders.kept_queries import Given, kept
from orders.models import Connection, Merchant
from orders.secrets import Unreadable
from orders.services.index import sight
from orders.services.revkeen import last_known

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

MOST_CALLS = 210  # of one page: a hundred packing slips make 201
TOO_MANY_CALLS = "This would take more calls to {provider} than a page may make, so it was not loaded."
NOTED_EVERY = timedelta(minutes=1)  # a connection's last use and last failure are not written more often


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What a page has of a read: the value as of some time, or the error; both when the value is an old copy."""

    as_of: datetime
    value: T | None = None
    error: ApiError | None = None
    body: bytes = b""

    @property
    def stale(self) -> bool:
        return self.value is not None and self.error is not None

    @property
    def answered(self) -> bool:
        """RevKeen said yes or no; the question need not be asked again."""
        return self.error is None or isinstance(self.error, Refused)

    @property
    def page_status(self) -> int:
        """The HTTP status of a page that shows this before all else.

        A page that found no free place says so even when it has an old copy to show: whoever asked shall not ask
        again at once.
        """
        if self.error is None or (self.stale and not isinstance(self.error, Busy)):
            return 200
        return self.error.page_status

    def require(self) -> T:
        """The value, fresh or old; raise the error if there is none."""
        if self.value is None and self.error is not None:
            raise self.error
        return cast(T, self.value)


class Session:
    """The calls of one page. With an error for a client every read ends in that error, or in its last good copy.

    All rounds of reads together take `seconds` at most, and `MOST_CALLS` calls; what an answer leads to is bounded too.
    """

    def __init__(
        self,
        merchant: Merchant,
        mode: str,
        connection: Connection | None,
        client: Client | ApiError,
        seconds: float | None = None,
        *,
        for_index: bool = False,
    ) -> None:
        self.merchant, self.mode = merchant, mode
        self.connection, self._client = connection, client
        self.errors: list[ApiError] = []
        self.seen: list[object] = []  # what was answered, for the index
        self.answered = self.changed = False
        self._seconds = settings.REVKEEN_READ_SECONDS if seconds is None else seconds
        self._seconds_left, self._calls_left = self._seconds, MOST_CALLS
        self._for_index = for_index

    def get(self, read: Read[T]) -> Reading[T]:
        return cast(Reading[T], self.get_together(read)[0])

    @overload
    def get_together(self, first: Read[A], second: Read[B], /) -> tuple[Reading[A], Reading[B]]: ...
    @overload
    def get_together(
        self, first: Read[A], second: Read[B], third: Read[C], /
    ) -> tuple[Reading[A], Reading[B], Reading[C]]: ...
    @overload
    def get_together(self, *reads: Read[Any]) -> tuple[Reading[Any], ...]: ...
    def get_together(self, *reads: Read[Any]) -> tuple[Reading[Any], ...]:
        """One round: reads that do not depend on each other, side by side."""
        return tuple(self._reading(read, got) for read, got in zip(reads, self._calls(reads), strict=True))

    @property
    def second_tries(self) -> int:
        """Calls made beyond those asked for: reads that failed in a way that may pass."""
        return 0 if isinstance(self._client, ApiError) else self._client.second_tries

    def change(self, change: Change[T], key: uuid.UUID) -> T:
        """Make a change, for the journal alone: nothing else may change anything. Raise `ApiError`."""
        if isinstance(self._client, ApiError):
            raise self._client
        self._seconds_left = self._seconds  # to look after, however long it took to look before
        try:
            value = self._client.change(change, key)
        except ApiError as error:
            self.errors.append(error)
            raise
        self.answered = self.changed = True
        self.seen.append(value)
        return value

    def _calls(self, reads: tuple[Read[Any], ...]) -> tuple[Got[Any], ...]:
        if isinstance(self._client, ApiError):
            return tuple(Got(error=self._client) for _ in reads)
        if self._for_index:  # nobody waits for all rounds together
            self._seconds_left = self._seconds
        made, too_many = reads[: self._calls_left], reads[self._calls_left :]
        self._calls_left -= len(made)
        started = time.monotonic()
        gots = self._client.get_together(*made, deadline=started + self._seconds_left)
        self._seconds_left -= time.monotonic() - started
        return (*gots, *(Got[Any](error=NotSent(TOO_MANY_CALLS)) for _ in too_many))

    def _reading(self, read: Read[T], got: Got[T]) -> Reading[T]:
        if got.error is None:
            self.answered = True
            if self.connection is not None and not self._for_index:
                self.seen.append(got.value)
                afterwards.do(partial(last_known.keep, self.connection.pk, read, got.body))
            return Reading(timezone.now(), got.value, body=got.body)
        self.errors.append(got.error)
        return self._last_copy(read, got.error) or Reading(timezone.now(), error=got.error)

    def _last_copy(self, read: Read[T], error: ApiError) -> Reading[T] | None:
        """A refusal is an answer; only where there was none does an old answer stand in."""
        if self.connection is None or self._for_index or not isinstance(error, NotSent | InDoubt):
            return None
        copy = last_known.find(self.connection.pk, read)
        try:
            return Reading(copy.as_of, decode(read, copy.body), error, copy.body) if copy else None
        except InDoubt:  # kept by another version of this program
            return None


@contextmanager
def session(
    merchant: Merchant, mode: str, seconds: float | None = None, *, for_index: bool = False
) -> Iterator[Session]:
    """Open the way to RevKeen for a page, and note afterwards how the key fared.

    Holds one of the connection's places until it is left: render after it, not in it. `seconds`, where nobody waits,
    may be more than a page has for all its reads (REVKEEN_READ_SECONDS). What is read `for_index` is kept by whoever
    asks, and nothing old stands in for it.
    """
    connection, opened_at = _opened(merchant, mode)
    with ExitStack() as place:
        client = _client(connection, opened_at, place, None if for_index or connection is None else _kept(connection))
        page = Session(merchant, mode, connection, client, seconds, for_index=for_index)
        try:
            yield page
        finally:
            if connection is not None:
                note_use(connection, page.answered, page.errors)
            if page.seen:
                when = afterwards.now if page.changed else afterwards.do
                when(partial(sight.look, merchant, mode, opened_at, page.seen))


def active_connection(merchant: Merchant, mode: str) -> Connection | None:
    return _active(merchant, mode).first()


def client_for(mode: str, key: str, gate: Gate, take_apart: TakeApart | None = None) -> Client:
    return Client(
        settings.REVKEEN_URLS[mode],
        key,
        settings.REVKEEN_VERSION,
        gate,
        read_seconds=settings.REVKEEN_READ_SECONDS,
        change_seconds=settings.REVKEEN_CHANGE_SECONDS,
        take_apart=take_apart,
    )


def note_use(connection: Connection, answered: bool, errors: list[ApiError]) -> None:
    """Keep when the key last served and last failed, and until when RevKeen asked us to wait."""
    now = timezone.now()
    changes: dict[str, object] = {}
    if answered and (connection.refused_at or not _recent(connection.last_used_at, now)):
        changes |= {"last_used_at": now, "refused_at": None}
    failure = next((error for error in errors if not isinstance(error, Busy | Missing)), None)
    if failure is not None and not (
        connection.last_failure == _short(failure) and _recent(connection.last_failure_at, now)
    ):
        changes |= {"last_failure_at": now, "last_failure": _short(failure)}
    if isinstance(failure, KeyRefused) and connection.refused_at is None:
        changes["refused_at"] = now
    if isinstance(failure, RateLimited):
        changes["wait_until"] = Now() + timedelta(seconds=failure.wait)  # hosts may disagree
    if changes:
        Connection.objects.filter(pk=connection.pk).update(**changes)


def _opened(merchant: Merchant, mode: str) -> tuple[Connection | None, datetime]:
    """The active connection, and the database's clock, from which on everything is read."""
    connection = next(iter(_active_now(merchant.pk, mode)), None)
    return connection, (connection.now if connection else timezone.now())


@kept(BigIntegerField(), CharField())
def _active_now(merchant_id: Given, mode: Given) -> "QuerySet[Any]":
    """As `_active`, and the database's clock."""
    return _active(merchant_id, mode).annotate(now=Now())


def _active(merchant: Merchant | Given, mode: str | Given) -> "QuerySet[Connection]":
    return Connection.objects.filter(merchant=merchant, mode=mode, provider=Connection.Provider.REVKEEN, active=True)


def _kept(connection: Connection) -> TakeApart:
    """For pages: what the same key was answered before is not taken apart again."""
    return partial(unchanged.of_this_process.taken_apart, connection.pk, decode=decode)


def _client(
    connection: Connection | None, now: datetime, place: ExitStack, take_apart: TakeApart | None
) -> Client | ApiError:
    """The client, with a place for as long as `place` is open, or the error that every read then ends in."""
    if connection is None:
        return NotConnected("There is no active RevKeen key for this merchant and mode.")
    gate = gate_of(connection.pk)
    if connection.wait_until is not None:  # another process was asked to wait
        gate.asked_to_wait((connection.wait_until - now).total_seconds())
    try:
        place.enter_context(gate.page())
        return client_for(connection.mode, connection.secret, gate, take_apart)
    except Busy as error:
        return error
    except Unreadable as error:
        return NotSent(str(error))


def _recent(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment < NOTED_EVERY


def _short(error: ApiError) -> str:
    return str(error)[:200]
