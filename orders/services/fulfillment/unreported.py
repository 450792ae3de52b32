"""What left from here and RevKeen was not told: it refused, and somebody released the parcel all the same.

`Shipment.unreported_since` marks such a parcel until RevKeen has taken its lines under a new operation, or until
somebody who has looked says that RevKeen has them already.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from msgspec import Struct

from orders import carriers, shipped_units
from orders.apis.errors import NotSent
from orders.models import EventLog, Merchant, Operation, Shipment, User
from orders.services import audit
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.snapshots import facts_of
from orders.services.fulfillment.fulfillable import Fulfillable, FulfillmentSnapshot
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


class UnreportedSnapshot(FulfillmentSnapshot, frozen=True, kw_only=True):
    """The form that fulfills the same order has form tokens of this kind too, without `unreported`."""

    unreported: Told | None = None


@dataclass(frozen=True)
class Unreported:
    """A parcel that left and the ids of its lines of which RevKeen has to hear; none while it is being told."""

    shipment: Shipment
    line_ids: list[str]

    @property
    def being_told(self) -> bool:
        return self.shipment.operation is not None and self.shipment.operation.open


def waiting(merchant: Merchant, mode: str) -> list[Unreported]:
    """Those over all orders, the one that left first first; the first two hundred."""
    found = (
        _marked(merchant, mode).select_related("operation", "fulfillment__user").prefetch_related("items", "tracking")
    )
    return [_unreported(shipment) for shipment in found.order_by("pk")[:SHOWN]]


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> list[Unreported]:
    """Those of one order, the one that left first first."""
    found = _marked(merchant, mode).filter(order_id=order_id).select_related("operation").prefetch_related("items")
    return [_unreported(shipment) for shipment in found.order_by("pk")]


def of(shipment: Shipment) -> Unreported | None:
    """None when RevKeen has nothing to hear of it any more."""
    return _unreported(shipment) if shipment.unreported_since is not None else None


def snapshot_of(found: Fulfillable, unreported: Unreported) -> UnreportedSnapshot:
    """Without lines, so that the form that fulfills, which takes this form token too, finds none that it could send."""
    told = Told(unreported.shipment.pk, unreported.line_ids)
    facts = facts_of(found.order.require())
    return UnreportedSnapshot(**facts, lines={}, partners={}, recipient=found.recipient, unreported=told)


@dataclass(frozen=True)
class UnreportedRequest(ChangeRequest):
    """Marks the shipment with the operation that tells RevKeen of it, unless it was told in the meantime."""

    shipment: Shipment = field(kw_only=True)

    def record(self, operation: Operation) -> None:
        standing = Shipment.objects.select_for_update().get(pk=self.shipment.pk)
        if standing.unreported_since is None or _lines(standing, besides=operation) != self.body["line_item_ids"]:
            raise KnownByNow("Open the shipment to see its status.")
        Shipment.objects.filter(pk=standing.pk).update(operation=operation)


def change_request(form_token: FormToken[UnreportedSnapshot], shipment: Shipment, *, notify: bool) -> UnreportedRequest:
    """A new operation: the lines as shown, with the carrier and the number that the shipment has now."""
    lines = lines_of(form_token)
    given = {"carrier": shipment.carrier, "tracking_number": shipment.tracking_number}
    said = {name: value for name, value in given.items() if value}
    body = {"line_item_ids": lines, "notify_customer": notify, **said}
    return UnreportedRequest(
        form_token, body, _summary(form_token, shipment, notify=notify), form_token.snapshot.number, shipment=shipment
    )


def lines_of(form_token: FormToken[UnreportedSnapshot]) -> list[str]:
    """What RevKeen is to hear of; nothing where the form token is of the form that fulfills."""
    return form_token.snapshot.unreported.line_item_ids if form_token.snapshot.unreported else []


def known(shipment: Shipment, by: User, reason: str) -> bool:
    """Somebody has looked: RevKeen has these lines already, or is not to hear of them. False: it has moved on."""
    with transaction.atomic():
        standing = Shipment.objects.select_for_update().filter(pk=shipment.pk, unreported_since__isnull=False).first()
        if standing is None or _unreported(standing).being_told:
            return False
        Shipment.objects.filter(pk=shipment.pk).update(unreported_since=None)
        words = storable(f"Shipment {shipment.number} of {shipment.order_number}: {reason}")
        audit.record(
            EventLog.Kind.REVKEEN_KNOWS,
            words,
            user=by,
            merchant=shipment.merchant,
            mode=shipment.mode,
            order_id=shipment.order_id,
        )
    return True


def _marked(merchant: Merchant, mode: str) -> Any:
    return Shipment.objects.filter(merchant=merchant, mode=mode, unreported_since__isnull=False)


def _unreported(shipment: Shipment) -> Unreported:
    return Unreported(shipment, _lines(shipment))


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


def _summary(form_token: FormToken[UnreportedSnapshot], shipment: Shipment, *, notify: bool) -> str:
    count = len(lines_of(form_token))
    sent = f"{carriers.name_of(shipment.carrier)} {shipment.tracking_number}".strip()
    mail = f"e-mail to {form_token.snapshot.recipient}" if notify else "no e-mail"
    words = (f"{count} line{'' if count == 1 else 's'}", sent, mail)
    return f"Shipment {shipment.number}, sent later: {', '.join(part for part in words if part)}"
