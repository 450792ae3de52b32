"""What the pages of finance say, as minor units, and plain sums of what the emulator has: no code of the product."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.test import Client

from tests.support.emulation import RunningEmulator
from tests.support.pages import text

OVERVIEW, PAYMENTS = "/northwind/live/finance/", "/northwind/live/finance/payments/"
REFUNDS, RECEIVABLES = "/northwind/live/finance/refunds/", "/northwind/live/finance/receivables/"
FIGURES = ("ordered", "discount", "tax", "still_due", "collected", "refunded", "net")
PLACES = {"JPY": 0, "KWD": 3}  # of the demo's currencies; the others have two decimals

Sums = dict[str, dict[str, int]]  # currency → figure → minor units


def minor(written: str) -> int:
    """`−1,052.03` is −105203."""
    digits = int(re.sub(r"[^\d]", "", written))
    return -digits if written.strip().startswith("−") else digits


def table(page: str, caption: str) -> list[list[str]]:
    """The rows of a table with the markup of their cells, by the beginning of its caption."""
    found = re.search(rf"<caption[^>]*>{re.escape(caption)}.*?<tbody[^>]*>(.*?)</tbody>", page, re.DOTALL)
    assert found, (caption, page)
    rows = re.findall(r"<tr.*?</tr>", found[1], re.DOTALL)
    return [re.findall(r"<(?:td|th)\b.*?</(?:td|th)>", row, re.DOTALL) for row in rows]


def figures(page: str) -> Sums:
    """Of the overview's first table the lines of the period itself."""
    rows = [[text(cell) for cell in row] for row in table(page, "Ordered, collected")]
    own = [row for row in rows if re.fullmatch("[A-Z]{3}", row[0])]
    return {row[0]: dict(zip(FIGURES, map(minor, row[1:]), strict=True)) for row in own}


def links(page: str) -> dict[tuple[str, str], str]:
    """Where each figure of the period leads to."""
    found = {}
    for row in table(page, "Ordered, collected"):
        if re.fullmatch("[A-Z]{3}", text(row[0])):
            for name, cell in zip(FIGURES, row[1:], strict=True):
                found[text(row[0]), name] = re.findall('href="([^"]+)"', cell)[0].replace("&amp;", "&")
    return found


def together(client: Client, address: str, caption: str, column: int) -> Sums:
    """What a list says that it comes to, by currency."""
    page = client.get(address, follow=True).content.decode()
    if f">{caption}" not in page:
        return {}
    return {text(row[0]): {"sum": minor(text(row[column]))} for row in table(page, caption)}


def emulated(emulator: RunningEmulator, first: date, last: date, zone: str) -> Sums:
    """The same figures of the days from first to last, added up from what the emulator has."""
    sums: Sums = defaultdict(lambda: dict.fromkeys(FIGURES, 0))
    for order in everything(emulator, "orders"):
        if within(order["created_at"], first, last, zone) and order["status"] not in ("draft", "canceled"):
            line = sums[order["currency"].upper()]
            line["ordered"] += order["total"]
            line["discount"] += order["discount"]
            line["tax"] += order["tax"]
            line["still_due"] += max(order["amount_due"], 0) if order["status"] != "refunded" else 0
    for row in everything(emulator, "transactions"):
        if within(row["created_at"], first, last, zone):
            line = sums[row["currency"].upper()]
            line["collected"] += row["amount"] if _came(row) else 0
            line["refunded"] += row["amount"] if _went(row) else 0
    for line in sums.values():
        line["net"] = line["collected"] - line["refunded"]
    return {currency: line for currency, line in sums.items() if any(line.values())}


def everything(emulator: RunningEmulator, kind: str) -> Iterable[dict[str, Any]]:
    after = ""
    while True:
        page = emulator.get(f"/{kind}?limit=100{after}")
        yield from page["data"]
        if not page["has_more"]:
            return
        after = f"&starting_after={page['data'][-1]['id']}"


def within(moment: str, first: date, last: date, zone: str) -> bool:
    return first <= datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).date() <= last


def _came(row: dict[str, Any]) -> bool:
    return row["type"] == "sale" and row["status"] in ("succeeded", "voided")


def _went(row: dict[str, Any]) -> bool:
    return row["type"] in ("refund", "void") and row["status"] == "succeeded"
