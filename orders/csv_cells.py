"""CSV that a spreadsheet opens as what it says: RFC 4180, and no cell that it would run, or round; and reading it.

Where commas separate decimals, a spreadsheet takes semicolons for what separates cells: such a file can be had too.
What a spreadsheet takes for a separator is not ours to say, so a formula is made harmless behind each of them.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from orders.money import EXACT, Money, decimal_places

COMMA, SEMICOLON = ",", ";"
BYTE_ORDER_MARK = "\ufeff"  # without it a spreadsheet reads “Zoë” as if it were not UTF-8
FORMULA = "=+-@＝＋－＠"  # the wide ones are taken for the narrow ones in some languages
QUOTES = "\"'`"
SEPARATORS = re.compile(r"([;|,\t\r\n])")
# Would become 9.40011E+21, lose its zeros or be taken for a power of ten. Spreadsheets keep 15 digits and show 11.
ROUNDED = re.compile(r"[0-9 \u00a0]{12,}|0[0-9]+|[0-9.]{1,30}[eE][+-]?[0-9]{1,9}")


class NotATable(Exception):
    """The whole of it cannot be read; the message says where, and what to do."""


def rows_of(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(place, cells) of the rows that hold something, numbered as a spreadsheet numbers them. Raise `NotATable`.

    Where a quotation mark is missing, the rows that follow would be read as part of one cell, and be lost unseen.
    """
    place = 0
    try:
        for place, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1):
            if any(cell.strip() for cell in cells):
                yield place, cells
    except csv.Error as error:
        words = "a quotation mark is missing or out of place, or a cell is far too long."
        raise NotATable(f"Row {place + 1} cannot be read: {words}") from error


def lines(rows: Iterable[Iterable[Any]], separator: str = COMMA) -> Iterator[str]:
    """Each row as a line. Text is made harmless; numbers stay numbers, for they come from us."""
    for row in rows:
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=separator, lineterminator="\r\n")
        writer.writerow([_cell(value, separator) for value in row])
        yield buffer.getvalue()


def harmless(text: str) -> str:
    """The text, with an apostrophe where a spreadsheet would begin a formula, round, or drop zeros."""
    first, *others = SEPARATORS.split(text)
    guarded = "".join(f"'{piece}" if _runs(piece) else piece for piece in others)
    at_first = _runs(text) or text[:1] in ("\t", "\r", "\n") or ROUNDED.fullmatch(text.strip())
    return ("'" if at_first else "") + first + guarded


def _runs(text: str) -> bool:
    first = next((sign for sign in text if sign not in QUOTES and not _is_blank(sign)), "")
    return first != "" and first in FORMULA


def _cell(value: Any, separator: str) -> Any:
    if isinstance(value, Decimal) and separator == SEMICOLON:
        return str(value).replace(".", ",")
    return harmless(value) if isinstance(value, str) else value


def _is_blank(sign: str) -> bool:
    """Spaces, and what is not seen: controls, joiners, marks of direction and byte order."""
    return sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf")


def number(money: Money) -> Decimal | None:
    """`1052.03`: in major units, without grouping; None where the currency's decimals are not known."""
    places = decimal_places(money.currency)
    return None if places is None else Decimal(money.minor).scaleb(-places, EXACT)
