"""Every call that came, in order: who, what, when it began and ended, what was answered."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import asdict, dataclass

from emulator.clock import iso
from emulator.keys import ApiKey, mask
from emulator.messages import Json, Request, Response

KEPT = 200_000


@dataclass(slots=True)
class Entry:
    id: int
    at: str  # by the emulator's clock
    provider: str
    method: str
    path: str
    query: str
    key: str | None  # prefix and last four
    merchant: str | None
    mode: str | None
    request_id: str
    idempotency_key: str | None
    fault: str | None
    started_ms: float  # since the emulator started; a call that starts before another ended ran beside it
    ended_ms: float | None = None
    status: int | None = None  # of the answer as it was meant to arrive
    replayed: bool = False


class RequestLog:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._began = time.perf_counter()
        self._count = 0

    def begin(
        self, provider: str, request: Request, sent_key: str | None, key: ApiKey | None, fault: str | None, now_ms: int
    ) -> Entry:
        self._count += 1
        entry = Entry(
            id=self._count,
            at=iso(now_ms),
            provider=provider,
            method=request.method,
            path=request.path,
            query=request.query,
            key=mask(sent_key) if sent_key else None,
            merchant=key.account.merchant if key else None,
            mode=key.account.mode if key else None,
            request_id=request.id,
            idempotency_key=request.headers.get("idempotency-key"),
            fault=fault,
            started_ms=self._elapsed(),
        )
        self._entries.append(entry)
        return entry

    def end(self, entry: Entry, response: Response | None) -> None:
        entry.ended_ms = self._elapsed()
        if response is not None:
            entry.status, entry.replayed = response.status, response.replayed

    def read(self, wanted: dict[str, str]) -> list[Json]:
        """Entries, oldest first, with these values. `path` is a regular expression, `after` an entry's id.

        Raises ValueError: a filter misspelt would find nothing, and a test that expects nothing would pass.
        """
        after, path = int(wanted.pop("after", "0")), re.compile(wanted.pop("path", ""))
        if unknown := wanted.keys() - Entry.__slots__:
            raise ValueError(f"the log has no {', '.join(sorted(unknown))}")
        found = (asdict(entry) for entry in self._entries if entry.id > after and path.search(entry.path))
        return [entry for entry in found if all(str(entry.get(name)) == value for name, value in wanted.items())]

    def clear(self) -> None:
        self._entries.clear()

    def _elapsed(self) -> float:
        return round((time.perf_counter() - self._began) * 1000, 3)
