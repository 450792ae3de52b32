"""How long an answer takes before the emulator's own work."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

_Z99 = 2.3263  # standard deviations from the median to the 99th percentile


@dataclass(frozen=True)
class Latency:
    """A fixed time, or a log-normal one given by its median and its 99th percentile. Milliseconds."""

    p50: float = 0.0
    p99: float = 0.0

    @classmethod
    def read(cls, text: str) -> Latency:
        """`50` or `p50=80,p99=900`. Raises ValueError."""
        if "=" not in text:
            fixed = float(text)
            latency = cls(fixed, fixed)
        else:
            named = {name.strip(): float(value) for name, _, value in (p.partition("=") for p in text.split(","))}
            if set(named) != {"p50", "p99"}:
                raise ValueError("say a number, or p50=…,p99=…")
            latency = cls(**named)
        if not 0 <= latency.p50 <= latency.p99 < math.inf or (latency.p50 == 0 < latency.p99):
            raise ValueError("a latency is not negative, and p99 not below p50")
        return latency

    def seconds(self, rng: random.Random) -> float:
        if self.p50 == self.p99:
            return self.p50 / 1000
        return rng.lognormvariate(math.log(self.p50), math.log(self.p99 / self.p50) / _Z99) / 1000
