"""Packing slips: what a packer has to know of a parcel, and who printed it when.

What is kept here is enough for a slip. RevKeen adds whole descriptions, the customer and the notes where it answers.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from orders import item_codes
from orders.apis.revkeen.objects import LineItem, Order, Product
from orders.models import Merchant, Shipment, ShipmentItem, SlipPrint, User
from orders.services.fulfillment import papers
from orders.services.fulfillment.papers import Around, Paper, PaperLine
from orders.services.revkeen.session import Session

MOST = 100  # slips at once


@dataclass(frozen=True)
class Slip(Paper):
    """A parcel as it is printed: number `place` of the `parcels` of its order."""

    shipment: Shipment
    place: int
    parcels: int
    last_print: SlipPrint | None

    @property
    def key(self) -> str:
        return str(self.shipment.pk)

    @property
    def order_number(self) -> str:
        return self.shipment.order_number


def has_slip(shipment: Shipment) -> bool:
    """Nothing is packed for what was given up, undone, or not taken by RevKeen."""
    return shipment.kind == Shipment.Kind.PARCEL and shipment.state in Shipment.COUNTED


def slips(api: Session, shipments: list[Shipment]) -> list[Slip]:
    """One slip each, in the order given. Works without RevKeen: a slip then has less on it."""
    around = papers.ask(api, [shipment.order_id for shipment in shipments])
    parcels = _parcels(api.merchant, api.mode, shipments)
    prints = _last_prints(shipments)
    return [_slip(shipment, parcels[shipment.order_id], around, prints.get(shipment.pk)) for shipment in shipments]


def record_prints(shipments: list[Shipment], user: User) -> None:
    who = str(user)[:254]
    SlipPrint.objects.bulk_create(SlipPrint(shipment=shipment, user=user, who=who) for shipment in shipments)


def _slip(shipment: Shipment, parcels: list[int], around: Around, printed: SlipPrint | None) -> Slip:
    order = around.order(shipment.order_id)
    return Slip(
        shipment=shipment,
        place=parcels.index(shipment.pk) + 1,
        parcels=len(parcels),
        lines=_lines(shipment, order, around.products),
        last_print=printed,
        **around.facts(shipment.order_id),
    )


def _lines(shipment: Shipment, order: Order | None, products: Mapping[uuid.UUID, Product]) -> list[PaperLine]:
    """In the order's own order, with whole descriptions, where RevKeen told them."""
    of_order = {line.id: line for line in order.lines} if order else {}
    places = {line_id: place for place, line_id in enumerate(of_order)}
    items = sorted(shipment.items.all(), key=lambda item: (places.get(item.line_item_id, len(places)), item.pk))
    return [_line(item, of_order.get(item.line_item_id), products) for item in items]


def _line(item: ShipmentItem, line: LineItem | None, products: Mapping[uuid.UUID, Product]) -> PaperLine:
    product = products.get(item.product_id) if item.product_id else None
    description = line.description if line else item.description
    return PaperLine(description, item_codes.code_of(line, product), item.quantity, item.ordered)


def _parcels(merchant: Merchant, mode: str, shipments: list[Shipment]) -> dict[uuid.UUID, list[int]]:
    """Order id → its parcels that count, the first one first; those asked for among them, whatever became of them."""
    found: dict[uuid.UUID, set[int]] = defaultdict(set)
    for shipment in shipments:
        found[shipment.order_id].add(shipment.pk)
    counted = Shipment.objects.filter(
        merchant=merchant,
        mode=mode,
        order_id__in={shipment.order_id for shipment in shipments},
        kind=Shipment.Kind.PARCEL,
        state__in=Shipment.COUNTED,
    )
    for order_id, pk in counted.values_list("order_id", "pk"):
        found[order_id].add(pk)
    return {order_id: sorted(parcels) for order_id, parcels in found.items()}


def _last_prints(shipments: list[Shipment]) -> dict[int, SlipPrint]:
    return {row.shipment_id: row for row in SlipPrint.objects.filter(shipment__in=shipments).order_by("pk")}
