"""Fills OrderProtection with the sales that the shop has told it of."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.accounts import Account
from emulator.clock import iso
from emulator.keys import ApiKey, save_key
from emulator.messages import Json
from emulator.order_protection.asks import row_id
from emulator.order_protection.kinds import FULFILLMENTS, ORDERS
from emulator.sales import Sale, SoldLine
from emulator.store import Row, Store


def fill(store: Store, account: Account, sold: Sequence[Sale]) -> None:
    tell(store, account, sold)
    save_key(store, ApiKey(f"op_{account.merchant}_{account.mode}_demo", "order_protection", account, ("*",)))


def tell(store: Store, account: Account, sold: Sequence[Sale]) -> None:
    store.add(ORDERS, [_order(account, sale) for sale in sold])
    store.add(FULFILLMENTS, [_fulfillment(account, sale, sale.shipped_ms) for sale in sold if sale.shipped_ms])


# helpers


def _order(account: Account, sale: Sale) -> Row:
    """As far as a fulfillment is checked against it."""
    items = [{"sourceItemId": line.id, "productName": line.name, "quantity": line.quantity} for line in sale.lines]
    doc = {"sourceOrderId": sale.order_protection_id, "sourceOrderNumber": sale.number, "orderItems": items}
    return Row(row_id(account, sale.order_protection_id), account.id, sale.created_ms, doc)


def _fulfillment(account: Account, sale: Sale, shipped_ms: int) -> Row:
    """What had been shipped, in one parcel."""
    shipment_id = f"SHP-{sale.number}"
    record = {
        "sourceItemIds": [_units(line) for line in sale.lines if line.shipped],
        "fulfillmentStatus": "DELIVERED",
        "sourceFulfillmentId": shipment_id,
        "trackingCompany": "UPS",
        "trackingNumber": [f"1Z{sale.digital_river_id.upper()}"],
        "createdAt": iso(shipped_ms),
        "updatedAt": iso(shipped_ms),
    }
    id = row_id(account, sale.order_protection_id, shipment_id)
    return Row(id, account.id, shipped_ms, record, None, {"order_id": sale.order_protection_id})


def _units(line: SoldLine) -> Json:
    return {"sourceItemId": line.id, "quantity": line.quantity}
