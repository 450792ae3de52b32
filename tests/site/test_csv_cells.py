"""Cells of an export: what a spreadsheet would run, round or shorten is text to it, whatever separates its cells."""

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orders import csv_cells
from orders.money import Money

FORMULA_SIGNS = "=+-@＝;|,\t\r\n'\" a1"
FORMULAS = [
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\tplain",
    "\r=1",
    "\rplain",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "  =1",
    "\u00a0=1",
    "\ufeff=1",
    "\u200b=1",
    '"=1',
    "'=1",
    ' "\t =HYPERLINK("http://example.com")',
    "=cmd|' /C calc'!A0",
    "\x00=1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    line = "".join(csv_cells.lines([["before", text, "after"]]))
    before, cell, after = next(csv.reader(io.StringIO(line, newline="")))
    assert (before, cell[0], after) == ("before", "'", "after")
    assert cell.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("separator", [csv_cells.COMMA, csv_cells.SEMICOLON])
@given(
    texts=st.lists(
        st.text(st.sampled_from(FORMULA_SIGNS) | st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=3
    ),
    taken=st.sampled_from([";", ",", "\t", "|"]),
)
@example(texts=["Tent;=1+1"], taken=";")
@example(texts=["Tent\t=1+1"], taken="\t")
@example(texts=["a|b| -1"], taken="|")
@example(texts=["a\nb,=1"], taken=",")
def test_no_cell_runs_whatever_a_spreadsheet_takes_for_the_separator(
    separator: str, texts: list[str], taken: str
) -> None:
    """As a spreadsheet that is set to another separator sees it, which takes no quotes within a cell for quotes."""
    for line in re.split(r"[\r\n]", "".join(csv_cells.lines([texts], separator))):
        for cell in line.split(taken):
            seen = cell.lstrip('"`' + "".join({sign for sign in cell if csv_cells._is_blank(sign)}))
            assert seen[:1] not in [*csv_cells.FORMULA], line


@pytest.mark.parametrize(
    "text", ["9400111899223197428490", "00340434161094042557", "007", "1E23", "1.5e+20", "1234 5678 9012"]
)
def test_digits_that_a_spreadsheet_would_round_or_shorten_are_text(text: str) -> None:
    assert "".join(csv_cells.lines([[text]])) == f"'{text}\r\n"


def test_with_semicolons_decimals_have_a_comma() -> None:
    rows = [["Tent; large", csv_cells.number(Money(1250, "EUR")), 3]]
    assert "".join(csv_cells.lines(rows, csv_cells.SEMICOLON)) == '"Tent; large";12,50;3\r\n'


@pytest.mark.parametrize("text", ["", " ", '"', "Ada", "a=1", "12-3", "−5", "ana@example.com", "Zoë, “x”", "a\nb", "1"])
def test_a_harmless_cell_stays_as_it_is(text: str) -> None:
    line = "".join(csv_cells.lines([[text, 5]]))
    assert next(csv.reader(io.StringIO(line, newline=""))) == [text, "5"]


def test_lines_are_those_of_rfc_4180() -> None:
    assert list(csv_cells.lines([['say "hi"', "a,b", "two\r\nlines"], ["x", None, 1]])) == [
        '"say ""hi""","a,b","two\r\nlines"\r\n',
        "x,,1\r\n",
    ]


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(-1250, "USD"), "-12.50"),
        (Money(0, "USD"), "0.00"),
        (Money(123456789, "JPY"), "123456789"),
        (Money(5, "KWD"), "0.005"),
        (Money(10**15, "USD"), "10000000000000.00"),
    ],
)
def test_an_amount_is_a_number_to_the_minor_unit(money: Money, text: str) -> None:
    assert "".join(csv_cells.lines([[csv_cells.number(money)]])) == f"{text}\r\n"


def test_an_amount_of_unknown_decimals_is_not_guessed() -> None:
    assert csv_cells.number(Money(5, "XYZ")) is None
