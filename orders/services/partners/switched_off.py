"""Shipments that were recorded while a partner was off: it hears of them when a person says so, never by itself.

A switched off partner may have been told by other means meanwhile, so it is read before anything is sent.
"""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.functions import Now

from orders.apis.revkeen.objects import Order
from orders.models import Connection, Merchant, PartnerUpdate, Shipment, User
from orders.services.partners import directory, manual

AT_ONCE = 200
State = PartnerUpdate.State


@dataclass(frozen=True)
class Done:
    sent: int
    left: int  # that wait still


def waiting(merchant: Merchant, mode: str, destination: str) -> "QuerySet[PartnerUpdate, PartnerUpdate]":
    """What this partner was not told of because it was off, the first one first; not what never left."""
    found = PartnerUpdate.objects.filter(merchant=merchant, mode=mode, destination=destination, state=State.OFF)
    left = found.filter(shipment__state__in=Shipment.COUNTED, shipment__fulfillment__undo_until__lte=Now())
    return left.select_related("shipment").order_by("pk")


def counted(merchant: Merchant, mode: str) -> list[tuple[Connection, int]]:
    """The partners that are on and were not told of shipments while they were off, with how many."""
    on = directory.connected(merchant, mode)
    found = [(connection, waiting(merchant, mode, connection.provider).count()) for connection in on]
    return [(connection, count) for connection, count in found if count]


def send_all(merchant: Merchant, mode: str, destination: str, by: User) -> Done:
    """Send the first two hundred. Each is a write, and a row of the event log, of its own."""
    found = waiting(merchant, mode, destination)
    sent = sum(manual.send_again(partner_update, by=by) for partner_update in found[:AT_ONCE])
    return Done(sent, found.count())


def is_on(partner_update: PartnerUpdate) -> bool:
    connected = directory.connected(partner_update.merchant, partner_update.mode)
    return any(connection.provider == partner_update.destination for connection in connected)


def row_for(shipment: Shipment, destination: str, order: Order) -> PartnerUpdate:
    """The partner update of a shipment from before the partner had any key here, by the ids that the order has now."""
    ids = directory.ids_of(shipment.merchant, shipment.mode, order)
    facts = {
        "merchant": shipment.merchant,
        "mode": shipment.mode,
        "order_id": shipment.order_id,
        "partner_order_id": ids.order_id(destination),
        "state": State.OFF,
    }
    return PartnerUpdate.objects.get_or_create(shipment=shipment, destination=destination, defaults=facts)[0]
