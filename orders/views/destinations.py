"""Where a shipment has to be told, system by system: the state, and in words what happened and what happens next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from orders import carriers, states
from orders.apis.order_protection.objects import LABELS
from orders.models import Delivery, Merchant, Operation, Shipment
from orders.services import shipments
from orders.states import State
from orders.templatetags.figures import clock

# Claims are taken within 45 days of the order being fulfilled, "exceptions depending on your contract"
# (docs.orderprotection.com/education-basecamp/filing-a-claim). Counted from when this parcel left, the careful reading.
CLAIM_DAYS = 45
SOON = timedelta(seconds=30)
OPEN_OPERATION = (Operation.State.STARTED, Operation.State.UNKNOWN)
HELD = State("Undo window", "player-pause")
FOR_THE_REST = State("Waiting", "player-pause")
NOT_TOLD = State("Not notified", "alert-triangle", "wait")
NOTHING_DUE = State("Not needed", "circle-minus")
OURS = (
    "part_open",
    "gave_up",
    "no_answer",
    "not_connected",
    "key_unreadable",
    "error",
)  # codes that their message says in full
NOT_CONNECTED_WORDS = SafeString("It was not connected when this was sent.")
Words = SafeString | str


@dataclass(frozen=True)
class Destination:
    name: str
    state: State
    words: Words
    difference: str = ""  # what it has still, and we do not
    operation: Operation | None = None  # RevKeen's part
    delivery: Delivery | None = None  # a partner's part
    changing: bool = False  # a machine goes on with it
    missed: str = ""  # a partner that had no key here then, by its name in addresses
    untold: bool = False  # RevKeen did not take it, and it left all the same


@dataclass(frozen=True)
class Card:
    shipment: Shipment
    position: str  # "1 of 2" of what one press sent off, "" of one alone
    state: State
    held_until: datetime | None  # while it can be undone
    seconds_left: int
    destinations: list[Destination]
    given_up: bool

    @property
    def failed(self) -> bool:
        return any(row.delivery and row.delivery.state in Delivery.NEEDS_SOMEONE for row in self.destinations)

    @property
    def changing(self) -> bool:
        return self.held_until is not None or any(row.changing for row in self.destinations)


@dataclass(frozen=True)
class Cards:
    """What was sent off of an order, the newest first; `gone` was undone or never taken, and counts for nothing."""

    cards: list[Card]
    gone: list[Card]

    @property
    def refresh_seconds(self) -> int:
        """How soon to look again; 0 when nothing changes by itself any more."""
        every = [*self.cards, *self.gone]
        if any(card.held_until or _soon(card) for card in every):
            return 2
        return 15 if any(card.changing for card in every) else 0

    def __bool__(self) -> bool:
        return bool(self.cards or self.gone)


def cards(merchant: Merchant, found: Sequence[Shipment]) -> Cards:
    """`found`: all shipments of an order, the first one first."""
    made = [card(merchant, shipment, found) for shipment in reversed(found)]
    counted = [one for one in made if one.shipment.state in Shipment.COUNTED]
    return Cards(counted, [one for one in made if one not in counted])


def card(merchant: Merchant, shipment: Shipment, of_order: Sequence[Shipment]) -> Card:
    now = timezone.now()
    held = shipments.may_be_undone(shipment.dispatch, now)
    until = shipment.dispatch.hold_until if held else None
    undone = shipment.state == Shipment.State.UNDONE
    return Card(
        shipment,
        _position(shipment, of_order),
        HELD if until else states.shipment_state(shipment),
        until,
        max(0, -(-(until - now) // timedelta(seconds=1))) if until else 0,
        [] if undone else destinations(merchant, shipment, of_order, until),
        shipment.kind == Shipment.Kind.CANCELLATION,
    )


def destinations(
    merchant: Merchant, shipment: Shipment, of_order: Sequence[Shipment], held_until: datetime | None
) -> list[Destination]:
    zone = merchant.zone
    rows = [revkeen(shipment, of_order, zone, held_until)]
    deliveries = {delivery.destination: delivery for delivery in shipment.deliveries.all()}
    for destination in Delivery.Destination:
        delivery = deliveries.get(destination)
        if delivery is not None:
            rows.append(_partner(shipment, delivery, zone, held_until))
        elif _never_told(shipment, destination):
            rows.append(Destination(destination.label, NOTHING_DUE, "Its API does not support canceled units."))
        else:
            missed = destination.value if shipment.state in Shipment.COUNTED and held_until is None else ""
            rows.append(Destination(destination.label, states.NOT_CONNECTED, NOT_CONNECTED_WORDS, missed=missed))
    return rows


def revkeen(
    shipment: Shipment, of_order: Sequence[Shipment], zone: ZoneInfo, held_until: datetime | None = None
) -> Destination:
    """RevKeen's row: as its operation has it, or why it has none."""
    if held_until is not None and shipment.step is not None:
        return Destination("RevKeen", HELD, _held(held_until, zone), changing=True)
    if shipment.step is None:
        return Destination("RevKeen", *_not_due(shipment, of_order))
    operation = shipment.operation
    if shipment.untold_since is not None and (operation is None or not operation.open):
        return Destination("RevKeen", NOT_TOLD, _not_told(operation), operation=operation, untold=True)
    if operation is None:
        waits = shipment.state == Shipment.State.PENDING
        state = State("Waiting", "clock") if waits else states.OPERATION_STATES[Operation.State.NOT_SENT]
        refused = "RevKeen refused the previous parcel, so this one was not sent."
        words = "Sends after the previous parcel." if waits else refused
        return Destination("RevKeen", state, words, changing=waits)
    state, words = _operation(operation, zone)
    changing = operation.state in OPEN_OPERATION
    return Destination("RevKeen", state, words, _revkeen_has(shipment, operation), operation, changing=changing)


def claim_days_left(shipment: Shipment, now: datetime) -> int:
    """Whole days in which a customer can still claim at OrderProtection; 0 and less when that is over."""
    left_at = shipment.shipped_at or shipment.created_at
    return (left_at + timedelta(days=CLAIM_DAYS) - now) // timedelta(days=1)


def partner_has(delivery: Delivery, shipment: Shipment) -> str:
    """What a partner has of tracking and status that is not what we have now; "" where the two agree."""
    if delivery.sent_version == 0:
        return ""
    if delivery.tracking_refused:
        return "It accepted the status but no new tracking, so it still has the original tracking."
    if delivery.sent_version < shipment.version:
        return "It still has the details from before the correction."
    return ""


def _position(shipment: Shipment, of_order: Iterable[Shipment]) -> str:
    together = [one.pk for one in of_order if one.dispatch_id == shipment.dispatch_id and one.kind == shipment.kind]
    return f"{together.index(shipment.pk) + 1} of {len(together)}" if len(together) > 1 else ""


def _soon(one: Card) -> bool:
    """Something is under way, or due within the half minute."""
    soon = timezone.now() + SOON
    deliveries = [row.delivery for row in one.destinations if row.changing and row.delivery]
    return any(
        delivery.state == Delivery.State.SENDING or (delivery.state != FOR_REVKEEN and delivery.next_try_at <= soon)
        for delivery in deliveries
    ) or any(row.changing and row.operation for row in one.destinations)


FOR_REVKEEN = Delivery.State.FOR_REVKEEN


def _held(until: datetime, zone: ZoneInfo) -> SafeString:
    return format_html("Sends at {} unless undone.", clock(until, zone))


def _not_due(shipment: Shipment, of_order: Sequence[Shipment]) -> tuple[State, Words]:
    """RevKeen takes whole lines: each is told by the parcel that its last units leave in."""
    told_by: dict[str, Shipment] = {}
    for other in of_order:
        if other.operation and other.untold_since is None and other.state in Shipment.COUNTED:
            told_by |= dict.fromkeys(other.operation.body["line_item_ids"], other)
    items = list(shipment.items.all())
    rest = [item.description for item in items if str(item.line_item_id) not in told_by]
    told = sorted({told_by[str(item.line_item_id)].number for item in items if str(item.line_item_id) in told_by})
    with_others = f"Sent with shipment {' and '.join(map(str, told))}." if told else ""
    if not rest:
        return NOTHING_DUE, with_others
    if shipment.kind == Shipment.Kind.CANCELLATION:
        return NOTHING_DUE, "RevKeen cannot cancel single units."
    names = format_html_join(", ", "<bdi>{}</bdi>", ((Truncator(name).chars(50),) for name in rest[:3]))
    more = f" and {len(rest) - 3} more" if len(rest) > 3 else ""
    words = "It only takes whole lines: sent when the rest of {}{} ships. {}"
    return FOR_THE_REST, format_html(words, names, more, with_others)


def _operation(operation: Operation, zone: ZoneInfo) -> tuple[State, Words]:
    state = Operation.State(operation.state)
    if operation.decided_by_id is not None:
        return states.operation_state(operation), format_html(
            "Decided by <bdi>{}</bdi>: <bdi>{}</bdi>", operation.decided_by, operation.reason
        )
    if state == Operation.State.DONE:
        lines = len(operation.body["line_item_ids"])
        mail = ", customer e-mailed" if operation.body.get("notify_customer") else ""
        at = operation.settled_at or operation.created_at
        words = format_html("{}, {} line{}{}", clock(at, zone), lines, "" if lines == 1 else "s", mail)
        return states.DELIVERY_STATES[Delivery.State.SENT], words
    if state == Operation.State.STARTED:
        return states.DELIVERY_STATES[Delivery.State.WAITING], "Sending; no answer yet."
    if state == Operation.State.UNKNOWN:
        next_look = clock(operation.next_try_at, zone)
        words = format_html("It may have arrived. Next check at {}.", next_look)
        return states.operation_state(operation), words
    if state == Operation.State.NEEDS_PERSON:
        return states.operation_state(operation), "Did this go through?"
    return states.operation_state(operation), format_html("<bdi>{}</bdi>", operation.message)


def _not_told(operation: Operation | None) -> Words:
    why = f": {operation.message}".rstrip(".") if operation and operation.message else ""
    return format_html("RevKeen refused it<bdi>{}</bdi>. The parcel shipped anyway.", why)


def _revkeen_has(shipment: Shipment, operation: Operation) -> str:
    """RevKeen was told once and takes no correction."""
    if operation.state != Operation.State.DONE:
        return ""
    carrier, number = operation.body.get("carrier", ""), operation.body.get("tracking_number", "")
    if (carrier, number) == (shipment.carrier, shipment.tracking_number):
        return ""
    had = " ".join(part for part in (carriers.name_of(carrier), number) if part) or "no tracking"
    return f"It still has {had}, and cannot be corrected."


def _never_told(shipment: Shipment, destination: str) -> bool:
    return shipment.kind == Shipment.Kind.CANCELLATION and destination == Delivery.Destination.ORDER_PROTECTION


def _partner(shipment: Shipment, delivery: Delivery, zone: ZoneInfo, held_until: datetime | None) -> Destination:
    label = delivery.get_destination_display()
    if held_until is not None:
        return Destination(label, HELD, _held(held_until, zone), delivery=delivery, changing=True)
    words = WORDS[Delivery.State(delivery.state)](delivery, shipment, zone)
    difference = partner_has(delivery, shipment)
    return Destination(label, states.delivery_state(delivery), words, difference, None, delivery, delivery.open)


def _for_revkeen(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    return "Sends when RevKeen accepts."


def _waiting(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    when, since = "Sends in a moment.", timezone.now() - delivery.next_try_at
    if since < timedelta():
        when = format_html("Next try at {}.", clock(delivery.next_try_at, zone))
    elif since > SOON:
        words = "Due since {}: waiting for an earlier update of this order, or for a worker."
        when = format_html(words, clock(delivery.next_try_at, zone))
    if not delivery.failures and not delivery.code:
        return when
    return format_html("{}{}. {}", _reason(delivery), _times(delivery.failures), when)


def _sending(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    since = delivery.last_sent_at
    return format_html("Since {}.", clock(since, zone)) if since else "Sending."


def _sent(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    at = clock(delivery.sent_at, zone) if delivery.sent_at else ""
    if delivery.left_out:
        count = len(delivery.left_out)
        return format_html("{}, without {} line{} already closed there", at, count, "" if count == 1 else "s")
    if delivery.destination != Delivery.Destination.ORDER_PROTECTION:
        return at
    left = claim_days_left(shipment, timezone.now())
    claim = f"{left} day{'' if left == 1 else 's'} left to claim" if left > 0 else "no longer possible to claim"
    return format_html("{}, {}; {}", at, LABELS.get(shipment.status, shipment.status).lower(), claim)


def _unknown(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    name = delivery.get_destination_display()
    when = clock(delivery.next_try_at, zone)
    return format_html(
        "{}. It may have arrived: we check {} at {} and send again only if it is not there.",
        _reason(delivery),
        name,
        when,
    )


def _failed(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    return format_html("{}. Not retried until someone sends it again.", _reason(delivery))


def _held_back(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    why = f": {delivery.message}".rstrip(".") if delivery.message else ""
    return format_html("RevKeen refused it<bdi>{}</bdi>. Release or stop this update.", why)


def _stopped(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    return format_html("By <bdi>{}</bdi>: <bdi>{}</bdi>", delivery.stopped_by, delivery.reason)


def _undone(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    return "No system was notified."


def _off(delivery: Delivery, shipment: Shipment, zone: ZoneInfo) -> Words:
    return NOT_CONNECTED_WORDS


WORDS = {
    Delivery.State.FOR_REVKEEN: _for_revkeen,
    Delivery.State.WAITING: _waiting,
    Delivery.State.SENDING: _sending,
    Delivery.State.SENT: _sent,
    Delivery.State.UNKNOWN: _unknown,
    Delivery.State.FAILED: _failed,
    Delivery.State.HELD_BACK: _held_back,
    Delivery.State.STOPPED: _stopped,
    Delivery.State.UNDONE: _undone,
    Delivery.State.OFF: _off,
}


def _reason(delivery: Delivery) -> SafeString:
    """`503`, `409 quantity_too_large: Too many units`, or what was said where there was no answer."""
    told = "" if delivery.code in OURS else delivery.code
    code = " ".join(str(part) for part in (delivery.status, told) if part)
    said = ": ".join(part for part in (code, delivery.message.rstrip(".")) if part)
    return format_html("<bdi>{}</bdi>", said or "No answer")


def _times(failures: int) -> str:
    return f", {failures} times" if failures > 1 else ""
