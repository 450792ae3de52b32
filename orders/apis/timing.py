"""How long the remote calls of a request took, those that ran side by side counted once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Span = tuple[float, float]  # start and end, in seconds of the monotonic clock

_calls: ContextVar[list[Span] | None] = ContextVar("calls", default=None)


@contextmanager
def measured() -> Iterator[list[Span]]:
    calls: list[Span] = []
    token = _calls.set(calls)
    try:
        yield calls
    finally:
        _calls.reset(token)


def note_call(started: float, ended: float) -> None:
    calls = _calls.get()
    if calls is not None:
        calls.append((started, ended))


def covered(calls: list[Span]) -> float:
    """The seconds in which at least one call was under way."""
    total, reached = 0.0, 0.0
    for started, ended in sorted(calls):
        total += max(0.0, ended - max(started, reached))
        reached = max(reached, ended)
    return total
