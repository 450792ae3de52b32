"""Many orders quickly: copies of a few hundred lives, each with its own ids, number, customer and times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from emulator.clock import iso
from emulator.revkeen.seed.lives import Life
from emulator.store import Kind, Row, cells_of

Cells = list[Any]
_CREATED = 2  # the column that holds the time


@dataclass
class _Text:
    """A text in pieces; every second piece is one that differs from copy to copy."""

    pieces: list[str]
    slots: list[int]
    is_bytes: bool

    def fill(self, values: list[str]) -> str | bytes:
        self.pieces[1::2] = [values[slot] for slot in self.slots]
        text = "".join(self.pieces)
        return text.encode() if self.is_bytes else text


class Stamp:
    """One life, ready to be copied."""

    def __init__(self, life: Life, kinds: dict[str, Kind]) -> None:
        self._moments = life.moments
        self.age_ms = life.shop.now_ms - life.moments[0]
        self._now_ms = life.shop.now_ms
        marks = [life.code, life.order["public_id"].partition("-")[2], life.customer or "\0"]
        marks += [iso(moment) for moment in life.moments]
        marks += [f'"created":{moment // 1000}' for moment in life.moments]
        self._slots = {mark: slot for slot, mark in reversed(list(enumerate(marks)))}
        self._pattern = re.compile("(" + "|".join(map(re.escape, sorted(self._slots, key=len, reverse=True))) + ")")
        self._templates = {kind: [self._template(kinds[kind], row) for row in rows] for kind, rows in life.rows.items()}

    def copy(self, code: str, number: int, customer: str, age_ms: int, into: dict[str, list[Cells]]) -> None:
        """Add the rows of one copy to `into`, by kind."""
        shift = self.age_ms - age_ms
        moments = [min(moment + shift, self._now_ms) for moment in self._moments]
        values = [
            code,
            str(number),
            customer,
            *map(iso, moments),
            *(f'"created":{m // 1000}' for m in moments),
        ]
        for kind, templates in self._templates.items():
            for template in templates:
                cells = [cell.fill(values) if type(cell) is _Text else cell for cell in template]
                cells[_CREATED] = min(template[_CREATED] + shift, self._now_ms)
                into[kind].append(cells)

    def _template(self, kind: Kind, row: Row) -> Cells:
        return [self._cell(cell) for cell in cells_of(kind, row)]

    def _cell(self, cell: object) -> object:
        if not isinstance(cell, (str, bytes)):
            return cell
        pieces = self._pattern.split(cell.decode() if isinstance(cell, bytes) else cell)
        if len(pieces) == 1:
            return cell
        return _Text(pieces, [self._slots[piece] for piece in pieces[1::2]], isinstance(cell, bytes))
