"""The worker's part of a delivery: the partner's active key, one sending with it, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.utils import timezone

from orders.apis.errors import ApiError
from orders.models import Connection, Delivery
from orders.secrets import Unreadable
from orders.services import askers, digital_river, order_protection, partner_orders, revkeen, sending
from orders.services.partner_orders import BelongsElsewhere
from orders.services.sending import Again, HasExchange, Lost, NeedsPerson, Outcome, Sending

log = structlog.get_logger("orders.deliveries")

WITHOUT_KEY = 300.0  # seconds between two looks for a key; who adds one wakes the deliveries


@dataclass(frozen=True)
class Partner:
    client_for: Callable[[Connection], HasExchange]
    bring: Callable[[Sending[Any]], Outcome]  # raises `ApiError` or `Lost`


PARTNERS = {
    Delivery.Destination.DIGITAL_RIVER.value: Partner(digital_river.client_for, digital_river.bring),
    Delivery.Destination.ORDER_PROTECTION.value: Partner(order_protection.client_for, order_protection.bring),
}


def deliver(delivery: Delivery) -> None:
    """Bring the partner to the shipment's present version, as far as that can be done. The caller has claimed it."""
    partner = PARTNERS[delivery.destination]
    ready = _ready(partner, delivery)
    if isinstance(ready, Again):
        sending.postpone(delivery, ready)
    else:
        _send(partner, ready)


def _ready(partner: Partner, delivery: Delivery) -> Sending[Any] | Again:
    """With the partner's active key; or why nothing can be tried yet."""
    name = delivery.get_destination_display()
    connection = Connection.objects.filter(
        merchant_id=delivery.merchant_id, mode=delivery.mode, provider=delivery.destination, active=True
    ).first()
    if connection is None:
        return Again("not_connected", f"{name} has no active key for this merchant and mode.", WITHOUT_KEY)
    wait = (connection.wait_until - timezone.now()).total_seconds() if connection.wait_until else 0
    if wait > 0:
        return Again("rate_limited", f"{name} asked us to wait.", wait)
    try:
        return Sending(delivery, connection, partner.client_for(connection))
    except Unreadable as error:
        return Again("key_unreadable", str(error), WITHOUT_KEY)


def _stopped(delivery: Delivery) -> NeedsPerson | None:
    lost = askers.lost_right_to_deliver(delivery)
    return NeedsPerson("right_lost", f"{lost} Send it again if it is right.") if lost else None


def _send(partner: Partner, at_hand: Sending[Any]) -> None:
    try:
        outcome = _stopped(at_hand.delivery) or _of_another_order(at_hand.delivery) or partner.bring(at_hand)
    except Lost:
        log.warning("a delivery was lost to another worker", delivery=at_hand.delivery.pk)
        return
    except ApiError as error:
        outcome = sending.outcome_of(error)
    except Exception:  # ours: it stays in doubt if a call was made, and is tried again like any other
        log.exception("a delivery failed", delivery=at_hand.delivery.pk)
        outcome = Again("error", "Something went wrong here. See the worker log.")
    sending.finish(at_hand, outcome)
    revkeen.note_use(at_hand.connection, at_hand.answered, [at_hand.trouble] if at_hand.trouble else [])


def _of_another_order(delivery: Delivery) -> NeedsPerson | None:
    """What was written before ids were claimed, or stopped and begun anew: it is not made known as another order's."""
    if delivery.sent_version:
        return None
    try:
        partner_orders.claim_for(delivery)
    except BelongsElsewhere as error:
        return NeedsPerson(partner_orders.ELSEWHERE, f"{error.title} {error}")
    return None
