"""Lists of finance as files: the rows of all their pages in their order, and the sums that the pages say."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import EventLog, Merchant
from orders.money import Money
from orders.services.finance import receivables
from orders.services.finance.receivables import AGES
from orders.services.index.order_filters import Place
from tests.support.emulation import Emulator
from tests.support.exports import as_dicts, csv_table, exported, start
from tests.support.indexed import index_everything

Row = tuple[str, Money | None, datetime]
Sums = dict[str, int]  # currency → minor units


@dataclass(frozen=True)
class List:
    """A page of a list, and which columns of its file say the same."""

    page: str
    columns: tuple[str, str, str]  # which row, how much, and when
    row: Callable[[Any], Row]
    sums: Callable[[Any], Sums]  # of the page's context


def totals(context: Any) -> Sums:
    return {one.amount.currency: one.amount.minor for one in context["totals"]}


def owed(context: Any) -> Sums:
    """With what has expired, which is a line's own and in no other total."""
    return {line.currency: sum(one.amount.minor for one in line.by_age) for line, _ in context["lines"]}


def at_stake(context: Any) -> Sums:
    found: defaultdict[str, int] = defaultdict(int)
    for line in [*context["differences"], *context["unknown"]]:
        for money in line.counted.at_stake:
            found[money.currency] += money.minor
    return dict(found)


MONEY = List("finance_payments", ("Id", "Amount", "When"), lambda row: (row.id, row.amount, row.at), totals)
LISTS = {
    "payments": MONEY,
    "refunds": List("finance_refunds", MONEY.columns, MONEY.row, totals),
    "receivables": List(
        "finance_receivables",
        ("Order id", "Due", "Placed"),
        lambda row: (str(row.order_id), row.due, row.placed),
        owed,
    ),
    "review": List(
        "review_queue",
        ("Order id", "At stake", "Placed"),
        lambda row: (str(row.finding.order.order_id), row.at_stake, row.finding.order.created_at),
        at_stake,
    ),
    "receivables by customer": List(
        "finance_receivables",
        ("Customer id", "Due", "Oldest"),
        lambda row: (str(row.customer_id or ""), row.due, row.placed),
        owed,
    ),
}


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("payments", ""),
        ("payments", "state=net&sort=-amount"),
        ("payments", "state=failed&method=card"),
        ("refunds", "sort=moved"),
        ("receivables", ""),
        ("review", ""),
        ("receivables by customer", "state=customers"),
    ],
)
def test_a_file_has_the_rows_of_all_pages_in_their_order_and_their_sums(
    name: str, query: str, finance: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    one = LISTS[name]
    shown, context = pages(finance, one, query)
    assert shown, "nothing to compare"
    table, foot = csv_table(start(finance, name.split()[0], f"{query}&starting_after={shown[0][0]}").file)
    assert [row_of(row, one) for row in as_dicts(table)] == [
        (id, money.currency if money else "", str(money.minor) if money else "", f"{at:%Y-%m-%d %H:%M:%S}")
        for id, money, at in shown
    ]
    place = table[0].index(f"{one.columns[1]} in minor units")
    said = {row[0].removeprefix("Sum in "): int(row[place]) for row in foot if row[0].startswith("Sum in ")}
    assert said == one.sums(context)
    assert ["Rows", str(len(shown))] in foot


def row_of(row: dict[str, str], one: List) -> tuple[str, ...]:
    which, amount, when = one.columns
    return row[which], row["Currency"], row[f"{amount} in minor units"], row[f"{when} (UTC)"]


def pages(client: Client, one: List, query: str) -> tuple[list[Row], Any]:
    """What the rows of all pages show, and the context of the first page."""
    url = f"{reverse(one.page, args=['northwind', 'live'])}?{query}".rstrip("?")
    first = answer = client.get(url, follow=True)
    rows = [one.row(row) for row in first.context["rows"]]
    while answer.context["older"]:
        answer = client.get(answer.context["older"])
        rows += [one.row(row) for row in answer.context["rows"]]
    assert "Export all rows" in first.content.decode()
    return rows, first.context


def test_the_ages_in_a_file_come_to_what_the_page_says_of_each(
    finance: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    place = Place(northwind, "live", timezone.now())
    expected = {
        (line.currency, AGES[age]): one.amount.minor
        for line in receivables.aged(place, Q())
        for age, one in zip(AGES, line.by_age, strict=True)
        if one.count
    }
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in exported(finance, "receivables"):
        found[row["Currency"], row["Age"]] += int(row["Due in minor units"])
    assert found == expected
    assert len({age for _, age in found}) > 1


@pytest.mark.parametrize("name", [name for name in LISTS if " " not in name])
def test_no_file_is_made_before_all_its_rows_were_imported(name: str, finance: Client) -> None:
    answer = start(finance, name)
    assert answer["Location"] == reverse(LISTS[name].page, args=["northwind", "live"])
    assert "still being imported" in finance.get(answer["Location"]).content.decode()
    assert not EventLog.objects.filter(kind="exported").exists()


@pytest.mark.usefixtures("recorded")
def test_the_overview_as_a_file_says_what_the_page_says_of_each_currency_and_each_part(
    finance: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    query = "period=2026-10-01..2026-10-31&by=week"
    context = finance.get(f"{reverse('finance_overview', args=['northwind', 'live'])}?{query}").context
    rows = exported(finance, "overview", query)
    whole = [row for row in rows if row["Part"] == "Whole period"]
    assert [row["Currency"] for row in whole] == [row.label for row in context["rows"]]
    for row, shown in zip(whole, context["rows"], strict=True):
        for cell in shown.cells:
            assert row[f"{cell.heading} in minor units"] == str(cell.amount.minor), cell.heading
    for code in {row["Currency"] for row in whole}:
        weeks = [row for row in rows if row["Part"] == "By week" and row["Currency"] == code]
        total = next(row for row in whole if row["Currency"] == code)
        for name in ("Ordered in minor units", "Refunded in minor units", "Orders", "Payments"):
            assert sum(int(row[name]) for row in weeks) == int(total[name])
