"""The way to RevKeen: one key, the calls described in `reads` and `changes`, errors by name.

A page opens a client, makes its calls (at most two rounds, those of a round side by side), and closes it. Database
and cache are only touched in the thread of the request, never in the threads that make the calls.
"""

import contextvars
import os
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Generic, TypeVar, cast, overload

import msgspec
import structlog

from orders.apis import transport
from orders.apis.errors import (
    ApiError,
    KeyRefused,
    Missing,
    NotSent,
    RateLimited,
    Refused,
    ScopeMissing,
    Unknown,
)
from orders.apis.gate import Gate
from orders.apis.revkeen.changes import Change
from orders.apis.revkeen.reads import Read

log = structlog.get_logger("orders.apis.revkeen")

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

DEFAULT_WAIT = 5.0  # seconds, after a 429 that does not say how long
LONGEST_WAIT = 24 * 60 * 60.0
REFUSALS: dict[int, type[Refused]] = {401: KeyRefused, 403: ScopeMissing, 404: Missing}


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
    """Calls RevKeen with one key. `gate` is shared by all clients of a connection in this process."""

    def __init__(
        self,
        base_url: str,
        key: str,
        version: str,
        gate: Gate,
        *,
        read_seconds: float = transport.READ_SECONDS,
        change_seconds: float = transport.CHANGE_SECONDS,
    ) -> None:
        self._base_url = base_url
        self._gate = gate
        self._headers = {"x-api-key": key, "RevKeen-Version": version}
        self._read_seconds, self._change_seconds = read_seconds, change_seconds

    def change(self, change: Change[T], key: uuid.UUID) -> T:
        """Make a change under its idempotency key. Raise an `ApiError`; only `NotSent` means that nothing arrived.

        After a 429, which says that nothing was done, it goes out once more if our turn comes within a few seconds.
        """
        deadline = time.monotonic() + self._change_seconds
        try:
            return self._change_once(change, key, deadline)
        except RateLimited:
            return self._change_once(change, key, deadline)

    def get(self, read: Read[T]) -> Got[T]:
        """Make one read, and once more if it failed in a way that may pass; never raises an `ApiError`."""
        deadline = time.monotonic() + self._read_seconds
        try:
            body = self._read_twice(read, deadline)
            return Got(decode(read, body), body=body)
        except ApiError as error:
            kinds = {"error": type(error).__name__, "cause": type(error.__cause__).__name__}
            log.warning("read failed", path=read.path.split("/")[1], reason=str(error), **kinds)
            return Got(error=error)

    @overload
    def get_together(self, first: Read[A], second: Read[B], /) -> tuple[Got[A], Got[B]]: ...
    @overload
    def get_together(self, first: Read[A], second: Read[B], third: Read[C], /) -> tuple[Got[A], Got[B], Got[C]]: ...
    @overload
    def get_together(self, *reads: Read[Any]) -> tuple[Got[Any], ...]: ...
    def get_together(self, *reads: Read[Any]) -> tuple[Got[Any], ...]:
        """Make reads that do not depend on each other side by side; this thread makes the last one itself."""
        if not reads:
            return ()
        others = [
            _executor().submit(contextvars.copy_context().run, self.get, read)  # the log keeps its request id
            for read in reads[:-1]
        ]
        last = self.get(reads[-1])
        return (*(other.result() for other in others), last)

    def _read_twice(self, read: Read[Any], deadline: float) -> bytes:
        try:
            return self._read_once(read, deadline)
        except (NotSent, Unknown) as error:
            if time.monotonic() >= deadline or not self._worth_another_try(error):
                raise
        return self._read_once(read, deadline)

    def _worth_another_try(self, error: NotSent | Unknown) -> bool:
        if isinstance(error, RateLimited):
            return True  # `before_call` waits for our turn, or says that it is too long
        return self._gate.may_try_again()

    def _change_once(self, change: Change[T], key: uuid.UUID, deadline: float) -> T:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(key)}
        body = self._call(
            change.method, change.path, change.scope, deadline, headers=self._headers | headers, body=change.encoded
        )
        return decode(change, body)

    def _read_once(self, read: Read[Any], deadline: float) -> bytes:
        return self._call("GET", read.path, read.scope, deadline, headers=self._headers, params=read.params)

    def _call(self, method: str, path: str, scope: str, deadline: float, **sent: Any) -> bytes:
        self._gate.before_call(deadline)
        try:
            answer = transport.send(method, self._base_url + path, deadline=deadline, **sent)
            body = _checked(self._without_key(answer), scope)
        except RateLimited as error:
            self._gate.asked_to_wait(error.wait)
            raise
        except (NotSent, Unknown):
            self._gate.failed()
            raise
        except Refused:
            self._gate.answered()
            raise
        self._gate.answered()
        return body

    def _without_key(self, answer: transport.Answer) -> transport.Answer:
        """What an API says about a key must not carry the key into a page or a log."""
        if answer.status < 400:
            return answer
        return replace(answer, body=answer.body.replace(self._headers["x-api-key"].encode(), b"[key]"))


def _checked(answer: transport.Answer, scope: str) -> bytes:
    """The body of a 2xx answer in JSON; everything else becomes an error by name."""
    if answer.status == 429:
        raise RateLimited(_wait(answer.headers))
    if 400 <= answer.status < 500:
        raise _refusal(answer, scope)
    if not 200 <= answer.status < 300:
        replayed = answer.headers.get("idempotency-replayed", "").lower() == "true"
        said = f"RevKeen answered with an error of its own ({answer.status})."
        raise Unknown(said, status=answer.status, replayed=replayed)
    if "json" not in answer.headers.get("content-type", ""):
        raise Unknown("RevKeen answered with something that is not JSON.")
    return answer.body


def decode(call: Read[T] | Change[T], body: bytes) -> T:
    """Take an answer apart; raise `Unknown` when it is not what the call should get."""
    try:
        return call.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unknown("RevKeen answered with something we cannot read.") from error


def _refusal(answer: transport.Answer, scope: str) -> Refused:
    try:
        error = msgspec.json.decode(answer.body).get("error")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, AttributeError):
        error = None
    said = error if isinstance(error, dict) else {"message": error}
    code, message, param, request_id = (_text(said.get(name)) for name in ("code", "message", "param", "request_id"))
    if answer.status == 403:
        message = f"this key may not {scope}. {message}".strip()
    kind = REFUSALS.get(answer.status, Refused)
    return kind(answer.status, code, message, param, request_id or _text(answer.headers.get("x-request-id")))


def _text(value: object) -> str:
    """What the API said, bounded: it is shown to people as text, and kept. PostgreSQL keeps no NUL."""
    return value[:200].replace("\x00", "") if isinstance(value, str) else ""


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: RevKeen does not say in which form `Retry-After` comes, so both are read."""
    said = headers.get("retry-after", "")
    try:
        seconds = float(said) if said.isascii() else DEFAULT_WAIT
    except ValueError:
        seconds = _seconds_until(said)
    return min(seconds, LONGEST_WAIT) if seconds >= 0 else DEFAULT_WAIT  # NaN is not >= 0


def _seconds_until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return DEFAULT_WAIT
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


@cache
def _executor() -> ThreadPoolExecutor:
    """One per process, as large as all pages that a process lets call at once may need."""
    return ThreadPoolExecutor(max_workers=96, thread_name_prefix="api")


os.register_at_fork(after_in_child=_executor.cache_clear)
