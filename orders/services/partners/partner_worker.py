"""The worker's part of a partner update: the partner's active key, one sending with it, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.utils import timezone

from orders.apis.errors import ApiError
from orders.models import Connection, PartnerUpdate
from orders.secrets import Unreadable
from orders.services.changes import requesters
from orders.services.partners import attempt, digital_river, order_protection, partner_orders
from orders.services.partners.attempt import Again, HasExchange, Lost, NeedsPerson, Outcome, Sending
from orders.services.partners.partner_orders import BelongsElsewhere
from orders.services.revkeen import session

log = structlog.get_logger("orders.partner_updates")

WITHOUT_KEY = 300.0  # seconds between two looks for a key; who adds one wakes the partner updates


@dataclass(frozen=True)
class Partner:
    client_for: Callable[[Connection], HasExchange]
    bring: Callable[[Sending[Any]], Outcome]  # raises `ApiError` or `Lost`


PARTNERS = {
    PartnerUpdate.Destination.DIGITAL_RIVER.value: Partner(digital_river.client_for, digital_river.bring),
    PartnerUpdate.Destination.ORDER_PROTECTION.value: Partner(order_protection.client_for, order_protection.bring),
}


def send_update(partner_update: PartnerUpdate) -> None:
    """Bring the partner to the shipment's present version, as far as that can be done. The caller has claimed it."""
    partner = PARTNERS[partner_update.destination]
    ready = _ready(partner, partner_update)
    if isinstance(ready, Again):
        attempt.postpone(partner_update, ready)
    else:
        _send(partner, ready)


def _ready(partner: Partner, partner_update: PartnerUpdate) -> Sending[Any] | Again:
    """With the partner's active key; or why nothing can be tried yet."""
    name = partner_update.get_destination_display()
    connection = Connection.objects.filter(
        merchant_id=partner_update.merchant_id,
        mode=partner_update.mode,
        provider=partner_update.destination,
        active=True,
    ).first()
    if connection is None:
        return Again("not_connected", f"{name} has no active key for this merchant and mode.", WITHOUT_KEY)
    wait = (connection.wait_until - timezone.now()).total_seconds() if connection.wait_until else 0
    if wait > 0:
        return Again("rate_limited", f"{name} asked us to wait.", wait)
    try:
        return Sending(partner_update, connection, partner.client_for(connection))
    except Unreadable as error:
        return Again("key_unreadable", str(error), WITHOUT_KEY)


def _stopped(partner_update: PartnerUpdate) -> NeedsPerson | None:
    lost = requesters.lost_right_to_send(partner_update)
    return NeedsPerson("right_lost", f"{lost} Send it again if it is right.") if lost else None


def _send(partner: Partner, at_hand: Sending[Any]) -> None:
    try:
        outcome = (
            _stopped(at_hand.partner_update) or _of_another_order(at_hand.partner_update) or partner.bring(at_hand)
        )
    except Lost:
        log.warning("a partner update was lost to another worker", partner_update=at_hand.partner_update.pk)
        return
    except ApiError as error:
        outcome = attempt.outcome_of(error)
    except Exception:  # ours: it stays in doubt if a call was made, and is tried again like any other
        log.exception("a partner update failed", partner_update=at_hand.partner_update.pk)
        outcome = Again("error", "Something went wrong here. See the worker log.")
    attempt.finish(at_hand, outcome)
    session.note_use(at_hand.connection, at_hand.answered, [at_hand.trouble] if at_hand.trouble else [])


def _of_another_order(partner_update: PartnerUpdate) -> NeedsPerson | None:
    """What was written before ids were claimed, or stopped and begun anew: it is not made known as another order's."""
    if partner_update.sent_version:
        return None
    try:
        partner_orders.claim_for(partner_update)
    except BelongsElsewhere as error:
        return NeedsPerson(partner_orders.ELSEWHERE, f"{error.title} {error}")
    return None
