"""The emulator's own time: it can be moved on, and no two of its moments are the same."""

from __future__ import annotations

import time
from datetime import datetime


class Clock:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._ahead_ms = 0
        self._last_ms = 0

    def advance(self, seconds: float) -> None:
        """Raises ValueError for more than thirty years."""
        if not abs(seconds) <= 10**9:
            raise ValueError("the clock cannot be moved that far")
        self._ahead_ms += round(seconds * 1000)

    def now_ms(self) -> int:
        """Unix time in milliseconds, always later than the one before: lists have one order only."""
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 1_000_000 + self._ahead_ms)
        return self._last_ms

    def peek_ms(self) -> int:
        """Unix time in milliseconds for comparing; does not count as a moment."""
        return time.time_ns() // 1_000_000 + self._ahead_ms


def iso(moment_ms: int) -> str:
    """`2026-08-20T10:11:12.345Z`, the form in which the APIs write times."""
    seconds, rest = divmod(moment_ms, 1000)
    year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z"


def unix_ms(text: str) -> int:
    """Raises ValueError for a text without a time zone or of another form."""
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return round(moment.timestamp() * 1000)
