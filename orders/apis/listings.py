"""Lists, whichever API sends them: row by row, so that one that cannot be read does not lose the others."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from orders.apis.decoding import too_deep

T = TypeVar("T")
MOST_ROWS = 1000  # of a list that is asked for without a limit
LONGEST_RAW = 4000
NUMBERS = ("public_id", "invoice_number", "name", "email")

RowReader = Callable[[msgspec.Raw | bytes], T]


@dataclass(frozen=True)
class Unreadable:
    """A row of a list that is not what it should be: shown as such, and the other rows are not lost."""

    id: str
    reason: str
    status: str
    number: str = ""  # what people call it, if it says so
    raw: str = ""  # the beginning of what was sent


@dataclass(frozen=True)
class Listing(Generic[T]):
    """One page of a list. `total` is there when the API counted."""

    rows: Sequence[T]  # nobody changes it: it may be shown by several pages
    unreadable: Sequence[tuple[int, Unreadable]] = field(default_factory=list)  # with their place among all rows
    has_more: bool = False
    total: int | None = None

    def __iter__(self) -> Iterator[T | Unreadable]:
        """All rows in the order they came."""
        whole: list[T | Unreadable] = list(self.rows)
        for place, row in self.unreadable:
            whole.insert(place, row)
        return iter(whole)


def page_of(raw_rows: Sequence[msgspec.Raw], read_row: RowReader[T], asked: int, **said: Any) -> Listing[T]:
    """A page of at most the rows that were asked for. Of more that came, none is read, and there is more."""
    rows, unreadable = read_rows(raw_rows[:asked], read_row)
    has_more = bool(said.pop("has_more", False)) or len(raw_rows) > asked
    return Listing(rows, unreadable, has_more, **said)


def read_rows(raw_rows: Sequence[msgspec.Raw], read_row: RowReader[T]) -> tuple[list[T], list[tuple[int, Unreadable]]]:
    """The rows that can be read, and those that cannot with their place among all."""
    rows: list[T] = []
    unreadable: list[tuple[int, Unreadable]] = []
    for place, raw in enumerate(raw_rows):
        try:
            rows.append(read_row(raw))
        except Exception as error:  # whatever it is: one row loses no other
            unreadable.append((place, _unreadable(raw, error)))
    return rows, unreadable


def _unreadable(raw: msgspec.Raw, error: Exception) -> Unreadable:
    known, text = _plain(bytes(raw))
    number = next((known[name] for name in NUMBERS if known.get(name)), "")
    reason = str(error) if isinstance(error, msgspec.MsgspecError) else "It is not what a row should be."
    return Unreadable(
        known.get("id", "")[:64], reason[:200], known.get("status", "")[:40], number[:64], text[:LONGEST_RAW]
    )


def _plain(raw: bytes) -> tuple[dict[str, str], str]:
    """The texts of a row by their names, and the row for people, indented where it can be."""
    text = raw[: 4 * LONGEST_RAW].decode(errors="replace")
    try:
        plain = None if too_deep(raw) else json.loads(raw)
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        return {}, text
    texts = {name: value for name, value in plain.items() if isinstance(value, str)}
    return texts, json.dumps(plain, indent=2, ensure_ascii=False)
