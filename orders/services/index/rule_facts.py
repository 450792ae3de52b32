"""What the rules of the review look at, of many orders at once: their copies, and what is known here around them."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from django.db.models import BigIntegerField, CharField, Q, QuerySet, UUIDField

from orders import replacing
from orders.apis.revkeen.objects import Order
from orders.kept_queries import Given, Several, kept
from orders.models import Operation, OrderCopy, OrderLineCopy, PartnerShipment, RefundCopy, TransactionCopy
from orders.replacing import REPLACED_BY, REPLACES
from orders.services.index import copies as order_copies
from orders.services.index import partner_shipments, shipped
from orders.services.index.partner_shipments import Names, Unaccounted
from orders.services.index.shipped import Shipped, Units

Lines = Mapping[int, Sequence[OrderLineCopy]]  # by the copy's key
Place = tuple[int, str]  # a merchant's id and a mode


@dataclass(frozen=True)
class Facts:
    """An order's copy and what is around it. `order`: None where it could not be read."""

    copy: OrderCopy
    order: Order | None
    beside: Sequence[OrderCopy] = ()  # the other orders on its invoice
    pairs: Mapping[uuid.UUID, OrderCopy] = field(default_factory=dict)  # of those that its metadata names, the known
    left: Units = field(default_factory=Counter)  # in parcels, from here
    given_up: Units = field(default_factory=Counter)
    captured: Units = field(default_factory=Counter)  # at Digital River
    in_doubt: Sequence[Operation] = ()
    money: Sequence[TransactionCopy] = ()  # its own
    unclear: bool = False  # money moved on its invoice of which nobody knows whose it is, or that cannot be read
    refunds: Sequence[RefundCopy] = ()
    unaccounted: Sequence[PartnerShipment] = ()  # at Digital River
    names: Names | None = None  # by what Digital River knows it; None where nothing is unaccounted for


def gather(
    merchant_id: int,
    mode: str,
    found: Collection[OrderCopy],
    lines: Lines,
    units: Shipped | None,
    *,
    complete: bool,
    theirs: bool,
) -> list[Facts]:
    """The facts of these copies: some five queries, however many they are.

    `lines`: of those of which they were not read with the copy. `units`: theirs, None where they are to be read.
    `complete`: no other order is on their invoices, or named by them. `theirs`: a partner has some of the merchant.
    """
    here = (merchant_id, mode)
    around = [copy for copy in found if copy.gone_at is None] if complete else _around(here, found)
    pairs, beside = {copy.order_id: copy for copy in around}, _by_invoice(around)
    units = units or shipped.of_orders(merchant_id, mode, [copy.order_id for copy in found])
    doubts, money, refunds = _in_doubt(here, found), _money(here, found), _refunds(here, found)
    left = _unaccounted(here, found) if theirs else Unaccounted({})
    return [
        Facts(
            copy,
            _order(copy, lines.get(copy.pk)),
            [one for one in beside[copy.invoice_id] if one.pk != copy.pk] if copy.invoice_id else [],
            {id: pairs[id] for id in named(copy) if id in pairs},
            units.left[copy.order_id],
            units.given_up[copy.order_id],
            units.captured[copy.order_id],
            doubts[copy.order_id],
            [one for one in money[copy.invoice_id] if one.order_id == copy.order_id],
            any(_is_unclear(one) for one in money[copy.invoice_id]),
            refunds[copy.order_id],
            left.by_order.get(copy.order_id, ()),
            left.names,
        )
        for copy in found
    ]


def of_shipments(copy: OrderCopy, units: Shipped, *, theirs: bool) -> Facts:
    """The same of one without what shipments say nothing of. What was given back counts where units were given up."""
    left, given_up, captured = (of[copy.order_id] for of in (units.left, units.given_up, units.captured))
    here = (copy.merchant_id, copy.mode)
    refunds = _refunds(here, [copy])[copy.order_id] if given_up else ()
    unaccounted = _unaccounted(here, [copy]) if theirs else Unaccounted({})
    return Facts(
        copy,
        _order(copy),
        left=left,
        given_up=given_up,
        captured=captured,
        refunds=refunds,
        unaccounted=unaccounted.by_order.get(copy.order_id, ()),
        names=unaccounted.names,
    )


def _unaccounted(here: Place, found: Iterable[OrderCopy]) -> Unaccounted:
    return partner_shipments.unaccounted(*here, [copy.order_id for copy in found])


def _order(copy: OrderCopy, lines: Sequence[OrderLineCopy] | None = None) -> Order | None:
    return None if copy.unreadable else order_copies.order_of(copy, lines)


def named(copy: OrderCopy) -> list[uuid.UUID]:
    """The orders that its metadata says it replaces, or is replaced by."""
    metadata = copy.metadata if isinstance(copy.metadata, dict) else {}
    return [id for name in (REPLACES, REPLACED_BY) if (id := replacing.other(metadata, name))]


def _around(here: Place, found: Iterable[OrderCopy]) -> Iterable[OrderCopy]:
    """All on their invoices and all that they name, these among them."""
    around: dict[int, OrderCopy] = {}
    if invoices := {copy.invoice_id for copy in found if copy.invoice_id}:
        around |= {copy.pk: copy for copy in _brief(here, Q(invoice_id__in=invoices))}
    if ids := {id for copy in found for id in named(copy)}:
        around |= {copy.pk: copy for copy in _brief(here, Q(order_id__in=ids))}
    return around.values()


def _by_invoice(copies: Iterable[OrderCopy]) -> Mapping[uuid.UUID | None, list[OrderCopy]]:
    by_invoice: defaultdict[uuid.UUID | None, list[OrderCopy]] = defaultdict(list)
    for copy in sorted(copies, key=attrgetter("pk")):
        by_invoice[copy.invoice_id].append(copy)
    return by_invoice


def _brief(here: Place, which: Q) -> Iterable[OrderCopy]:
    fields = ("order_id", "public_id", "invoice_id", "status", "metadata", "amount_paid")
    merchant_id, mode = here
    return OrderCopy.objects.filter(which, gone_at=None, merchant=merchant_id, mode=mode).only(*fields)


def _in_doubt(here: Place, found: Iterable[OrderCopy]) -> Mapping[uuid.UUID, list[Operation]]:
    by_order: defaultdict[uuid.UUID, list[Operation]] = defaultdict(list)
    # Sorted here: for the sake of the order SQLite would go through all operations of the merchant.
    doubtful = _doubtful(*here, [copy.order_id for copy in found])
    for operation in sorted(doubtful, key=attrgetter("created_at")):
        if operation.order_id is not None:
            by_order[operation.order_id].append(operation)
    return by_order


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _doubtful(merchant_id: Given, mode: Given, order_ids: Given) -> "QuerySet[Operation]":
    states = (Operation.State.IN_DOUBT, Operation.State.NEEDS_REVIEW)
    return Operation.objects.filter(order_id__in=order_ids, merchant=merchant_id, mode=mode, state__in=states)


def _money(here: Place, found: Iterable[OrderCopy]) -> Mapping[uuid.UUID | None, list[TransactionCopy]]:
    """By invoice; nothing for none."""
    invoices = {copy.invoice_id for copy in found if copy.invoice_id}
    by_invoice: defaultdict[uuid.UUID | None, list[TransactionCopy]] = defaultdict(list)
    for row in _of_invoices(*here, invoices) if invoices else ():
        by_invoice[row.invoice_id].append(row)
    return by_invoice


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _of_invoices(merchant_id: Given, mode: Given, invoice_ids: Given) -> "QuerySet[TransactionCopy]":
    rows = TransactionCopy.objects.filter(invoice_id__in=invoice_ids, merchant=merchant_id, mode=mode)
    return rows.order_by("pk")


def _is_unclear(row: TransactionCopy) -> bool:
    moved = row.flow in (TransactionCopy.Flow.IN, TransactionCopy.Flow.OUT)
    return bool(row.unreadable) or (moved and row.order_id is None)


def _refunds(here: Place, found: Iterable[OrderCopy]) -> Mapping[uuid.UUID, list[RefundCopy]]:
    by_order: defaultdict[uuid.UUID, list[RefundCopy]] = defaultdict(list)
    for row in _given_back(*here, [copy.order_id for copy in found]):
        if row.order_id is not None:
            by_order[row.order_id].append(row)
    return by_order


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _given_back(merchant_id: Given, mode: Given, order_ids: Given) -> "QuerySet[RefundCopy]":
    return RefundCopy.objects.filter(order_id__in=order_ids, merchant=merchant_id, mode=mode).order_by("pk")
