"""The database's clock, by which reads, marks and passes are put in order: hosts may disagree, it does not."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """Now, as the database says; on SQLite in whole milliseconds."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT clock_timestamp()")
            return cursor.fetchone()[0]  # type: ignore[no-any-return]
        cursor.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
        return timezone.make_aware(datetime.fromisoformat(cursor.fetchone()[0]), timezone.get_fixed_timezone(0))
