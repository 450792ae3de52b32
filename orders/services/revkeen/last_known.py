"""The last good copy of what RevKeen answered, for the time when it does not.

Kept in the cache that all processes share, for a day, per key: what one key read is never shown for another. A copy
is written when its content changed, or every minute so that its time stays true.
"""

import hashlib
import re
import uuid
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
LET_ALONE_SECONDS = 5.0
LONGEST_END = 200  # bytes
REQUEST_ID = re.compile(rb',\s*"requestId"\s*:\s*"[^"]*"\s*}\s*\Z')
FAILED = "copies:failed"  # in what this process remembers: the cache has just failed here


@dataclass(frozen=True)
class Copy:
    as_of: datetime
    body: bytes


def keep(connection_id: uuid.UUID, read: Read[Any], body: bytes) -> None:
    key = _key(connection_id, read)
    digest = hashlib.blake2b(_without_request_id(body)).digest()
    if caches["process"].get(key) == digest or _let_alone():
        return
    try:
        caches[CACHE].set(key, Copy(timezone.now(), body), KEPT_SECONDS)
    except Exception:  # whatever the cache is made of: a page that was read is shown all the same
        _failed("a copy could not be kept")
        return
    caches["process"].set(key, digest, WRITTEN_AGAIN_SECONDS)


def find(connection_id: uuid.UUID, read: Read[Any]) -> Copy | None:
    if _let_alone():
        return None
    try:
        found = caches[CACHE].get(_key(connection_id, read))
    except Exception:
        _failed("a copy could not be looked for")
        return None
    return found if isinstance(found, Copy) else None


def _without_request_id(body: bytes) -> bytes:
    """Some answers end with the id of their request, which is another one each time."""
    end = body[-LONGEST_END:]
    return body[:-LONGEST_END] + REQUEST_ID.sub(b"}", end) if b"requestId" in end else body


def _let_alone() -> bool:
    """Whether the cache failed just now: a page has several copies, and waits for it only once."""
    return FAILED in caches["process"]


def _failed(what: str) -> None:
    log.exception(what)
    caches["process"].set(FAILED, True, LET_ALONE_SECONDS)


def _key(connection_id: uuid.UUID, read: Read[Any]) -> str:
    return f"copy:{connection_id}:{hashlib.blake2b(read.call.encode(), digest_size=20).hexdigest()}"
