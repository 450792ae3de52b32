"""Whether a worker is alive. Each says so every few seconds; without one no partner is told and nothing
reconciled.
"""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import caches
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now

from orders.models import WorkerSeen

EVERY_SECONDS = 10.0
FRESH = timedelta(minutes=1)
KEPT = timedelta(days=1)
REMEMBERED_SECONDS = 5.0  # so long a page takes the word of the one before it


@dataclass(frozen=True)
class Seen:
    """When a worker was last seen, None if never; `fresh` within the last minute."""

    at: datetime | None
    fresh: bool


def name_of_this() -> str:
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


def beat(name: str) -> None:
    """Say that this worker is alive. The first time, forget those that have long been gone."""
    if WorkerSeen.objects.filter(name=name).update(seen_at=Now()):
        return
    WorkerSeen.objects.filter(seen_at__lt=Now() - KEPT).delete()
    WorkerSeen.objects.get_or_create(name=name)


def last_seen() -> Seen:
    """By the database's clock; of a worker that was stopped it is kept, so that a restart alarms nobody."""
    fresh = ExpressionWrapper(Q(seen_at__gt=Now() - FRESH), output_field=BooleanField())
    found = WorkerSeen.objects.annotate(fresh=fresh).order_by("-seen_at").values_list("seen_at", "fresh").first()
    return Seen(found[0], bool(found[1])) if found else Seen(None, fresh=False)


def missing() -> Seen | None:
    """For every page, so it is asked seldom: when the last worker was seen, where that is too long ago."""
    seen: Any = caches["process"].get_or_set("worker", last_seen, REMEMBERED_SECONDS)
    return None if seen.fresh else seen
