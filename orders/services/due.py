"""What a worker has to do: whether some of it is due, and when more of it will be, by the database's clock."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, update_wrapper
from itertools import chain, islice
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

    @property
    def parts(self) -> list[Sql]:
        return [self._due, *self._moments]


class Question:
    """A worker asks whenever anything was written, and always the same: it is put into SQL once."""

    def __init__(self, ask: Callable[[], Asked]) -> None:
        self.asked = cache(ask)
        update_wrapper(self, ask)

    def __call__(self) -> Due:
        return together(self)[0]


asked_often = Question  # the decorator


def together(*questions: Question) -> list[Due]:
    """The answers to all of them out of one statement, as of one moment: nothing becomes due between two of them."""
    with connection.cursor() as cursor:
        cursor.execute(*_statement(questions))
        found = iter(cursor.fetchone())
    return [_due(list(islice(found, len(question.asked().parts)))) for question in questions]


@cache
def _statement(questions: tuple[Question, ...]) -> Sql:
    parts = [part for question in questions for part in question.asked().parts]
    return f"SELECT {', '.join(f'({sql})' for sql, _ in parts)}", tuple(
        chain.from_iterable(given for _, given in parts)
    )


def _due(values: list[Any]) -> Due:
    now, *moments = values
    return Due(now is not None, min(map(_seconds, moments), default=math.inf))


def _soonest(rows: "QuerySet[Any, Any]", column: str) -> "QuerySet[Any, Any]":
    to_come = rows.filter(**{f"{column}__gt": Now()}).order_by(column)
    left = ExpressionWrapper(F(column) - Now(), output_field=DurationField())
    return to_come.values_list(left)


def _in_sql(rows: "QuerySet[Any, Any]") -> Sql:
    return rows[:1].query.sql_with_params()


def _seconds(left: timedelta | int | None) -> float:
    """SQLite says microseconds."""
    if left is None:
        return math.inf
    return left.total_seconds() if isinstance(left, timedelta) else left / 1_000_000
