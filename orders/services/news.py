"""Hearing that something was written which a worker may have to do something about, without asking for all of it.

PostgreSQL tells whoever listens (migration `news_for_workers`). SQLite counts what others have committed: looking at
that number reads some bytes of memory. Neither says what was written; whoever hears of it looks, and looks now and then
even so, because a message may get lost with its connection.
"""

import select
import socket
import sqlite3
import time
from typing import Any, Protocol

import psycopg
from django.conf import settings
from django.db import connection

CHANNEL = "orders_news"
SECONDS = 0.5  # what is written within so many is one piece of news
# Seconds, but for the switch and the count: a server that has gone without a word is noticed after half a minute.
GONE = {"connect_timeout": 5, "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4}


class News(Protocol):
    def note(self) -> None:
        """What was written until now is no news any more. Raise the engine's error when the connection is lost."""

    def wait(self, seconds: float, alarm: socket.socket) -> None:
        """Return when there is news, when `alarm` can be read, or when the time is over."""

    def close(self) -> None: ...


def listen() -> News:
    return OfPostgresql() if connection.vendor == "postgresql" else OfSqlite()


class OfPostgresql:
    """A connection of its own: one that goes back to the pool would hear on for somebody else. PgBouncer passes nothing
    on, so it is gone around.
    """

    def __init__(self) -> None:
        address = settings.NEWS_DATABASE_URL
        options: dict[str, Any] = GONE if address else connection.get_connection_params() | GONE
        self._connection = psycopg.connect(address, **options, autocommit=True)
        self._connection.execute(f"LISTEN {CHANNEL}")

    def note(self) -> None:
        for _ in self._connection.notifies(timeout=0):
            pass

    def wait(self, seconds: float, alarm: socket.socket) -> None:
        select.select([self._connection.fileno(), alarm.fileno()], [], [], seconds)

    def close(self) -> None:
        self._connection.close()


class OfSqlite:
    """A connection that writes nothing: the number leaves out what its own has committed."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(connection.settings_dict["NAME"])
        self._noted = 0

    def note(self) -> None:
        self._noted = self._number()

    def wait(self, seconds: float, alarm: socket.socket) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._number() == self._noted:
            if select.select([alarm], [], [], min(left, SECONDS))[0]:
                return

    def close(self) -> None:
        self._connection.close()

    def _number(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
