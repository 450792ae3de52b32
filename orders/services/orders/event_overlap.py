"""Each fact once: which of an order's events tell what another event tells better, and are left out of a timeline.

RevKeen tells of one refund up to four times: that it was asked for, that it went through, that its payment was refunded
(with the payment's whole amount, not the refund's), and that the order's amounts changed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from orders.apis.revkeen.objects import Event

SECONDS_APART = 60  # a payment's own event may come so much later than its refund's
# Members of an order that change because money moved; the event of the money says why and how much.
MOVED_BY_MONEY = {"amount_paid", "amount_due", "amount_refunded", "status", "invoice_id", "paid_at", "updated_at"}
OF_MONEY = (
    "payment.succeeded",
    "payment.failed",
    "payment.refunded",
    "payment.voided",
    "refund.succeeded",
    "order.paid",
)
ENDS = ("refund.succeeded", "refund.failed")
# What an object can go through only once: a second event of it tells nothing new.
ONCE = ("order.created", "payment.succeeded", "payment.failed", "payment.voided", "refund.created", *ENDS)


@dataclass(frozen=True)
class Told:
    """An event, and the others that tell the same."""

    event: Event
    others: list[Event] = field(default_factory=list)


def told_once(events: Iterable[Event]) -> list[Told]:
    """The events that each tell something of their own, with those that stand behind them."""
    every = _without_repeats(events)
    better = {event.id: _better(event, every) for event in every}
    kept = {event.id: Told(event) for event in every if better[event.id] is None}
    for event in every:
        teller = _last(better, event)
        if teller is not None:
            kept[teller.id].others.append(event)
    return list(kept.values())


def _without_repeats(events: Iterable[Event]) -> list[Event]:
    found: dict[tuple[str, str], Event] = {}
    for event in sorted(events, key=lambda event: event.created):
        name = str(event.data.object.get("id")) if event.type in ONCE else event.id
        found.setdefault((event.type, name), event)
    return list(found.values())


def _better(event: Event, every: list[Event]) -> Event | None:
    tells_it = BETTER.get(event.type)
    if tells_it is None:
        return None
    return next((other for other in every if other is not event and tells_it(event, other)), None)


def _last(better: dict[str, Event | None], event: Event) -> Event | None:
    """The event that is shown for this one: whose better one may have a better one itself."""
    teller = better[event.id]
    while teller is not None and (next_one := better[teller.id]) is not None:
        teller = next_one
    return teller


def _its_refund(event: Event, other: Event) -> bool:
    """Whether `other` is the refund that `event` tells of a payment."""
    near = abs(event.created - other.created) <= SECONDS_APART
    return other.type == "refund.succeeded" and near and _id(other, "payment_id") == _id(event, "id") != ""


def _its_end(event: Event, other: Event) -> bool:
    """Whether `other` is how a refund ended that ended as it began."""
    return other.type in ENDS and _id(other, "id") == _id(event, "id") != "" and _together(event, other)


def _its_money(event: Event, other: Event) -> bool:
    """Whether an order changed because of the money that `other` tells of, and in nothing else."""
    changed = set(event.data.previous_attributes or {})
    return other.type in OF_MONEY and changed <= MOVED_BY_MONEY and _together(event, other)


def _together(event: Event, other: Event) -> bool:
    """Whether one call caused both: by RevKeen's request id, or by the second where it gives each its own."""
    asked, asked_too = (one.request.id if one.request else None for one in (event, other))
    return event.created == other.created or (asked is not None and asked == asked_too)


def _id(event: Event, name: str) -> str:
    return str(event.data.object.get(name) or "")


BETTER: dict[str, Callable[[Event, Event], bool]] = {
    "payment.refunded": _its_refund,
    "payment.voided": _its_refund,
    "refund.created": _its_end,
    "refund.updated": _its_end,
    "order.updated": _its_money,
}
