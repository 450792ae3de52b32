"""Many orders quickly: copies of a few hundred lives, each with its own ids, number, customer and times."""

from __future__ import annotations

import re
from typing import Any

from emulator.clock import iso
from emulator.revkeen.seed.lives import Life
from emulator.store import Kind, Row, cells_of

Cells = list[Any]
_CREATED = 2  # the column that holds the time
_BETWEEN = "\x1f"  # stands between the cells of a text; JSON never has it unescaped


class Stamp:
    """One life, ready to be copied: its cells that differ from copy to copy are one text with gaps."""

    def __init__(self, life: Life, kinds: dict[str, Kind]) -> None:
        self._moments = life.moments
        self.age_ms = life.shop.now_ms - life.moments[0]
        self._now_ms = life.shop.now_ms
        marks = _marks(life.code, life.number, life.customer or "\0", life.moments)
        slots = {mark: slot for slot, mark in reversed(list(enumerate(marks)))}
        self._pattern = re.compile("|".join(map(re.escape, sorted(slots, key=len, reverse=True))))
        self._texts: list[str] = []
        self._rows = [(kind, *self._template(kinds[kind], row)) for kind, rows in life.rows.items() for row in rows]
        self._pieces = re.split(f"({self._pattern.pattern})", _BETWEEN.join(self._texts))
        self._slots = [slots[mark] for mark in self._pieces[1::2]]

    def copy(self, code: str, number: int, customer: str, age_ms: int, into: dict[str, list[Cells]]) -> None:
        """Add the rows of one copy to `into`, by kind."""
        shift = self.age_ms - age_ms
        marks = _marks(code, number, customer, [min(moment + shift, self._now_ms) for moment in self._moments])
        self._pieces[1::2] = [marks[slot] for slot in self._slots]
        texts = iter("".join(self._pieces).split(_BETWEEN))
        for kind, template, gaps in self._rows:
            cells = template.copy()
            cells[_CREATED] = min(cells[_CREATED] + shift, self._now_ms)
            for place in gaps:
                cells[place] = next(texts)
            cells[-1] = cells[-1].encode()
            into[kind].append(cells)

    def _template(self, kind: Kind, row: Row) -> tuple[Cells, list[int]]:
        """The cells of a row, and the places of those that differ, whose texts are put aside."""
        cells = cells_of(kind, row)
        cells[-1] = cells[-1].decode()
        gaps = [place for place, cell in enumerate(cells) if isinstance(cell, str) and self._pattern.search(cell)]
        self._texts += [cells[place] for place in gaps]
        return cells, gaps


def _marks(code: str, number: int, customer: str, moments: list[int]) -> list[str]:
    """What a copy has of its own, always in the same order."""
    return [code, f"-{number}", customer, *map(iso, moments)]
