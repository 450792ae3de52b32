"""What is kept with copies beyond what RevKeen sent: units left by our own shipments, terms, and text to search in."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from orders.models import CustomerCopy, Merchant, OrderCopy, OrderLineCopy, Shipment, ShipmentItem, Term, TrackingNumber
from orders.money import LARGEST_MINOR
from orders.services.index import folding, terms

AT_ONCE = 200  # copies in one transaction
# An order has some twenty terms: as objects they would take half of the time that it takes to write an order.
INSERT = "INSERT INTO orders_term (merchant_id, mode, order_id, kind, value) VALUES (%s, %s, %s, %s, %s)"
DERIVED = ("units_left", "customer_name", "text", "text_is_cut")  # columns that our shipments and the customers decide
NOTHING_LEFT = ("", "fulfilled", "returned")  # at RevKeen, whatever left from here

Lines = Mapping[int, Sequence[OrderLineCopy]]  # by the copy's key


@dataclass(frozen=True)
class Around:
    """What is known here of the orders' customers and shipments."""

    customers: Mapping[uuid.UUID, CustomerCopy]
    taken: Mapping[uuid.UUID, int]  # line item id → units shipped or given up
    numbers: Mapping[uuid.UUID, Sequence[str]]  # order id → normalized tracking numbers


def derive(copies: Collection[OrderCopy], lines: Lines) -> dict[int, terms.Terms]:
    """Fill in the copies' derived columns, which is not saved yet; return the terms of each by its key."""
    around = _around(copies)
    found = {}
    for copy in copies:
        own, customer = lines.get(copy.id, ()), around.customers.get(copy.customer_id or uuid.UUID(int=0))
        copy.units_left = _units_left(copy, own, around.taken)
        copy.customer_name = folding.without_accents(folding.folded(customer.name)) if customer else ""
        copy.text = terms.text_of(copy, own, customer)
        copy.text_is_cut = len(copy.text) == folding.LONGEST_TEXT
        found[copy.id] = terms.of_order(copy, own, customer, around.numbers.get(copy.order_id, ()))
    return found


def write_terms(merchant: Merchant, mode: str, wanted: Mapping[int, terms.Terms]) -> None:
    """Make the terms of these copies what they should be, but for those learned elsewhere."""
    rows = Term.objects.filter(order__in=wanted).exclude(kind__in=terms.LEARNED)
    had = {(order, kind, value): pk for pk, order, kind, value in rows.values_list("pk", "order__id", "kind", "value")}
    due = {(order, kind, value) for order, of_order in wanted.items() for kind, value in of_order}
    Term.objects.filter(pk__in=[pk for term, pk in had.items() if term not in due]).delete()
    new = [(merchant.pk, mode, *term) for term in sorted(due - had.keys())]
    if new:
        with connection.cursor() as cursor:
            cursor.executemany(INSERT, new)


def again(merchant: Merchant, mode: str, order_ids: Iterable[uuid.UUID]) -> None:
    """Derive anew what our shipments and the customers decide, as far as the orders have copies here.

    For whoever has recorded, corrected or undone a shipment: call it in the same transaction, or directly after.
    """
    wanted = sorted(set(order_ids))
    for begin in range(0, len(wanted), AT_ONCE):
        with transaction.atomic():
            _again(merchant, mode, wanted[begin : begin + AT_ONCE])


def of_customers(merchant: Merchant, mode: str, customer_ids: Iterable[uuid.UUID]) -> None:
    """The same for all orders of these customers, who are called something else now."""
    found = OrderCopy.objects.filter(merchant=merchant, mode=mode, customer_id__in=set(customer_ids))
    again(merchant, mode, found.values_list("order_id", flat=True))


def _again(merchant: Merchant, mode: str, order_ids: Sequence[uuid.UUID]) -> None:
    found = OrderCopy.objects.filter(merchant=merchant, mode=mode, order_id__in=order_ids).order_by("id")
    copies = list(found.select_for_update().prefetch_related("lines"))
    before = {copy.id: _derived(copy) for copy in copies}
    wanted = derive(copies, {copy.id: list(copy.lines.all()) for copy in copies})
    changed = [copy for copy in copies if _derived(copy) != before[copy.id]]
    OrderCopy.objects.bulk_update(changed, DERIVED)
    write_terms(merchant, mode, wanted)


def _derived(copy: OrderCopy) -> list[object]:
    return [getattr(copy, name) for name in DERIVED]


def _around(copies: Collection[OrderCopy]) -> Around:
    if not copies:
        return Around({}, {}, {})
    first = next(iter(copies))
    here = {"merchant_id": first.merchant_id, "mode": first.mode}
    order_ids = [copy.order_id for copy in copies]
    customer_ids = {copy.customer_id for copy in copies if copy.customer_id}
    customers = CustomerCopy.objects.filter(customer_id__in=customer_ids, **here)
    shipments = Shipment.objects.filter(order_id__in=order_ids, **here)
    taken: Counter[uuid.UUID] = Counter()
    counted = shipments.filter(state__in=Shipment.COUNTED)
    for line, units in ShipmentItem.objects.filter(shipment__in=counted).values_list("line_item_id", "quantity"):
        taken[line] += units
    numbers = defaultdict(list)
    of_parcels = TrackingNumber.objects.filter(shipment__in=shipments).exclude(normalized="")
    for order_id, number in of_parcels.values_list("shipment__order_id", "normalized"):
        numbers[order_id].append(number)
    return Around({customer.customer_id: customer for customer in customers if customer.seen_at}, taken, numbers)


def _units_left(copy: OrderCopy, lines: Iterable[OrderLineCopy], taken: Mapping[uuid.UUID, int]) -> int:
    """Units neither shipped from here nor given up; 0 where RevKeen says that there is nothing to ship any more."""
    if copy.fulfillment_status in NOTHING_LEFT:
        return 0
    return min(LARGEST_MINOR, sum(max(0, line.quantity - taken.get(line.line_id, 0)) for line in lines))
