"""The kinds of objects Digital River has with what its list can be filtered by, and what can be set of it."""

from __future__ import annotations

from emulator.settings import Switch
from emulator.store import Kind

ORDERS = "digital_river_orders"
FULFILLMENTS = "digital_river_fulfillments"

KINDS = (
    Kind(ORDERS),
    Kind(FULFILLMENTS, ("orderId", "trackingCompany", "trackingNumber", "sku_ids"), ("orderId",)),
)
SWITCHES = {
    "digital_river_capture": Switch(("complete", "failed", "pending")),  # what new captures and releases become
    "digital_river_authorization": Switch(("valid", "expired")),
}
