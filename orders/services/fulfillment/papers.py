"""What is printed of an order for whoever packs it, and what RevKeen is asked for it."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders import item_codes
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, Order, Product
from orders.apis.revkeen.reads import Read
from orders.models import OrderCopy
from orders.services.index import copies, freshness
from orders.services.revkeen import customer_names
from orders.services.revkeen.session import Reading, Session

AT_ONCE = 20  # calls side by side: a batch leaves places to other pages


@dataclass(frozen=True)
class PaperLine:
    """Units of a line that are packed. `code`: the SKU or the product's code; "" where neither is known."""

    description: str
    code: str
    quantity: int
    ordered: int


@dataclass(frozen=True)
class Paper:
    """What is packed, for whom."""

    lines: list[PaperLine]
    order: Order | None  # None: RevKeen was not there to ask
    as_of: datetime | None  # of a copy that stands in for RevKeen's answer; None: it answered
    customer: Customer | None
    customer_name: str  # as last seen; "" for a guest, or where nobody knows

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
class Around:
    """What RevKeen adds; `as_of`: it was not asked for the orders, which are those of the index then."""

    orders: Mapping[uuid.UUID, Reading[Order]]
    customers: Mapping[uuid.UUID, Customer]
    products: Mapping[uuid.UUID, Product]
    names: Mapping[uuid.UUID, str]
    as_of: datetime | None = None

    def order(self, order_id: uuid.UUID) -> Order | None:
        reading = self.orders.get(order_id)
        return reading.value if reading else None

    def facts(self, order_id: uuid.UUID) -> dict[str, Any]:
        """What a `Paper` says besides its lines."""
        reading, order = self.orders.get(order_id), self.order(order_id)
        customer_id = order.customer_id if order else None
        return {
            "order": order,
            "as_of": reading.as_of if reading and reading.stale else None,
            "customer": self.customers.get(customer_id) if customer_id else None,
            "customer_name": self.names.get(customer_id, "") if customer_id else "",
        }


def ask(api: Session, order_ids: Iterable[uuid.UUID], *, customers: bool = True) -> Around:
    """The orders, then their customers; a hundred of them are at most ten rounds. The products come with the first."""
    wanted: dict[Any, Read[Any]] = {"products": reads.products()}
    wanted |= {order_id: reads.order(order_id) for order_id in order_ids}
    orders = _read(api, wanted)
    listing = orders.pop("products", None)
    ids = {order.customer_id for reading in orders.values() if (order := reading.require()).customer_id}
    ids = ids if customers else set()
    found = _read(api, {customer_id: reads.customer(customer_id) for customer_id in sorted(ids)})
    return Around(
        orders=orders,
        customers={customer_id: reading.require() for customer_id, reading in found.items()},
        products=item_codes.by_id(listing.require() if listing else None),
        names=customer_names.known(api.merchant, api.mode, sorted(ids - found.keys())),
    )


def of_index(api: Session, order_ids: Iterable[uuid.UUID]) -> Around | None:
    """The orders without their customers, in one call however many they are; None while the index is not complete."""
    as_of = freshness.as_of(api.merchant, api.mode)
    if as_of is None:
        return None
    here = OrderCopy.objects.filter(merchant=api.merchant, mode=api.mode, gone_at=None, unreadable="")
    found = here.filter(order_id__in=list(order_ids)).prefetch_related("lines")
    return Around(
        orders={copy.order_id: Reading(as_of, copies.order_of(copy)) for copy in found},
        customers={},
        products=item_codes.by_id(api.get(reads.products()).value),
        names={},
        as_of=as_of,
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
