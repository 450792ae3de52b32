"""What left from here and RevKeen was not told: it refused, and somebody released the parcel all the same.

`Shipment.untold_since` marks such a parcel until RevKeen has taken its lines under a new operation, or until somebody
who has looked says that RevKeen has them already.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from msgspec import Struct

from orders import carriers, shipped_units
from orders.apis.errors import NotSent
from orders.models import EventLog, Merchant, Operation, Shipment, User
from orders.services import events
from orders.services.asked import Asked
from orders.services.fulfillable import Fulfillable, FulfillmentSnapshot
from orders.services.snapshots import facts_of
from orders.services.tickets import Ticket
from orders.storable import storable

SHOWN = 200
FIELDS = {"notify_customer": "notify"}


class KnownByNow(NotSent):
    """RevKeen is being told, was told, or is not to be told any more."""

    title = "RevKeen no longer needs to be notified about this shipment."
    page_status = 422


class Told(Struct, frozen=True):
    """The shipment, and its lines that RevKeen is to hear of."""

    shipment: int
    line_item_ids: list[str]


class UntoldSnapshot(FulfillmentSnapshot, frozen=True, kw_only=True):
    """The form that fulfils the same order has tickets of this kind too, without `untold`."""

    untold: Told | None = None


@dataclass(frozen=True)
class Untold:
    """A parcel that left and the ids of its lines of which RevKeen has to hear; none while it is being told."""

    shipment: Shipment
    line_ids: list[str]

    @property
    def being_told(self) -> bool:
        return self.shipment.operation is not None and self.shipment.operation.open


def waiting(merchant: Merchant, mode: str) -> list[Untold]:
    """Those over all orders, the one that left first first; the first two hundred."""
    found = _marked(merchant, mode).select_related("operation", "dispatch__user").prefetch_related("items", "tracking")
    return [_untold(shipment) for shipment in found.order_by("pk")[:SHOWN]]


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> list[Untold]:
    """Those of one order, the one that left first first."""
    found = _marked(merchant, mode).filter(order_id=order_id).select_related("operation").prefetch_related("items")
    return [_untold(shipment) for shipment in found.order_by("pk")]


def of(shipment: Shipment) -> Untold | None:
    """None when RevKeen has nothing to hear of it any more."""
    return _untold(shipment) if shipment.untold_since is not None else None


def snapshot_of(found: Fulfillable, untold: Untold) -> UntoldSnapshot:
    """Without lines, so that the form that fulfils, which takes this ticket too, finds none that it could send."""
    told = Told(untold.shipment.pk, untold.line_ids)
    facts = facts_of(found.order.require())
    return UntoldSnapshot(**facts, lines={}, partners={}, recipient=found.recipient, untold=told)


@dataclass(frozen=True)
class Telling(Asked):
    """Marks the shipment with the operation that tells RevKeen of it, unless it was told in the meantime."""

    shipment: Shipment = field(kw_only=True)

    def record(self, operation: Operation) -> None:
        standing = Shipment.objects.select_for_update().get(pk=self.shipment.pk)
        if standing.untold_since is None or _lines(standing, besides=operation) != self.body["line_item_ids"]:
            raise KnownByNow("Open the shipment to see its status.")
        Shipment.objects.filter(pk=standing.pk).update(operation=operation)


def asked(ticket: Ticket[UntoldSnapshot], shipment: Shipment, *, notify: bool) -> Telling:
    """A new operation: the lines as shown, with the carrier and the number that the shipment has now."""
    lines = lines_of(ticket)
    given = {"carrier": shipment.carrier, "tracking_number": shipment.tracking_number}
    said = {name: value for name, value in given.items() if value}
    body = {"line_item_ids": lines, "notify_customer": notify, **said}
    return Telling(ticket, body, _summary(ticket, shipment, notify=notify), ticket.snapshot.number, shipment=shipment)


def lines_of(ticket: Ticket[UntoldSnapshot]) -> list[str]:
    """What RevKeen is to hear of; nothing where the ticket is of the form that fulfils."""
    return ticket.snapshot.untold.line_item_ids if ticket.snapshot.untold else []


def known(shipment: Shipment, by: User, reason: str) -> bool:
    """Somebody has looked: RevKeen has these lines already, or is not to hear of them. False: it has moved on."""
    with transaction.atomic():
        standing = Shipment.objects.select_for_update().filter(pk=shipment.pk, untold_since__isnull=False).first()
        if standing is None or _untold(standing).being_told:
            return False
        Shipment.objects.filter(pk=shipment.pk).update(untold_since=None)
        words = storable(f"Shipment {shipment.number} of {shipment.order_number}: {reason}")
        events.record(
            EventLog.Kind.REVKEEN_KNOWS,
            words,
            user=by,
            merchant=shipment.merchant,
            mode=shipment.mode,
            order_id=shipment.order_id,
        )
    return True


def _marked(merchant: Merchant, mode: str) -> Any:
    return Shipment.objects.filter(merchant=merchant, mode=mode, untold_since__isnull=False)


def _untold(shipment: Shipment) -> Untold:
    return Untold(shipment, _lines(shipment))


def _lines(shipment: Shipment, besides: Operation | None = None) -> list[str]:
    """The lines of which nothing is left here and that no other parcel tells RevKeen of, in the shipment's order."""
    of_order = shipped_units.of_order(shipment.merchant, shipment.mode, shipment.order_id)
    gone, told = shipped_units.taken(of_order), _told(shipment, besides)
    items = sorted(shipment.items.all(), key=lambda item: item.pk)
    whole = [item for item in items if gone[item.line_item_id] >= item.ordered]
    return [str(item.line_item_id) for item in whole if str(item.line_item_id) not in told]


def _told(shipment: Shipment, besides: Operation | None) -> set[str]:
    """The lines that RevKeen has heard of from here, or may hear of just now."""
    standing = (Operation.State.DONE, *Operation.OPEN)
    found = Operation.objects.filter(
        merchant=shipment.merchant, mode=shipment.mode, order_id=shipment.order_id, kind=Operation.Kind.FULFILL
    ).filter(state__in=standing)
    if besides is not None:
        found = found.exclude(pk=besides.pk)
    return {line for body in found.values_list("body", flat=True) for line in body["line_item_ids"]}


def _summary(ticket: Ticket[UntoldSnapshot], shipment: Shipment, *, notify: bool) -> str:
    count = len(lines_of(ticket))
    sent = f"{carriers.name_of(shipment.carrier)} {shipment.tracking_number}".strip()
    mail = f"e-mail to {ticket.snapshot.recipient}" if notify else "no e-mail"
    words = (f"{count} line{'' if count == 1 else 's'}", sent, mail)
    return f"Shipment {shipment.number}, sent later: {', '.join(part for part in words if part)}"
