"""The orders that a job's rows name, with all that its dry run has to know of them: out of our own rows, no call.

A dry run of thousands of orders cannot read each of them at RevKeen. Nothing is sent on its word alone: the journal
reads the order once more before it sends, and sends nothing where it differs.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec
from django.db.models import Model, QuerySet
from django.utils import timezone

from orders.apis.revkeen.objects import LineItem, Order
from orders.models import (
    CustomerCopy,
    Hold,
    Merchant,
    OrderCopy,
    OrderIds,
    PartnerSettings,
    ProductCopy,
    Shipment,
    Term,
)
from orders.services.fulfillment import fulfillable
from orders.services.fulfillment.fulfillable import Fulfillable, FulfillmentSnapshot
from orders.services.handling import holds
from orders.services.index import copies, folding, freshness
from orders.services.partners import directory
from orders.services.revkeen.session import Reading

M = TypeVar("M", bound=Model)
T = TypeVar("T")

AT_ONCE = 500  # ids in one question


@dataclass(frozen=True)
class Named:
    """What a text names: one order, none, or several that nobody can tell apart."""

    order_ids: Sequence[uuid.UUID] = ()

    @property
    def only(self) -> uuid.UUID | None:
        return self.order_ids[0] if len(self.order_ids) == 1 else None


@dataclass(frozen=True)
class KnownOrders:
    """`as_of`: as of when the index is, None while it is being built and an order may be missing."""

    merchant: Merchant
    mode: str
    as_of: datetime | None
    orders: dict[uuid.UUID, Order]
    unreadable: set[uuid.UUID]
    shipments: dict[uuid.UUID, list[Shipment]]
    recipients: dict[uuid.UUID, str]  # by the customer's id
    partners: PartnerSettings
    codes: dict[uuid.UUID, str]  # by the product's id, folded
    holds: dict[uuid.UUID, Hold]
    ids: dict[uuid.UUID, OrderIds] = field(default_factory=dict)  # that were typed

    def fulfillable(self, order_id: uuid.UUID) -> Fulfillable:
        """What the form that fulfills would show of it."""
        order = self.orders[order_id]
        typed = self.ids.get(order_id) or OrderIds(merchant=self.merchant, mode=self.mode, order_id=order_id)
        counted = [one for one in self.shipments[order_id] if one.state in Shipment.COUNTED]
        reading = Reading(self.as_of or timezone.now(), order)
        return Fulfillable(reading, None, counted, directory.ids_by(self.partners, typed, order))

    def has_code(self, found: Fulfillable, line: LineItem, code: str) -> bool:
        """Whether that is the line's SKU, or its product's code."""
        by_product = self.codes.get(line.product_id, "") if line.product_id else ""
        return folding.folded(code) in (folding.folded(found.code(line)), by_product)

    def snapshot(self, found: Fulfillable) -> FulfillmentSnapshot:
        customer_id = found.order.require().customer_id
        recipient = self.recipients.get(customer_id, "the customer") if customer_id else ""
        return msgspec.structs.replace(fulfillable.snapshot_of(found), recipient=recipient)


def named_by(merchant: Merchant, mode: str, texts: Iterable[str]) -> dict[str, Named]:
    """Text → the orders with this id or number, as it is typed, with prefix or without."""
    ids: dict[str, uuid.UUID] = {}
    numbers: dict[str, list[str]] = defaultdict(list)
    for text in dict.fromkeys(texts):
        try:
            ids[text] = uuid.UUID(text)
        except ValueError:
            numbers[folding.term(text.lstrip("#"))].append(text)
    here = set(_copies(merchant, mode, ids.values()).values_list("order_id", flat=True)) if ids else set()
    found = {text: Named([order_id] if order_id in here else []) for text, order_id in ids.items()}
    of_numbers = _numbered(merchant, mode, [number for number in numbers if number])
    for number, same in numbers.items():
        found |= dict.fromkeys(same, Named(sorted(of_numbers[number])))
    return found


def known(merchant: Merchant, mode: str, order_ids: Iterable[uuid.UUID]) -> KnownOrders:
    """Of those the index has."""
    wanted = list(dict.fromkeys(order_ids))
    orders: dict[uuid.UUID, Order] = {}
    unreadable: set[uuid.UUID] = set()
    for part in _parts(wanted):
        for copy in _copies(merchant, mode, part).prefetch_related("lines"):
            if copy.unreadable:
                unreadable.add(copy.order_id)
            else:
                orders[copy.order_id] = copies.order_of(copy)
    typed = {
        one.order_id: one for one in _of(OrderIds.objects.filter(merchant=merchant, mode=mode), "order_id__in", wanted)
    }
    customers = {order.customer_id for order in orders.values() if order.customer_id}
    recipients = _of(CustomerCopy.objects.filter(merchant=merchant, mode=mode), "customer_id__in", customers)
    return KnownOrders(
        merchant=merchant,
        mode=mode,
        as_of=freshness.as_of(merchant, mode),
        orders=orders,
        unreadable=unreadable,
        shipments=_shipments(merchant, mode, wanted),
        recipients={one.customer_id: one.email or "the customer" for one in recipients},
        partners=directory.settings_of(merchant, mode),
        codes={one.product_id: one.code for one in _products(merchant, mode, orders.values())},
        holds={one.order_id: one for one in _of(holds.standing(merchant, mode), "order_id__in", wanted)},
        ids=typed,
    )


def _copies(merchant: Merchant, mode: str, order_ids: Iterable[uuid.UUID]) -> "QuerySet[OrderCopy, OrderCopy]":
    return OrderCopy.objects.filter(merchant=merchant, mode=mode, order_id__in=list(order_ids), gone_at=None)


def _numbered(merchant: Merchant, mode: str, numbers: list[str]) -> dict[str, set[uuid.UUID]]:
    """Folded number → the orders that have it."""
    found: dict[str, set[uuid.UUID]] = defaultdict(set)
    for part in _parts(numbers):
        terms = Term.objects.filter(merchant=merchant, mode=mode, kind=Term.Kind.NUMBER, value__in=part)
        for value, order_id in terms.filter(order__gone_at=None).values_list("value", "order__order_id"):
            found[value].add(order_id)
    return found


def _products(merchant: Merchant, mode: str, orders: Iterable[Order]) -> list[ProductCopy]:
    """Those that the lines name."""
    wanted = {line.product_id for order in orders for line in order.lines if line.product_id}
    return _of(ProductCopy.objects.filter(merchant=merchant, mode=mode), "product_id__in", wanted)


def _shipments(merchant: Merchant, mode: str, order_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Shipment]]:
    """All that were ever written of each, the first one first."""
    found: dict[uuid.UUID, list[Shipment]] = defaultdict(list)
    for part in _parts(order_ids):
        here = Shipment.objects.filter(merchant=merchant, mode=mode, order_id__in=part).order_by("pk")
        for shipment in here.prefetch_related("items", "tracking", "partner_updates"):
            found[shipment.order_id].append(shipment)
    return found


def _of(rows: "QuerySet[M, M]", by: str, values: Iterable[uuid.UUID]) -> list[M]:
    return [row for part in _parts(list(values)) for row in rows.filter(**{by: part})]


def _parts(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE)]
