"""What is kept with copies beyond what RevKeen sent: units left by our own shipments, terms, and text to search in."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, CharField, Q, QuerySet, UUIDField, prefetch_related_objects

from orders.among import among
from orders.kept_queries import Given, Several, kept
from orders.models import CustomerCopy, Hold, Merchant, OrderCopy, OrderLineCopy, Term, TrackingNumber
from orders.money import LARGEST_MINOR
from orders.services.index import findings, folding, shipped, terms
from orders.services.index.rule_facts import Lines
from orders.services.index.shipped import Shipped

AT_ONCE = 200  # copies in one transaction
# An order has some twenty terms: as objects they would take half of the time that it takes to write an order.
INSERT = "INSERT INTO orders_term (merchant_id, mode, order_id, kind, value) VALUES (%s, %s, %s, %s, %s)"
DERIVED = ("units_left", "customer_name", "text", "text_is_cut")  # columns that our shipments and the customers decide
NOTHING_LEFT = ("", "fulfilled", "returned")  # at RevKeen, whatever left from here

_Row = tuple[int, int, int, str]  # the key of a term, that of its copy, its kind and its value
Customers = Mapping[uuid.UUID | None, CustomerCopy]  # by RevKeen's id


def derive(copies: Collection[OrderCopy], lines: Lines, customers: Customers) -> dict[int, terms.Terms]:
    """Fill in the copies' derived columns but for the units, which is not saved yet; return the terms of each by its
    key.
    """
    if not copies:
        return {}
    first = next(iter(copies))
    place = (first.merchant_id, first.mode, [copy.order_id for copy in copies])
    numbers, notes = _numbers(*place), dict(_hold_notes(*place))
    found = {}
    for copy in copies:
        own, customer = lines.get(copy.id, ()), _seen(customers.get(copy.customer_id))
        copy.customer_name = folding.without_accents(folding.folded(customer.name)) if customer else ""
        note = notes.get(copy.order_id, "")
        copy.text = terms.text_of(copy, own, customer, note)
        own_terms = terms.of_order(copy, own, customer)
        copy.text_is_cut = len(copy.text) == folding.LONGEST_TEXT or len(own_terms) == terms.MOST_TERMS
        found[copy.id] = own_terms | terms.of_parcels(numbers[copy.order_id]) | terms.of_hold(note)
    return found


def count_units(copies: Iterable[OrderCopy], lines: Lines, units: Shipped) -> None:
    """Fill in the units left of the copies, which is not saved yet."""
    for copy in copies:
        copy.units_left = _units_left(copy, lines.get(copy.id, ()), units.taken(copy.order_id))


def customers_of(copies: Iterable[OrderCopy]) -> Customers:
    """Those of these copies, of one merchant and mode, that are noted here; RevKeen may not have been asked yet."""
    ids = {copy.customer_id: copy for copy in copies if copy.customer_id}
    if not ids:
        return {}
    first = next(iter(ids.values()))
    found = CustomerCopy.objects.filter(merchant_id=first.merchant_id, mode=first.mode, customer_id__in=ids)
    return {customer.customer_id: customer for customer in found}


def _seen(customer: CustomerCopy | None) -> CustomerCopy | None:
    return customer if customer and customer.seen_at else None


def write_terms(merchant: Merchant, mode: str, wanted: Mapping[int, terms.Terms]) -> None:
    """Make the terms of these copies what they should be, but for those learned elsewhere."""
    if wanted:
        _exchange(merchant, mode, _not_learned(wanted), wanted)


@transaction.atomic(savepoint=False)
def of_shipments(merchant: Merchant, mode: str, order_id: uuid.UUID) -> None:
    """Derive anew what our shipments of an order decide, if it has a copy here: units left, tracking numbers, findings.

    For whoever has recorded, corrected or undone one: call it in the same transaction.
    """
    copy = next(iter(_copy(merchant.pk, mode, order_id)), None)
    if copy is None:
        return
    prefetch_related_objects([copy], "lines")
    findings.hold(merchant, mode)
    units = shipped.of_orders(merchant.pk, mode, [order_id])
    units_left = _units_left(copy, copy.lines.all(), units.taken(order_id))
    if units_left != copy.units_left:
        copy.units_left = units_left
        copy.save(update_fields=["units_left"])
    numbers = _numbers(merchant.pk, mode, [order_id])
    _exchange(merchant, mode, _tracking(copy.pk), {copy.pk: terms.of_parcels(numbers[order_id])})
    findings.of_shipments(merchant, mode, copy, units)


@kept(BigIntegerField(), CharField(), UUIDField())
def _copy(merchant_id: Given, mode: Given, order_id: Given) -> "QuerySet[OrderCopy]":
    copies = OrderCopy.objects.filter(merchant=merchant_id, mode=mode, order_id=order_id)
    return copies.select_for_update().defer("text")


def of_customers(merchant: Merchant, mode: str, customer_ids: Iterable[uuid.UUID]) -> None:
    """Derive anew all orders of these customers, who are called something else now."""
    _anew(merchant, mode, Q(customer_id__in=set(customer_ids)))


def of_holds(merchant: Merchant, mode: str, order_ids: Collection[uuid.UUID]) -> None:
    """Derive anew these orders, of which something else is said now.

    For whoever has held or released them: call it in the same transaction.
    """
    _anew(merchant, mode, among("order_id", order_ids))


def _anew(merchant: Merchant, mode: str, which: Q) -> None:
    found = OrderCopy.objects.filter(which, merchant=merchant, mode=mode).order_by("id")
    keys = list(found.values_list("id", flat=True))
    for begin in range(0, len(keys), AT_ONCE):
        with transaction.atomic():
            _again(merchant, mode, keys[begin : begin + AT_ONCE])


def _again(merchant: Merchant, mode: str, keys: Sequence[int]) -> None:
    found = OrderCopy.objects.filter(pk__in=keys).order_by("id")
    copies = list(found.select_for_update().prefetch_related("lines"))
    before = {copy.id: _derived(copy) for copy in copies}
    lines = {copy.id: list(copy.lines.all()) for copy in copies}
    count_units(copies, lines, shipped.of_orders(merchant.pk, mode, [copy.order_id for copy in copies]))
    wanted = derive(copies, lines, customers_of(copies))
    changed = [copy for copy in copies if _derived(copy) != before[copy.id]]
    OrderCopy.objects.bulk_update(changed, DERIVED)
    write_terms(merchant, mode, wanted)


@kept(Several(BigIntegerField()))
def _not_learned(copies: Given) -> "QuerySet[Term, Any]":
    found = Term.objects.filter(order__pk__in=copies).exclude(kind__in=terms.LEARNED)
    return found.values_list("pk", "order_id", "kind", "value")


@kept(BigIntegerField())
def _tracking(copy: Given) -> "QuerySet[Term, Any]":
    return Term.objects.filter(order=copy, kind=Term.Kind.TRACKING).values_list("pk", "order_id", "kind", "value")


def _exchange(merchant: Merchant, mode: str, rows: Iterable[_Row], wanted: Mapping[int, terms.Terms]) -> None:
    """Make these rows what is wanted of the copies by their keys: what is right stays as it is."""
    had = {(order, kind, value): pk for pk, order, kind, value in rows}
    due = {(order, kind, value) for order, of_order in wanted.items() for kind, value in of_order}
    old = [pk for term, pk in had.items() if term not in due]
    if old:
        Term.objects.filter(pk__in=old).delete()
    new = [(merchant.pk, mode, *term) for term in sorted(due - had.keys())]
    if new:
        with connection.cursor() as cursor:
            cursor.executemany(INSERT, new)


def _derived(copy: OrderCopy) -> list[object]:
    return [getattr(copy, name) for name in DERIVED]


def _numbers(merchant_id: int, mode: str, order_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[str]]:
    """Order id → the normalized tracking numbers of its shipments."""
    by_order: defaultdict[uuid.UUID, list[str]] = defaultdict(list)
    for order_id, number in _numbered(merchant_id, mode, order_ids):
        by_order[order_id].append(number)
    return by_order


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _numbered(merchant_id: Given, mode: Given, order_ids: Given) -> "QuerySet[TrackingNumber, Any]":
    here = {"shipment__merchant_id": merchant_id, "shipment__mode": mode}
    numbers = TrackingNumber.objects.filter(shipment__order_id__in=order_ids, **here).exclude(normalized="")
    return numbers.values_list("shipment__order_id", "normalized")


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _hold_notes(merchant_id: Given, mode: Given, order_ids: Given) -> "QuerySet[Hold, Any]":
    held = Hold.objects.filter(merchant=merchant_id, mode=mode, order_id__in=order_ids).exclude(note="")
    return held.values_list("order_id", "note")


def _units_left(copy: OrderCopy, lines: Iterable[OrderLineCopy], taken: Mapping[uuid.UUID, int]) -> int:
    """Units neither shipped from here nor given up; 0 where RevKeen says that there is nothing to ship any more."""
    if copy.fulfillment_status in NOTHING_LEFT:
        return 0
    return min(LARGEST_MINOR, sum(max(0, line.quantity - taken.get(line.line_id, 0)) for line in lines))
