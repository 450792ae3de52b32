"""What is wrong with the database that this runs on: `migrate`, `check --database` and each worker tell it."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning, register
from django.core.checks.registry import Tags
from django.db import connection

LOCALE = Warning(
    "This PostgreSQL database knows ASCII letters alone (LC_CTYPE is C).",
    hint="Names in other scripts are found whole, but not by a part of them. "
    "Make the database with a UTF-8 locale such as C.UTF-8 (docs/deployment.md).",
    id="orders.W001",
)


@register(Tags.database)
def letters(databases: Sequence[str] | None = None, **others: Any) -> list[CheckMessage]:
    """Trigrams are made of what the locale calls letters: with LC_CTYPE=C there are none in `ä` or in `中`."""
    if connection.alias not in (databases or ()) or connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower('Ä') = 'ä'")
        return [] if cursor.fetchone()[0] else [LOCALE]
