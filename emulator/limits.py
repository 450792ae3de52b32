"""Requests per minute with a burst, per API key."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.accounts import Mode
from emulator.keys import ApiKey

OWN = "own"  # each API as its provider publishes it


@dataclass(frozen=True)
class Rate:
    per_minute: int
    burst: int


Rates = dict[Mode, Rate]


def read_rates(text: str, own: str = "off") -> Rates:
    """`off`, `own` or `live=1000/2000,test=100/200`; a mode left out has no limit. Raises ValueError."""
    rates: Rates = {}
    if text == OWN:
        text = own
    if text == "off":
        return rates
    for part in str(text).split(","):
        mode, _, figures = part.partition("=")
        per_minute, _, burst = figures.partition("/")
        if mode not in ("live", "test") or int(per_minute) < 1 or int(burst) < 1:
            raise ValueError("say off, own, or live=1000/2000,test=100/200")
        rates[mode] = Rate(int(per_minute), int(burst))  # type: ignore[index]
    return rates


class Limits:
    """A bucket of `burst` requests per key that fills at `per_minute`."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.set({})

    def set(self, rates: Mapping[str, Rates]) -> None:
        """Start anew with these rates, by provider."""
        self._rates = rates
        self._buckets: dict[str, tuple[float, int]] = {}  # key: what is left, when it was counted

    def seconds_to_wait(self, key: ApiKey) -> int:
        """0 when the request may pass (and is counted), else whole seconds until the next one may."""
        rate = self._rates.get(key.provider, {}).get(key.account.mode)
        if rate is None:
            return 0
        now = self._now_ms()
        left, counted = self._buckets.get(key.key, (float(rate.burst), now))
        left = min(rate.burst, left + (now - counted) / 60_000 * rate.per_minute)
        passes = left >= 1
        self._buckets[key.key] = (left - 1 if passes else left, now)
        return 0 if passes else max(1, math.ceil((1 - left) * 60 / rate.per_minute))
