"""What our own shipments say of orders, in units of their line items: read once, for whoever derives from it."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, CharField, OuterRef, QuerySet, Subquery, UUIDField

from orders.kept_queries import Given, Several, kept
from orders.models import PartnerUpdate, Shipment, ShipmentItem

Units = Counter[uuid.UUID]  # by line item
ByOrder = Mapping[uuid.UUID, Units]  # none: an empty counter


@dataclass(frozen=True)
class Shipped:
    left: ByOrder  # in parcels, from here
    given_up: ByOrder
    captured: ByOrder  # in parcels that Digital River took: it captures for each

    def taken(self, order_id: uuid.UUID) -> Units:
        """What left and what was given up."""
        return self.left[order_id] + self.given_up[order_id]


def of_orders(merchant_id: int, mode: str, order_ids: Collection[uuid.UUID]) -> Shipped:
    """One query, however many they are."""
    left, given_up, captured = (defaultdict[uuid.UUID, Units](Counter) for _ in range(3))
    for order_id, kind, line, units, left_out in _counted(merchant_id, mode, order_ids):
        if kind == Shipment.Kind.CANCELLATION:
            given_up[order_id][line] += units
            continue
        left[order_id][line] += units
        if left_out is not None and str(line) not in left_out:
            captured[order_id][line] += units
    return Shipped(left, given_up, captured)


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _counted(merchant_id: Given, mode: Given, order_ids: Given) -> "QuerySet[ShipmentItem, Any]":
    here = {"shipment__merchant_id": merchant_id, "shipment__mode": mode, "shipment__state__in": Shipment.COUNTED}
    items = ShipmentItem.objects.filter(shipment__order_id__in=order_ids, **here).annotate(left_out=_left_out())
    return items.values_list("shipment__order_id", "shipment__kind", "line_item_id", "quantity", "left_out")


def _left_out() -> Subquery:
    """The lines of a parcel that were left out at Digital River; NULL where it was not told of the parcel."""
    told = PartnerUpdate.objects.filter(shipment=OuterRef("shipment"), sent_version__gt=0)
    return Subquery(told.filter(destination=PartnerUpdate.Destination.DIGITAL_RIVER).values("left_out")[:1])
