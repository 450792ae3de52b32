"""The last good copy of what RevKeen answered, for the time when it does not.

Kept in the cache that all processes share, per merchant and mode, for a day. A copy is written when its content
changed, or every minute so that its time stays true.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from django.core.cache import caches
from django.utils import timezone

from orders.apis.revkeen.reads import Read
from orders.models import Merchant

log = structlog.get_logger("orders.copies")

CACHE = "copies"  # not the one of the guessing limits, which a flood of copies would push out
KEPT_SECONDS = 24 * 60 * 60
WRITTEN_AGAIN_SECONDS = 60
REMEMBERED = 2_000  # keys of copies that this process has just written

_written: OrderedDict[str, tuple[bytes, float]] = OrderedDict()


@dataclass(frozen=True)
class Copy:
    """The bodies of one round of reads, an empty one for a read that failed then."""

    as_of: datetime
    bodies: list[bytes]

    def body(self, place: int) -> bytes:
        return self.bodies[place] if place < len(self.bodies) else b""


NOTHING = Copy(datetime.min.replace(tzinfo=UTC), [])


def keep(merchant: Merchant, mode: str, reads: Sequence[Read[Any]], bodies: list[bytes]) -> None:
    """Keep the answers of a round, which is whole: a part that was not answered would replace its own last copy."""
    key = _key(merchant, mode, reads)
    digest = hashlib.blake2b(b"\x00".join(bodies)).digest()
    known, at = _written.get(key, (b"", 0.0))
    if digest == known and time.monotonic() - at < WRITTEN_AGAIN_SECONDS:
        return
    try:
        caches[CACHE].set(key, Copy(timezone.now(), bodies), KEPT_SECONDS)
    except Exception:  # whatever the cache is made of: a page that was read is shown all the same
        log.exception("a copy could not be kept")
        return
    _written[key] = (digest, time.monotonic())
    while len(_written) > REMEMBERED:
        _written.popitem(last=False)


def find(merchant: Merchant, mode: str, reads: Sequence[Read[Any]]) -> Copy | None:
    try:
        found = caches[CACHE].get(_key(merchant, mode, reads))
    except Exception:
        log.exception("a copy could not be looked for")
        return None
    return found if isinstance(found, Copy) else None


def forget_written() -> None:
    """Start afresh, as a new process does."""
    _written.clear()


def _key(merchant: Merchant, mode: str, reads: Sequence[Read[Any]]) -> str:
    calls = "\n".join(f"{read.path}?{sorted(read.params.items())}" for read in reads)
    return f"copy:{merchant.pk}:{mode}:{hashlib.blake2b(calls.encode(), digest_size=20).hexdigest()}"
