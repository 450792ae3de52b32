"""The cells of a job's rows as they are typed anew."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict

from orders.models import JobRow
from orders.services.jobs.table_reading import COLUMNS, LONGEST_CELL


@dataclass(frozen=True)
class Cell:
    name: str
    label: str
    text: str


@dataclass(frozen=True)
class RowToCorrect:
    """`cells` as they were typed last."""

    row: JobRow
    cells: list[Cell]


def typed_in(data: QueryDict) -> dict[int, dict[str, str]]:
    """Place → cells, of the rows that the page had."""
    places = [int(text) for text in data.getlist("row") if text.isascii() and text.isdigit() and len(text) < 10]
    return {place: {name: _cell(data, name, place) for name in COLUMNS} for place in places}


def to_correct(rows: Sequence[JobRow], typed: dict[int, dict[str, str]]) -> list[RowToCorrect]:
    return [RowToCorrect(row, _cells(typed.get(row.place, row.typed))) for row in rows]


def _cells(said: dict[str, str]) -> list[Cell]:
    return [Cell(name, label, said.get(name, "")) for name, label in COLUMNS.items()]


def _cell(data: QueryDict, name: str, place: int) -> str:
    return " ".join(data.get(f"{name}-{place}", "").replace("\x00", "").split())[:LONGEST_CELL]
