"""What Digital River has of our orders that no shipment of ours accounts for.

Whose a fulfillment there is follows from what Digital River calls the order: typed by hand before what the order's
metadata says. It is looked up whenever one of these changes, and never taken from what the fulfillment's own metadata
claims: anybody with a key may write anything there.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import BigIntegerField, CharField, Q, QuerySet

from orders import partner_ids
from orders.apis.revkeen.objects import Order
from orders.kept_queries import Given, kept
from orders.models import (
    OrderCopy,
    OrderIds,
    PartnerOrder,
    PartnerSettings,
    PartnerShipment,
    PartnerUpdate,
    Shipment,
    Term,
)
from orders.models.partner_shipments import Unit
from orders.services.index import metadata

DIGITAL_RIVER = PartnerUpdate.Destination.DIGITAL_RIVER.value
State = PartnerUpdate.State
CLOCKS_DIFFER = timedelta(minutes=5)  # Digital River's and the database's
Here = dict[str, Any]  # a merchant's id and the mode


@dataclass(frozen=True)
class Names:
    """By what Digital River knows orders and their lines. `typed`: by order, what somebody typed."""

    settings: PartnerSettings
    typed: Mapping[uuid.UUID, OrderIds]

    def order(self, copy: OrderCopy) -> str:
        typed = self.typed.get(copy.order_id)
        said = partner_ids.said(copy.metadata, self.settings.digital_river_order_key)
        return (typed.digital_river if typed else "") or said

    def lines(self, order: Order) -> dict[str, uuid.UUID]:
        """Digital River's id of a line → the line."""
        typed = self.typed.get(order.id)
        key = self.settings.digital_river_item_key
        said = {str(line.id): partner_ids.said(line.metadata, key) for line in order.lines}
        named = partner_ids.of_lines(said, typed.digital_river_items if typed else {})
        return {item_id: uuid.UUID(line) for line, item_id in named.items() if item_id}


@dataclass(frozen=True)
class Unaccounted:
    """By order, the first one first; `names` None where there are none at all."""

    by_order: Mapping[uuid.UUID, Sequence[PartnerShipment]]
    names: Names | None = None


@kept(BigIntegerField(), CharField())
def _any(merchant_id: Given, mode: Given) -> "QuerySet[PartnerShipment, tuple[int]]":
    return PartnerShipment.objects.filter(merchant=merchant_id, mode=mode).values_list("pk")[:1]


def some(merchant_id: int, mode: str) -> bool:
    """Whether any are kept. Most merchants have none, and what is written of their orders asks this and no more."""
    return bool(_any(merchant_id, mode))


def link(merchant_id: int, mode: str, copies: Collection[OrderCopy]) -> set[int]:
    """Note which of the partner's shipments are of these orders now, and which are so no more.

    Return the keys of the other orders that such a one was of, or is of now.
    """
    here: Here = {"merchant_id": merchant_id, "mode": mode}
    ids = [copy.order_id for copy in copies]
    names = _names(here, ids)
    called = {name for copy in copies if (name := names.order(copy))}
    rows = list(PartnerShipment.objects.filter(Q(order_id__in=ids) | Q(partner_order_id__in=called), **here))
    now = owners(merchant_id, mode, {row.partner_order_id for row in rows})
    moved = [row for row in rows if row.order_id != now.get(row.partner_order_id)]
    others = {id for row in moved for id in (row.order_id, now.get(row.partner_order_id)) if id} - set(ids)
    for row in moved:
        row.order_id = now.get(row.partner_order_id)
    PartnerShipment.objects.bulk_update(moved, ["order_id"])
    if not others:
        return set()
    return set(OrderCopy.objects.filter(order_id__in=others, **here).values_list("pk", flat=True))


def concerned(merchant_id: int, mode: str, partner_order_ids: Collection[str]) -> set[uuid.UUID]:
    """The orders that these ids stood for when they were last looked up, or stand for now."""
    rows = PartnerShipment.objects.filter(merchant=merchant_id, mode=mode, partner_order_id__in=partner_order_ids)
    before = rows.exclude(order_id=None).values_list("order_id", flat=True)
    return {*(id for id in before if id), *owners(merchant_id, mode, partner_order_ids).values()}


def owners(merchant_id: int, mode: str, partner_order_ids: Collection[str]) -> dict[str, uuid.UUID]:
    """Digital River's id of an order → the one order here that it stands for, of those that have copies.

    Where several have it: whose somebody typed it as, else whose it was claimed for, else the first of them.
    """
    here: Here = {"merchant_id": merchant_id, "mode": mode}
    wanted = set(partner_order_ids) - {""}  # which names none, and is what most orders are called
    copies = _called(here, wanted) if wanted else []
    names = _names(here, [copy.order_id for copy in copies])
    by_name: defaultdict[str, list[OrderCopy]] = defaultdict(list)
    for copy in copies:
        by_name[names.order(copy)].append(copy)
    claimed = dict(_claims(here, [name for name, of_name in by_name.items() if len(of_name) > 1]))
    return {
        name: min(by_name[name], key=lambda copy: _rank(copy, name, names, claimed.get(name))).order_id
        for name in wanted
        if name in by_name
    }


def ours(merchant_id: int, mode: str, told: Sequence[PartnerShipment]) -> set[str]:
    """The partner's ids of those that a shipment of ours accounts for by itself."""
    references = {row.reference for row in told if row.reference}
    same = Q(remote_id__in=[row.remote_id for row in told]) | Q(shipment__reference__in=references)
    updates = list(_updates({"merchant_id": merchant_id, "mode": mode}).filter(same))
    return {row.remote_id for row in told if any(_is_that(row, update) for update in updates)}


def unaccounted(merchant_id: int, mode: str, order_ids: Collection[uuid.UUID]) -> Unaccounted:
    """What Digital River has of these orders that none of our shipments accounts for. One that may still turn out to
    be ours is not among them.
    """
    here: Here = {"merchant_id": merchant_id, "mode": mode}
    rows = _grouped(PartnerShipment.objects.filter(order_id__in=order_ids, **here).order_by("made_at", "pk"))
    if not rows:
        return Unaccounted({})
    updates = _grouped(_updates(here).filter(shipment__order_id__in=rows).prefetch_related("shipment__items"))
    return Unaccounted({id: _left(of_order, updates[id]) for id, of_order in rows.items()}, _names(here, list(rows)))


def names(merchant_id: int, mode: str) -> set[str]:
    """What Digital River calls the orders of all that is kept."""
    here = PartnerShipment.objects.filter(merchant=merchant_id, mode=mode)
    return set(here.values_list("partner_order_id", flat=True))


def without_order(merchant_id: int, mode: str) -> "QuerySet[PartnerShipment, PartnerShipment]":
    """Those that are of no order here, the newest first."""
    return PartnerShipment.objects.filter(merchant=merchant_id, mode=mode, order_id=None).order_by("-made_at")


def _left(rows: Sequence[PartnerShipment], updates: Sequence[PartnerUpdate]) -> list[PartnerShipment]:
    unknown = [row for row in rows if not any(_is_that(row, update) for update in updates)]
    covered = _covered(unknown, updates)
    uncovered = [row for row in unknown if row.pk not in covered]
    return [row for row in uncovered if not any(_may_become(row, update) for update in updates)]


def _covered(rows: Sequence[PartnerShipment], updates: Sequence[PartnerUpdate]) -> set[int]:
    """The keys of those all of whose units left in shipments of ours that were told otherwise, the largest first."""
    left, covered = Counter[Unit](), set()
    for update in updates:
        left += _units_told_otherwise(update)
    for row in sorted(rows, key=lambda row: -row.units.total()):
        if row.units and row.units <= left:
            left -= row.units
            covered.add(row.pk)
    return covered


def _is_that(row: PartnerShipment, update: PartnerUpdate) -> bool:
    """Whether it is what the partner made of our shipment. Of one whose id there is known it is no second one."""
    if update.remote_id:
        return update.remote_id == row.remote_id
    return (update.shipment.reference, update.partner_order_id) == (row.reference, row.partner_order_id)


def _may_become(row: PartnerShipment, update: PartnerUpdate) -> bool:
    """Whether it may be what a call of ours has made, of which nobody knows yet."""
    undecided = update.state in PartnerUpdate.OPEN or (update.doubtful and update.needs_someone)
    if not undecided or update.sent_version or row.reference is not None:
        return False
    return update.partner_order_id == row.partner_order_id and row.made_at >= update.created_at - CLOCKS_DIFFER


def _units_told_otherwise(update: PartnerUpdate) -> Counter[Unit]:
    """The units of a shipment of ours that the partner has not heard of from here, and will not: it had them already,
    or somebody has decided so.
    """
    if update.remote_id or update.state not in (State.SENT, State.STOPPED, State.OFF):
        return Counter()
    shipped = update.shipment.kind == Shipment.Kind.PARCEL
    items = [item for item in update.shipment.items.all() if str(item.line_item_id) not in update.left_out]
    return Counter({(item.digital_river_item_id, shipped): item.quantity for item in items})


def _updates(here: Here) -> "QuerySet[PartnerUpdate, PartnerUpdate]":
    """What Digital River was to hear of shipments that left, or count as left."""
    found = PartnerUpdate.objects.filter(destination=DIGITAL_RIVER, shipment__state__in=Shipment.COUNTED, **here)
    return found.select_related("shipment")


def _called(here: Here, partner_order_ids: Collection[str]) -> list[OrderCopy]:
    """The copies of orders that may be called so: it was typed, or some of their metadata says it."""
    typed = OrderIds.objects.filter(digital_river__in=partner_order_ids, **here).values_list("order_id", flat=True)
    key = _settings(here).digital_river_order_key
    terms = [metadata.term(key, name) for name in partner_order_ids] if key else []
    said = Term.objects.filter(kind=Term.Kind.METADATA_PAIR, value__in=terms, **here).values_list("order", flat=True)
    copies = OrderCopy.objects.filter(Q(order_id__in=list(typed)) | Q(pk__in=list(said)), **here)
    return list(copies.only("order_id", "metadata"))


def _rank(copy: OrderCopy, name: str, names: Names, claimed_for: uuid.UUID | None) -> tuple[bool, bool, int]:
    typed = names.typed.get(copy.order_id)
    return typed is None or typed.digital_river != name, copy.order_id != claimed_for, copy.pk


def _claims(here: Here, partner_order_ids: Collection[str]) -> "Iterable[tuple[str, uuid.UUID]]":
    if not partner_order_ids:
        return ()
    found = PartnerOrder.objects.filter(destination=DIGITAL_RIVER, partner_order_id__in=partner_order_ids, **here)
    return found.values_list("partner_order_id", "order_id")


def _names(here: Here, order_ids: Collection[uuid.UUID]) -> Names:
    typed = OrderIds.objects.filter(order_id__in=order_ids, **here)
    return Names(_settings(here), {row.order_id: row for row in typed})


def _settings(here: Here) -> PartnerSettings:
    return PartnerSettings.objects.filter(**here).first() or PartnerSettings()


def _grouped(rows: "Iterable[Any]") -> "defaultdict[uuid.UUID, list[Any]]":
    by_order: defaultdict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in rows:
        by_order[row.order_id].append(row)
    return by_order
