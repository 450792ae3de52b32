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
from orders.models import Merchant, Operation, PartnerUpdate, Shipment
from orders.services.fulfillment import undo
from orders.states import State
from orders.templatetags.figures import clock
from orders.views.fulfillment.update_words import NOT_CONNECTED_WORDS, SOON, Words, words_of

OPEN_OPERATION = (Operation.State.STARTED, Operation.State.IN_DOUBT)
HELD = State("Undo window", "player-pause")
FOR_THE_REST = State("Waiting", "player-pause")
NOT_TOLD = State("Not notified", "alert-triangle", "wait")
NOTHING_DUE = State("Not needed", "circle-minus")


@dataclass(frozen=True)
class Destination:
    name: str
    state: State
    words: Words
    difference: str = ""  # what it has still, and we do not
    operation: Operation | None = None  # RevKeen's part
    partner_update: PartnerUpdate | None = None  # a partner's part
    changing: bool = False  # a machine goes on with it
    missed: str = ""  # a partner that had no key here then, by its name in addresses
    unreported: bool = False  # RevKeen did not take it, and it left all the same


@dataclass(frozen=True)
class Card:
    shipment: Shipment
    position: str  # "1 of 2" of what one press sent off, "" of one alone
    state: State
    undo_until: datetime | None  # while it can be undone
    seconds_left: int
    destinations: list[Destination]
    given_up: bool

    @property
    def failed(self) -> bool:
        return any(
            row.partner_update and row.partner_update.state in PartnerUpdate.NEEDS_SOMEONE for row in self.destinations
        )

    @property
    def changing(self) -> bool:
        return self.undo_until is not None or any(row.changing for row in self.destinations)


@dataclass(frozen=True)
class Cards:
    """What was sent off of an order, the newest first; `gone` was undone or never taken, and counts for nothing."""

    cards: list[Card]
    gone: list[Card]

    @property
    def refresh_seconds(self) -> int:
        """How soon to look again; 0 when nothing changes by itself any more."""
        every = [*self.cards, *self.gone]
        if any(card.undo_until or _soon(card) for card in every):
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
    held = undo.may_be_undone(shipment.fulfillment, now)
    until = shipment.fulfillment.undo_until if held else None
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
    merchant: Merchant, shipment: Shipment, of_order: Sequence[Shipment], undo_until: datetime | None
) -> list[Destination]:
    zone = merchant.zone
    rows = [revkeen(shipment, of_order, zone, undo_until)]
    partner_updates = {partner_update.destination: partner_update for partner_update in shipment.partner_updates.all()}
    for destination in PartnerUpdate.Destination:
        partner_update = partner_updates.get(destination)
        if partner_update is not None:
            rows.append(_partner(shipment, partner_update, zone, undo_until))
        elif _never_told(shipment, destination):
            rows.append(Destination(destination.label, NOTHING_DUE, "Its API does not support canceled units."))
        else:
            missed = destination.value if shipment.state in Shipment.COUNTED and undo_until is None else ""
            rows.append(Destination(destination.label, states.NOT_CONNECTED, NOT_CONNECTED_WORDS, missed=missed))
    return rows


def revkeen(
    shipment: Shipment, of_order: Sequence[Shipment], zone: ZoneInfo, undo_until: datetime | None = None
) -> Destination:
    """RevKeen's row: as its operation has it, or why it has none."""
    if undo_until is not None and shipment.step is not None:
        return Destination("RevKeen", HELD, _held(undo_until, zone), changing=True)
    if shipment.step is None:
        return Destination("RevKeen", *_not_due(shipment, of_order))
    operation = shipment.operation
    if shipment.unreported_since is not None and (operation is None or not operation.open):
        return Destination("RevKeen", NOT_TOLD, _not_told(operation), operation=operation, unreported=True)
    if operation is None:
        waits = shipment.state == Shipment.State.PENDING
        state = State("Waiting", "clock") if waits else states.OPERATION_STATES[Operation.State.NOT_SENT]
        refused = "RevKeen refused the previous parcel, so this one was not sent."
        words = "Sends after the previous parcel." if waits else refused
        return Destination("RevKeen", state, words, changing=waits)
    state, words = _operation(operation, zone)
    changing = operation.state in OPEN_OPERATION
    return Destination("RevKeen", state, words, _revkeen_has(shipment, operation), operation, changing=changing)


def partner_has(partner_update: PartnerUpdate, shipment: Shipment) -> str:
    """What a partner has of tracking and status that is not what we have now; "" where the two agree."""
    if partner_update.sent_version == 0:
        return ""
    if partner_update.tracking_refused:
        return "It accepted the status but no new tracking, so it still has the original tracking."
    if partner_update.sent_version < shipment.version:
        return "It still has the details from before the correction."
    return ""


def _position(shipment: Shipment, of_order: Iterable[Shipment]) -> str:
    together = [
        one.pk for one in of_order if one.fulfillment_id == shipment.fulfillment_id and one.kind == shipment.kind
    ]
    return f"{together.index(shipment.pk) + 1} of {len(together)}" if len(together) > 1 else ""


def _soon(one: Card) -> bool:
    """Something is under way, or due within the half minute."""
    soon = timezone.now() + SOON
    partner_updates = [row.partner_update for row in one.destinations if row.changing and row.partner_update]
    return any(
        partner_update.state == PartnerUpdate.State.SENDING
        or (partner_update.state != FOR_REVKEEN and partner_update.next_try_at <= soon)
        for partner_update in partner_updates
    ) or any(row.changing and row.operation for row in one.destinations)


FOR_REVKEEN = PartnerUpdate.State.FOR_REVKEEN


def _held(until: datetime, zone: ZoneInfo) -> SafeString:
    return format_html("Sends at {} unless undone.", clock(until, zone))


def _not_due(shipment: Shipment, of_order: Sequence[Shipment]) -> tuple[State, Words]:
    """RevKeen takes whole lines: each is told by the parcel that its last units leave in."""
    told_by: dict[str, Shipment] = {}
    for other in of_order:
        if other.operation and other.unreported_since is None and other.state in Shipment.COUNTED:
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
        at = operation.ended_at or operation.created_at
        words = format_html("{}, {} line{}{}", clock(at, zone), lines, "" if lines == 1 else "s", mail)
        return states.PARTNER_UPDATE_STATES[PartnerUpdate.State.SENT], words
    if state == Operation.State.STARTED:
        return states.PARTNER_UPDATE_STATES[PartnerUpdate.State.WAITING], "Sending; no answer yet."
    if state == Operation.State.IN_DOUBT:
        next_look = clock(operation.next_try_at, zone)
        words = format_html("It may have arrived. Next check at {}.", next_look)
        return states.operation_state(operation), words
    if state == Operation.State.NEEDS_REVIEW:
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
    return shipment.kind == Shipment.Kind.CANCELLATION and destination == PartnerUpdate.Destination.ORDER_PROTECTION


def _partner(
    shipment: Shipment, partner_update: PartnerUpdate, zone: ZoneInfo, undo_until: datetime | None
) -> Destination:
    label = partner_update.get_destination_display()
    if undo_until is not None:
        return Destination(label, HELD, _held(undo_until, zone), partner_update=partner_update, changing=True)
    words = words_of(partner_update, shipment, zone)
    difference = partner_has(partner_update, shipment)
    return Destination(
        label, states.partner_update_state(partner_update), words, difference, None, partner_update, partner_update.open
    )
