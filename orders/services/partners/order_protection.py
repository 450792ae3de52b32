"""A shipment to OrderProtection, which knows it by our reference and takes the same one again in its place.

After a call in doubt the order's list is read before the next one. Where it refuses a repeat, its status can still be
set, and its tracking counts as not taken. It moves no money. It is called no more than five times a second and store.
"""

import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

from django.db import transaction
from django.db.models.functions import Now

from orders.apis.errors import KeyRefused, Missing, NotSent, Refused, ScopeMissing
from orders.apis.gate import Gate, gate_of
from orders.apis.order_protection.client import PROVIDER, Client
from orders.apis.order_protection.objects import Fulfillment
from orders.models import Connection, PartnerUpdateAttempt, Shipment
from orders.services.partners import directory
from orders.services.partners.attempt import NeedsPerson, Outcome, Sending, Sent

What = PartnerUpdateAttempt.What

APART = timedelta(milliseconds=250)  # never more than five in any second, though one call may be on its way longer
LONGEST_QUEUE = 15.0  # seconds until our turn, at most: half of the lease has to be enough for it and for the call
CONFLICT = 409


class Paced(Gate):
    """A gate where every call also waits for its turn among all workers."""

    def __init__(self, connection_id: uuid.UUID) -> None:
        super().__init__(PROVIDER)
        self._connection_id = connection_id

    def before_call(self, deadline: float) -> None:
        time.sleep(take_turn(self._connection_id))
        super().before_call(deadline)


def take_turn(connection_id: uuid.UUID) -> float:
    """Reserve the next turn of this connection; seconds until then. Raise `NotSent` where too many are before us."""
    with transaction.atomic():
        kept = Connection.objects.select_for_update().annotate(now=Now()).get(pk=connection_id)
        turn: datetime = max(kept.now, kept.next_slot_at or kept.now)
        wait = (turn - kept.now).total_seconds()
        if wait > LONGEST_QUEUE:
            raise NotSent("Too many calls wait for {provider} at the moment.")
        Connection.objects.filter(pk=kept.pk).update(next_slot_at=turn + APART)
    return wait


def client_for(connection: Connection) -> Client:
    """Raise `secrets.Unreadable`."""
    gate = gate_of(connection.pk, partial(Paced, connection.pk))
    return cast(Client, directory.client_for(connection.provider, connection.secret, gate))


def bring(sending: Sending[Client]) -> Outcome:
    """Make the shipment known, or what has changed of it. Raise `ApiError` or `Lost`."""
    if not sending.partner_update.partner_order_id:
        message = "The order’s id at OrderProtection is not known. Enter it under Partner ids."
        return NeedsPerson("no_order_id", message)
    try:
        return _brought(sending)
    except Missing:
        message = "OrderProtection has no such order. Correct its id under Partner ids, or create it there."
        return NeedsPerson("order_unknown", message)


def body_of(shipment: Shipment) -> dict[str, Any]:
    """Addresses only where every number has one: they are paired by their places, and "" is no address."""
    tracking = list(shipment.tracking.all())
    addresses = [row.address for row in tracking]
    given: dict[str, Any] = {
        "trackingCompany": shipment.carrier_name,
        "trackingNumber": [row.number for row in tracking],
        "trackingUrl": addresses if all(addresses) else [],
        "createdAt": _instant(shipment.shipped_at or shipment.created_at),  # else it fills in when it was told
        "updatedAt": _instant(shipment.status_at),
    }
    items = sorted(shipment.items.all(), key=lambda item: item.pk)
    return {
        "sourceFulfillmentId": str(shipment.reference),
        "sourceItemIds": [{"sourceItemId": item.order_protection_item_id, "quantity": item.quantity} for item in items],
        "fulfillmentStatus": shipment.status,
        **{name: value for name, value in given.items() if value},
    }


def _brought(sending: Sending[Client]) -> Outcome:
    body = body_of(sending.shipment)
    there = _there(sending) if sending.partner_update.sent_version or sending.to_look_first else None
    if there is None or not _same_but_status(there, body, sending.shipment):
        return _put(sending, body, there)
    if there.status == body["fulfillmentStatus"]:
        return Sent(sending.shipment.version)
    return _set_status(sending, body)


def _put(sending: Sending[Client], body: dict[str, Any], there: Fulfillment | None) -> Outcome:
    """Send it whole; where a repeat is refused, at least its status. A no is believed once it is not there."""
    order_id = sending.partner_update.partner_order_id
    what = What.UPDATE if there else What.CREATE
    try:
        sending.call(what, body, lambda: sending.client.create_fulfillment(order_id, body))
    except (KeyRefused, ScopeMissing):
        raise
    except Refused as error:
        there = _there(sending)
        same = there is not None and _same_but_status(there, body, sending.shipment)
        if there is not None and same and there.status == body["fulfillmentStatus"]:
            return Sent(sending.shipment.version, message="OrderProtection refused it, but already has it.")
        if there is None or error.status != CONFLICT:
            raise
        return _set_status(sending, body, tracking_refused=not same)
    return Sent(sending.shipment.version)


def _set_status(sending: Sending[Client], body: dict[str, Any], *, tracking_refused: bool = False) -> Outcome:
    order_id, status = sending.partner_update.partner_order_id, body["fulfillmentStatus"]
    reference = body["sourceFulfillmentId"]
    told = {"status": status}
    sending.call(What.STATUS, told, lambda: sending.client.set_status(order_id, reference, status))
    message = "OrderProtection accepted the status, but not the tracking." if tracking_refused else ""
    return Sent(sending.shipment.version, message=message, tracking_refused=tracking_refused)


def _there(sending: Sending[Client]) -> Fulfillment | None:
    """Our shipment as it stands there."""
    order_id, reference = sending.partner_update.partner_order_id, str(sending.shipment.reference)
    listed = sending.look(lambda: sending.client.fulfillments(order_id))
    return next((one for one in listed if one.source_fulfillment_id == reference), None)


def _same_but_status(there: Fulfillment, body: dict[str, Any], shipment: Shipment) -> bool:
    """When it was shipped counts where a person said it: what was sent before was dated when it was told."""
    items = {(item.source_item_id, item.quantity) for item in there.source_item_ids}
    return (
        items == {(item["sourceItemId"], item["quantity"]) for item in body["sourceItemIds"]}
        and (there.tracking_company or "") == body.get("trackingCompany", "")
        and list(there.tracking_numbers) == body.get("trackingNumber", [])
        and list(there.tracking_urls) == body.get("trackingUrl", [])
        and (shipment.shipped_at is None or there.created == datetime.fromisoformat(body["createdAt"]))
    )


def _instant(moment: datetime | None) -> str:
    """`2026-11-21T12:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
