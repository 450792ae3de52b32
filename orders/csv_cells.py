"""CSV that a spreadsheet opens as what it says: RFC 4180, and no cell that it would run as a formula."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from orders.money import EXACT, Money, decimal_places

FORMULA = "=+-@＝＋－＠"  # the wide ones are taken for the narrow ones in some languages
QUOTES = "\"'`"


def lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Each row as a line. Text is made harmless; numbers stay numbers, for they come from us."""
    for row in rows:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\r\n").writerow([_cell(value) for value in row])
        yield buffer.getvalue()


def harmless(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would run it or drop what stands before a formula."""
    bare = text.lstrip(QUOTES + "".join({sign for sign in text if _is_blank(sign)}))
    runs = bare[:1] and bare[0] in FORMULA
    return f"'{text}" if runs or text[:1] in ("\t", "\r", "\n") else text


def _cell(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value


def _is_blank(sign: str) -> bool:
    """Spaces, and what is not seen: controls, joiners, marks of direction and byte order."""
    return sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf")


def number(money: Money) -> Decimal | None:
    """`1052.03`: in major units, without grouping; None where the currency's decimals are not known."""
    places = decimal_places(money.currency)
    return None if places is None else Decimal(money.minor).scaleb(-places, EXACT)
