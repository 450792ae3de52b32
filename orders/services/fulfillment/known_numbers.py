"""The order that a number belongs to, as far as our own rows know it: what was shipped, changed or begun anew here.

RevKeen finds no order by its number.
"""

import re
import uuid

from orders import carriers
from orders.models import Draft, Merchant, Operation, PartnerShipment, Shipment, TrackingNumber

LONGEST = 100  # characters of a number


def order_of(merchant: Merchant, mode: str, text: str) -> uuid.UUID | None:
    """By the number of the order, as it is typed or scanned from a slip, or by that of a parcel; None for any other."""
    return of_number(merchant, mode, text) or of_parcel(merchant, mode, text)


def of_number(merchant: Merchant, mode: str, text: str) -> uuid.UUID | None:
    """By the order's own number."""
    number = carriers.cleaned(text)
    if not number or len(number) > LONGEST:
        return None
    here = {"merchant": merchant, "mode": mode}
    written = list(dict.fromkeys([number, number.upper()]))
    shipment = Shipment.objects.filter(**here, order_number__in=written).order_by("-pk").first()
    if shipment is not None:
        return shipment.order_id
    operation = Operation.objects.filter(**here, order_number__in=written, order_id__isnull=False).first()
    if operation is not None:
        return operation.order_id
    draft = Draft.objects.filter(**here, replaces_number__in=written, replaces_id__isnull=False).first()
    return draft.replaces_id if draft is not None else None


def of_parcel(merchant: Merchant, mode: str, text: str) -> uuid.UUID | None:
    """By the tracking number of a parcel, as it is on one that came back; None where several orders have it."""
    number = carriers.cleaned(text)
    if not number or len(number) > LONGEST:
        return None
    plain = carriers.normalized(carriers.plain(number))
    if not plain:
        return None
    found = TrackingNumber.objects.filter(shipment__merchant=merchant, shipment__mode=mode, normalized=plain)
    orders = set(found.values_list("shipment__order_id", flat=True)[:2]) or _of_partner(merchant, mode, number, plain)
    return orders.pop() if len(orders) == 1 else None


def _of_partner(merchant: Merchant, mode: str, *written: str) -> set[uuid.UUID]:
    """The orders of parcels that left without us, as far as the partner's list was read."""
    found = PartnerShipment.objects.filter(merchant=merchant, mode=mode, tracking_number__in=written)
    return {order_id for order_id in found.values_list("order_id", flat=True)[:2] if order_id}


def may_be_an_order(text: str) -> bool:
    """Whether it is worth a look at RevKeen: one word with a digit, which is no e-mail address."""
    number = carriers.cleaned(text)
    is_one_word = 0 < len(number) <= LONGEST and re.search(r"[\s@]", number) is None
    return is_one_word and re.search(r"[0-9]", number) is not None
