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
    "refund.created": ("arrow-back-up", "Refund requested"),
    "refund.succeeded": ("arrow-back-up", "Refunded"),
    "refund.failed": ("circle-x", "Refund failed"),
}
ABOUT_MONEY = {"order.created", "order.paid"} | {name for name in ICONS_AND_WORDS if not name.startswith("order.")}
AMOUNTS = ("amount_minor", "amount", "total")


@dataclass(frozen=True)
class Entry:
    at: datetime
    icon: str
    text: str


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
    about = amount_of(event) if event.type in ABOUT_MONEY else _changed(event)
    return Entry(event.at.astimezone(zone), icon, f"{words}: {about}" if about else words)


def amount_of(event: Event) -> Money | None:
    """The amount the event is about, if its object has one; an event that is off is shown without."""
    data = event.data.object
    minor = next((data[name] for name in AMOUNTS if isinstance(data.get(name), int)), None)
    currency = data.get("currency")
    if minor is None or not isinstance(currency, str):
        return None
    return Money(minor, currency[:3].upper())


def _changed(event: Event) -> str:
    """What is different since, where the event's own words do not say it already."""
    if event.type in ICONS_AND_WORDS and event.type != "order.updated":
        return ""
    names = ", ".join(sorted(event.data.previous_attributes or {}))
    return names.replace("_", " ").replace("fulfillment", "fulfilment")[:200]
