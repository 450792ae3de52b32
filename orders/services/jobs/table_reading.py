"""A file or a pasted table of parcels, read whatever program wrote it: encoding, separator and headings are found out.

What is wrong with the table as a whole is said with its row and column. What is wrong with one row is for the dry run.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orders import csv_cells
from orders.csv_cells import NotATable
from orders.storable import storable

MOST_BYTES = 1_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 40
LONGEST_CELL = 300  # characters
LONGEST_HEADING = 40  # characters that are said of it
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
    "order": "order ordernumber orderno ordernr orderid orderref orderreference ordername name reference salesorder "
    "bestellung bestellnummer bestellnr auftrag auftragsnummer commande numerodecommande",
    "carrier": "carrier carriername carriercode shippingcarrier trackingcompany courier service shipvia shippedvia "
    "versanddienst spediteur transporteur",
    "tracking": "tracking trackingnumber trackingno trackingnr trackingcode trackingid trackingreference number parcel "
    "awb awbno awbnumber waybill waybillno waybillnumber consignment consignmentnumber shipmentnumber "
    "shipmenttrackingnumber sendungsnummer sendungsnr paketnummer numerodesuivi",
    "sku": "sku lineitemsku productsku itemsku article artikel artikelnummer",
    "line": "line lineid lineitem lineitemid position zeile",
    "units": "units unit quantity quantityshipped qty qtyshipped amount count menge anzahl stuck quantite cantidad",
    "notify": "notify notifycustomer email sendemail emailcustomer benachrichtigen notifier",
}
KNOWN = {name: column for column, names in NAMES.items() for name in names.split()}
WEAK = frozenset({"name", "reference", "number", "parcel", "service", "amount", "count", "email"})  # may be another's
SEPARATOR_LINE = re.compile(r"\Asep=.\r?\n", re.IGNORECASE)  # for spreadsheets, which do not show it
WITHOUT_HEAD = {2: ("order", "tracking"), 3: ("order", "carrier", "tracking")}


@dataclass(frozen=True)
class Row:
    """`place`: its line in the table, as a spreadsheet numbers it."""

    place: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """`unread`: the headings of columns that hold something and are not read."""

    rows: list[Row]
    unread: list[str]


def of_file(content: bytes) -> Table:
    """Raise `NotATable`."""
    if len(content) > MOST_BYTES:
        raise NotATable(f"The file has more than {MOST_BYTES // 1_000_000} MB. Split it.")
    if content.startswith(b"PK\x03\x04"):
        raise NotATable("This is a workbook. Save it as CSV, and choose that file.")
    return of_text(_decoded(content))


def of_text(text: str) -> Table:
    """Raise `NotATable`."""
    if len(text) > MOST_BYTES:
        raise NotATable(f"The table has more than {MOST_BYTES:,} characters. Split it.")
    text = SEPARATOR_LINE.sub("", storable(text.removeprefix("\ufeff")))
    lines = list(_lines(text))
    if not lines:
        raise NotATable("There are no rows in it.")
    columns, rows = _columns(lines)
    if not rows:
        raise NotATable("There are headings and no rows below them.")
    if len(rows) > MOST_ROWS:
        raise NotATable(f"It has {len(rows):,} rows. At most {MOST_ROWS:,} go at once.")
    return Table(
        [Row(place, _cells(place, columns, cells)) for place, cells in rows], _unread(columns, lines[0][1], rows)
    )


def _unread(columns: Sequence[str], head: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> list[str]:
    holds = {at for _, cells in rows for at, cell in enumerate(cells) if cell.strip()}
    names = {at: " ".join(head[at].split())[:LONGEST_HEADING] if at < len(head) else "" for at in holds}
    return [names[at] or f"column {at + 1}" for at in sorted(holds) if at >= len(columns) or not columns[at]]


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
    for place, cells in csv_cells.rows_of(text, _separator(text)):
        if len(cells) > MOST_COLUMNS:
            raise NotATable(f"Row {place} has {len(cells)} columns. At most {MOST_COLUMNS} are read.")
        yield place, cells


def _separator(text: str) -> str:
    """The one that makes most known headings of the first line; without any, the one that is there most often."""
    first = next((line for line in text.splitlines() if line.strip()), "")

    def known(separator: str) -> tuple[int, int]:
        cells = first.split(separator)
        return sum(_key(cell) in KNOWN for cell in cells), len(cells)

    return max(SEPARATORS, key=known)


def _columns(lines: list[tuple[int, list[str]]]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The name of each column, "" where it is of no use, and the rows below."""
    head_place, head = lines[0]
    found = _meant(head)
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


def _meant(head: Sequence[str]) -> list[str]:
    """What each column is, "" for others. “Name” is the order's only where no other column is."""
    keys = [_key(cell) for cell in head]
    sure = {KNOWN[key] for key in keys if key in KNOWN and key not in WEAK}
    return ["" if key in WEAK and KNOWN[key] in sure else KNOWN.get(key, "") for key in keys]


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
