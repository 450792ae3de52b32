"""What one connection may do at once, and whether it may do anything now. One gate per connection and process.

Three things keep one merchant's trouble from the others and from the API: a bulkhead (so many pages at once, a short
wait, then `Busy`), a breaker (after a row of failures nothing is sent for a few seconds, then one call tries), and
a budget for second tries (a tenth of the calls, so that an outage is not answered with a storm).
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orders.apis.errors import Busy, NotSent, RateLimited, named

PAGES_AT_ONCE = 16  # of the 32 threads of a process
WAITING_AT_ONCE = 8
ALL_PAGES_AT_ONCE = 24
WAIT_SECONDS = 0.25

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 5.0
SECOND_TRIES_PER_CALL = 0.1
SECOND_TRIES_SAVED = 3.0

LONGEST_WAIT_ON_A_PAGE = 5.0

_all_pages = threading.BoundedSemaphore(ALL_PAGES_AT_ONCE)


class Gate:
    def __init__(self, provider: str = "RevKeen") -> None:
        self._provider = provider
        self._lock = threading.Lock()
        self._pages = threading.BoundedSemaphore(PAGES_AT_ONCE)
        self._waiting = threading.BoundedSemaphore(WAITING_AT_ONCE)
        self._failures = 0
        self._closed_until = 0.0  # breaker: nothing is sent before
        self._asked_to_wait_until = 0.0  # 429: nothing is sent before
        self._second_tries = SECOND_TRIES_SAVED

    @contextmanager
    def page(self) -> Iterator[None]:
        """Hold one of the places of this connection while a page makes its calls. Raise `Busy` if none is free."""
        with named(self._provider):
            self._take_place()
        try:
            yield
        finally:
            self._pages.release()
            _all_pages.release()

    def before_call(self, deadline: float) -> None:
        """Wait for our turn if the API asked us to, at most a few seconds. Raise `NotSent` if it is not our turn."""
        wait = self._asked_to_wait_until - time.monotonic()
        if wait > 0:
            if wait > LONGEST_WAIT_ON_A_PAGE or time.monotonic() + wait >= deadline:
                raise RateLimited(wait)
            time.sleep(wait)
        with self._lock:
            now = time.monotonic()
            self._second_tries = min(SECOND_TRIES_SAVED, self._second_tries + SECOND_TRIES_PER_CALL)
            if self._failures >= FAILURES_TO_OPEN:
                if now < self._closed_until:
                    raise NotSent("{provider} has not answered several calls; the next one is tried in a few seconds.")
                self._closed_until = now + OPEN_SECONDS  # this call tries, the others wait for what it finds

    def answered(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._closed_until = time.monotonic() + OPEN_SECONDS

    def asked_to_wait(self, seconds: float) -> None:
        self._asked_to_wait_until = max(self._asked_to_wait_until, time.monotonic() + seconds)

    def may_try_again(self) -> bool:
        with self._lock:
            if self._failures >= FAILURES_TO_OPEN or self._second_tries < 1:
                return False
            self._second_tries -= 1
            return True

    def _take_place(self) -> None:
        until = time.monotonic() + WAIT_SECONDS
        if not self._waiting.acquire(blocking=False):
            raise Busy("Too many pages are waiting for {provider} at the moment.")
        try:
            if not self._pages.acquire(timeout=WAIT_SECONDS):
                raise Busy("{provider} is answering too slowly at the moment.")
        finally:
            self._waiting.release()
        if not _all_pages.acquire(timeout=max(0.0, until - time.monotonic())):
            self._pages.release()
            raise Busy("{provider} is answering too slowly at the moment.")


class Gates:
    """One gate per connection, made at its first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_connection: dict[uuid.UUID, Gate] = {}

    def of(self, connection_id: uuid.UUID, make: Callable[[], Gate]) -> Gate:
        with self._lock:
            found = self._by_connection.get(connection_id)
            if found is None:
                found = self._by_connection[connection_id] = make()
            return found


gates = Gates()  # of this process


def gate_of(connection_id: uuid.UUID, make: Callable[[], Gate] = Gate) -> Gate:
    """The gate that this process has for a connection; `make` makes it where there is none yet."""
    return gates.of(connection_id, make)
