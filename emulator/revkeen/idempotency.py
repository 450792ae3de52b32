"""The same change asked for twice is made once. https://docs.revkeen.com/fundamentals/idempotency"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from emulator.messages import Request, Response, parse
from emulator.store import Store

DAY_MS = 24 * 60 * 60 * 1000
_STORED = {400, 403, 404, 422}


class Scope(NamedTuple):
    """What a key is unique within."""

    api_key: str
    method: str
    path: str
    key: str


class KeyReused(Exception):
    """The same key came with another body."""


class StillRunning(Exception):
    """The first call with this key has not ended."""


@dataclass(frozen=True)
class Place:
    """Where the answer to a call will be kept."""

    scope: Scope
    fingerprint: str
    first_used_ms: int


class _Stored(NamedTuple):
    fingerprint: str
    created: int
    status: int
    headers: str
    body: bytes


class Idempotency:
    def __init__(self, store: Store, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._running: dict[Scope, str] = {}  # scope: fingerprint

    def find(self, scope: Scope, request: Request) -> Response | Place:
        """The stored answer, or the place for a new one. Raises KeyReused, StillRunning."""
        fingerprint = _fingerprint(request)
        stored = self._stored(scope)
        known = self._running.get(scope) or (stored and stored.fingerprint)
        if known is not None and known != fingerprint:
            raise KeyReused
        if scope in self._running:
            raise StillRunning
        return Place(scope, fingerprint, self._now_ms()) if stored is None else _replay(stored)

    @contextmanager
    def running(self, place: Place | None) -> Iterator[None]:
        """Nobody else may use the key meanwhile. Without a place nothing is held."""
        if place is None:
            yield
            return
        self._running[place.scope] = place.fingerprint
        try:
            yield
        finally:
            del self._running[place.scope]

    def keep(self, place: Place, response: Response, *, after_work: bool) -> None:
        """Store an answer if it is of the kind that is: whatever came after the work, and some refusals."""
        if after_work or response.status in _STORED:
            stored = _Stored(
                place.fingerprint, place.first_used_ms, response.status, json.dumps(response.headers), response.body
            )
            row = (*place.scope, *stored)
            self._store.db.execute("INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    # helpers

    def _stored(self, scope: Scope) -> _Stored | None:
        row = self._store.db.execute(
            "SELECT fingerprint, created, status, headers, body FROM idempotency "
            "WHERE api_key = ? AND method = ? AND path = ? AND key = ?",
            scope,
        ).fetchone()
        return _Stored(*row) if row and self._now_ms() - row[1] < DAY_MS else None


def _replay(stored: _Stored) -> Response:
    headers = tuple((name, value) for name, value in json.loads(stored.headers))
    return Response(stored.status, stored.body, (*headers, ("Idempotency-Replayed", "true")), replayed=True)


def _fingerprint(request: Request) -> str:
    """Equal for equal JSON, whatever the order of its members."""
    try:
        content = parse(request.body, like_javascript=True) if request.body else {}
        text = json.dumps(content, sort_keys=True).encode()
    except (ValueError, RecursionError):
        text = request.body
    return hashlib.sha256(text).hexdigest()
