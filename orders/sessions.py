"""Where sessions are kept: under the hash of their key, until nobody has worked in them for a while, and never longer
than a working day. `SESSION_ENGINE` names this module."""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import CharField, DateTimeField, QuerySet
from django.utils import timezone

from orders.kept_queries import Given, kept

SIGNED_IN_AT = "signed_in_at"  # seconds since 1970: a new key does not begin the day anew
TOUCHED_EVERY = timedelta(minutes=1)


class SessionStore(DatabaseStore):
    row: Any = None  # what the session was read from

    @classmethod
    def get_model_class(cls) -> Any:
        from orders.models import Session  # apps are not ready when the engine is imported

        return Session

    def exists(self, session_key: str) -> bool:
        return bool(self.model.objects.filter(session_key=hashed(session_key)).exists())

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.session_key, row.user_id = hashed(row.session_key), data.get(SESSION_KEY)
        row.expire_date = ends_at(data)
        return row

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            self.model.objects.filter(session_key=hashed(key)).delete()

    def _get_session_from_db(self) -> Any:
        self.row = next(iter(_of_key(hashed(self.session_key), timezone.now())), None)
        if self.row is None:
            self._session_key = None
        return self.row


@kept(CharField(), DateTimeField())
def _of_key(hashed_key: Given, now: Given) -> "QuerySet[Any]":
    return SessionStore.get_model_class().objects.filter(session_key=hashed_key, expire_date__gt=now)


def hashed(session_key: str | None) -> str:
    """The key is random enough that a plain hash cannot be turned back; 40 characters are what the table takes."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()[:40]


def ends_at(data: Any) -> datetime:
    """When a session ends in which nobody does anything from now on."""
    idle = timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    if SIGNED_IN_AT not in data:
        return idle
    return min(idle, datetime.fromtimestamp(data[SIGNED_IN_AT], UTC) + timedelta(seconds=settings.SESSION_COOKIE_AGE))


def begin(session: SessionBase, browser: str, origin: str) -> None:
    """Note when, with what and from where somebody signed in."""
    session.update({SIGNED_IN_AT: time.time(), "browser": browser[:300], "origin": origin})


def touch(session: SessionBase) -> None:
    """Somebody works in it: it lasts for another while. Written once a minute, because every page comes by here."""
    row = getattr(session, "row", None)
    if row is not None and row.user_id and timezone.now() - row.seen_at > TOUCHED_EVERY:
        type(row).objects.filter(pk=row.pk).update(seen_at=timezone.now(), expire_date=ends_at(session))
