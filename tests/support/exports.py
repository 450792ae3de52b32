"""Lists as files: asked for as the menu does, and read back by means that share nothing with what wrote them."""

import csv
import io
import re
import zipfile
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from django.test import Client
from django.urls import reverse

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
ESCAPED = re.compile("_x([0-9A-F]{4})_")


def start(client: Client, name: str, query: str = "", *, mode: str = "live", **fields: str) -> Any:
    """The answer to *Export*; the file is in it, read, where there is one."""
    sent = {"list": name, "query": query, "file_format": "comma", "mark": "on", **fields}
    return read(client.post(reverse("export_start", args=["northwind", mode]), sent))


def read(answer: Any) -> Any:
    if answer.streaming:
        answer.file = b"".join(answer.streaming_content)
    return answer


def exported(client: Client, name: str, query: str = "", **fields: str) -> list[dict[str, str]]:
    """The rows of a file as CSV, without its foot."""
    answer = start(client, name, query, **fields)
    assert answer.status_code == 200, answer.get("Location")
    return as_dicts(csv_table(answer.file, fields.get("file_format", "comma"))[0])


def csv_table(file: bytes, file_format: str = "comma") -> tuple[list[list[str]], list[list[str]]]:
    """Head and rows, and the foot."""
    text = io.StringIO(file.decode("utf-8-sig"), newline="")
    return _parted(list(csv.reader(text, delimiter=SEPARATORS[file_format])))


def xlsx_table(file: bytes) -> tuple[list[list[Any]], list[list[Any]]]:
    """The same of XLSX; moments are `datetime`, other numbers are text as they stand there."""
    with zipfile.ZipFile(io.BytesIO(file)) as book:
        assert book.testzip() is None
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        moments = _moments(ElementTree.fromstring(book.read("xl/styles.xml")))
    assert sheet.find(f".//{MAIN}f") is None, "a formula"
    rows = [_row(row, moments) for row in sheet.iter(f"{MAIN}row")]
    places = [int(row.get("r", "")) for row in sheet.iter(f"{MAIN}row")]
    whole: list[list[Any]] = [[] for _ in range(places[-1])]
    for place, row in zip(places, rows, strict=True):
        whole[place - 1] = row
    return _parted(whole)


def as_dicts(table: list[list[Any]]) -> list[dict[str, Any]]:
    head, *rows = table
    return [dict(zip(head, row, strict=True)) for row in rows]


def _parted(rows: list[list[Any]]) -> tuple[list[list[Any]], list[list[Any]]]:
    blank = rows.index([])
    return [row + [""] * (len(rows[0]) - len(row)) for row in rows[:blank]], rows[blank + 1 :]


def _row(row: ElementTree.Element, moments: set[str]) -> list[Any]:
    cells: list[Any] = []
    for cell in row.iter(f"{MAIN}c"):
        cells += [""] * (_column(cell.get("r", "")) - len(cells))
        cells.append(_cell(cell, moments))
    return cells


def _cell(cell: ElementTree.Element, moments: set[str]) -> Any:
    if cell.get("t") == "inlineStr":
        text = "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
        return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    value = cell.findtext(f"{MAIN}v", "")
    if cell.get("s") in moments:
        return datetime.fromisoformat("1899-12-30") + timedelta(seconds=round(float(value) * 86400))
    return value


def _moments(styles: ElementTree.Element) -> set[str]:
    """The numbers of the styles that show a moment."""
    codes = {one.get("numFmtId"): one.get("formatCode", "") for one in styles.iter(f"{MAIN}numFmt")}
    cells = styles.find(f"{MAIN}cellXfs")
    assert cells is not None
    return {str(place) for place, one in enumerate(cells) if "yyyy" in codes.get(one.get("numFmtId"), "")}


def _column(reference: str) -> int:
    number = 0
    for letter in re.match("[A-Z]+", reference)[0]:  # type: ignore[index]
        number = number * 26 + ord(letter) - 64
    return number - 1
