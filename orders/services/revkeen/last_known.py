"""The last good copy of what RevKeen answered, for the time when it does not.

Kept in the cache that all processes share, for a day, per key: what one key read is never shown for another. A copy
is written when its content changed, or every minute so that its time stays true.
"""

import hashlib
import time
import uuid
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.core.cache import caches
from django.utils import timezone

from orders.apis.revkeen.reads import Read

log = structlog.get_logger("orders.copies")

CACHE = "copies"  # not the one of the guessing limits, which a flood of copies would push out
KEPT_SECONDS = 24 * 60 * 60
WRITTEN_AGAIN_SECONDS = 60
REMEMBERED = 5_000  # keys of copies that this process has just written

LET_ALONE_SECONDS = 5.0

_failed_at: deque[float] = deque(maxlen=1)  # when the cache last failed here
_written: OrderedDict[str, tuple[bytes, float]] = OrderedDict()


@dataclass(frozen=True)
class Copy:
    as_of: datetime
    body: bytes


def keep(connection_id: uuid.UUID, read: Read[Any], body: bytes) -> None:
    key = _key(connection_id, read)
    digest = hashlib.blake2b(body).digest()
    known, at = _written.get(key, (b"", 0.0))
    if digest == known and time.monotonic() - at < WRITTEN_AGAIN_SECONDS:
        return
    if _let_alone():
        return
    try:
        caches[CACHE].set(key, Copy(timezone.now(), body), KEPT_SECONDS)
    except Exception:  # whatever the cache is made of: a page that was read is shown all the same
        _failed("a copy could not be kept")
        return
    _written[key] = (digest, time.monotonic())
    while len(_written) > REMEMBERED:
        _written.popitem(last=False)


def find(connection_id: uuid.UUID, read: Read[Any]) -> Copy | None:
    if _let_alone():
        return None
    try:
        found = caches[CACHE].get(_key(connection_id, read))
    except Exception:
        _failed("a copy could not be looked for")
        return None
    return found if isinstance(found, Copy) else None


def forget_written() -> None:
    """Start afresh, as a new process does."""
    _written.clear()
    _failed_at.clear()


def _let_alone() -> bool:
    """Whether the cache failed just now: a page has several copies, and waits for it only once."""
    return bool(_failed_at) and time.monotonic() - _failed_at[-1] < LET_ALONE_SECONDS


def _failed(what: str) -> None:
    log.exception(what)
    _failed_at.append(time.monotonic())


def _key(connection_id: uuid.UUID, read: Read[Any]) -> str:
    return f"copy:{connection_id}:{hashlib.blake2b(read.call.encode(), digest_size=20).hexdigest()}"
