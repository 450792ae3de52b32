"""The bytes of a file, piece by piece: CSV as it goes, and XLSX once all rows have been written beside."""

import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook

from orders import csv_cells
from orders.models import ExportFormat
from orders.services.exports.layout import Cell, Cells, Layout
from orders.tables import Kind, Table

PIECE = 256 * 1024  # bytes
LINES = 200  # of CSV that are sent together
XLSX_AT_ONCE = 2_000  # rows: nothing of a workbook can be sent before its last row is written
SEPARATORS = {ExportFormat.COMMA: ",", ExportFormat.SEMICOLON: ";", ExportFormat.TAB: "\t"}
DIGITS = 15  # of a number, point included: a spreadsheet keeps 15, so what is longer is a text
FIRST_YEAR = 1901  # from here on a day has the same number in every spreadsheet
WIDTHS = {Kind.TEXT: 24, Kind.NUMBER: 14, Kind.MOMENT: 20}
UNFIT = dict.fromkeys([0xFFFE, 0xFFFF], "\ufffd")  # what no XML may hold
CUT = "texts were longer than a cell of XLSX holds, and were cut. Export as CSV to have them whole."


def at_once(table: Table, file_format: str) -> int:
    """How many rows are made while somebody waits."""
    return min(table.at_once, XLSX_AT_ONCE) if file_format == ExportFormat.XLSX else table.at_once


def content(table: Table, zone: ZoneInfo, file_format: str, *, mark: bool = True) -> Iterator[bytes]:
    """The whole file. `mark`: CSV begins with a byte order mark, without which some spreadsheets take it for another
    encoding.
    """
    layout = Layout(table, zone)
    if file_format == ExportFormat.XLSX:
        return _xlsx(layout)
    return _csv(layout, SEPARATORS[ExportFormat(file_format)], mark)


def _csv(layout: Layout, separator: str, mark: bool) -> Iterator[bytes]:
    begin = csv_cells.BYTE_ORDER_MARK if mark else ""
    yield (begin + "".join(csv_cells.lines([layout.head()], separator))).encode()
    pending: list[str] = []
    for line in csv_cells.lines(chain(_as_text(layout.body()), _as_text(layout.foot())), separator):
        pending.append(line)
        if len(pending) == LINES:
            yield "".join(pending).encode()
            pending.clear()
    yield "".join(pending).encode()


def _as_text(rows: Iterable[Cells]) -> Iterator[list[Any]]:
    for row in rows:
        yield [cell.isoformat(" ") if isinstance(cell, datetime) else cell for cell in row]


def _xlsx(layout: Layout) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="revkeen-export-") as folder, tempfile.TemporaryFile(dir=folder) as file:
        _Sheet(file, folder, layout).write()
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


class _Sheet:
    """A workbook of one sheet. Each row is on the disk before the next one is made."""

    def __init__(self, file: Any, folder: str, layout: Layout) -> None:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = Workbook(file, {"constant_memory": True, "tmpdir": folder, **options})
        self.sheet = self.book.add_worksheet("Export")
        self.layout, self.row, self.cut = layout, 0, 0
        self.moment = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.decimals = {places: self._decimals(places) for places in range(5)}

    def write(self) -> None:
        self.sheet.freeze_panes(1, 0)
        for column, kind in enumerate(self.layout.kinds):
            self.sheet.set_column(column, column, WIDTHS[kind])
        self._write(self.layout.head(), self.book.add_format({"bold": True}))
        for cells in chain(self.layout.body(), self.layout.foot()):
            self._write(cells)
        if self.cut:
            self._write(["Note", f"{self.cut:,} {CUT}"])
        self.book.close()

    def _write(self, cells: Cells, form: Any = None) -> None:
        for column, cell in enumerate(cells):
            self._write_cell(column, cell, form)
        self.row += 1

    def _write_cell(self, column: int, cell: Cell, form: Any) -> None:
        if isinstance(cell, datetime) and cell.year >= FIRST_YEAR:
            self.sheet.write_datetime(self.row, column, cell, self.moment)
        elif isinstance(cell, int | Decimal) and len(str(abs(cell))) <= DIGITS:
            self.sheet.write_number(self.row, column, cell, form or self._format_of(cell))
        elif cell is not None and cell != "":
            self._write_text(column, str(cell), form)

    def _write_text(self, column: int, text: str, form: Any) -> None:
        """A cell of text is run by no spreadsheet. What looks like marked-up text would be taken for it as it is."""
        text = text.translate(UNFIT)
        text = f"'{text}" if text.startswith("<r>") and text.endswith("</r>") else text
        if self.sheet.write_string(self.row, column, text, form) == -2:  # it was cut
            self.cut += 1

    def _format_of(self, number: int | Decimal) -> Any:
        return self.decimals.get(-int(number.as_tuple().exponent)) if isinstance(number, Decimal) else None

    def _decimals(self, places: int) -> Any:
        return self.book.add_format({"num_format": f"0.{'0' * places}" if places else "0"})
