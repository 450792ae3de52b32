"""The connections at rest in this process, each for the key that opened it. A child of a fork starts with none."""

import os
import threading
import time
from functools import cache

from orders.apis.wire import Line, Place

KEPT_SECONDS = 30.0
MOST_OF_A_PLACE = 16
SWEPT_EVERY = 5.0


class Resting:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[Place, list[Line]] = {}
        self._swept = time.monotonic()

    def take(self, place: Place) -> Line | None:
        """The line that came to rest last, if it is still good: it has heard nothing since."""
        with self._lock:
            of_place = self._lines.get(place, [])
            while of_place:
                line = of_place.pop()
                if _young(line) and line.quiet:
                    return line
                line.close()
        return None

    def put(self, place: Place, line: Line) -> None:
        with self._lock:
            self._sweep()
            of_place = self._lines.setdefault(place, [])
            of_place.append(line)
            if len(of_place) > MOST_OF_A_PLACE:
                of_place.pop(0).close()

    def _sweep(self) -> None:
        """Close what has rested for too long, of keys too that nobody uses any more."""
        if time.monotonic() - self._swept < SWEPT_EVERY:
            return
        self._swept = time.monotonic()
        for place, lines in list(self._lines.items()):
            for line in [line for line in lines if not _young(line)]:
                lines.remove(line)
                line.close()
            if not lines:
                del self._lines[place]


def _young(line: Line) -> bool:
    return time.monotonic() - line.rested_since < KEPT_SECONDS


@cache
def resting() -> Resting:
    """Those of this process: two on one connection would read each other's answers."""
    return Resting()


os.register_at_fork(after_in_child=resting.cache_clear)
