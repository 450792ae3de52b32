"""What happened to an order, told from RevKeen's events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from orders.apis.revkeen.objects import Event
from orders.money import Money

ICONS_AND_WORDS = {
    "order.created": ("plus", "Order created"),
    "order.updated": ("edit", "Order changed"),
    "order.paid": ("coin", "Paid in full"),
    "order.canceled": ("circle-x", "Canceled"),
    "order.fulfilled": ("truck-delivery", "Fulfilled"),
    "order.partially_fulfilled": ("truck-delivery", "Part fulfilled"),
    "payment.succeeded": ("coin", "Payment received"),
    "payment.failed": ("circle-x", "Payment failed"),
    "payment.refunded": ("arrow-back-up", "Refunded"),
    "refund.created": ("arrow-back-up", "Refund asked for"),
    "refund.succeeded": ("arrow-back-up", "Refunded"),
    "refund.failed": ("circle-x", "Refund failed"),
}
AMOUNTS = ("amount_minor", "amount", "total")


@dataclass(frozen=True)
class Entry:
    at: datetime
    icon: str
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Day:
    date: date
    entries: list[Entry]


def days(events: Iterable[Event], zone: ZoneInfo) -> list[Day]:
    """Newest first, by the days of the merchant's time zone."""
    entries = sorted((_entry(event, zone) for event in events), key=lambda entry: entry.at, reverse=True)
    return [Day(day, list(of_day)) for day, of_day in groupby(entries, key=lambda entry: entry.at.date())]


def _entry(event: Event, zone: ZoneInfo) -> Entry:
    icon, words = ICONS_AND_WORDS.get(event.type, ("point", event.type[:60]))
    amount = _amount(event)
    changed = ", ".join(sorted(event.data.previous_attributes or {})).replace("_", " ")
    detail = f"changed: {changed[:200]}" if changed else ""
    return Entry(event.at.astimezone(zone), icon, f"{words}: {amount}" if amount else words, detail)


def _amount(event: Event) -> Money | None:
    """The amount the event is about, if its object has one; an event that is off is shown without."""
    data = event.data.object
    minor = next((data[name] for name in AMOUNTS if isinstance(data.get(name), int)), None)
    currency = data.get("currency")
    if minor is None or not isinstance(currency, str) or event.type == "order.updated":
        return None
    return Money(minor, currency[:3].upper())
