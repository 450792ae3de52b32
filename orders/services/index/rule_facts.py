"""What the rules of the review look at, of many orders at once: their copies, and what is known here around them."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from orders import replacing
from orders.apis.revkeen.objects import Order
from orders.models import Operation, OrderCopy, PartnerUpdate, RefundCopy, Shipment, ShipmentItem, TransactionCopy
from orders.replacing import REPLACED_BY, REPLACES
from orders.services.index import copies as order_copies

Units = Counter[uuid.UUID]  # by line item


@dataclass(frozen=True)
class Facts:
    """An order's copy and what is around it. `order`: None where it could not be read."""

    copy: OrderCopy
    order: Order | None
    beside: Sequence[OrderCopy] = ()  # the other orders on its invoice
    pairs: Mapping[uuid.UUID, OrderCopy] = field(default_factory=dict)  # of those that its metadata names, the known
    left: Units = field(default_factory=Counter)  # in parcels, from here
    given_up: Units = field(default_factory=Counter)
    captured: Units = field(default_factory=Counter)  # in parcels that Digital River took: it captures for each
    in_doubt: Sequence[Operation] = ()
    money: Sequence[TransactionCopy] = ()  # its own
    unclear: bool = False  # money moved on its invoice of which nobody knows whose it is, or that cannot be read
    refunds: Sequence[RefundCopy] = ()


@dataclass(frozen=True)
class _Shipped:
    left: Mapping[uuid.UUID, Units]  # by order
    given_up: Mapping[uuid.UUID, Units]
    captured: Mapping[uuid.UUID, Units]


def gather(merchant_id: int, mode: str, found: Collection[OrderCopy]) -> list[Facts]:
    """The facts of these copies, whose line items were read with them: some six queries, however many they are."""
    here = {"merchant_id": merchant_id, "mode": mode}
    beside, pairs = _beside(here, found), _pairs(here, found)
    shipped, doubts = _shipped(here, found), _in_doubt(here, found)
    money, refunds = _money(here, found), _refunds(here, found)
    return [
        Facts(
            copy,
            None if copy.unreadable else order_copies.order_of(copy),
            [one for one in beside[copy.invoice_id] if one.pk != copy.pk] if copy.invoice_id else [],
            {id: pairs[id] for id in named(copy) if id in pairs},
            shipped.left.get(copy.order_id, Counter()),
            shipped.given_up.get(copy.order_id, Counter()),
            shipped.captured.get(copy.order_id, Counter()),
            doubts[copy.order_id],
            [one for one in money[copy.invoice_id] if one.order_id == copy.order_id],
            any(_is_unclear(one) for one in money[copy.invoice_id]),
            refunds[copy.order_id],
        )
        for copy in found
    ]


def of_shipments(merchant_id: int, mode: str, found: Collection[OrderCopy]) -> list[Facts]:
    """The same without what shipments say nothing of."""
    here = {"merchant_id": merchant_id, "mode": mode}
    shipped, refunds = _shipped(here, found), _refunds(here, found)
    return [
        Facts(
            copy,
            None if copy.unreadable else order_copies.order_of(copy),
            left=shipped.left.get(copy.order_id, Counter()),
            given_up=shipped.given_up.get(copy.order_id, Counter()),
            captured=shipped.captured.get(copy.order_id, Counter()),
            refunds=refunds[copy.order_id],
        )
        for copy in found
    ]


def named(copy: OrderCopy) -> list[uuid.UUID]:
    """The orders that its metadata says it replaces, or is replaced by."""
    metadata = copy.metadata if isinstance(copy.metadata, dict) else {}
    return [id for name in (REPLACES, REPLACED_BY) if (id := replacing.other(metadata, name))]


def _beside(here: dict[str, Any], found: Iterable[OrderCopy]) -> Mapping[uuid.UUID | None, list[OrderCopy]]:
    by_invoice: defaultdict[uuid.UUID | None, list[OrderCopy]] = defaultdict(list)
    invoices = {copy.invoice_id for copy in found if copy.invoice_id}
    for copy in _brief(here, Q(invoice_id__in=invoices)) if invoices else ():
        by_invoice[copy.invoice_id].append(copy)
    return by_invoice


def _pairs(here: dict[str, Any], found: Iterable[OrderCopy]) -> dict[uuid.UUID, OrderCopy]:
    ids = {id for copy in found for id in named(copy)}
    return {copy.order_id: copy for copy in _brief(here, Q(order_id__in=ids))} if ids else {}


def _brief(here: dict[str, Any], which: Q) -> Iterable[OrderCopy]:
    fields = ("order_id", "public_id", "invoice_id", "status", "metadata", "amount_paid")
    return OrderCopy.objects.filter(which, gone_at=None, **here).only(*fields).order_by("pk")


def _shipped(here: dict[str, Any], found: Iterable[OrderCopy]) -> _Shipped:
    shipments = Shipment.objects.filter(order_id__in=[copy.order_id for copy in found], **here)
    rows = ShipmentItem.objects.filter(shipment__in=shipments, shipment__state__in=Shipment.COUNTED)
    columns = ("shipment__order_id", "shipment_id", "shipment__kind", "line_item_id", "quantity")
    items = list(rows.values_list(*columns))
    sent = _taken_by_digital_river({shipment for _, shipment, *_ in items})
    left, given_up, captured = (defaultdict[uuid.UUID, Units](Counter) for _ in range(3))
    for order_id, shipment, kind, line, units in items:
        if kind == Shipment.Kind.CANCELLATION:
            given_up[order_id][line] += units
            continue
        left[order_id][line] += units
        if shipment in sent and str(line) not in sent[shipment]:
            captured[order_id][line] += units
    return _Shipped(left, given_up, captured)


def _taken_by_digital_river(shipments: Collection[int]) -> dict[int, list[str]]:
    """Shipments that it has → their lines that were left out there."""
    if not shipments:
        return {}
    told = PartnerUpdate.objects.filter(shipment__in=shipments, destination=PartnerUpdate.Destination.DIGITAL_RIVER)
    return dict(told.filter(sent_version__gt=0).values_list("shipment_id", "left_out"))


def _in_doubt(here: dict[str, Any], found: Iterable[OrderCopy]) -> Mapping[uuid.UUID, list[Operation]]:
    ids = [copy.order_id for copy in found]
    doubtful = Operation.objects.filter(state__in=(Operation.State.IN_DOUBT, Operation.State.NEEDS_REVIEW), **here)
    by_order: defaultdict[uuid.UUID, list[Operation]] = defaultdict(list)
    for operation in doubtful.filter(order_id__in=ids).order_by("created_at"):
        if operation.order_id is not None:
            by_order[operation.order_id].append(operation)
    return by_order


def _money(here: dict[str, Any], found: Iterable[OrderCopy]) -> Mapping[uuid.UUID | None, list[TransactionCopy]]:
    """By invoice; nothing for none."""
    invoices = {copy.invoice_id for copy in found if copy.invoice_id}
    by_invoice: defaultdict[uuid.UUID | None, list[TransactionCopy]] = defaultdict(list)
    for row in TransactionCopy.objects.filter(invoice_id__in=invoices, **here).order_by("pk") if invoices else ():
        by_invoice[row.invoice_id].append(row)
    return by_invoice


def _is_unclear(row: TransactionCopy) -> bool:
    moved = row.flow in (TransactionCopy.Flow.IN, TransactionCopy.Flow.OUT)
    return bool(row.unreadable) or (moved and row.order_id is None)


def _refunds(here: dict[str, Any], found: Iterable[OrderCopy]) -> Mapping[uuid.UUID, list[RefundCopy]]:
    by_order: defaultdict[uuid.UUID, list[RefundCopy]] = defaultdict(list)
    rows = RefundCopy.objects.filter(order_id__in=[copy.order_id for copy in found], **here)
    for row in rows.order_by("pk"):
        if row.order_id is not None:
            by_order[row.order_id].append(row)
    return by_order
