"""Which of our shipments has a tracking number: no two parcels of different orders have the same."""

import uuid
from collections.abc import Iterable

from orders.models import Merchant, Shipment, TrackingNumber


def taken(merchant: Merchant, mode: str, order_id: uuid.UUID, numbers: Iterable[str]) -> dict[str, Shipment]:
    """Normalized number → a shipment of another order that has it and counts; of several the latest."""
    wanted = [number for number in numbers if number]
    if not wanted:
        return {}
    found = TrackingNumber.objects.filter(
        normalized__in=wanted,
        shipment__merchant=merchant,
        shipment__mode=mode,
        shipment__state__in=Shipment.COUNTED,
    ).exclude(shipment__order_id=order_id)
    return {row.normalized: row.shipment for row in found.select_related("shipment").order_by("pk")}
