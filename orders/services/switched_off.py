"""Shipments that were recorded while a partner was off: it hears of them when a person says so, never by itself.

A switched off partner may have been told by other means meanwhile, so it is read before anything is sent.
"""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.functions import Now

from orders.apis.revkeen.objects import Order
from orders.models import Connection, Delivery, Merchant, Shipment, User
from orders.services import delivery_decisions, partners

AT_ONCE = 200
State = Delivery.State


@dataclass(frozen=True)
class Done:
    sent: int
    left: int  # that wait still


def waiting(merchant: Merchant, mode: str, destination: str) -> "QuerySet[Delivery, Delivery]":
    """What this partner was not told of because it was off, the first one first; not what never left."""
    found = Delivery.objects.filter(merchant=merchant, mode=mode, destination=destination, state=State.OFF)
    left = found.filter(shipment__state__in=Shipment.COUNTED, shipment__dispatch__hold_until__lte=Now())
    return left.select_related("shipment").order_by("pk")


def counted(merchant: Merchant, mode: str) -> list[tuple[Connection, int]]:
    """The partners that are on and were not told of shipments while they were off, with how many."""
    on = partners.connected(merchant, mode)
    found = [(connection, waiting(merchant, mode, connection.provider).count()) for connection in on]
    return [(connection, count) for connection, count in found if count]


def send_all(merchant: Merchant, mode: str, destination: str, by: User) -> Done:
    """Send the first two hundred. Each is a write, and a row of the event log, of its own."""
    found = waiting(merchant, mode, destination)
    sent = sum(delivery_decisions.send_again(delivery, by=by) for delivery in found[:AT_ONCE])
    return Done(sent, found.count())


def is_on(delivery: Delivery) -> bool:
    connected = partners.connected(delivery.merchant, delivery.mode)
    return any(connection.provider == delivery.destination for connection in connected)


def row_for(shipment: Shipment, destination: str, order: Order) -> Delivery:
    """The delivery of a shipment from before the partner had any key here, by the ids that the order has now."""
    ids = partners.ids_of(shipment.merchant, shipment.mode, order)
    facts = {
        "merchant": shipment.merchant,
        "mode": shipment.mode,
        "order_id": shipment.order_id,
        "partner_order_id": ids.order_id(destination),
        "state": State.OFF,
    }
    return Delivery.objects.get_or_create(shipment=shipment, destination=destination, defaults=facts)[0]
