"""What somebody does at Digital River without us, and a worker's passes over its list."""

import json
import urllib.request
import uuid
from typing import Any

from django.db.models.functions import Now

from orders.models import Finding, Merchant, PartnerShipment, PartnerSweep
from orders.services.partners import partner_sweeps
from tests.support.emulation import RunningEmulator
from tests.support.shipping import DIGITAL_RIVER, KEYS


def ship_there(emulator: RunningEmulator, order: Any, *units: int, key: str = KEYS[DIGITAL_RIVER], **body: Any) -> Any:
    """As another program does: so many units of the first lines; `body` has what is said beside."""
    items = [
        {"itemId": line["metadata"]["dr_item_id"], "quantity": count}
        for line, count in zip(order["line_items"], units, strict=False)
        if count
    ]
    made = {"orderId": order["metadata"]["dr_order_id"], "items": items, **body}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    address = f"{emulator.digital_river}/fulfillments"
    with urllib.request.urlopen(urllib.request.Request(address, json.dumps(made).encode(), headers)) as answer:
        return json.load(answer)


def read_theirs(merchant: Merchant | None = None, pages: int = 1000) -> int:
    """A worker's passes over Digital River's list, as if their time had come; how many pages that were."""
    here = {"merchant": merchant} if merchant else {}
    PartnerSweep.objects.filter(**here).update(due_at=Now(), lease_until=None)
    read = 0
    while read < pages and (sweep := partner_sweeps.claim()) is not None:
        partner_sweeps.read(sweep)
        read += 1
    return read


def unaccounted(merchant: Merchant, mode: str = "live") -> dict[str, Finding]:
    """Order id → what the review says of shipments there that are none of ours."""
    found = Finding.objects.filter(merchant=merchant, mode=mode, rule="unaccounted").select_related("order")
    return {str(row.order.order_id): row for row in found}


def kept(merchant: Merchant, mode: str = "live") -> set[str]:
    """Digital River's ids of those that are kept as none of ours."""
    return set(PartnerShipment.objects.filter(merchant=merchant, mode=mode).values_list("remote_id", flat=True))


def sold(emulator: RunningEmulator, name: str, *units: int, **metadata: Any) -> Any:
    """A paid order that Digital River knows as `name`, each line of so many units over 30.00."""
    lines = [
        {
            "description": f"Tent {place}",
            "unit_price": 3000,
            "quantity": count,
            "metadata": {"dr_item_id": f"{name}-{place}"},
        }
        for place, count in enumerate(units)
    ]
    made = emulator.make_order(line_items=lines, metadata={"dr_order_id": name, **metadata})
    paid = emulator.send(f"/orders/{made['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"})
    emulator.tell_partners(made["id"])
    return paid
