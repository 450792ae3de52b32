"""A table of parcels, whatever program wrote it; and what a spreadsheet has done to numbers."""

import pytest

from orders.csv_cells import NotATable
from orders.services.jobs.damage import damage
from orders.services.jobs.table_reading import MOST_BYTES, MOST_ROWS, Row, of_file, of_text

FIRST = {"order": "NW-1", "carrier": "UPS", "tracking": "1Z1"}


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        (b"Order,Carrier,Tracking number\nNW-1,UPS,1Z1\n", FIRST),
        (b"\xef\xbb\xbfOrder;Carrier;Tracking\r\nNW-1;UPS;1Z1\r\n", FIRST),
        ("Name\tTracking Company\tTracking #\tOther\nNW-1\tUPS\t1Z1\tx".encode("utf-16"), FIRST | {"tracking": "1Z1"}),
        (b'"Order No.","Courier","Tracking-Code"\n"NW-1","UPS","1Z1"', FIRST),
        (
            "Bestellnummer;Menge;Sendungsnummer\nNW-1;2;Zoë".encode("cp1252"),
            {"order": "NW-1", "units": "2", "tracking": "Zoë"},
        ),
        (b"NW-1,1Z1\n", {"order": "NW-1", "tracking": "1Z1"}),
        (b"NW-1\tUPS\t1Z1\n", FIRST),
        (b'order,tracking\n\'00340,="00340"\n', {"order": "00340", "tracking": "00340"}),
        (b"sep=;\r\nOrder;Carrier;Tracking ID\r\nNW-1;UPS;1Z1\r\n", FIRST),
        (b"Order ID,Name,Carrier name,AWB\nNW-1,Ann Lee,UPS,1Z1\n", FIRST),
        (
            b"Reference,Order Number,E-mail,Ship via,Waybill no.\nR7,NW-1,a@b.example,UPS,1Z1\n",
            FIRST | {"notify": "a@b.example"},
        ),
    ],
)
def test_encoding_separator_and_headings_are_found_out(content: bytes, cells: dict[str, str]) -> None:
    (row,) = of_file(content).rows
    assert {name: text for name, text in row.cells.items() if text} == cells


def test_rows_are_numbered_as_the_spreadsheet_numbers_them() -> None:
    assert of_text("Order,Tracking\n\nNW-1,1\n,\nNW-2,2\n").rows == [
        Row(3, {"order": "NW-1", "tracking": "1"}),
        Row(5, {"order": "NW-2", "tracking": "2"}),
    ]


def test_columns_that_are_not_read_are_named_where_they_hold_something() -> None:
    table = of_text("Order,Name,Colli,Weight,,Tracking\nNW-1,Ann,,2 kg,x,1\nNW-2,,,,,2\n")
    assert table.unread == ["Name", "Weight", "column 5"]
    assert of_text("NW-1,1Z1\n").unread == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "There are no rows in it."),
        (b"Order,Tracking\n", "There are headings and no rows below them."),
        (b"Tracking,Units\n1,2", "Row 1 names no column “Order”."),
        (b"Order,Tracking,Tracking no\nNW-1,1,2", "Row 1: columns 2 and 3 are both “Tracking number”. Rename one."),
        (b"PK\x03\x04...", "This is a workbook. Save it as CSV"),
        (b"Order\x00", "This is no text."),
        (b"Order,Tracking\nNW-1," + b"x" * 301, "Row 2, column “Tracking number”, has more than 300 characters."),
        (b"Order,Tracking\nNW-1" + b",x" * 40, "Row 2 has 41 columns. At most 40 are read."),
        (
            b'Order,Carrier,Tracking\nNW-1,Bike,"KK1\nNW-2,Bike,KK2\n',
            "Row 2 cannot be read: a quotation mark is missing",
        ),
        (b'Order,Note,Tracking\nNW-1,"soon,KK1\nNW-2,"x",KK2\n', "Row 2 cannot be read: a quotation mark is missing"),
        (b"Order\n" + b"NW-1\n" * (MOST_ROWS + 1), "It has 5,001 rows. At most 5,000 go at once."),
        (b"x" * 200_000, "Row 1 cannot be read"),
        (b"x" * (MOST_BYTES + 1), "The file has more than 1 MB."),
    ],
)
def test_what_is_wrong_with_the_whole_is_said_with_its_place(content: bytes, words: str) -> None:
    with pytest.raises(NotATable) as error:
        of_file(content)
    assert str(error.value).startswith(words)


@pytest.mark.parametrize(
    "text",
    [
        *("1.23E+20", "1,23E+20", "9.4E21", "12.03.2026", "3/12/26", "2026-03-12", "12-Mar", "12. Dez", "Mar-26"),
        *("Dec 2026", "#REF!", "#NAME?", "#####", "940011189922310000000", "2026-03-12 00:00:00"),
    ],
)
def test_what_a_spreadsheet_made_of_a_number_is_known(text: str) -> None:
    assert damage(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1Z999AA10123456784",
            "9400111899223197428490",
            "RB123456785GB",
            "NW-10091",
            "12345678900",
            "MARK-1",
            "#1042",
        ),
        *("00340434161094042557", "JD014600006281230704", "12-345", "2026-1042", "ORD-2026-03-12"),
    ],
)
def test_a_number_that_is_one_is_left_alone(text: str) -> None:
    assert not damage(text)
