"""What is kept with copies beyond what RevKeen sent: units left by our own shipments, terms, and text to search in."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import QuerySet

from orders.models import CustomerCopy, Merchant, OrderCopy, OrderLineCopy, Shipment, ShipmentItem, Term, TrackingNumber
from orders.money import LARGEST_MINOR
from orders.services.index import findings, folding, terms

AT_ONCE = 200  # copies in one transaction
# An order has some twenty terms: as objects they would take half of the time that it takes to write an order.
INSERT = "INSERT INTO orders_term (merchant_id, mode, order_id, kind, value) VALUES (%s, %s, %s, %s, %s)"
DERIVED = ("units_left", "customer_name", "text", "text_is_cut")  # columns that our shipments and the customers decide
NOTHING_LEFT = ("", "fulfilled", "returned")  # at RevKeen, whatever left from here

Lines = Mapping[int, Sequence[OrderLineCopy]]  # by the copy's key


@dataclass(frozen=True)
class Shipped:
    """What our shipments of some orders say."""

    taken: Counter[uuid.UUID] = field(default_factory=Counter)  # line item id → units shipped or given up
    # Order id → normalized tracking numbers
    numbers: defaultdict[uuid.UUID, list[str]] = field(default_factory=lambda: defaultdict(list))


def derive(copies: Collection[OrderCopy], lines: Lines) -> dict[int, terms.Terms]:
    """Fill in the copies' derived columns, which is not saved yet; return the terms of each by its key."""
    if not copies:
        return {}
    first = next(iter(copies))
    shipped = _shipped(first.merchant_id, first.mode, [copy.order_id for copy in copies])
    customers = _customers(copies)
    found = {}
    for copy in copies:
        own, customer = lines.get(copy.id, ()), customers.get(copy.customer_id)
        copy.units_left = _units_left(copy, own, shipped.taken)
        copy.customer_name = folding.without_accents(folding.folded(customer.name)) if customer else ""
        copy.text = terms.text_of(copy, own, customer)
        own_terms = terms.of_order(copy, own, customer)
        copy.text_is_cut = len(copy.text) == folding.LONGEST_TEXT or len(own_terms) == terms.MOST_TERMS
        found[copy.id] = own_terms | terms.of_parcels(shipped.numbers[copy.order_id])
    return found


def write_terms(merchant: Merchant, mode: str, wanted: Mapping[int, terms.Terms]) -> None:
    """Make the terms of these copies what they should be, but for those learned elsewhere."""
    _exchange(merchant, mode, Term.objects.filter(order__in=wanted).exclude(kind__in=terms.LEARNED), wanted)


@transaction.atomic(savepoint=False)
def of_shipments(merchant: Merchant, mode: str, order_id: uuid.UUID) -> None:
    """Derive anew what our shipments of an order decide, if it has a copy here: units left, tracking numbers, findings.

    For whoever has recorded, corrected or undone one: call it in the same transaction.
    """
    copies = OrderCopy.objects.filter(merchant=merchant, mode=mode, order_id=order_id).select_for_update()
    copy = copies.only("fulfillment_status", "units_left").first()
    if copy is None:
        return
    shipped = _shipped(merchant.pk, mode, [order_id])
    units_left = _units_left(copy, copy.lines.only("order", "line_id", "quantity"), shipped.taken)
    if units_left != copy.units_left:
        OrderCopy.objects.filter(pk=copy.pk).update(units_left=units_left)
    had = Term.objects.filter(order=copy.pk, kind=Term.Kind.TRACKING)
    _exchange(merchant, mode, had, {copy.pk: terms.of_parcels(shipped.numbers[order_id])})
    findings.of_shipments(merchant, mode, order_id)


def of_customers(merchant: Merchant, mode: str, customer_ids: Iterable[uuid.UUID]) -> None:
    """Derive anew all orders of these customers, who are called something else now."""
    found = OrderCopy.objects.filter(merchant=merchant, mode=mode, customer_id__in=set(customer_ids)).order_by("id")
    keys = list(found.values_list("id", flat=True))
    for begin in range(0, len(keys), AT_ONCE):
        with transaction.atomic():
            _again(merchant, mode, keys[begin : begin + AT_ONCE])


def _again(merchant: Merchant, mode: str, keys: Sequence[int]) -> None:
    found = OrderCopy.objects.filter(pk__in=keys).order_by("id")
    copies = list(found.select_for_update().prefetch_related("lines"))
    before = {copy.id: _derived(copy) for copy in copies}
    wanted = derive(copies, {copy.id: list(copy.lines.all()) for copy in copies})
    changed = [copy for copy in copies if _derived(copy) != before[copy.id]]
    OrderCopy.objects.bulk_update(changed, DERIVED)
    write_terms(merchant, mode, wanted)


def _exchange(merchant: Merchant, mode: str, rows: QuerySet[Term], wanted: Mapping[int, terms.Terms]) -> None:
    """Make these rows what is wanted of the copies by their keys: what is right stays as it is."""
    had = {(order, kind, value): pk for pk, order, kind, value in rows.values_list("pk", "order_id", "kind", "value")}
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


def _customers(copies: Collection[OrderCopy]) -> dict[uuid.UUID | None, CustomerCopy]:
    """Those of these copies, of one merchant and mode, that are known here."""
    first, ids = next(iter(copies)), {copy.customer_id for copy in copies if copy.customer_id}
    found = CustomerCopy.objects.filter(merchant_id=first.merchant_id, mode=first.mode, customer_id__in=ids)
    return {customer.customer_id: customer for customer in found.exclude(seen_at=None)}


def _shipped(merchant_id: int, mode: str, order_ids: Collection[uuid.UUID]) -> Shipped:
    shipped, here = Shipped(), {"merchant_id": merchant_id, "mode": mode, "order_id__in": order_ids}
    parcels = {f"shipment__{name}": value for name, value in here.items()}
    counted = ShipmentItem.objects.filter(**parcels, shipment__state__in=Shipment.COUNTED)
    for line, units in counted.values_list("line_item_id", "quantity"):
        shipped.taken[line] += units
    numbers = TrackingNumber.objects.filter(**parcels).exclude(normalized="")
    for order_id, number in numbers.values_list("shipment__order_id", "normalized"):
        shipped.numbers[order_id].append(number)
    return shipped


def _units_left(copy: OrderCopy, lines: Iterable[OrderLineCopy], taken: Mapping[uuid.UUID, int]) -> int:
    """Units neither shipped from here nor given up; 0 where RevKeen says that there is nothing to ship any more."""
    if copy.fulfillment_status in NOTHING_LEFT:
        return 0
    return min(LARGEST_MINOR, sum(max(0, line.quantity - taken.get(line.line_id, 0)) for line in lines))
