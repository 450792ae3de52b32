"""Taking back a fulfillment within its undo window, before any system was told of it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from orders.models import Fulfillment, Merchant, Operation, OrderLock, PartnerUpdate, Shipment, User
from orders.services.changes import outcomes
from orders.services.fulfillment import units_given_up
from orders.services.index import deriving

NOT_GONE_YET = (PartnerUpdate.State.FOR_REVKEEN, PartnerUpdate.State.WAITING)


class TooLate(Exception):
    """The hold has passed, or somebody has undone it already."""


class OthersFollow(TooLate):
    """Another change holds the order. It may tell RevKeen of a line whose other units these are."""


def held(operation: Operation) -> bool:
    """Nobody was told of it yet."""
    begun = operation.state == Operation.State.STARTED and not operation.attempts
    return begun and operation.merchant.undo_seconds > 0


def may_be_undone(fulfillment: Fulfillment, now: datetime) -> bool:
    return fulfillment.undone_at is None and fulfillment.undo_until > now


def undo_until(merchant: Merchant) -> Any:
    """When a fulfillment that is written now goes out, by the database's clock."""
    return Now() + timedelta(seconds=merchant.undo_seconds)


def undo(fulfillment: Fulfillment, by: User) -> None:
    """Take back what nobody was told of yet. Raise `TooLate`: then everything stays as it is."""
    try:
        _undo(fulfillment, by)
    except IntegrityError as error:
        raise OthersFollow from error


def _undo(fulfillment: Fulfillment, by: User) -> None:
    with transaction.atomic():
        # Whoever wants to send the operation waits for this row; whoever has it at hand has put off its lease.
        operation = Operation.objects.select_for_update().filter(pk=fulfillment.pk).first()
        at_hand = operation is not None and operation.lease_until > fulfillment.undo_until
        held = Fulfillment.objects.filter(pk=fulfillment.pk, undone_at=None, undo_until__gt=Now())
        if at_hand or not held.update(undone_at=Now(), undone_by=by):
            raise TooLate
        if operation is None:  # else the order is held already
            OrderLock.objects.create(
                merchant_id=fulfillment.merchant_id,
                mode=fulfillment.mode,
                order_id=fulfillment.order_id,
                plan_id=fulfillment.pk,
            ).delete()
        _undo_shipments(fulfillment)
        units_given_up.note_undone(fulfillment, by)
        if operation is not None and not outcomes.undone(operation):
            raise TooLate


def _undo_shipments(fulfillment: Fulfillment) -> None:
    written = Shipment.objects.filter(fulfillment=fulfillment)
    partner_updates = PartnerUpdate.objects.filter(shipment__in=written)
    untouched = partner_updates.filter(state__in=(*NOT_GONE_YET, PartnerUpdate.State.OFF), attempts=0)
    if untouched.update(state=PartnerUpdate.State.UNDONE) != partner_updates.count():
        raise TooLate
    written.update(state=Shipment.State.UNDONE)
    deriving.of_shipments(fulfillment.merchant, fulfillment.mode, fulfillment.order_id)
