"""The index can be made anew out of RevKeen, so nobody waits until it is on the disk.

Both engines write what is committed in the order of the commits: whatever is committed later takes the index along,
and a power cut loses at most its end, never what came before something that is there. So a watermark never says more
than the copies have.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LATER = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET synchronous_commit = off"}
AS_USUAL = {"sqlite": "PRAGMA synchronous=FULL", "postgresql": "RESET synchronous_commit"}


@contextmanager
def on_disk_later() -> Iterator[None]:
    """Commit what is written in here without waiting for the disk; within a transaction, that one decides."""
    if connection.in_atomic_block:
        yield
        return
    _say(LATER)
    try:
        yield
    finally:
        _back_to_usual()


def _back_to_usual() -> None:
    """A connection that does not go back is given up: the journal must never be written by it."""
    try:
        _say(AS_USUAL)
    except Exception:
        connection.close()
        raise


def _say(words: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(words[connection.vendor])
