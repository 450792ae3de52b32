"""Putting right what a shipment says after it was sent off: its carrier and tracking, and OrderProtection's status.

Each correction is a new version of the shipment. What was sent goes out once more; a call that is on its way is left
alone, because whoever sends it looks at the version when it ends. RevKeen takes no correction.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from orders import carriers
from orders.apis.order_protection.objects import LABELS
from orders.models import EventLog, PartnerUpdate, Shipment, User
from orders.services import audit
from orders.services.fulfillment import shipments
from orders.services.index import deriving
from orders.storable import storable

Kind = EventLog.Kind


class Stale(Exception):
    """Somebody else corrected the shipment since the form was opened, or it was undone."""


@dataclass(frozen=True)
class Tracking:
    """What can be put right: the carrier, and (number, address) of each tracking number."""

    carrier: str
    numbers: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        numbers = ", ".join(number for number, _ in self.numbers)
        return " ".join(part for part in (carriers.name_of(self.carrier), numbers) if part) or "no tracking"


def tracking_of(shipment: Shipment) -> Tracking:
    return Tracking(shipment.carrier, tuple((row.number, row.address) for row in shipment.tracking.all()))


def blocked_reason(shipment: Shipment, held: bool) -> str:
    """Why its tracking cannot be put right; "" when it can."""
    if shipment.kind != Shipment.Kind.PARCEL:
        return "these units were canceled."
    if shipment.state == Shipment.State.UNDONE:
        return "it was undone."
    if held:
        return "it has not been sent yet. Undo it and fulfill again, so that RevKeen gets the correction too."
    return ""


def correct(shipment: Shipment, seen_version: int, tracking: Tracking, by: User) -> bool:
    """Write it down as a new version, and let those who were told hear of it. False when nothing was different.

    Raise `Stale` when it is not the version that `by` saw any more, unless that says the same.
    """
    with transaction.atomic():
        _wait_for_those_sending([shipment.pk])
        found = Shipment.objects.filter(pk=shipment.pk, kind=Shipment.Kind.PARCEL)
        standing = found.exclude(state=Shipment.State.UNDONE).select_for_update().first()
        if standing is None:
            raise Stale
        before = tracking_of(standing)
        if before == tracking:
            return False
        if standing.version != seen_version:
            raise Stale
        found.update(version=F("version") + 1, carrier=tracking.carrier)
        shipments.write_tracking(standing, tracking.numbers)
        deriving.of_shipments(standing.merchant, standing.mode, standing.order_id)
        _send_again(standing)
        _record(Kind.SHIPMENT_CORRECTED, standing, f"{before} → {tracking}", by)
    return True


def set_status(found: Iterable[Shipment], status: str, by: User) -> list[Shipment]:
    """Set OrderProtection's status, one of its 18, and give back those that had another. Undone ones stay."""
    ids = sorted(shipment.pk for shipment in found)
    with transaction.atomic():
        _wait_for_those_sending(ids)
        changed = list(_with_status(ids).exclude(status=status).select_for_update().order_by("pk"))
        for shipment in changed:
            _write_status(shipment, status)
            _record(Kind.SHIPMENT_STATUS, shipment, LABELS[status], by)
    return changed


def takes_status(shipment: Shipment) -> bool:
    """Whether OrderProtection is to hear, or has heard, of it."""
    partner_updates = shipment.partner_updates.all()
    notified = any(
        partner_update.destination == PartnerUpdate.Destination.ORDER_PROTECTION for partner_update in partner_updates
    )
    return notified and shipment.kind == Shipment.Kind.PARCEL and shipment.state != Shipment.State.UNDONE


def _with_status(ids: list[int]) -> "QuerySet[Shipment, Shipment]":
    updates = PartnerUpdate.objects.filter(destination=PartnerUpdate.Destination.ORDER_PROTECTION, shipment__in=ids)
    of_parcels = Shipment.objects.filter(pk__in=updates.values("shipment"), kind=Shipment.Kind.PARCEL)
    return of_parcels.exclude(state=Shipment.State.UNDONE)


def _write_status(shipment: Shipment, status: str) -> None:
    """Digital River knows no status: what it had, it has still, and it is not called for nothing."""
    Shipment.objects.filter(pk=shipment.pk).update(version=F("version") + 1, status=status, status_at=Now())
    elsewhere = PartnerUpdate.objects.filter(
        shipment=shipment, state=PartnerUpdate.State.SENT, sent_version=shipment.version
    )
    elsewhere.exclude(destination=PartnerUpdate.Destination.ORDER_PROTECTION).update(sent_version=F("sent_version") + 1)
    _send_again(shipment)


def _wait_for_those_sending(ids: list[int]) -> None:
    """Until who just now writes how a partner update ended is done: either they see the new version, or we see them
    ended.
    """
    list(PartnerUpdate.objects.filter(shipment__in=ids).select_for_update().order_by("pk").values_list("pk"))


def _send_again(shipment: Shipment) -> None:
    sent = PartnerUpdate.objects.filter(shipment=shipment, state=PartnerUpdate.State.SENT)
    behind = sent.filter(sent_version__lt=F("shipment__version"))
    PartnerUpdate.objects.filter(
        pk__in=list(behind.values_list("pk", flat=True)), state=PartnerUpdate.State.SENT
    ).update(state=PartnerUpdate.State.WAITING, next_try_at=Now(), failures=0)


def _record(kind: EventLog.Kind, shipment: Shipment, words: str, by: User) -> None:
    text = storable(f"Shipment {shipment.number} of {shipment.order_number}: {words}")
    audit.record(kind, text, user=by, merchant=shipment.merchant, mode=shipment.mode, order_id=shipment.order_id)
