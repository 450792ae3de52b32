"""Before anything is shipped: slips of what is still to be sent, and the list of what to take off the shelves.

Nothing is kept of either. What is left of an order is counted from our own shipments, as everywhere.
"""

import uuid
from collections import Counter
from dataclasses import dataclass

from orders import item_codes, states
from orders.apis.revkeen.objects import LineItem, Order, Product
from orders.services.fulfillment import papers, to_fulfill
from orders.services.fulfillment.papers import Around, Paper, PaperLine
from orders.services.revkeen.session import Session

MOST = 100  # orders at once


@dataclass(frozen=True)
class OpenSlip(Paper):
    """What is left of an order, to be packed. `unclear`: some of it left without us, and RevKeen never says which."""

    order: Order
    unclear: bool
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
    """The slips in the order asked for; `without`: the orders that get none; `unread`: how many were not answered."""

    slips: list[OpenSlip]
    without: list[Order]
    unread: int


@dataclass(frozen=True)
class PickRow:
    """A product, or an ad-hoc line, over all orders. `orders`: number and units of each."""

    code: str
    descriptions: list[str]  # more than one where orders name the same code differently
    orders: list[tuple[str, int]]

    @property
    def units(self) -> int:
        return sum(units for _, units in self.orders)


def picking(api: Session, order_ids: list[uuid.UUID]) -> Picking:
    """What is left of these orders, as RevKeen has them now or as they were last seen (`Paper.as_of`)."""
    around = papers.ask(api, order_ids)
    shipped = to_fulfill.gone(api, order_ids)
    orders = [order for order_id in order_ids if (order := around.order(order_id)) is not None]
    slips = {order.id: _slip(order, shipped, around) for order in orders if states.ready_to_ship(order)}
    return Picking(
        slips=[slip for slip in slips.values() if slip.lines],
        without=[order for order in orders if order.id not in slips or not slips[order.id].lines],
        unread=len(order_ids) - len(orders),
    )


def pick_list(slips: list[OpenSlip]) -> list[PickRow]:
    """One row for each code, and for each description that has none; by code, those without one last."""
    found: dict[tuple[bool, str], list[tuple[str, PaperLine]]] = {}
    for slip in slips:
        for line in slip.lines:
            key = (not line.code, line.code or line.description)
            found.setdefault(key, []).append((slip.order_number, line))
    return [_row(found[key]) for key in sorted(found)]


def _row(lines: list[tuple[str, PaperLine]]) -> PickRow:
    units: Counter[str] = Counter()
    for number, line in lines:
        units[number] += line.quantity
    descriptions = list(dict.fromkeys(line.description for _, line in lines))
    return PickRow(lines[0][1].code, descriptions, list(units.items()))


def _slip(order: Order, shipped: Counter[uuid.UUID], around: Around) -> OpenSlip:
    lines = [_line(line, shipped, around) for line in order.lines if line.quantity > shipped[line.id]]
    left_here = any(shipped[line.id] for line in order.lines)
    unclear = order.fulfillment_status == "partial" and not left_here
    return OpenSlip(lines=lines, unclear=unclear, **around.facts(order.id))


def _line(line: LineItem, shipped: Counter[uuid.UUID], around: Around) -> PaperLine:
    product: Product | None = around.products.get(line.product_id) if line.product_id else None
    return PaperLine(
        line.description, item_codes.code_of(line, product), line.quantity - shipped[line.id], line.quantity
    )
