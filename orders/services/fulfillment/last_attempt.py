"""What somebody sent off last for an order and nothing came of: it was undone, or RevKeen refused it."""

import uuid

from orders.models import Merchant, Shipment

CAME_TO_NOTHING = (Shipment.State.UNDONE, Shipment.State.REFUSED)


def last_tried(merchant: Merchant, mode: str, order_id: uuid.UUID, kind: Shipment.Kind) -> list[Shipment]:
    """The parcels of the last fulfillment, if all of it came to nothing and is of this kind; else []."""
    of_order = Shipment.objects.filter(merchant=merchant, mode=mode, order_id=order_id)
    last = of_order.order_by("-pk").first()
    if last is None:
        return []
    found = list(
        of_order.filter(fulfillment_id=last.fulfillment_id).order_by("pk").prefetch_related("items", "tracking")
    )
    return found if all(one.state in CAME_TO_NOTHING and one.kind == kind for one in found) else []
