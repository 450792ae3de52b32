"""The overview: its figures are what RevKeen has, in any time zone, and each leads to the rows behind it."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Merchant
from orders.services.finance import money_filters, money_list, periods, receivables, sums
from orders.services.finance.periods import Period
from orders.services.index import forgetting, money_copies, writing
from orders.services.index.order_filters import Place
from tests.support.emulation import Emulator
from tests.support.finance import OVERVIEW, emulated, figures, links, minor, table, together
from tests.support.indexed import index_everything
from tests.support.pages import prose, text
from tests.support.samples import a_transaction, an_order

pytestmark = pytest.mark.django_db

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu")


def a_year_until(today: date) -> tuple[date, date]:
    """Twelve months have both changes of the clocks."""
    return today - timedelta(days=365), today


@pytest.mark.parametrize("zone", ZONES)
def test_the_figures_are_the_sums_of_what_revkeen_has(
    zone: str, admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    Merchant.objects.update(time_zone=zone)
    index_everything(northwind)
    first, last = a_year_until(datetime.now(ZoneInfo(zone)).date())
    expected = emulated(emulator, first, last, zone)
    assert {"JPY", "KWD"} <= expected.keys()
    page = admin.get(f"{OVERVIEW}?period={first}..{last}").content.decode()
    assert figures(page) == expected
    # A month: its days are the same days in the chart's table.
    month = max(day for day in (last.replace(day=1), (last.replace(day=1) - timedelta(days=1)).replace(day=1)))
    end = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    page = admin.get(f"{OVERVIEW}?period={month}..{end}&currency=USD").content.decode()
    days = {text(row[0]): [minor(text(cell)) for cell in row[1:]] for row in table(page, "USD, ")}
    for day in (month + timedelta(days=number) for number in range((end - month).days + 1)):
        told = emulated_day(emulator, day, zone)
        assert days[f"{day.day} {day:%b %Y}"] == told, day


def emulated_day(emulator: Emulator, day: date, zone: str) -> list[int]:
    found = emulated(emulator, day, day, zone).get("USD", Counter())
    return [found[name] for name in ("ordered", "collected", "refunded", "net")]


def test_every_figure_leads_to_rows_that_sum_to_it(admin: Client, northwind: Merchant, emulator: Emulator) -> None:
    index_everything(northwind)
    first, last = a_year_until(datetime.now(northwind.zone).date())
    page = admin.get(f"{OVERVIEW}?period={first}..{last}").content.decode()
    found, there = figures(page), links(page)
    for (currency, name), url in there.items():
        if name in ("collected", "refunded", "net"):
            rows = together(admin, url, "What this list comes to", 2)
        elif name == "still_due":
            rows = due_of(admin, url)
        else:
            rows = together(admin, f"{url}&sums=all", "Totals of the selected", 5)
            name = "ordered"  # the same orders; their list adds up totals
        assert rows.get(currency, {"sum": 0})["sum"] == found[currency][name], (currency, name)
        assert rows.keys() <= {currency}


def due_of(client: Client, url: str) -> dict[str, dict[str, int]]:
    """What is due of all ages, expired ones too."""
    page = client.get(url, follow=True).content.decode()
    if "What is due by currency" not in page:
        return {}
    return {
        text(row[0]): {"sum": sum(minor(text(cell)) for cell in row[1:-1] if text(cell))}
        for row in table(page, "What is due by currency")
    }


BEGAN = datetime(2026, 10, 20, tzinfo=UTC)
# About midnight in Greenwich, and so about midnight in each zone, over a change of the clocks.
MOMENTS = st.tuples(st.integers(0, 21), st.integers(-360, 360)).map(
    lambda at: BEGAN + timedelta(days=at[0], minutes=at[1])
)
AMOUNTS = st.integers(0, 10**12)
CURRENCIES = st.sampled_from(["usd", "EUR", "jpy", "KWD", "xau"])
SALES = st.tuples(
    MOMENTS,
    AMOUNTS,
    CURRENCIES,
    st.sampled_from([("sale", "succeeded"), ("sale", "voided"), ("sale", "failed"), ("refund", "succeeded"),
                     ("void", "succeeded"), ("refund", "pending"), ("dispute", "succeeded")]),
)  # fmt: skip
ORDERS = st.tuples(MOMENTS, AMOUNTS, CURRENCIES, st.sampled_from(["draft", "pending", "paid", "canceled", "fulfilled"]))


@pytest.mark.database
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    zone=st.sampled_from(ZONES),
    days=st.tuples(st.integers(0, 15), st.integers(0, 15)),
    step=st.sampled_from(["day", "week", "month"]),
    sales=st.lists(SALES, min_size=4, max_size=8),
    orders=st.lists(ORDERS, max_size=8),
)
def test_overview_lists_and_a_plain_sum_agree(
    northwind: Merchant, zone: str, days: tuple[int, int], step: str, sales: list[Any], orders: list[Any]
) -> None:
    forgetting.forget(northwind, "live")
    northwind.time_zone = zone
    keep(northwind, sales, orders)
    first = date(2026, 10, 20) + timedelta(days=days[0])
    period = Period(first, first + timedelta(days=days[1]), ZoneInfo(zone))
    place = Place(northwind, "live", datetime(2026, 11, 20, tzinfo=UTC))
    found = sums.together(sums.of_periods(place, periods.parts(period, step)))
    expected = plain(sales, orders, period)
    names = ("ordered", "still_due", "collected", "refunded")
    assert {code: tuple(getattr(one, name) for name in names) for code, one in found.items()} == expected
    of_lists = {
        name: {
            total.amount.currency: total.amount.minor
            for total in money_list.totals(place, source, moved(place, period))
        }
        for name, source in (("collected", money_list.PAYMENTS["received"]), ("refunded", money_list.REFUNDS["done"]))
    }
    for name, totals in of_lists.items():
        assert {code: getattr(one, name) for code, one in found.items() if getattr(one, name)} == {
            code: amount for code, amount in totals.items() if amount
        }
    due = Counter[str]()
    for line in receivables.aged(place, placed(place, period)):
        due[line.currency] = sum(owed.amount.minor for owed in line.by_age)
    assert {code: one.still_due for code, one in found.items() if one.still_due} == dict(due)


def keep(merchant: Merchant, sales: list[Any], orders: list[Any]) -> None:
    rows = [
        a_transaction(created_at=at.isoformat(), amount=amount, currency=currency, type=kind[0], status=kind[1])
        for at, amount, currency, kind in sales
    ]
    money_copies.keep(merchant, "live", rows, datetime(2026, 11, 20, tzinfo=UTC))
    copies = [
        an_order(created_at=at.isoformat(), total=amount, amount_due=amount, currency=currency, status=status)
        for at, amount, currency, status in orders
    ]
    writing.apply(merchant, "live", copies, datetime(2026, 11, 20, tzinfo=UTC))


def plain(sales: list[Any], orders: list[Any], period: Period) -> dict[str, tuple[int, ...]]:
    """Currency → ordered, still due, collected, refunded: by the local day of each, one after another."""
    found: dict[str, list[int]] = {}
    for at, amount, currency, status in orders:
        if period.first <= at.astimezone(period.zone).date() <= period.last and status not in ("draft", "canceled"):
            line = found.setdefault(currency.upper(), [0, 0, 0, 0])
            line[0] += amount
            line[1] += amount
    for at, amount, currency, kind in sales:
        place = {("sale", "succeeded"): 2, ("sale", "voided"): 2, ("refund", "succeeded"): 3, ("void", "succeeded"): 3}
        if period.first <= at.astimezone(period.zone).date() <= period.last and kind in place:
            found.setdefault(currency.upper(), [0, 0, 0, 0])[place[kind]] += amount
    return {currency: tuple(line) for currency, line in found.items()}


def moved(place: Place, period: Period) -> Q:
    return money_filters.FILTERS["moved"].ask(place, period.written)


def placed(place: Place, period: Period) -> Q:
    return receivables.FILTERS["placed"].ask(place, period.written)


def test_a_period_is_compared_with_the_months_before_and_with_a_year_before() -> None:
    zone = ZoneInfo("Europe/Berlin")
    october = Period(date(2026, 10, 1), date(2026, 10, 31), zone)
    assert periods.before(october).written == "2026-09-01..2026-09-30"
    assert periods.year_before(october).written == "2025-10-01..2025-10-31"
    assert october.end.timestamp() - october.start.timestamp() == 31 * 86_400 + 3_600  # the clocks went back
    days = Period(date(2026, 10, 5), date(2026, 10, 11), zone)
    assert periods.before(days).written == "2026-09-28..2026-10-04"
    leap = Period(date(2024, 2, 1), date(2024, 2, 29), zone)
    assert periods.year_before(leap).written == "2023-02-01..2023-02-28"
    assert periods.before(Period(date(2024, 3, 1), date(2024, 3, 31), zone)).written == "2024-02-01..2024-02-29"


@given(
    first=st.dates(date(1999, 1, 1), date(2030, 1, 1)),
    days=st.integers(0, 4000),
    wanted=st.sampled_from(["", *periods.STEPS]),
)
def test_the_parts_of_a_period_are_all_of_it_once(first: date, days: int, wanted: str) -> None:
    period = Period(first, first + timedelta(days=days), ZoneInfo("Asia/Kathmandu"))
    step = periods.step_of(period, wanted)
    parts = periods.parts(period, step)
    assert (parts[0].start, parts[-1].end) == (period.start, period.end)
    assert all(one.end == following.start for one, following in pairwise(parts))
    assert len(parts) <= periods.MOST_BARS or step == "month"


def test_a_period_that_makes_no_sense_says_so_and_shows_this_month(admin: Client, northwind: Merchant) -> None:
    for said in ("yesteryear", "2026-11-01..2026-10-01", "0001-01-01..9999-12-31", "2026-13-01"):
        answer = admin.get(f"{OVERVIEW}?period={said}")
        assert answer.status_code == 200
        assert "This month is shown instead" in text(answer.content.decode())
    assert "Nothing was ordered" in text(admin.get(OVERVIEW).content.decode())


def test_comparing_reads_what_is_behind_a_figure_again_and_says_what_differed(
    admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    first, last = a_year_until(datetime.now(northwind.zone).date())
    period = f"period={first}..{last}"
    same = text(admin.post(f"{OVERVIEW}compare/?{period}", {"what": "money"}).content.decode())
    assert "RevKeen has the same" in same
    sale = emulator.get("/transactions?type=sale&status=succeeded&limit=1")["data"][0]
    emulator.patch("transactions", sale["id"], amount=sale["amount"] + 5, updated_at="2030-01-01T00:00:00Z")
    other = admin.post(f"{OVERVIEW}compare/?{period}", {"what": "money"}).content.decode()
    assert "1 of" in text(other)
    assert f"amount {sale['amount']} → amount {sale['amount'] + 5}" in text(other)
    assert figures(other) == emulated(emulator, first, last, "Europe/Berlin")
    order = emulator.make_order()
    told = prose(admin.post(f"{OVERVIEW}compare/?{period}", {"what": "orders"}).content.decode())
    assert f"{order['public_id']}: not in the index" in told


def test_comparing_while_revkeen_fails_says_so_and_keeps_the_figures(
    admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    emulator.fault("error", "/transactions", times=20, status=500)
    answer = admin.post(f"{OVERVIEW}compare/?period=last_year", {"what": "money"})
    assert answer.status_code in (502, 503)
    assert "Not compared" in text(answer.content.decode())


def test_the_page_is_as_of_the_oldest_of_what_it_shows(admin: Client, northwind: Merchant, emulator: Emulator) -> None:
    assert "Index, not complete yet" in text(admin.get(OVERVIEW).content.decode())
    index_everything(northwind)
    assert "Index, as of" in text(admin.get(OVERVIEW).content.decode())


def test_only_finance_and_admins_see_what_was_collected(
    emulator: Emulator, admin: Client, finance: Client, support: Client, operations: Client, viewer: Client
) -> None:
    for page in ("", "payments/", "refunds/", "receivables/"):
        path = f"{OVERVIEW}{page}"
        assert [client.get(path).status_code for client in (admin, finance)] == [200, 200]
        assert [client.get(path).status_code for client in (support, operations, viewer)] == [403, 403, 403]
    assert "Finance" in text(finance.get("/northwind/live/orders/").content.decode())
    assert ">Finance<" not in support.get("/northwind/live/orders/").content.decode()
