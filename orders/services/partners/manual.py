"""What a person decides about a partner update that does not go by itself. Each is one conditional write, and is
recorded.

False: the partner update has moved on since it was looked at, and nothing was changed.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from orders import shipped_units
from orders.models import EventLog, OrderLock, PartnerUpdate, Shipment, User
from orders.services import audit
from orders.services.index import deriving
from orders.storable import storable

Kind, State = EventLog.Kind, PartnerUpdate.State

READ_FIRST = "checked there first, and sent only if it is not there"
MAY_BE_SENT_AGAIN = (State.FAILED, State.STOPPED, State.IN_DOUBT, State.WAITING, State.OFF)
MAY_BE_STOPPED = (State.FAILED, State.IN_DOUBT, State.WAITING, State.FOR_REVKEEN, State.BLOCKED)


def send_open_part(partner_update: PartnerUpdate, by: User) -> bool:
    """Without the lines for which Digital River refused it, because they are closed there; they are never sent."""
    closed = partner_update.closed_there
    lines = partner_update.shipment.items.count() - len(partner_update.left_out) - len(closed)
    if not closed or lines < 1:
        return False
    why = f"{lines} line{'' if lines == 1 else 's'} that {'is' if lines == 1 else 'are'} open, {len(closed)} left out"
    return _send_again(partner_update, by, why, left_out=[*partner_update.left_out, *closed], closed_there=[])


def send_again(partner_update: PartnerUpdate, by: User) -> bool:
    """At once. Where a call may have arrived the partner is read first, and `by` takes a late duplicate on them.

    Not of a parcel that never left: it would have to be released first. Of one that RevKeen has not taken yet, as soon
    as it has.
    """
    return _send_again(partner_update, by, READ_FIRST if partner_update.doubtful else "")


def _send_again(partner_update: PartnerUpdate, by: User, why: str, **facts: Any) -> bool:
    with transaction.atomic():
        PartnerUpdate.objects.select_for_update().filter(
            pk=partner_update.pk
        ).first()  # RevKeen's answer comes before, or after
        of_shipment = Shipment.objects.values_list("state", flat=True).get(pk=partner_update.shipment_id)
        if of_shipment not in Shipment.COUNTED:
            return False
        state = State.IN_DOUBT if partner_update.doubtful else State.WAITING
        if of_shipment == Shipment.State.PENDING:
            state = State.FOR_REVKEEN
        when = {"next_try_at": not_before(partner_update) or Now()}
        again = {"state": state, "by_hand": True, "failures": 0, "stopped_by": "", "reason": "", **when}
        return _write(partner_update, MAY_BE_SENT_AGAIN, Kind.PARTNER_UPDATE_SENT_AGAIN, by, why, **again, **facts)


def not_before(partner_update: PartnerUpdate) -> datetime | None:
    """Until when a call in doubt to Digital River may be under way: it is read only then. None where nothing waits."""
    if partner_update.destination != PartnerUpdate.Destination.DIGITAL_RIVER or partner_update.sent_version:
        return None
    if not partner_update.doubtful or partner_update.last_sent_at is None:
        return None
    until: datetime = partner_update.last_sent_at + timedelta(seconds=settings.DIGITAL_RIVER_DOUBT_SECONDS)
    return until if until > timezone.now() else None


def stop(partner_update: PartnerUpdate, by: User, reason: str) -> bool:
    """Give it up. What was sent before stays there."""
    stopped = {"state": State.STOPPED, "stopped_by": str(by)[:254], "reason": storable(reason)[:200]}
    return _write(partner_update, MAY_BE_STOPPED, Kind.PARTNER_UPDATE_STOPPED, by, reason, **stopped)


def release(partner_update: PartnerUpdate, by: User) -> bool:
    """Let a partner hear of what RevKeen did not take. The parcel counts as left from then on, if its units are there.

    RevKeen still knows nothing of it, so that it stands in *To fulfill* until it was told
    (services/fulfillment/unreported.py).

    Nobody else ships meanwhile: the order is held. Where another change holds it, nothing is released.
    """
    try:
        with transaction.atomic():
            lock = OrderLock.objects.create(
                merchant=partner_update.merchant,
                mode=partner_update.mode,
                order_id=partner_update.order_id,
                plan_id=partner_update.shipment.fulfillment_id,
            )
            released = _fits(partner_update.shipment) and _release(partner_update, by)
            lock.delete()
    except IntegrityError:
        return False
    return released


def _release(partner_update: PartnerUpdate, by: User) -> bool:
    # The partner is read first: it may have been released before, and a backup restored since.
    now = {"state": State.WAITING, "by_hand": True, "next_try_at": Now(), "code": "", "message": ""}
    if not _write(partner_update, (State.BLOCKED,), Kind.PARTNER_UPDATE_RELEASED, by, "", **now):
        return False
    refused = Shipment.objects.filter(pk=partner_update.shipment_id, state=Shipment.State.REFUSED)
    if refused.update(state=Shipment.State.LEFT, unreported_since=Now()):
        deriving.of_shipments(partner_update.merchant, partner_update.mode, partner_update.order_id)
    return True


def _fits(shipment: Shipment) -> bool:
    """Whether its units were not sent off otherwise since it was refused."""
    if shipment.state != Shipment.State.REFUSED:
        return True
    gone = shipped_units.taken(shipped_units.of_order(shipment.merchant, shipment.mode, shipment.order_id))
    return all(gone[item.line_item_id] + item.quantity <= item.ordered for item in shipment.items.all())


def _write(
    partner_update: PartnerUpdate,
    from_states: tuple[PartnerUpdate.State, ...],
    kind: EventLog.Kind,
    by: User,
    why: str,
    **facts: Any,
) -> bool:
    with transaction.atomic():
        # As it was looked at: a call that was made since has another count of attempts.
        # While it is held only an undo may touch it.
        let_go = Shipment.objects.filter(fulfillment__undo_until__lte=Now())
        standing = PartnerUpdate.objects.filter(
            pk=partner_update.pk, state__in=from_states, attempts=partner_update.attempts, shipment__in=let_go
        )
        if not standing.update(**facts):
            return False
        deriving.of_shipments(partner_update.merchant, partner_update.mode, partner_update.order_id)
        shipment = partner_update.shipment
        words = f"Shipment {shipment.number} of {shipment.order_number} to {partner_update.get_destination_display()}"
        audit.record(
            kind,
            storable(f"{words}: {why}" if why else words),
            user=by,
            merchant=partner_update.merchant,
            mode=partner_update.mode,
            order_id=partner_update.order_id,
        )
    return True
