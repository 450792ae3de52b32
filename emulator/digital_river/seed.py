"""Fills Digital River with the sales that the shop has told it of, as far along as they are there."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from emulator.accounts import Account
from emulator.digital_river.fulfillments import document, sku_ids
from emulator.digital_river.kinds import FULFILLMENTS, ORDERS
from emulator.digital_river.orders import Units, begin, decimal, enter, instant
from emulator.keys import ApiKey, save_key
from emulator.messages import Json
from emulator.sales import Sale, SoldLine
from emulator.store import Row, Store


def fill(store: Store, account: Account, sold: Iterable[Sale]) -> None:
    tell(store, account, sold)
    prefix = "sk" if account.mode == "live" else "sk_test"
    save_key(store, ApiKey(f"{prefix}_{account.merchant}_demo", "digital_river", account, ("*",)))


def tell(store: Store, account: Account, sold: Iterable[Sale]) -> None:
    orders, fulfillments = [], []
    for sale in sold:
        order, hidden = _order(sale, account.mode == "live")
        fulfillments += _fulfillments(account, sale, order, hidden)
        orders.append(Row(order["id"], account.id, sale.created_ms, order, hidden))
    store.add(ORDERS, orders)
    store.add(FULFILLMENTS, fulfillments)


# helpers


def _order(sale: Sale, live: bool) -> tuple[Json, Json]:
    """The order before anything of it has left, and what is not told of it."""
    currency = sale.currency.upper()
    order = {
        "id": sale.digital_river_id,
        "createdTime": instant(sale.created_ms),
        "currency": currency,
        "totalAmount": decimal(sum(line.total for line in sale.lines), currency),
        "refundedAmount": 0,
        "state": "",
        "stateTransitions": {},
        "items": [_item(line) for line in sale.lines],
        "upstreamId": sale.id,
        "liveMode": live,
    }
    enter(order, "pending_payment", sale.created_ms)
    enter(order, "accepted", sale.paid_ms)
    lines = {line.digital_river_id: _line(line) for line in sale.lines}
    return order, {"lines": lines, "operations": []}


def _item(line: SoldLine) -> Json:
    sku = {"skuId": line.sku} if line.sku else {}
    return {"id": line.digital_river_id, **sku, "quantity": line.quantity, "state": "created"}


def _line(line: SoldLine) -> Json:
    return {"total": line.total, "quantity": line.quantity, "fulfilled": 0, "cancelled": 0}


def _fulfillments(account: Account, sale: Sale, order: Json, hidden: Json) -> list[Row]:
    """One for what has been shipped, by whomever; what was given back unshipped is cancelled in it."""
    units = [one for line in sale.lines if (one := _units(line, sale)) is not None]
    if not units:
        return []
    now_ms = sale.shipped_ms or sale.paid_ms
    id = f"ful_{uuid.uuid5(uuid.NAMESPACE_OID, order['id'])}"
    begin(order, hidden, units, id, now_ms, "complete")
    given: Json = {"items": [{}] * len(units)}
    if sale.shipped_ms or sale.at_digital_river == "shipped":
        given.update(trackingCompany="UPS", trackingNumber=f"1Z{order['id'].upper()}")
    if sale.refunded and sale.shipped_ms:
        captured = sum(one["amount"] for one in hidden["operations"] if one["kind"] == "capture")
        order["refundedAmount"] = decimal(captured, order["currency"])
        enter(order, "returned", now_ms)
    fulfillment = document(id, given, units, order, now_ms)
    return [Row(id, account.id, now_ms, fulfillment, None, {"sku_ids": sku_ids(fulfillment)})]


def _units(line: SoldLine, sale: Sale) -> Units | None:
    """Of a line all or nothing; None where it is still to be shipped."""
    if line.shipped or sale.at_digital_river == "shipped":
        return Units(line.digital_river_id, line.quantity, 0)
    if sale.refunded or sale.at_digital_river == "canceled":
        return Units(line.digital_river_id, 0, line.quantity)
    return None
