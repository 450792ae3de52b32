"""The index can be made anew out of RevKeen, so nobody waits until it is on the disk.

Both engines write what is committed in the order of the commits: whatever is committed later takes the index along,
and a power cut loses at most its end, never what came before something that is there. So a watermark never says more
than the copies have.

PostgreSQL is told so for one transaction alone: behind a pooler the same connection is the journal's in the next one.
SQLite takes it only for a connection, and outside of transactions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

LATER, AS_USUAL = "PRAGMA synchronous=NORMAL", "PRAGMA synchronous=FULL"
LATER_ONCE = "SET LOCAL synchronous_commit = off"

_later = ContextVar("on_disk_later", default=False)


@contextmanager
def on_disk_later() -> Iterator[None]:
    """Commit the transactions of the index in here without waiting for the disk; within another, that one decides."""
    if connection.in_atomic_block:
        yield
        return
    said = _later.set(True)
    try:
        with _not_waiting():
            yield
    finally:
        _later.reset(said)


@contextmanager
def atomic() -> Iterator[None]:
    """A transaction of the index."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and _later.get() and connection.vendor == "postgresql":
            _say(LATER_ONCE)
        yield


@contextmanager
def _not_waiting() -> Iterator[None]:
    """A connection that does not go back to waiting is given up: the journal must never be written by it."""
    if connection.vendor != "sqlite":
        yield
        return
    _say(LATER)
    try:
        yield
    finally:
        try:
            _say(AS_USUAL)
        except Exception:
            connection.close()
            raise


def _say(words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(words)
