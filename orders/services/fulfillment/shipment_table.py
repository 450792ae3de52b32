"""Shipments as a table for other programs: a row for each line that a shipment has units of, with all that is kept."""

from collections.abc import Iterator
from functools import partial

from orders.models import Merchant, PartnerUpdate, Shipment, ShipmentItem
from orders.money import Money
from orders.services.fulfillment import shipment_list
from orders.services.fulfillment.shipment_list import Wanted
from orders.tables import Column, Kind, Table, Value

COLUMNS = [
    Column("Time", Kind.MOMENT),
    *map(Column, ("Order", "Order id", "Shipment", "Reference", "Kind", "State", "By", "E-mail", "Customer e-mailed")),
    *map(Column, ("Carrier", "Carrier code", "Tracking numbers", "Tracking addresses", "Reason")),
    Column("Version", Kind.NUMBER),
    *map(Column, ("Line item id", "Description", "Product id")),
    *(Column(name, Kind.NUMBER) for name in ("Units", "Units ordered")),
    *(Column(name, Kind.MONEY) for name in ("Distributor cost", "Shipping cost")),
    *map(Column, ("RevKeen", "RevKeen operation", "Digital River", "Digital River id")),
    Column("Digital River sent", Kind.MOMENT),
    *map(Column, ("Digital River answer", "OrderProtection", "OrderProtection status")),
    Column("OrderProtection sent", Kind.MOMENT),
    *map(Column, ("OrderProtection answer", "Merchant", "Mode")),
]


def table(wanted: Wanted, filter_words: str) -> Table:
    return Table("Shipments", COLUMNS, _rows(wanted), partial(shipment_list.count_items, wanted), filter=filter_words)


def _rows(wanted: Wanted) -> Iterator[list[Value]]:
    for shipment in shipment_list.all_rows(wanted):
        for item in shipment.items.all():
            yield _row(wanted.merchant, shipment, item)


def _row(merchant: Merchant, shipment: Shipment, item: ShipmentItem) -> list[Value]:
    return [
        shipment.created_at,
        *_shipment(shipment),
        *_item(shipment, item),
        *_destinations(shipment),
        *(merchant.slug, shipment.mode),
    ]


def _shipment(shipment: Shipment) -> list[Value]:
    tracking = shipment.tracking.all()
    return [
        shipment.order_number,
        str(shipment.order_id),
        str(shipment.number),
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


def _item(shipment: Shipment, item: ShipmentItem) -> list[Value]:
    about: list[Value] = [str(item.line_item_id), item.description, str(item.product_id or "")]
    costs = [_cost(minor, shipment.cost_currency) for minor in (item.distributor_cost, item.shipping_cost)]
    return [*about, item.quantity, item.ordered, *costs]


def _destinations(shipment: Shipment) -> list[Value]:
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


def _sent(partner_update: PartnerUpdate | None) -> list[Value]:
    """When it was sent, and what the last answer was."""
    if partner_update is None:
        return [None, ""]
    answer = (str(partner_update.status or ""), partner_update.code, partner_update.message)
    return [partner_update.sent_at, " ".join(part for part in answer if part)]


def _cost(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
