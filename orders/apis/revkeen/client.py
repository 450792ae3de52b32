"""The way to RevKeen: one key, the calls described in `reads` and `changes`, errors by name.

A page opens a client, makes its calls (at most two rounds, those of a round side by side), and closes it. Database
and cache are only touched in the thread of the request, never in the threads that make the calls.
"""

import contextvars
import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, cast, overload

import structlog

from orders.apis import transport
from orders.apis.calls import Api, Caller, Said, taken_apart
from orders.apis.errors import ApiError, InDoubt, NotSent, RateLimited
from orders.apis.gate import Gate
from orders.apis.listings import Listing
from orders.apis.revkeen.changes import Change
from orders.apis.revkeen.reads import Read
from orders.apis.revkeen.refusals import documented

log = structlog.get_logger("orders.apis.revkeen")

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

TakeApart = Callable[[Read[Any], bytes], Any]

LIVEMODES = {"rk_live_": True, "rk_sandbox_": False}  # by how a key begins


@dataclass(frozen=True)
class Got(Generic[T]):
    """What became of one read: its value, or the error that stands in its place."""

    value: T | None = None
    error: ApiError | None = None
    body: bytes = b""

    def require(self) -> T:
        """The value; raise the error if there is none."""
        if self.error is not None:
            raise self.error
        return cast(T, self.value)


class Client:
    """Calls RevKeen with one key. `gate` is shared by all clients of a connection in this process.

    `take_apart` reads the answers to reads where it is not `decode`.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        version: str,
        gate: Gate,
        *,
        read_seconds: float = transport.READ_SECONDS,
        change_seconds: float = transport.CHANGE_SECONDS,
        take_apart: "TakeApart | None" = None,
    ) -> None:
        self._caller = Caller(API, base_url, key, {"x-api-key": key, "RevKeen-Version": version}, gate)
        self._livemode = next((live for begin, live in LIVEMODES.items() if key.startswith(begin)), None)
        self._read_seconds, self._change_seconds = read_seconds, change_seconds
        self._take_apart = take_apart or decode

    @property
    def second_tries(self) -> int:
        """Reads that were made once more."""
        return self._caller.second_tries

    def change(self, change: Change[T], key: uuid.UUID) -> T:
        """Make a change under its idempotency key. Raise an `ApiError`; only `NotSent` means that nothing arrived.

        After a 429, which says that nothing was done, it goes out once more if our turn comes within a few seconds.
        """
        deadline = time.monotonic() + self._change_seconds
        try:
            return self._change_once(change, key, deadline)
        except RateLimited as first:
            return self._change_again(change, key, deadline, first)

    def get(self, read: Read[T], deadline: float | None = None) -> Got[T]:
        """Make one read, and once more if it failed in a way that may pass; never raises an `ApiError`.

        It ends by `deadline` (of `time.monotonic`), or `read_seconds` from now.
        """
        deadline = self._deadline() if deadline is None else deadline
        try:
            body = self._read_twice(read, deadline)
            return Got(self._of_this_mode(self._take_apart(read, body)), body=body)
        except ApiError as error:
            kinds = {"error": type(error).__name__, "cause": type(error.__cause__).__name__}
            log.warning("read failed", path=read.path.split("/")[1], reason=str(error), **kinds)
            return Got(error=error)

    @overload
    def get_together(
        self, first: Read[A], second: Read[B], /, *, deadline: float | None = None
    ) -> tuple[Got[A], Got[B]]: ...
    @overload
    def get_together(
        self, first: Read[A], second: Read[B], third: Read[C], /, *, deadline: float | None = None
    ) -> tuple[Got[A], Got[B], Got[C]]: ...
    @overload
    def get_together(self, *reads: Read[Any], deadline: float | None = None) -> tuple[Got[Any], ...]: ...
    def get_together(self, *reads: Read[Any], deadline: float | None = None) -> tuple[Got[Any], ...]:
        """Make reads that do not depend on each other side by side; this thread makes the last one itself.

        All of them end by the same `deadline`, those that had to wait for a thread too.
        """
        if not reads:
            return ()
        by = self._deadline() if deadline is None else deadline
        others = [
            _executor().submit(contextvars.copy_context().run, self.get, read, by)  # the log keeps its request id
            for read in reads[:-1]
        ]
        last = self.get(reads[-1], by)
        return (*(other.result() for other in others), last)

    def _deadline(self) -> float:
        return time.monotonic() + self._read_seconds

    def _read_twice(self, read: Read[Any], deadline: float) -> bytes:
        return self._caller.read(read.path, deadline, scope=read.scope, params=read.params)

    def _change_again(self, change: Change[T], key: uuid.UUID, deadline: float, first: RateLimited) -> T:
        """The same call once more. One that is not our turn yet ends as the `first` did: that one went out."""
        try:
            return self._change_once(change, key, deadline)
        except NotSent as error:
            if not first.answered:
                raise
            wait = error.wait if isinstance(error, RateLimited) else first.wait
            raise RateLimited(wait, answered=True) from error

    def _change_once(self, change: Change[T], key: uuid.UUID, deadline: float) -> T:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(key)}
        call, encoded = (change.method, change.path), change.encoded
        answer = self._caller.call(*call, deadline, scope=change.scope, headers=headers, body=encoded)
        return self._of_this_mode(decode(change, answer))

    def _of_this_mode(self, value: T) -> T:
        """Raise `InDoubt` for what says that it is live data with a key for tests, or the other way round."""
        rows = value.rows if isinstance(value, Listing) else [value]
        said = {getattr(row, "livemode", None) for row in rows} - {None}
        if self._livemode is not None and said - {self._livemode}:
            raise InDoubt("RevKeen answered with data of the other mode.")
        return value


def decode(call: Read[T] | Change[T], body: bytes) -> T:
    """Take an answer apart; raise `InDoubt` when it is not what the call should get."""
    return taken_apart(call.decode, body)


def _read_refusal(plain: Any) -> Said:
    error = plain.get("error") if isinstance(plain, dict) else None
    return error if isinstance(error, dict) else {"message": error}


API = Api("x-request-id", _read_refusal, documented)


@cache
def _executor() -> ThreadPoolExecutor:
    """One per process, as large as all pages that a process lets call at once may need."""
    return ThreadPoolExecutor(max_workers=96, thread_name_prefix="api")


os.register_at_fork(after_in_child=_executor.cache_clear)
