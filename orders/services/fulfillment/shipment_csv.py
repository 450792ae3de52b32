"""Shipments as a table for other programs: a row for each line that a shipment has units of, with all that is kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from orders import csv_cells
from orders.models import Merchant, PartnerUpdate, Shipment, ShipmentItem
from orders.money import Money
from orders.services.fulfillment import shipment_list
from orders.services.fulfillment.shipment_list import Wanted

Cells = list[Any]

PARTS = (
    *("Order", "Order id", "Shipment", "Reference", "Kind", "State", "By", "E-mail", "Customer e-mailed"),
    *("Carrier", "Carrier code", "Tracking numbers", "Tracking addresses", "Reason", "Version"),
    *("Line item id", "Description", "Product id", "Units", "Units ordered"),
    *("Distributor cost", "Shipping cost", "Currency of costs"),
    *("RevKeen", "RevKeen operation"),
    *("Digital River", "Digital River id", "Digital River sent (UTC)", "Digital River answer"),
    *("OrderProtection", "OrderProtection status", "OrderProtection sent (UTC)", "OrderProtection answer"),
    *("Merchant", "Mode"),
)


def rows(wanted: Wanted) -> Iterator[Cells]:
    """The head, then a row for each line of every shipment, in UTC and in the merchant's time."""
    yield ["Time (UTC)", f"Time ({wanted.merchant.time_zone})", *PARTS]
    for shipment in shipment_list.all_rows(wanted):
        for item in shipment.items.all():
            yield _row(wanted.merchant, shipment, item)


def _row(merchant: Merchant, shipment: Shipment, item: ShipmentItem) -> Cells:
    at = shipment.created_at
    return [
        *(_time(at, UTC), _time(at, merchant.zone)),
        *_shipment(shipment),
        *_item(shipment, item),
        *_destinations(shipment),
        *(merchant.slug, shipment.mode),
    ]


def _shipment(shipment: Shipment) -> Cells:
    tracking = shipment.tracking.all()
    return [
        shipment.order_number,
        str(shipment.order_id),
        shipment.number,
        str(shipment.reference),
        shipment.kind,
        shipment.state,
        str(shipment.fulfillment.user),
        shipment.fulfillment.who,
        "yes" if shipment.notified else "no",
        shipment.carrier_name,
        shipment.carrier,
        " ".join(row.number for row in tracking),
        " ".join(row.address for row in tracking if row.address),
        shipment.reason,
        shipment.version,
    ]


def _item(shipment: Shipment, item: ShipmentItem) -> Cells:
    product = str(item.product_id or "")
    costs = [_cost(minor, shipment.cost_currency) for minor in (item.distributor_cost, item.shipping_cost)]
    units = [item.quantity, item.ordered]
    return [str(item.line_item_id), item.description, product, *units, *costs, shipment.cost_currency]


def _destinations(shipment: Shipment) -> Cells:
    operation = shipment.operation
    updates = {partner_update.destination: partner_update for partner_update in shipment.partner_updates.all()}
    digital_river = updates.get(PartnerUpdate.Destination.DIGITAL_RIVER)
    order_protection = updates.get(PartnerUpdate.Destination.ORDER_PROTECTION)
    return [
        *(operation.state if operation else "", str(operation.pk) if operation else ""),
        digital_river.state if digital_river else "",
        digital_river.remote_id if digital_river else "",
        *_sent(digital_river),
        order_protection.state if order_protection else "",
        shipment.status if order_protection else "",
        *_sent(order_protection),
    ]


def _sent(partner_update: PartnerUpdate | None) -> Cells:
    """When it was sent, and what the last answer was."""
    if partner_update is None:
        return ["", ""]
    answer = (str(partner_update.status or ""), partner_update.code, partner_update.message)
    return [_time(partner_update.sent_at, UTC), " ".join(part for part in answer if part)]


def _cost(minor: int | None, currency: str) -> Any:
    """In major units; as minor units where the currency's decimals are not known."""
    if minor is None:
        return ""
    number = csv_cells.number(Money(minor, currency))
    return minor if number is None else number


def _time(moment: datetime | None, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else ""
