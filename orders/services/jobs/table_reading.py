"""A file or a pasted table of parcels, read whatever program wrote it: encoding, separator and headings are found out.

What is wrong with the table as a whole is said with its row and column. What is wrong with one row is for the dry run.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orders.storable import storable

MOST_BYTES = 1_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 40
LONGEST_CELL = 300  # characters
SEPARATORS = (",", ";", "\t", "|")

COLUMNS = {
    "order": "Order",
    "carrier": "Carrier",
    "tracking": "Tracking number",
    "sku": "SKU",
    "line": "Line",
    "units": "Units",
    "notify": "Notify customer",
}
# Headings as they are compared: small letters and digits alone.
NAMES = {
    "order": "order ordernumber orderno orderid ordername name reference bestellung bestellnummer auftrag commande",
    "carrier": "carrier shippingcarrier trackingcompany courier service versanddienst spediteur transporteur",
    "tracking": "tracking trackingnumber trackingno trackingcode number parcel sendungsnummer numerodesuivi",
    "sku": "sku lineitemsku productsku itemsku article artikel artikelnummer",
    "line": "line lineid lineitem lineitemid position zeile",
    "units": "units unit quantity qty amount count menge anzahl quantite cantidad",
    "notify": "notify notifycustomer email sendemail emailcustomer benachrichtigen notifier",
}
KNOWN = {name: column for column, names in NAMES.items() for name in names.split()}
WITHOUT_HEAD = {2: ("order", "tracking"), 3: ("order", "carrier", "tracking")}


class NotATable(Exception):
    """The whole of it cannot be read; the message says where, and what to do."""


@dataclass(frozen=True)
class Row:
    """`place`: its line in the table, as a spreadsheet numbers it."""

    place: int
    cells: dict[str, str]


def of_file(content: bytes) -> list[Row]:
    """Raise `NotATable`."""
    if len(content) > MOST_BYTES:
        raise NotATable(f"The file has more than {MOST_BYTES // 1_000_000} MB. Split it.")
    if content.startswith(b"PK\x03\x04"):
        raise NotATable("This is a workbook. Save it as CSV, and choose that file.")
    return of_text(_decoded(content))


def of_text(text: str) -> list[Row]:
    """Raise `NotATable`."""
    if len(text) > MOST_BYTES:
        raise NotATable(f"The table has more than {MOST_BYTES:,} characters. Split it.")
    lines = list(_lines(storable(text.removeprefix("\ufeff"))))
    if not lines:
        raise NotATable("There are no rows in it.")
    columns, rows = _columns(lines)
    if not rows:
        raise NotATable("There are headings and no rows below them.")
    if len(rows) > MOST_ROWS:
        raise NotATable(f"It has {len(rows):,} rows. At most {MOST_ROWS:,} go at once.")
    return [Row(place, _cells(place, columns, cells)) for place, cells in rows]


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if b"\x00" in content:
        raise NotATable("This is no text. Save the table as CSV, and choose that file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")  # what spreadsheets write on Windows


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(place, cells) of the lines that are not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    place = 0
    try:
        for cells in reader:
            place += 1
            if len(cells) > MOST_COLUMNS:
                raise NotATable(f"Row {place} has {len(cells)} columns. At most {MOST_COLUMNS} are read.")
            if any(cell.strip() for cell in cells):
                yield place, cells
    except csv.Error as error:
        raise NotATable(f"Row {place + 1} cannot be read: {error}.") from error


def _separator(text: str) -> str:
    """The one that makes most known headings of the first line; without any, the one that is there most often."""
    first = next((line for line in text.splitlines() if line.strip()), "")

    def known(separator: str) -> tuple[int, int]:
        cells = next(csv.reader([first], delimiter=separator), [])
        return sum(_key(cell) in KNOWN for cell in cells), len(cells)

    return max(SEPARATORS, key=known)


def _columns(lines: list[tuple[int, list[str]]]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The name of each column, "" where it is of no use, and the rows below."""
    head_place, head = lines[0]
    found = [KNOWN.get(_key(cell), "") for cell in head]
    if "order" in found:
        twice = next((name for name in COLUMNS if found.count(name) > 1), "")
        if twice:
            at = [place for place, name in enumerate(found, 1) if name == twice]
            raise NotATable(f"Row {head_place}: columns {at[0]} and {at[1]} are both “{COLUMNS[twice]}”. Rename one.")
        return found, lines[1:]
    without = WITHOUT_HEAD.get(len(head))
    if without and not any(found) and re.search("[0-9]", head[0]):
        return list(without), lines
    raise NotATable(f"Row {head_place} names no column “Order”. Name it so, or start from the template.")


def _cells(place: int, columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    found = {name: _plain(cell) for name, cell in zip(columns, cells, strict=False) if name}
    too_long = next((name for name, cell in found.items() if len(cell) > LONGEST_CELL), "")
    if too_long:
        words = f"Row {place}, column “{COLUMNS[too_long]}”, has more than {LONGEST_CELL} characters."
        raise NotATable(f"{words} A quotation mark may be missing.")
    return found


def _plain(cell: str) -> str:
    """Without what a spreadsheet needs to keep a number a text: `="00340"` and `'00340`."""
    text = " ".join(cell.split())
    formula = re.fullmatch('="(.*)"', text)
    return (formula[1] if formula else text.removeprefix("'")).strip()


def _key(heading: str) -> str:
    apart = unicodedata.normalize("NFKD", heading.removeprefix("\ufeff")).casefold()
    return re.sub("[^a-z0-9]", "", apart)
