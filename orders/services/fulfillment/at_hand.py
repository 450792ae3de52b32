"""Which orders lie at the station, with whom and since when. Nobody else packs them, unless they take them over."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from orders.models import Merchant, Packing

GIVEN_BACK_AFTER = timedelta(minutes=10)  # without a scan


def of_orders(merchant: Merchant, mode: str, order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Packing]:
    """Order → the place that it lies at."""
    found = _all(merchant, mode).filter(order_id__in=order_ids) if order_ids else ()
    return {packing.order_id: packing for packing in found if packing.order_id is not None}


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> Packing | None:
    return of_orders(merchant, mode, [order_id]).get(order_id)


def all_ids(merchant: Merchant, mode: str) -> set[uuid.UUID]:
    return {order_id for order_id in _all(merchant, mode).values_list("order_id", flat=True) if order_id is not None}


def _all(merchant: Merchant, mode: str) -> "QuerySet[Packing, Any]":
    here = Packing.objects.filter(merchant=merchant, mode=mode, order_id__isnull=False)
    return here.filter(seen_at__gt=Now() - GIVEN_BACK_AFTER).select_related("user")


@dataclass(frozen=True)
class Unconfirmed:
    """An order of which items were scanned and nothing was sent off, also where it was given back meanwhile."""

    packing: Packing
    units: int


def unconfirmed(merchant: Merchant, mode: str) -> list[Unconfirmed]:
    """What was scanned at the station and not confirmed, the oldest first."""
    here = Packing.objects.filter(merchant=merchant, mode=mode, order_id__isnull=False).select_related("user")
    found = [Unconfirmed(packing, _counted(packing)) for packing in here.order_by("seen_at")]
    return [one for one in found if one.units]


def _counted(packing: Packing) -> int:
    """Units, over all parcels; as services/station/work.py keeps them."""
    parcels: dict[str, dict[str, int]] = packing.work.get("counted", {})
    return sum(sum(lines.values()) for lines in parcels.values())
