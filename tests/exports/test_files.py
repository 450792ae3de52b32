"""A table becomes a file, and the file read back is the table: CSV and XLSX, whatever the cells hold."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orders import csv_cells
from orders.iso4217 import PLACES
from orders.money import CurrencyMismatch, Money
from orders.services.exports import files
from orders.tables import Column, Kind, Table
from tests.support.exports import csv_table, xlsx_table

BERLIN = ZoneInfo("Europe/Berlin")
FORMATS = ["comma", "semicolon", "tab", "xlsx"]
COLUMNS = [
    Column("Name"),
    Column("Placed", Kind.MOMENT),
    Column("Units", Kind.NUMBER),
    Column("Total", Kind.MONEY),
    Column("Price", Kind.MONEY, summed=False),
]
HEAD = [
    *("Name", "Placed (UTC)", "Placed (Europe/Berlin)", "Units"),
    *("Currency", "Total", "Total in minor units", "Price", "Price in minor units"),
]

texts = st.text(st.sampled_from("=+-@;|,\t\r\n'\" <r>/_x000A_0123") | st.characters(codec="utf-8"), max_size=20)
moments = st.integers(-2_177_000_000, 253_402_000_000).map(
    lambda at: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
)
minors = st.integers(-(10**13), 10**13)
rows = st.tuples(
    texts,
    st.none() | moments,
    st.none() | st.integers(-(10**14), 10**14),
    st.sampled_from(sorted(PLACES)),
    minors,
    minors,
)


def table(made: list[tuple[Any, ...]], **fields: Any) -> Table:
    with_money = [(name, at, units, Money(a, code), Money(b, code)) for name, at, units, code, a, b in made]
    return Table("Things", COLUMNS, with_money, lambda most: min(most, len(made)), **fields)


def read_back(made: Table, file_format: str) -> tuple[list[list[Any]], list[list[Any]]]:
    file = b"".join(files.content(made, BERLIN, file_format))
    return xlsx_table(file) if file_format == "xlsx" else csv_table(file, file_format)


def as_text(value: Any, file_format: str) -> Any:
    """What a cell is, in words of its own, when it was read back."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=0) if file_format == "xlsx" else f"{value:%Y-%m-%d %H:%M:%S}"
    if file_format == "xlsx":
        value = value.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")  # what no XML may hold
        return f"'{value}" if value.startswith("<r>") and value.endswith("</r>") else value
    return csv_cells.harmless(value)


def same_number(said: str, number: Decimal | int | None) -> bool:
    return said == "" if number is None else Decimal(said.replace(",", ".")) == number


@pytest.mark.parametrize("file_format", FORMATS)
@given(made=st.lists(rows, max_size=6))
@example(made=[("<r>bold</r>", None, None, "EUR", 1, 2)])
@example(made=[("\ufffe\uffff", None, None, "EUR", 1, 2)])
@example(made=[("_x000A_ and \x00\x1f", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), 0, "KWD", 5, -5)])
@settings(max_examples=25, deadline=None)
def test_a_file_that_is_read_back_has_every_cell_of_every_row(file_format: str, made: list[tuple[Any, ...]]) -> None:
    (head, *found), foot = read_back(table(made), file_format)
    assert head == HEAD
    assert len(found) == len(made)
    for row, (name, at, units, code, total, price) in zip(found, made, strict=True):
        assert row[0] == as_text(name, file_format)
        zones = [as_text(at.astimezone(zone), file_format) if at else "" for zone in (UTC, BERLIN)]
        assert (row[1:3], row[4]) == (zones, code)
        places = PLACES[code]
        numbers = [units, Decimal(total).scaleb(-places), total, Decimal(price).scaleb(-places), price]
        assert all(map(same_number, [row[3], *row[5:]], numbers)), row
    assert ["Rows", str(len(made))] in foot


@pytest.mark.parametrize("file_format", FORMATS)
@given(made=st.lists(rows, max_size=6))
@settings(max_examples=12, deadline=None)
def test_the_foot_has_one_exact_sum_a_currency_and_none_of_what_makes_none(
    file_format: str, made: list[tuple[Any, ...]]
) -> None:
    foot = [row for row in read_back(table(made), file_format)[1] if str(row[0]).startswith("Sum in ")]
    assert [row[0] for row in foot] == [f"Sum in {code}" for code in sorted({row[3] for row in made})]
    for row in foot:
        code = row[0][-3:]
        total = sum(one[4] for one in made if one[3] == code)
        assert row[4] == code
        assert same_number(row[5], Decimal(total).scaleb(-PLACES[code]))
        assert same_number(row[6], total)
        assert row[7:] in ([], ["", ""])


@pytest.mark.parametrize("file_format", ["comma", "xlsx"])
def test_the_foot_says_what_was_asked_for_and_as_of_when(file_format: str) -> None:
    as_of = datetime(2026, 11, 27, 15, 0, 1, 999, tzinfo=UTC)
    made = table([], filter="Status: Paid", as_of=as_of, notes=lambda: ["Two changed."])
    foot = {row[0]: row[1] for row in read_back(made, file_format)[1]}
    assert (foot["Filter"], str(foot["As of (UTC)"]), foot["Note"]) == (
        "Status: Paid",
        "2026-11-27 15:00:01",
        "Two changed.",
    )


def test_the_notes_are_asked_for_after_the_last_row() -> None:
    seen: list[int] = []
    cells = ([f"{number}"] for number in range(3) if not seen.append(number))  # type: ignore[func-returns-value]
    made = Table("Things", [Column("Name")], cells, lambda most: 3, notes=lambda: [f"{len(seen)} rows"])
    assert ["Note", "3 rows"] in csv_table(b"".join(files.content(made, BERLIN, "comma")))[1]


def test_a_row_in_two_currencies_is_no_row() -> None:
    made = Table("Things", COLUMNS, [("a", None, None, Money(1, "EUR"), Money(1, "USD"))], lambda most: 1)
    with pytest.raises(CurrencyMismatch):
        b"".join(files.content(made, BERLIN, "comma"))


def test_numbers_that_a_spreadsheet_would_round_are_text_in_xlsx_and_long_texts_are_said_to_be_cut() -> None:
    long = "x" * 40_000
    columns = [Column("Name"), Column("Units", Kind.NUMBER), Column("Total", Kind.MONEY)]
    made = Table("Things", columns, [(long, 10**16 + 1, Money(10**16 + 1, "EUR"))], lambda most: 1)
    (_, row), foot = xlsx_table(b"".join(files.content(made, BERLIN, "xlsx")))
    assert row[1:] == ["10000000000000001", "EUR", "100000000000000.01", "10000000000000001"]
    assert len(row[0]) == 32_767
    assert foot[-1][1].startswith("1 texts were longer")


def test_digits_stay_digits_in_xlsx() -> None:
    made = Table("Things", [Column("Name")], [["00340434161094042557"], ["=1+1"], ["http://a.example"]], lambda most: 3)
    (_, *found), _ = xlsx_table(b"".join(files.content(made, BERLIN, "xlsx")))
    assert found == [["00340434161094042557"], ["=1+1"], ["http://a.example"]]


def test_a_csv_begins_with_a_byte_order_mark_only_where_it_is_wanted() -> None:
    for mark in (True, False):
        file = b"".join(files.content(table([]), BERLIN, "comma", mark=mark))
        assert file.startswith(b"\xef\xbb\xbf") is mark


def test_the_head_of_a_csv_is_there_before_the_first_row_is_read() -> None:
    def never() -> Any:
        raise AssertionError("read")
        yield

    made = Table("Things", [Column("Name")], never(), lambda most: 1)
    assert next(iter(files.content(made, BERLIN, "comma", mark=False))) == b"Name\r\n"


def test_a_moment_that_the_zone_has_no_day_for_is_told_in_utc() -> None:
    last = datetime.max.replace(tzinfo=UTC) - timedelta(hours=0.5)
    made = Table("Things", [Column("Name"), Column("Placed", Kind.MOMENT)], [("a", last)], lambda most: 1)
    (_, row), _ = csv_table(b"".join(files.content(made, BERLIN, "comma")))
    assert row[1] == row[2] == "9999-12-31 23:29:59"
