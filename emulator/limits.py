"""Requests per minute with a burst, per API key."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from emulator.accounts import Mode

# RevKeen's published figures: requests per minute and burst.
REAL = "live=1000/2000,test=100/200"


@dataclass(frozen=True)
class Rate:
    per_minute: int
    burst: int


def read_rates(text: str) -> dict[Mode, Rate]:
    """`off`, or `live=1000/2000,test=100/200`; a mode left out has no limit. Raises ValueError."""
    rates: dict[Mode, Rate] = {}
    if text == "off":
        return rates
    for part in text.split(","):
        mode, _, figures = part.partition("=")
        per_minute, _, burst = figures.partition("/")
        if mode not in ("live", "test") or int(per_minute) < 1 or int(burst) < 1:
            raise ValueError("say off, or live=1000/2000,test=100/200")
        rates[mode] = Rate(int(per_minute), int(burst))  # type: ignore[index]
    return rates


class Limits:
    """A bucket of `burst` requests per key that fills at `per_minute`."""

    def __init__(self, text: str, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.set(text)

    def set(self, text: str) -> None:
        """Start anew with these rates. Raises ValueError."""
        self._rates = read_rates(text)
        self.text = text
        self._buckets: dict[str, tuple[float, int]] = {}  # key: what is left, when it was counted

    def seconds_to_wait(self, key: str, mode: Mode) -> int:
        """0 when the request may pass (and is counted), else whole seconds until the next one may."""
        rate = self._rates.get(mode)
        if rate is None:
            return 0
        now = self._now_ms()
        left, counted = self._buckets.get(key, (float(rate.burst), now))
        left = min(rate.burst, left + (now - counted) / 60_000 * rate.per_minute)
        passes = left >= 1
        self._buckets[key] = (left - 1 if passes else left, now)
        return 0 if passes else max(1, math.ceil((1 - left) * 60 / rate.per_minute))
