"""What happened to an order: RevKeen's events, and what staff did here, in one order.

An event that carries the key of one of our operations says who asked for it. An operation that no event tells of
stands as an entry of its own: it was refused, never sent, is open, or a person decided about it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from orders import states
from orders.apis.revkeen.objects import Event
from orders.models import Operation
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


WITHOUT_AN_EVENT = {
    Operation.State.STARTED: "on its way",
    Operation.State.DONE: "done",
    Operation.State.REFUSED: "refused",
    Operation.State.NOT_SENT: "not sent",
    Operation.State.UNKNOWN: "not known yet whether it happened",
    Operation.State.NEEDS_PERSON: "somebody has to decide whether it happened",
}


@dataclass(frozen=True)
class Entry:
    at: datetime
    icon: str
    text: str
    operation: Operation | None = None  # what staff did here


@dataclass(frozen=True)
class Day:
    date: date
    entries: list[Entry]


def days(events: Iterable[Event], operations: Iterable[Operation], zone: ZoneInfo) -> list[Day]:
    """Newest first, by the days of the merchant's time zone."""
    asked = {str(operation.pk): operation for operation in operations}
    told = [_of_event(event, asked.get(_key(event)), zone) for event in events]
    with_event = {entry.operation.pk for entry in told if entry.operation is not None}
    alone = [_of_operation(operation, zone) for operation in asked.values() if operation.pk not in with_event]
    entries = sorted([*told, *alone], key=lambda entry: entry.at, reverse=True)
    return [Day(day, list(of_day)) for day, of_day in groupby(entries, key=lambda entry: entry.at.date())]


def _of_event(event: Event, operation: Operation | None, zone: ZoneInfo) -> Entry:
    icon, words = ICONS_AND_WORDS.get(event.type, ("point", event.type[:60]))
    about = amount_of(event) if event.type in ABOUT_MONEY else _changed(event)
    return Entry(event.at.astimezone(zone), icon, f"{words}: {about}" if about else words, operation)


def _of_operation(operation: Operation, zone: ZoneInfo) -> Entry:
    state = Operation.State(operation.state)
    words, why = WITHOUT_AN_EVENT[state], operation.message
    if operation.decided_by is not None:
        happened = "it happened" if state == Operation.State.DONE else "it did not happen"
        words, why = f"{operation.decided_by} decided that {happened}", operation.reason
    text = f"{operation.get_kind_display()}, {operation.summary}: {words}"
    icon = states.operation_state(operation).icon
    said = f"{text}. {why.rstrip('.')}" if why else text
    return Entry(operation.created_at.astimezone(zone), icon, said, operation)


def _key(event: Event) -> str:
    return (event.request.idempotency_key or "") if event.request else ""


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
