"""An order as it is shown to be fulfilled: what is left in units, who would get an e-mail, its ids at partners."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from orders import item_codes, shipped_units
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, LineItem, Order, Product
from orders.apis.revkeen.reads import Read
from orders.models import PartnerUpdate, Shipment
from orders.services.changes.snapshots import OrderSnapshot, facts_of
from orders.services.partners import directory
from orders.services.partners.directory import PartnerIds
from orders.services.revkeen.session import Reading, Session

DESCRIPTION = 100  # characters of a line's description that are kept with its shipment


class LineSnapshot(Struct, frozen=True):
    """A line of which something is left: its units, whether some have left, and what it and the partners call it."""

    ordered: int
    left: int
    shipped: bool
    description: str
    code: str
    product: str | None
    digital_river: str
    order_protection: str


class FulfillmentSnapshot(OrderSnapshot, frozen=True, kw_only=True):
    """The order as shown, its open lines by id, its id at each partner, and whom an e-mail would go to."""

    lines: dict[str, LineSnapshot]
    partners: dict[str, str]
    recipient: str  # "" for a guest


@dataclass(frozen=True)
class Fulfillable:
    """What the form shows: the order, who would get an e-mail, what has left from here, and the partners' ids."""

    order: Reading[Order]
    customer: Reading[Customer] | None  # None: a guest
    shipments: list[Shipment]
    ids: PartnerIds
    products: Mapping[uuid.UUID, Product] = field(default_factory=dict)  # where some line has no SKU of its own

    def code(self, line: LineItem) -> str:
        return item_codes.code_of(line, self.products.get(line.product_id) if line.product_id else None)

    @property
    def taken(self) -> Counter[uuid.UUID]:
        return shipped_units.taken(self.shipments)

    def left(self, line: LineItem) -> int:
        """Units that are neither shipped nor given up."""
        return max(0, line.quantity - self.taken[line.id])

    @property
    def open_lines(self) -> list[LineItem]:
        return [line for line in self.order.require().lines if self.left(line)]

    @property
    def says_which(self) -> bool:
        """RevKeen tells that some lines are fulfilled, never which; we know of what left from here alone."""
        return self.order.require().fulfillment_status != "partial" or bool(self.shipments)

    @property
    def recipient(self) -> str:
        """Whom RevKeen would e-mail; "" for a guest."""
        if self.customer is None:
            return ""
        return self.customer.value.email if self.customer.value else "the customer"


def fulfillable(api: Session, order_id: uuid.UUID) -> Fulfillable:
    """Two rounds. Raise the order's `ApiError`."""
    order = api.get(reads.order(order_id))
    customer, products = _around(api, order.require())
    ids = directory.ids_of(api.merchant, api.mode, order.require())
    return Fulfillable(order, customer, shipped_units.of_order(api.merchant, api.mode, order_id), ids, products)


def _around(api: Session, order: Order) -> tuple[Reading[Customer] | None, dict[uuid.UUID, Product]]:
    """The customer (None: a guest), and the products where a line needs one for its code, in one round."""
    wanted: dict[str, Read[Any]] = {"customer": reads.customer(order.customer_id)} if order.customer_id else {}
    if item_codes.need_products(order.lines):
        wanted["products"] = reads.products()
    found = dict(zip(wanted, api.get_together(*wanted.values()), strict=True)) if wanted else {}
    products = found.get("products")
    return found.get("customer"), item_codes.by_id(products.value if products else None)


def by_line(found: list[Shipment]) -> dict[uuid.UUID, list[Shipment]]:
    """Line item id → the shipments that units of it are in."""
    lines: dict[uuid.UUID, list[Shipment]] = {}
    for shipment in found:
        for item in shipment.items.all():
            lines.setdefault(item.line_item_id, []).append(shipment)
    return lines


def snapshot_of(found: Fulfillable) -> FulfillmentSnapshot:
    shipped = shipped_units.shipped(found.shipments)
    return FulfillmentSnapshot(
        **facts_of(found.order.require()),
        lines={str(line.id): _line(found, line, shipped=shipped[line.id] > 0) for line in found.open_lines},
        partners={destination: found.ids.order_id(destination) for destination in PartnerUpdate.Destination.values},
        recipient=found.recipient,
    )


def _line(found: Fulfillable, line: LineItem, *, shipped: bool) -> LineSnapshot:
    return LineSnapshot(
        ordered=line.quantity,
        left=found.left(line),
        shipped=shipped,
        description=_short(line.description),
        code=_short(found.code(line)),
        product=str(line.product_id) if line.product_id else None,
        digital_river=found.ids.digital_river_items[str(line.id)],
        order_protection=found.ids.order_protection_items[str(line.id)],
    )


def _short(description: str) -> str:
    return description if len(description) <= DESCRIPTION else description[: DESCRIPTION - 1] + "…"
