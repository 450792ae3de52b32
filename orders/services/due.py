"""What a worker has to do: whether some of it is due, and when more of it will be, by the database's clock."""

import math
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Now


@dataclass(frozen=True)
class Due:
    """`seconds`: until more falls due; infinite where nothing waits for its time."""

    now: bool
    seconds: float


class Literal(Value):
    """A text of ours that is written into the statement: SQLite finds no partial index for what is bound to it."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"'{self.value}'", ()


def when_due(due: "QuerySet[Any, Any]", *moments: tuple["QuerySet[Any, Any]", str]) -> Due:
    """`due`: what could be begun now. `moments`: rows, and the column that says when they will be."""
    seconds = min((_seconds_until(rows, column) for rows, column in moments), default=math.inf)
    return Due(due.exists(), seconds)  # asked last: what has become due since the moments were read is found


def _seconds_until(rows: "QuerySet[Any, Any]", column: str) -> float:
    to_come = rows.filter(**{f"{column}__gt": Now()}).annotate(now=Now()).order_by(column)
    first = to_come.values_list(column, "now").first()
    return (first[0] - first[1]).total_seconds() if first else math.inf
