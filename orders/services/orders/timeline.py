"""What happened to an order: RevKeen's events, and what staff did here, in one order.

An event that carries the key of one of our operations says who asked for it. An operation that no event tells of
stands as an entry of its own: it was refused, never sent, is open, or a person decided about it. So does what RevKeen
never hears of: parcels that complete no line, what was undone, and what was done to a shipment afterwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from orders import carriers, states
from orders.apis.revkeen.objects import Event
from orders.models import EventLog, Fulfillment, Operation, Shipment
from orders.money import Money
from orders.services.orders.event_overlap import Told, told_once

ICONS_AND_WORDS = {
    "order.created": ("plus", "Order created"),
    "order.updated": ("edit", "Order changed"),
    "order.paid": ("coin", "Paid in full"),
    "order.canceled": ("circle-x", "Canceled"),
    "order.fulfilled": ("truck-delivery", "Fulfilled"),
    "order.partially_fulfilled": ("truck-delivery", "Part fulfilled"),
    "payment.succeeded": ("coin", "Payment received"),
    "payment.failed": ("circle-x", "Payment failed"),
    "payment.refunded": ("arrow-back-up", "Total refunded of this payment"),
    "payment.voided": ("ban", "Payment voided"),
    "refund.created": ("arrow-back-up", "Refund requested"),
    "refund.updated": ("arrow-back-up", "Refund changed"),
    "refund.succeeded": ("arrow-back-up", "Refunded"),
    "refund.failed": ("circle-x", "Refund failed"),
}
ICONS_OF_NOTES = {
    EventLog.Kind.SHIPMENT_CORRECTED: "edit",
    EventLog.Kind.SHIPMENT_STATUS: "packages",
    EventLog.Kind.PARTNER_UPDATE_SENT_AGAIN: "send",
    EventLog.Kind.PARTNER_UPDATE_STOPPED: "ban",
    EventLog.Kind.PARTNER_UPDATE_RELEASED: "send",
    EventLog.Kind.REVKEEN_KNOWS: "circle-minus",
    EventLog.Kind.ORDER_HELD: "player-pause",
    EventLog.Kind.HOLD_RELEASED: "check",
    EventLog.Kind.ORDER_TAGGED: "edit",
    EventLog.Kind.ORDER_ASSIGNED: "user",
    EventLog.Kind.APPROVAL_ASKED: "send",
    EventLog.Kind.APPROVAL_GIVEN: "check",
    EventLog.Kind.APPROVAL_DECLINED: "ban",
    EventLog.Kind.APPROVAL_WITHDRAWN: "arrow-back-up",
    EventLog.Kind.APPROVAL_EXPIRED: "clock",
}
# The member that has the amount an event is about. What a payment was is not what was refunded of it, and what an order
# comes to is not what was paid last: such an amount beside the event's words would be money that never moved.
AMOUNTS = {
    "order.created": "total",
    "payment.succeeded": "amount",
    "payment.failed": "amount",
    "payment.voided": "amount",
    "payment.refunded": "amount_refunded",
    "refund.created": "amount_minor",
    "refund.updated": "amount_minor",
    "refund.succeeded": "amount_minor",
    "refund.failed": "amount_minor",
}

WITHOUT_AN_EVENT = {
    Operation.State.STARTED: "on its way",
    Operation.State.DONE: "done",
    Operation.State.REFUSED: "refused",
    Operation.State.NOT_SENT: "not sent",
    Operation.State.IN_DOUBT: "in doubt",
    Operation.State.NEEDS_REVIEW: "needs review",
}


@dataclass(frozen=True)
class Entry:
    at: datetime
    icon: str
    text: str
    operation: Operation | None = None  # what staff did here
    who: str = ""  # did it, where there is no operation


@dataclass(frozen=True)
class Day:
    date: date
    entries: list[Entry]


def days(
    events: Iterable[Event],
    operations: Iterable[Operation],
    zone: ZoneInfo,
    shipments: Iterable[Shipment] = (),
    notes: Iterable[EventLog] = (),
) -> list[Day]:
    """Newest first, by the days of the merchant's time zone. `shipments` with their fulfillment."""
    asked = {str(operation.pk): operation for operation in operations}
    told = [_of_event(one, asked, zone) for one in told_once(events)]
    with_event = {entry.operation.pk for entry in told if entry.operation is not None}
    alone = [_of_operation(operation, zone) for operation in asked.values() if operation.pk not in with_event]
    alone += _of_fulfillments(shipments, zone)
    # Units that were given up are told by their shipment.
    alone += [_of_note(note, zone) for note in notes if note.kind != EventLog.Kind.UNITS_GIVEN_UP]
    entries = sorted([*told, *alone], key=lambda entry: entry.at, reverse=True)
    return [Day(day, list(of_day)) for day, of_day in groupby(entries, key=lambda entry: entry.at.date())]


def _of_event(told: Told, asked: dict[str, Operation], zone: ZoneInfo) -> Entry:
    """Who asked for it may stand in an event that tells the same less well."""
    event = told.event
    icon, words = ICONS_AND_WORDS.get(event.type, ("point", event.type[:60]))
    about = amount_of(event) if event.type in AMOUNTS else _changed(event)
    operation = next((asked[_key(one)] for one in (event, *told.others) if _key(one) in asked), None)
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


def _of_fulfillments(shipments: Iterable[Shipment], zone: ZoneInfo) -> list[Entry]:
    """What RevKeen does not hear of, and what was taken back; what it hears of stands with its operation."""
    parcels: dict[Fulfillment, list[Shipment]] = {}
    for shipment in shipments:
        parcels.setdefault(shipment.fulfillment, []).append(shipment)
    entries = []
    for fulfillment, together in parcels.items():
        words = "; ".join(_words(shipment) for shipment in together)
        if all(shipment.step is None for shipment in together):
            gone = together[0].kind == Shipment.Kind.PARCEL
            at = fulfillment.created_at.astimezone(zone)
            who = str(fulfillment.user)
            entries.append(Entry(at, "truck-delivery" if gone else "ban", words, who=who))
        if fulfillment.undone_at is not None:
            at = fulfillment.undone_at.astimezone(zone)
            entries.append(Entry(at, "arrow-back-up", f"Undone: {words}", who=str(fulfillment.undone_by)))
    return entries


def _words(shipment: Shipment) -> str:
    """`Shipment 2: 1 × Rope, UPS 1Z999`; of units given up why."""
    items = ", ".join(f"{item.quantity} × {item.description}" for item in shipment.items.all())
    if shipment.kind == Shipment.Kind.CANCELLATION:
        return f"Units canceled: {items}. {shipment.reason}".rstrip(". ")
    sent = " ".join(part for part in (carriers.name_of(shipment.carrier), shipment.tracking_number) if part)
    return ", ".join(part for part in (f"Shipment {shipment.number}: {items}", sent) if part)


def _of_note(note: EventLog, zone: ZoneInfo) -> Entry:
    icon = ICONS_OF_NOTES.get(EventLog.Kind(note.kind), "point")
    return Entry(
        note.at.astimezone(zone), icon, f"{note.get_kind_display()}: {note.text}", who=str(note.user or note.who)
    )


def _key(event: Event) -> str:
    return (event.request.idempotency_key or "") if event.request else ""


def amount_of(event: Event) -> Money | None:
    """The amount the event is about, if its object has one; an event that is off is shown without."""
    data = event.data.object
    minor, currency = data.get(AMOUNTS.get(event.type, "")), data.get("currency")
    if type(minor) is not int or not isinstance(currency, str):
        return None
    return Money(minor, currency[:3].upper())


def _changed(event: Event) -> str:
    """What is different since, where the event's own words do not say it already."""
    if event.type in ICONS_AND_WORDS and event.type != "order.updated":
        return ""
    names = ", ".join(sorted(event.data.previous_attributes or {}))
    return names.replace("_", " ")[:200]
