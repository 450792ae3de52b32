"""What a worker has to do: whether some of it is due, and when more of it will be, by the database's clock."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, wraps
from typing import Any

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet, Value
from django.db.models.functions import Now

Sql = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Due:
    """`seconds`: until more falls due; infinite where nothing waits for its time."""

    now: bool
    seconds: float


class Literal(Value):
    """A text of ours that is written into the statement: SQLite finds no partial index for what is bound to it."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"'{self.value}'", ()


class Asked:
    """`due`: what could be begun now. `moments`: rows, and the column that says when they will be."""

    def __init__(self, due: "QuerySet[Any, Any]", *moments: tuple["QuerySet[Any, Any]", str]) -> None:
        self._due = _in_sql(due.order_by().values_list(Value(1)))
        self._moments = [_in_sql(_soonest(rows, column)) for rows, column in moments]

    def answer(self) -> Due:
        with connection.cursor() as cursor:
            seconds = [_seconds(_first(cursor, sql)) for sql in self._moments]
            now = _first(cursor, self._due)  # asked last: what has become due since the moments were read is found
        return Due(now is not None, min(seconds, default=math.inf))


def asked_often(ask: Callable[[], Asked]) -> Callable[[], Due]:
    """A worker asks whenever anything was written, and always the same: the questions are put into SQL once."""
    kept = cache(ask)

    @wraps(ask)
    def answer() -> Due:
        return kept().answer()

    return answer


def _soonest(rows: "QuerySet[Any, Any]", column: str) -> "QuerySet[Any, Any]":
    to_come = rows.filter(**{f"{column}__gt": Now()}).order_by(column)
    left = ExpressionWrapper(F(column) - Now(), output_field=DurationField())
    return to_come.values_list(left)


def _in_sql(rows: "QuerySet[Any, Any]") -> Sql:
    return rows[:1].query.sql_with_params()


def _first(cursor: Any, sql: Sql) -> Any:
    """The only column of the first row; None where there is no row."""
    cursor.execute(*sql)
    row = cursor.fetchone()
    return row[0] if row else None


def _seconds(left: timedelta | int | None) -> float:
    """SQLite says microseconds."""
    if left is None:
        return math.inf
    return left.total_seconds() if isinstance(left, timedelta) else left / 1_000_000
