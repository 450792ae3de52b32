"""Before anything is shipped: slips of what is still to be sent, and the list of what to take off the shelves.

What is left of an order is counted from our own shipments, as everywhere; what is on hold is not packed.
"""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orders import item_codes, states
from orders.apis.revkeen.objects import LineItem, Order, Product
from orders.models import Hold, Merchant
from orders.services.fulfillment import papers, to_fulfill
from orders.services.fulfillment.papers import Around, Paper, PaperLine
from orders.services.handling import holds
from orders.services.items import items
from orders.services.picking.pick_order import bin_key
from orders.services.revkeen.session import Session

MOST = 100  # orders at once


@dataclass(frozen=True)
class OpenSlip(Paper):
    """What is left of an order, to be packed. `unclear`: some of it left without us, and RevKeen never says which."""

    order: Order
    unclear: bool
    place: int = 0  # in its batch; 0: it is printed without one
    shipment: None = None  # there is none yet
    last_print: None = None

    @property
    def key(self) -> str:
        return str(self.order.id)

    @property
    def order_number(self) -> str:
        return self.order.public_id


@dataclass(frozen=True)
class Picking:
    """The slips in the order asked for; `without`: the orders that get none, `held` those that get none because of a
    hold; `unread`: how many were not answered. `as_of`: of the index, where RevKeen was not asked."""

    slips: list[OpenSlip]
    without: list[Order]
    unread: int
    held: list[tuple[Order, Hold]] = field(default_factory=list)
    as_of: datetime | None = None


@dataclass(frozen=True)
class PickRow:
    """A product, or an ad-hoc line, over all orders. `orders`: the slip and the units of each."""

    code: str
    bin: str
    descriptions: list[str]  # more than one where orders name the same code differently
    orders: list[tuple[OpenSlip, int]]

    @property
    def units(self) -> int:
        return sum(units for _, units in self.orders)


def picking(
    api: Session, order_ids: list[uuid.UUID], places: Mapping[uuid.UUID, int] | None = None, *, customers: bool = True
) -> Picking:
    """What is left of these orders, as RevKeen has them now or as they were last seen (`Paper.as_of`).

    A pick list of more than a hundred has them as of the index, which lacks none.

    `places`: where each stands in its batch. A pick list needs no `customers`.
    """
    many = len(order_ids) > MOST and not customers  # more than RevKeen is asked for by one page
    around = (papers.of_index(api, order_ids) if many else None) or papers.ask(api, order_ids, customers=customers)
    shipped = to_fulfill.gone(api, order_ids)
    standing = holds.standing(api.merchant, api.mode).filter(order_id__in=order_ids)
    held = {hold.order_id: hold for hold in standing}
    orders = [order for order_id in order_ids if (order := around.order(order_id)) is not None]
    free = [order for order in orders if order.id not in held and states.ready_to_ship(order)]
    slips = {order.id: _slip(order, shipped, around, (places or {}).get(order.id, 0)) for order in free}
    packed = {order_id: slip for order_id, slip in slips.items() if slip.lines}
    return Picking(
        slips=list(packed.values()),
        without=[order for order in orders if order.id not in held and order.id not in packed],
        unread=len(order_ids) - len(orders),
        held=[(order, held[order.id]) for order in orders if order.id in held],
        as_of=around.as_of,
    )


def pick_list(merchant: Merchant, slips: list[OpenSlip]) -> list[PickRow]:
    """One row for each code, and for each description that has none; along the bins, then by code."""
    found: dict[tuple[bool, str], list[tuple[OpenSlip, PaperLine]]] = {}
    for slip in slips:
        for line in slip.lines:
            found.setdefault((bool(line.code), line.code or line.description), []).append((slip, line))
    bins = items.bins(merchant, [name for is_code, name in found if is_code])
    rows = [_row(lines, bins.get(name, "") if is_code else "") for (is_code, name), lines in found.items()]
    return sorted(rows, key=lambda row: (bin_key(row.bin, row.code), row.descriptions))


def _row(lines: list[tuple[OpenSlip, PaperLine]], lies_in: str) -> PickRow:
    units: Counter[str] = Counter()
    for slip, line in lines:
        units[slip.key] += line.quantity
    slips = {slip.key: slip for slip, _ in lines}
    descriptions = list(dict.fromkeys(line.description for _, line in lines))
    return PickRow(lines[0][1].code, lies_in, descriptions, [(slips[key], count) for key, count in units.items()])


def _slip(order: Order, shipped: Counter[uuid.UUID], around: Around, place: int) -> OpenSlip:
    lines = [_line(line, shipped, around) for line in order.lines if line.quantity > shipped[line.id]]
    left_here = any(shipped[line.id] for line in order.lines)
    unclear = order.fulfillment_status == "partial" and not left_here
    return OpenSlip(lines=lines, unclear=unclear, place=place, **around.facts(order.id))


def _line(line: LineItem, shipped: Counter[uuid.UUID], around: Around) -> PaperLine:
    product: Product | None = around.products.get(line.product_id) if line.product_id else None
    return PaperLine(
        line.description, item_codes.code_of(line, product), line.quantity - shipped[line.id], line.quantity
    )
