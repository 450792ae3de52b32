"""The kinds of objects OrderProtection has, and what can be set of it."""

from __future__ import annotations

from emulator.settings import Switch
from emulator.store import Kind

ORDERS = "order_protection_orders"
FULFILLMENTS = "order_protection_fulfillments"

KINDS = (Kind(ORDERS), Kind(FULFILLMENTS, ("order_id",), ("order_id",)))
SWITCHES = {
    "order_protection_lenient": Switch((False, True)),  # takes a status in any case, unknown items, too many units
    "order_protection_mixed_case": Switch((False, True)),  # how it tells a status
    "order_protection_repeats": Switch(("replace", "refuse")),  # the same sourceFulfillmentId again
}
