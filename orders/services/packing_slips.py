"""Packing slips: what a packer has to know of a parcel, and who printed it when.

What is kept here is enough for a slip. RevKeen adds whole descriptions, the customer and the notes where it answers.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, LineItem, Order, Product
from orders.apis.revkeen.reads import Read
from orders.models import Merchant, Shipment, ShipmentItem, SlipPrint, User
from orders.services import customer_names
from orders.services.revkeen import Reading, Session

MOST = 100  # slips at once
AT_ONCE = 20  # calls side by side: a batch leaves places to other pages


@dataclass(frozen=True)
class SlipLine:
    """Units of a line in this parcel. `code`: the product's; "" for an ad-hoc line or where RevKeen gave none."""

    description: str
    code: str
    quantity: int
    ordered: int


@dataclass(frozen=True)
class Slip:
    """A parcel as it is printed: number `place` of the `parcels` of its order."""

    shipment: Shipment
    place: int
    parcels: int
    lines: list[SlipLine]
    order: Order | None  # None: RevKeen was not there to ask
    as_of: datetime | None  # of a copy that stands in for RevKeen's answer; None: it answered
    customer: Customer | None
    customer_name: str  # as last seen; "" for a guest, or where nobody knows
    last_print: SlipPrint | None

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def notes(self) -> str:
        return (self.order.notes or "").strip() if self.order else ""

    @property
    def is_guest(self) -> bool:
        return self.order is not None and self.order.customer_id is None

    @property
    def called_off(self) -> bool:
        """The order is not to be sent any more, by what RevKeen says."""
        return self.order is not None and self.order.status in ("canceled", "refunded")


@dataclass(frozen=True)
class _Around:
    """What RevKeen adds."""

    orders: Mapping[uuid.UUID, Reading[Order]]
    customers: Mapping[uuid.UUID, Customer]
    products: Mapping[uuid.UUID, Product]
    names: Mapping[uuid.UUID, str]


def has_slip(shipment: Shipment) -> bool:
    """Nothing is packed for what was given up, undone, or not taken by RevKeen."""
    return shipment.kind == Shipment.Kind.PARCEL and shipment.state in Shipment.COUNTED


def slips(api: Session, shipments: list[Shipment]) -> list[Slip]:
    """One slip each, in the order given. Works without RevKeen: a slip then has less on it."""
    around = _ask(api, shipments)
    parcels = _parcels(api.merchant, api.mode, shipments)
    prints = _last_prints(shipments)
    return [_slip(shipment, parcels[shipment.order_id], around, prints.get(shipment.pk)) for shipment in shipments]


def record_prints(shipments: list[Shipment], user: User) -> None:
    who = str(user)[:254]
    SlipPrint.objects.bulk_create(SlipPrint(shipment=shipment, user=user, who=who) for shipment in shipments)


def _slip(shipment: Shipment, parcels: list[int], around: _Around, printed: SlipPrint | None) -> Slip:
    reading = around.orders.get(shipment.order_id)
    order = reading.value if reading else None
    customer_id = order.customer_id if order else None
    return Slip(
        shipment=shipment,
        place=parcels.index(shipment.pk) + 1,
        parcels=len(parcels),
        lines=_lines(shipment, order, around.products),
        order=order,
        as_of=reading.as_of if reading and reading.stale else None,
        customer=around.customers.get(customer_id) if customer_id else None,
        customer_name=around.names.get(customer_id, "") if customer_id else "",
        last_print=printed,
    )


def _lines(shipment: Shipment, order: Order | None, products: Mapping[uuid.UUID, Product]) -> list[SlipLine]:
    """In the order's own order, with whole descriptions, where RevKeen told them."""
    of_order = {line.id: line for line in order.lines} if order else {}
    places = {line_id: place for place, line_id in enumerate(of_order)}
    items = sorted(shipment.items.all(), key=lambda item: (places.get(item.line_item_id, len(places)), item.pk))
    return [_line(item, of_order.get(item.line_item_id), products) for item in items]


def _line(item: ShipmentItem, line: LineItem | None, products: Mapping[uuid.UUID, Product]) -> SlipLine:
    product = products.get(item.product_id) if item.product_id else None
    description = line.description if line else item.description
    return SlipLine(description, product.product_id if product else "", item.quantity, item.ordered)


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


def _ask(api: Session, shipments: list[Shipment]) -> _Around:
    """The orders, then their customers; `MOST` slips are at most ten rounds. The products come with the first."""
    wanted: dict[Any, Read[Any]] = {"products": reads.products()}
    wanted |= {shipment.order_id: reads.order(shipment.order_id) for shipment in shipments}
    orders = _read(api, wanted)
    listing = orders.pop("products", None)
    ids = {order.customer_id for reading in orders.values() if (order := reading.require()).customer_id}
    customers = _read(api, {customer_id: reads.customer(customer_id) for customer_id in sorted(ids)})
    return _Around(
        orders=orders,
        customers={customer_id: reading.require() for customer_id, reading in customers.items()},
        products={product.id: product for product in listing.require().rows} if listing else {},
        names=customer_names.known(api.merchant, api.mode, sorted(ids - customers.keys())),
    )


def _read(api: Session, wanted: Mapping[Any, Read[Any]]) -> dict[Any, Reading[Any]]:
    """What was answered, or is kept as a copy. After a round without any answer nothing more is asked."""
    found: dict[Any, Reading[Any]] = {}
    keys = list(wanted)
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        readings = api.get_together(*(wanted[key] for key in some))
        found |= {key: reading for key, reading in zip(some, readings, strict=True) if reading.value is not None}
        if not any(reading.answered for reading in readings):
            break
    return found
