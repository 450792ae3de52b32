"""Spans of days and of amounts as the filters of a list write them: `2026-11-01..2026-11-20`, `last_month`, `>7d`."""

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from orders.iso4217 import BY_DECIMALS

Moments = tuple[datetime | None, datetime | None]  # the first moment that is wanted, and the first after it that is not

PRESETS = {
    "today": "Today",
    "yesterday": "Yesterday",
    "last_7_days": "Last 7 days",
    "this_month": "This month",
    "last_month": "Last month",
}
AGO = re.compile(r"([<>])(\d{1,4})d", re.ASCII)
AMOUNT = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)
DAY = "Enter a day such as 2026-11-20, or two as 2026-11-01..2026-11-20."
NUMBER = "Enter an amount such as 99.50, >100, or 100..200."


def moments(text: str, zone: ZoneInfo, now: datetime) -> Moments:
    """Where the days begin and end that `text` names in the time zone; raise ValueError for a text that names none."""
    if ago := AGO.fullmatch(text):
        moment = now - timedelta(days=int(ago[2]))
        return (None, moment) if ago[1] == ">" else (moment, None)
    first, last = _preset(text, now.astimezone(zone).date()) or _days(text)
    if first and last and first > last:
        raise ValueError("The last day is before the first one.")
    start = datetime.combine(first, time.min, zone) if first else None
    end = datetime.combine(last + timedelta(days=1), time.min, zone) if last else None  # that day may have 23 hours
    return start, end


def _preset(name: str, today: date) -> tuple[date, date] | None:
    day, first = timedelta(days=1), today.replace(day=1)
    last_of_before = first - day
    spans = {
        "today": (today, today),
        "yesterday": (today - day, today - day),
        "last_7_days": (today - 6 * day, today),
        "this_month": (first, today),
        "last_month": (last_of_before.replace(day=1), last_of_before),
    }
    return spans.get(name)


def _days(text: str) -> tuple[date | None, date | None]:
    first, dots, last = text.partition("..")
    found = _day(first), _day(last) if dots else _day(first)
    if found == (None, None):
        raise ValueError(DAY)
    return found


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(DAY) from error
    if not 1971 <= day.year <= 9990:  # every zone has these
        raise ValueError("Enter a year between 1971 and 9990.")
    return day


def amounts(text: str) -> dict[int, dict[str, int]]:
    """Number of decimals → what `text` asks of an amount, in the minor units of a currency with so many decimals.

    `>100` is {"gt": 10000} for two decimals. Raise ValueError for a text that is no span of amounts.
    """
    bounds = _bounds(text)
    return {places: _in_minor(bounds, places) for places in BY_DECIMALS}


def _bounds(text: str) -> dict[str, str]:
    first, dots, last = text.partition("..")
    if dots:
        bounds = {name: amount for name, amount in (("gte", first), ("lte", last)) if amount}
    else:
        bounds = {{">": "gt", "<": "lt"}.get(text[:1], ""): text.lstrip("<>")}
        bounds = bounds if "" not in bounds else {"gte": text, "lte": text}
    if not bounds or not all(AMOUNT.fullmatch(amount) for amount in bounds.values()):
        raise ValueError(NUMBER)
    if first and last and Decimal(first) > Decimal(last):
        raise ValueError("The last amount is less than the first one.")
    return bounds


def _in_minor(bounds: dict[str, str], places: int) -> dict[str, int]:
    """More decimals than the currency has are rounded so that the same amounts are meant."""
    rounding = {"gte": ROUND_CEILING, "lt": ROUND_CEILING, "lte": ROUND_FLOOR, "gt": ROUND_FLOOR}
    return {
        name: int(Decimal(amount).scaleb(places).to_integral_value(rounding[name])) for name, amount in bounds.items()
    }
