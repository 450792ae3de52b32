"""A list that becomes a file: which rows it has is read in one query, and so is that of one moment, each row once."""

from array import array
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

READ_AT_ONCE = 500
MOST = 1_000_000  # rows of one file
IMPORTING = "RevKeen’s {what} are still being imported. A file made now would lack some of them."


class Listed:
    """The copies of a list by their keys, `taken` at a moment of the database's clock."""

    def __init__(self, found: "QuerySet[Any, Any]", keys: "array[int]", taken: datetime) -> None:
        self._found, self._keys, self._taken, self._gone = found, keys, taken, 0

    def count(self, most: int) -> int:
        return min(len(self._keys), most)

    def parts(self) -> Iterator[list[Any]]:
        """Some hundred at a time, each as it is when it is read."""
        for start in range(0, len(self._keys), READ_AT_ONCE):
            part = list(self._keys[start : start + READ_AT_ONCE])
            by_key = self._found.in_bulk(part)
            self._gone += len(part) - len(by_key)
            yield [by_key[key] for key in part if key in by_key]

    def notes(self) -> list[str]:
        found = [f"The list is that of {self._taken:%Y-%m-%d %H:%M:%S} UTC."]
        if self._gone:
            found.append(f"It lacks {self._gone:,} rows that were not there any more. Export again to have them.")
        if len(self._keys) == MOST:
            found.append(f"It may have more rows than the {MOST:,} here. Narrow the filter.")
        return found
