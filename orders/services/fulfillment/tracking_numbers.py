"""Which of our shipments has a tracking number: no two parcels of different orders have the same."""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import BigIntegerField, CharField, QuerySet

from orders.kept_queries import Given, Several, kept
from orders.models import Merchant, Shipment, TrackingNumber

AT_ONCE = 500  # numbers in one question


def taken(merchant: Merchant, mode: str, order_id: uuid.UUID, numbers: Iterable[str]) -> dict[str, Shipment]:
    """Normalized number → a shipment of another order that has it and counts; of several the latest."""
    found = shipments_with(merchant, mode, numbers)
    others = {number: [one for one in having if one.order_id != order_id] for number, having in found.items()}
    return {number: having[-1] for number, having in others.items() if having}


def shipments_with(merchant: Merchant, mode: str, numbers: Iterable[str]) -> dict[str, list[Shipment]]:
    """Normalized number → the shipments that have it and count, the earliest first."""
    wanted = [number for number in dict.fromkeys(numbers) if number]
    found: dict[str, list[Shipment]] = defaultdict(list)
    for at in range(0, len(wanted), AT_ONCE):
        for row in _counted(merchant.pk, mode, wanted[at : at + AT_ONCE]):
            found[row.normalized].append(row.shipment)
    return found


@kept(BigIntegerField(), CharField(), Several(CharField()))
def _counted(merchant_id: Given, mode: Given, numbers: Given) -> "QuerySet[TrackingNumber]":
    here = {"shipment__merchant": merchant_id, "shipment__mode": mode, "shipment__state__in": Shipment.COUNTED}
    rows = TrackingNumber.objects.filter(normalized__in=numbers, **here)
    return rows.select_related("shipment").order_by("pk")
