"""What has left of an order and what was given up, in units: counted one way, whoever asks."""

import uuid
from collections import Counter
from collections.abc import Iterable

from django.db.models import BigIntegerField, CharField, QuerySet, UUIDField, prefetch_related_objects

from orders.kept_queries import Given, kept
from orders.models import Merchant, Shipment


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> list[Shipment]:
    """What left or may have left, and what was given up, the first one first; not what was refused or undone."""
    return counted(all_of_order(merchant, mode, order_id))


def counted(shipments: Iterable[Shipment]) -> list[Shipment]:
    return [shipment for shipment in shipments if shipment.state in Shipment.COUNTED]


def all_of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> list[Shipment]:
    """Every shipment that was ever written for the order, the first one first."""
    found = _of_order(merchant, mode, order_id).select_related("operation", "fulfillment__user")
    return list(found.prefetch_related("items", "tracking", "partner_updates"))


def units_of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> list[Shipment]:
    """The same with their units and nothing else around them."""
    found = _units(merchant.pk, mode, order_id)
    prefetch_related_objects(found, "items")
    return found


@kept(BigIntegerField(), CharField(), UUIDField())
def _units(merchant_id: Given, mode: Given, order_id: Given) -> "QuerySet[Shipment]":
    return _of_order(merchant_id, mode, order_id)


def _of_order(
    merchant: Merchant | Given, mode: str | Given, order_id: uuid.UUID | Given
) -> "QuerySet[Shipment, Shipment]":
    return Shipment.objects.filter(merchant=merchant, mode=mode, order_id=order_id).order_by("pk")


def taken(shipments: Iterable[Shipment]) -> Counter[uuid.UUID]:
    """Line item id → units that have left or were given up."""
    units: Counter[uuid.UUID] = Counter()
    for shipment in shipments:
        for item in shipment.items.all():
            units[item.line_item_id] += item.quantity
    return units


def shipped(shipments: Iterable[Shipment]) -> Counter[uuid.UUID]:
    """Line item id → units that have left, without those given up."""
    return taken(shipment for shipment in shipments if shipment.kind == Shipment.Kind.PARCEL)
