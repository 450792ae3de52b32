"""Moments, ages and amounts, written the same way on every page."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.moments import in_zone
from orders.money import Money

register = template.Library()

LONGEST_TEXT = 2_000
WORDS = ("Today", "Yesterday")

AGES = [("y", timedelta(days=365)), ("mo", timedelta(days=30)), ("d", timedelta(days=1)), ("h", timedelta(hours=1))]


def today(zone: ZoneInfo) -> date:
    """The day that it is there now."""
    return timezone.now().astimezone(zone).date()


@register.simple_tag
def moment(value: datetime | None, zone: ZoneInfo, none: str = "", within: bool = False) -> SafeString | str:
    """`Today 10:30`, `18 Nov 21:38`, `today 10:30` within a sentence; the element carries the exact time."""
    if value is None:
        return format_html('<span class="muted">{}</span>', none) if none else ""
    local = in_zone(value, zone)
    day = _day(local, zone)
    return _time(local, f"{day.lower() if within and day in WORDS else day} {local:%H:%M}")


@register.simple_tag
def short_moment(value: datetime, zone: ZoneInfo) -> SafeString:
    """`10:30`, `18 Nov` or `2025`, for a narrow column; the element carries the exact time."""
    local, now = in_zone(value, zone), today(zone)
    if local.date() == now:
        return _time(local, f"{local:%H:%M}")
    return _time(local, f"{local.day} {local:%b}" if local.year == now.year else str(local.year))


@register.simple_tag
def clock(value: datetime, zone: ZoneInfo) -> SafeString:
    """`14:32:08 CET`, with the day where that is not today; the element carries the exact time."""
    return _time(in_zone(value, zone), clock_words(value, zone))


def clock_words(value: datetime, zone: ZoneInfo) -> str:
    """What `clock` shows, for a sentence without elements."""
    local = in_zone(value, zone)
    day = "" if local.date() == today(zone) else f"{_day(local, zone)} "
    return f"{day}{local:%H:%M:%S %Z}"


@register.simple_tag
def on_paper(value: datetime, zone: ZoneInfo) -> SafeString:
    """`20 November 2026, 14:40 CET`: paper is read on another day."""
    local = in_zone(value, zone)
    return _time(local, f"{local.day} {local:%B %Y, %H:%M %Z}")


@register.simple_tag
def time_of_day(local: datetime) -> SafeString:
    """`16:15`, of a moment that is in the merchant's zone already, below a heading with its day."""
    return _time(local, f"{local:%H:%M}")


@register.filter
def zone_name(zone: ZoneInfo) -> str:
    """`CET`, as of now."""
    return f"{timezone.now().astimezone(zone):%Z}"


@register.filter
def age(value: datetime) -> str:
    passed = timezone.now() - value
    for unit, length in AGES:
        if passed >= length:
            return f"{passed // length} {unit}"
    return f"{max(0, passed // timedelta(minutes=1))} min"


@register.filter
def ago(value: datetime) -> str:
    """`5 min ago`, `Just now`."""
    passed = age(value)
    return "Just now" if passed == "0 min" else f"{passed} ago"


@register.filter
def day_heading(value: Any, zone: ZoneInfo) -> str:
    """`Today, 20 November 2026`."""
    days_ago = (today(zone) - value).days
    word = f"{WORDS[days_ago]}, " if 0 <= days_ago < len(WORDS) else ""
    return f"{word}{value.day} {value:%B %Y}"


@register.simple_tag
def amount(money: Money) -> SafeString:
    """An amount among others of mixed currencies: the points stand in one line, the code behind."""
    return format_html(
        '{}<span class="frac">{}</span> <span class="cur">{}</span>', money.whole, money.fraction, money.currency
    )


@register.simple_tag
def bare_amount(money: Money | None) -> SafeString | str:
    """The same without the code, for a second amount of a row."""
    return "" if money is None else format_html('{}<span class="frac">{}</span>', money.whole, money.fraction)


@register.filter
def thousands(count: int) -> str:
    """`12,345`."""
    return f"{count:,}"


@register.filter
def as_text(value: Any) -> str:
    """A value of metadata: text as it is, everything else as JSON, and nothing endless."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"


def _time(local: datetime, words: str) -> SafeString:
    exact = f"{local.day} {local:%B %Y, %H:%M:%S %Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), exact, words)


def _day(local: datetime, zone: ZoneInfo) -> str:
    now = today(zone)
    if 0 <= (days_ago := (now - local.date()).days) < len(WORDS):
        return WORDS[days_ago]
    return f"{local.day} {local:%b}" if local.year == now.year else f"{local.day} {local:%b %Y}"
