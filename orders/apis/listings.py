"""Lists, whichever API sends them: row by row, so that one that cannot be read does not lose the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
RowReader = Callable[[msgspec.Raw | bytes], T]


@dataclass(frozen=True)
class Unreadable:
    """A row of a list that is not what it should be: shown as such, and the other rows are not lost."""

    id: str
    reason: str
    status: str


@dataclass(frozen=True)
class Listing(Generic[T]):
    """One page of a list. `total` is there when the API counted."""

    rows: list[T]
    unreadable: list[tuple[int, Unreadable]] = field(default_factory=list)  # with their place among all rows
    has_more: bool = False
    total: int | None = None

    def __iter__(self) -> Iterator[T | Unreadable]:
        """All rows in the order they came."""
        whole: list[T | Unreadable] = list(self.rows)
        for place, row in self.unreadable:
            whole.insert(place, row)
        return iter(whole)


def read_rows(raw_rows: Sequence[msgspec.Raw], read_row: RowReader[T]) -> tuple[list[T], list[tuple[int, Unreadable]]]:
    """The rows that can be read, and those that cannot with their place among all."""
    rows: list[T] = []
    unreadable: list[tuple[int, Unreadable]] = []
    for place, raw in enumerate(raw_rows):
        try:
            rows.append(read_row(raw))
        except (msgspec.MsgspecError, RecursionError) as error:
            unreadable.append((place, _unreadable(raw, error)))
    return rows, unreadable


def _unreadable(raw: msgspec.Raw, error: Exception) -> Unreadable:
    try:
        plain = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        plain = None
    known = plain if isinstance(plain, dict) else {}
    row_id, status = (value if isinstance(value := known.get(name), str) else "" for name in ("id", "status"))
    return Unreadable(row_id[:64], str(error)[:200], status[:40])
