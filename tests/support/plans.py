"""The plans of questions, as a database makes them of many rows."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

POSTGRESQL = connection.vendor == "postgresql"


def begin_with_new_files(*tables: str) -> None:
    """Rolled back rows of other tests stay in the files, and plans follow the sizes of those."""
    if POSTGRESQL:
        _say(f"TRUNCATE {', '.join(tables)} CASCADE")


def as_of_many_rows(*tables: str) -> None:
    """Until the transaction ends: a hundred rows are read and sorted faster without any index."""
    if POSTGRESQL:
        _say(*(f"ANALYZE {table}" for table in tables), "SET LOCAL enable_seqscan = off", "SET LOCAL enable_sort = off")


def plans(ask: Callable[[], object]) -> list[str]:
    """The plan of each question that is asked."""
    with CaptureQueriesContext(connection) as asked:
        ask()
    explain = "EXPLAIN " if POSTGRESQL else "EXPLAIN QUERY PLAN "
    found = []
    with connection.cursor() as cursor:
        for statement in [query["sql"] for query in asked if query["sql"].startswith("SELECT")]:
            cursor.execute(explain + statement)
            found.append("\n".join(" ".join(map(str, row)) for row in cursor.fetchall()))
    return found


def is_by(plan: str, *indexes: str) -> bool:
    return any(index in plan for index in indexes)


def _say(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
