"""What a person decides about a delivery that does not go by itself. Each is one conditional write, and is recorded.

False: the delivery has moved on since it was looked at, and nothing was changed.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from orders import shipped_units
from orders.models import Delivery, EventLog, OrderLock, Shipment, User
from orders.services import events
from orders.storable import storable

Kind, State = EventLog.Kind, Delivery.State

READ_FIRST = "checked there first, and sent only if it is not there"
MAY_BE_SENT_AGAIN = (State.FAILED, State.STOPPED, State.UNKNOWN, State.WAITING, State.OFF)
MAY_BE_STOPPED = (State.FAILED, State.UNKNOWN, State.WAITING, State.FOR_REVKEEN, State.HELD_BACK)


def send_open_part(delivery: Delivery, by: User) -> bool:
    """Without the lines for which Digital River refused it, because they are closed there; they are never sent."""
    closed = delivery.closed_there
    lines = delivery.shipment.items.count() - len(delivery.left_out) - len(closed)
    if not closed or lines < 1:
        return False
    why = f"{lines} line{'' if lines == 1 else 's'} that {'is' if lines == 1 else 'are'} open, {len(closed)} left out"
    return _send_again(delivery, by, why, left_out=[*delivery.left_out, *closed], closed_there=[])


def send_again(delivery: Delivery, by: User) -> bool:
    """At once. Where a call may have arrived the partner is read first, and `by` takes a late duplicate on them.

    Not of a parcel that never left: it would have to be released first. Of one that RevKeen has not taken yet, as soon
    as it has.
    """
    return _send_again(delivery, by, READ_FIRST if delivery.doubtful else "")


def _send_again(delivery: Delivery, by: User, why: str, **facts: Any) -> bool:
    with transaction.atomic():
        Delivery.objects.select_for_update().filter(pk=delivery.pk).first()  # RevKeen's answer comes before, or after
        of_shipment = Shipment.objects.values_list("state", flat=True).get(pk=delivery.shipment_id)
        if of_shipment not in Shipment.COUNTED:
            return False
        state = State.UNKNOWN if delivery.doubtful else State.WAITING
        if of_shipment == Shipment.State.PENDING:
            state = State.FOR_REVKEEN
        when = {"next_try_at": not_before(delivery) or Now()}
        again = {"state": state, "by_hand": True, "failures": 0, "stopped_by": "", "reason": "", **when}
        return _write(delivery, MAY_BE_SENT_AGAIN, Kind.DELIVERY_SENT_AGAIN, by, why, **again, **facts)


def not_before(delivery: Delivery) -> datetime | None:
    """Until when a call in doubt to Digital River may be under way: it is read only then. None where nothing waits."""
    if delivery.destination != Delivery.Destination.DIGITAL_RIVER or delivery.sent_version:
        return None
    if not delivery.doubtful or delivery.last_sent_at is None:
        return None
    until: datetime = delivery.last_sent_at + timedelta(seconds=settings.DIGITAL_RIVER_DOUBT_SECONDS)
    return until if until > timezone.now() else None


def stop(delivery: Delivery, by: User, reason: str) -> bool:
    """Give it up. What was sent before stays there."""
    stopped = {"state": State.STOPPED, "stopped_by": str(by)[:254], "reason": storable(reason)[:200]}
    return _write(delivery, MAY_BE_STOPPED, Kind.DELIVERY_STOPPED, by, reason, **stopped)


def release(delivery: Delivery, by: User) -> bool:
    """Let a partner hear of what RevKeen did not take. The parcel counts as left from then on, if its units are there.

    RevKeen still knows nothing of it, so that it stands in *To fulfill* until it was told (services/untold.py).

    Nobody else ships meanwhile: the order is held. Where another change holds it, nothing is released.
    """
    try:
        with transaction.atomic():
            lock = OrderLock.objects.create(
                merchant=delivery.merchant,
                mode=delivery.mode,
                order_id=delivery.order_id,
                plan_id=delivery.shipment.dispatch_id,
            )
            released = _fits(delivery.shipment) and _release(delivery, by)
            lock.delete()
    except IntegrityError:
        return False
    return released


def _release(delivery: Delivery, by: User) -> bool:
    # The partner is read first: it may have been released before, and a backup restored since.
    now = {"state": State.WAITING, "by_hand": True, "next_try_at": Now(), "code": "", "message": ""}
    if not _write(delivery, (State.HELD_BACK,), Kind.DELIVERY_RELEASED, by, "", **now):
        return False
    refused = Shipment.objects.filter(pk=delivery.shipment_id, state=Shipment.State.REFUSED)
    refused.update(state=Shipment.State.LEFT, untold_since=Now())
    return True


def _fits(shipment: Shipment) -> bool:
    """Whether its units were not sent off otherwise since it was refused."""
    if shipment.state != Shipment.State.REFUSED:
        return True
    gone = shipped_units.taken(shipped_units.of_order(shipment.merchant, shipment.mode, shipment.order_id))
    return all(gone[item.line_item_id] + item.quantity <= item.ordered for item in shipment.items.all())


def _write(
    delivery: Delivery, from_states: tuple[Delivery.State, ...], kind: EventLog.Kind, by: User, why: str, **facts: Any
) -> bool:
    with transaction.atomic():
        # As it was looked at: a call that was made since has another count of attempts.
        # While it is held only an undo may touch it.
        let_go = Shipment.objects.filter(dispatch__hold_until__lte=Now())
        standing = Delivery.objects.filter(
            pk=delivery.pk, state__in=from_states, attempts=delivery.attempts, shipment__in=let_go
        )
        if not standing.update(**facts):
            return False
        shipment = delivery.shipment
        words = f"Shipment {shipment.number} of {shipment.order_number} to {delivery.get_destination_display()}"
        events.record(
            kind,
            storable(f"{words}: {why}" if why else words),
            user=by,
            merchant=delivery.merchant,
            mode=delivery.mode,
            order_id=delivery.order_id,
        )
    return True
