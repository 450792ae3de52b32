"""Spans of days in a merchant's time zone: what they are compared with, and the days, weeks or months they consist of.

A day begins and ends where the zone says, also one of 23 or 25 hours, in a zone of any offset.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MOST_BARS = 62  # of a chart
STEPS = {"day": "By day", "week": "By week", "month": "By month"}
PRESETS: dict[str, str] = {
    "today": "Today",
    "yesterday": "Yesterday",
    "last_7_days": "Last 7 days",
    "this_month": "This month",
    "last_month": "Last month",
    "this_year": "This year",
    "last_year": "Last year",
}
USUAL = "this_month"


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def end(self) -> datetime:
        """The first moment that is not in it any more."""
        return datetime.combine(self.last + DAY, time.min, self.zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def written(self) -> str:
        """`2026-10-01..2026-10-31`, as filters take it."""
        return f"{self.first}..{self.last}"

    def __str__(self) -> str:
        if self.first == self.last:
            return _long(self.first)
        return f"{_long(self.first)} – {_long(self.last)}"


def read(text: str, zone: ZoneInfo, today: date) -> Period:
    """A preset, or two days as `2026-10-01..2026-10-31`. Raise ValueError for what is neither."""
    if text in PRESETS:
        return Period(*_preset(text, today), zone)
    first, dots, last = text.partition("..")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last if dots else first)
    except ValueError as error:
        raise ValueError("Enter the first and the last day.") from error
    if not all(1971 <= day.year <= 9990 for day in days):  # every zone has these
        raise ValueError("Enter years between 1971 and 9990.")
    if days[0] > days[1]:
        raise ValueError("The last day is before the first one.")
    return Period(*days, zone)


def before(period: Period) -> Period:
    """As long, and directly before it; before whole months as many months."""
    if period.first.day == 1 and (period.last + DAY).day == 1:
        months = _month_number(period.last) - _month_number(period.first) + 1
        return Period(_month(_month_number(period.first) - months), period.first - DAY, period.zone)
    return Period(period.first - period.days * DAY, period.first - DAY, period.zone)


def year_before(period: Period) -> Period:
    """The same days a year before; whole months stay whole, and 29 February is 28 February."""
    last = _year_before(period.last)
    if (period.last + DAY).day == 1:
        last = _year_before(period.last + DAY) - DAY
    return Period(_year_before(period.first), last, period.zone)


def step_of(period: Period, wanted: str = "") -> str:
    """The step that was asked for, or the finest of at most `MOST_BARS` bars; months where all are too many."""
    fitting = [step for step in STEPS if len(list(_starts(period, step))) <= MOST_BARS]
    if wanted in fitting:
        return wanted
    return next((step for step in fitting if step != "day" or period.days <= 31), "month")


def parts(period: Period, step: str) -> list[Period]:
    """The days, weeks from Monday or months of a period, the first and the last of them as far as they are in it."""
    starts = list(_starts(period, step))
    ends = [start - DAY for start in starts[1:]] + [period.last]
    return [Period(start, end, period.zone) for start, end in zip(starts, ends, strict=True)]


def _starts(period: Period, step: str) -> Iterator[date]:
    following: dict[str, Callable[[date], date]] = {
        "day": lambda day: day + DAY,
        "week": lambda day: day + (7 - day.weekday()) * DAY,
        "month": lambda day: _month(_month_number(day) + 1),
    }
    day = period.first
    while day <= period.last:
        yield day
        day = following[step](day)


def _preset(name: str, today: date) -> tuple[date, date]:
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    spans = {
        "today": (today, today),
        "yesterday": (today - DAY, today - DAY),
        "last_7_days": (today - 6 * DAY, today),
        "this_month": (month, today),
        "last_month": ((month - DAY).replace(day=1), month - DAY),
        "this_year": (year, today),
        "last_year": ((year - DAY).replace(month=1, day=1), year - DAY),
    }
    return spans[name]


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _long(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
