"""Taking back a fulfillment within its undo window, before any system was told of it."""

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from orders.models import Delivery, Dispatch, Operation, OrderLock, Shipment, User
from orders.services import outcomes, units_given_up

NOT_GONE_YET = (Delivery.State.FOR_REVKEEN, Delivery.State.WAITING)


class TooLate(Exception):
    """The hold has passed, or somebody has undone it already."""


class OthersFollow(TooLate):
    """Another change holds the order. It may tell RevKeen of a line whose other units these are."""


def held(operation: Operation) -> bool:
    """Nobody was told of it yet."""
    return operation.merchant.hold_seconds > 0 and operation.state == Operation.State.STARTED and not operation.attempts


def undo(dispatch: Dispatch, by: User) -> None:
    """Take back what nobody was told of yet. Raise `TooLate`: then everything stays as it is."""
    try:
        _undo(dispatch, by)
    except IntegrityError as error:
        raise OthersFollow from error


def _undo(dispatch: Dispatch, by: User) -> None:
    with transaction.atomic():
        # Whoever wants to send the operation waits for this row; whoever has it at hand has put off its lease.
        operation = Operation.objects.select_for_update().filter(pk=dispatch.pk).first()
        at_hand = operation is not None and operation.lease_until > dispatch.hold_until
        held = Dispatch.objects.filter(pk=dispatch.pk, undone_at=None, hold_until__gt=Now())
        if at_hand or not held.update(undone_at=Now(), undone_by=by):
            raise TooLate
        if operation is None:  # else the order is held already
            OrderLock.objects.create(
                merchant_id=dispatch.merchant_id, mode=dispatch.mode, order_id=dispatch.order_id, plan_id=dispatch.pk
            ).delete()
        _undo_shipments(dispatch)
        units_given_up.note_undone(dispatch, by)
        if operation is not None and not outcomes.undone(operation):
            raise TooLate


def _undo_shipments(dispatch: Dispatch) -> None:
    written = Shipment.objects.filter(dispatch=dispatch)
    deliveries = Delivery.objects.filter(shipment__in=written)
    untouched = deliveries.filter(state__in=(*NOT_GONE_YET, Delivery.State.OFF), attempts=0)
    if untouched.update(state=Delivery.State.UNDONE) != deliveries.count():
        raise TooLate
    written.update(state=Shipment.State.UNDONE)
