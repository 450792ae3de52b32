"""Shipments of orders that the partners know, written as a press of *Fulfill* writes them, and a worker's rounds."""

import uuid
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from orders import shipped_units
from orders.models import Connection, Fulfillment, Merchant, PartnerUpdate, PartnerUpdateAttempt, Shipment, User
from orders.services.fulfillment import shipments
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot, LineSnapshot
from orders.services.fulfillment.shipments import Parcel, ParcelItem
from orders.services.partners import outbox, partner_worker
from tests.support.emulation import RunningEmulator
from tests.support.shown import order_facts

DIGITAL_RIVER, ORDER_PROTECTION = "digital_river", "order_protection"
KEYS = {DIGITAL_RIVER: "sk_northwind_demo", ORDER_PROTECTION: "op_northwind_live_demo"}
State = PartnerUpdate.State


def connect(merchant: Merchant, provider: str, key: str = "", mode: str = "live") -> Connection:
    """An active key of the merchant, which the emulator knows."""
    Connection.objects.filter(merchant=merchant, provider=provider, mode=mode).update(active=False)
    connection = Connection(merchant=merchant, mode=mode, provider=provider, name="Demo", active=True)
    connection.secret = key or KEYS[provider]
    connection.save()
    return connection


def open_orders(emulator: RunningEmulator, key: str = "rk_live_northwind_demo") -> list[Any]:
    """Paid ones that both partners know and of which nothing has left, as all three tell them."""
    paid = [order for order in emulator.orders("limit=100&status=paid", key) if order["metadata"].get("dr_order_id")]
    merchant, mode = ("kestrel" if "kestrel" in key else "northwind"), ("test" if "sandbox" in key else "live")
    cases = emulator.cases(merchant, mode)["orders"]
    there = {cases[f"{what}_at_digital_river_alone"] for what in ("shipped", "canceled")}
    return [order for order in paid if order["fulfillment_status"] == "unfulfilled" and order["id"] not in there]


def parcel(order: Any, units: int | None = None, **given: Any) -> Parcel:
    """So many units of the first line, or all that was ordered."""
    lines = order["line_items"] if units is None else order["line_items"][:1]
    items = [ParcelItem(line["id"], units or line["quantity"]) for line in lines]
    return Parcel(tuple(items), **{"carrier": "ups", "tracking": (("1Z999AA10123456784", ADDRESS),), **given})


ADDRESS = "https://www.ups.com/track?tracknum=1Z999AA10123456784"


def ship(merchant: Merchant, user: User, order: Any, *parcels: Parcel, mode: str = "live") -> list[Shipment]:
    """Send the parcels off; nothing is due to RevKeen."""
    fulfillment = Fulfillment.objects.create(
        pk=uuid.uuid4(), merchant=merchant, mode=mode, order_id=order["id"], order_number=order["public_id"],
        fingerprint="", user=user, who=user.email,
    )  # fmt: skip
    fulfillment.refresh_from_db()
    before = shipped_units.all_of_order(merchant, mode, order["id"])
    return shipments.write(fulfillment, list(parcels), [None] * len(parcels), shown(order), before)


def shown(order: Any) -> FulfillmentSnapshot:
    lines = {
        line["id"]: LineSnapshot(
            ordered=line["quantity"],
            left=line["quantity"],
            shipped=False,
            description=line["description"],
            code="",
            product=None,
            digital_river=line["metadata"].get("dr_item_id", ""),
            order_protection=line["id"],
        )
        for line in order["line_items"]
    }
    ids = {
        DIGITAL_RIVER: order["metadata"].get("dr_order_id", ""),
        ORDER_PROTECTION: order["metadata"].get("op_order_id") or order["id"],
    }
    return FulfillmentSnapshot(**order_facts(), lines=lines, partners=ids, recipient="")


def work() -> int:
    """A worker's rounds until nothing is due; how many there were."""
    rounds = 0
    while (partner_update := outbox.claim()) is not None:
        partner_worker.send_update(partner_update)
        rounds += 1
    return rounds


def pass_time(seconds: float) -> None:
    """As if so much time had gone by since everything that was done."""
    for partner_update in PartnerUpdate.objects.all():
        moved: dict[str, Any] = {
            name: getattr(partner_update, name) - timedelta(seconds=seconds)
            for name in ("next_try_at", "lease_until", "last_sent_at")
            if getattr(partner_update, name) is not None
        }
        PartnerUpdate.objects.filter(pk=partner_update.pk).update(**moved)
    for connection in Connection.objects.filter(wait_until__isnull=False):
        Connection.objects.filter(pk=connection.pk).update(
            wait_until=connection.wait_until - timedelta(seconds=seconds)
        )


def due() -> None:
    """Everything that waits is due now; calls are as young as they are."""
    PartnerUpdate.objects.update(next_try_at=Now())


def only(found: Shipment) -> PartnerUpdate:
    return PartnerUpdate.objects.select_related("shipment").get(shipment=found)


def states(*found: Shipment) -> list[str]:
    return [only(shipment).state for shipment in found]


def history(found: Shipment) -> list[tuple[str, int | None, str]]:
    """(what, status, code) of each call."""
    return list(
        PartnerUpdateAttempt.objects.filter(partner_update__shipment=found).values_list("what", "status", "code")
    )


def effects(emulator: RunningEmulator, provider: str, *kinds: str) -> list[Any]:
    return [row for row in emulator.ledger() if row["provider"] == provider and row["effect"] in kinds]


def captured(emulator: RunningEmulator) -> dict[str, int]:
    """Units that Digital River captured, by its ids of the lines."""
    units: dict[str, int] = {}
    for row in effects(emulator, DIGITAL_RIVER, "capture"):
        units[row["item_id"]] = units.get(row["item_id"], 0) + row["quantity"]
    return units
