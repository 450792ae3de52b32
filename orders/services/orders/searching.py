"""What the box above each page finds: orders, customers and shipments, those with just what was typed first."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BigIntegerField, CharField, QuerySet, UUIDField

from orders import carriers
from orders.kept_queries import Given, Several, kept
from orders.models import CustomerCopy, Merchant, OrderCopy, Shipment, Term
from orders.money import Money
from orders.services.index import finding, folding, freshness, questions, terms

SHOWN = 20  # of each group
LONGEST_EXCERPT = 80  # characters
UNIQUE = (Term.Kind.ORDER, Term.Kind.NUMBER, Term.Kind.TRACKING, Term.Kind.PAYMENT)  # belong to one order as a rule


@dataclass(frozen=True)
class OrderHit:
    order: OrderCopy
    customer: str
    matched: str  # what of it fits: `Tracking number`, or the text around
    exact: bool
    unique: bool  # by something that belongs to this order alone

    @property
    def total(self) -> Money:
        return Money(self.order.total, self.order.currency)


@dataclass(frozen=True)
class CustomerHit:
    customer: CustomerCopy
    exact: bool


@dataclass(frozen=True)
class ShipmentHit:
    shipment: Shipment
    number: str
    exact: bool


@dataclass(frozen=True)
class Found:
    """`as_of`: all that happened at RevKeen before then is in what was looked through; None until all was imported."""

    orders: Sequence[OrderHit]
    customers: Sequence[CustomerHit]
    shipments: Sequence[ShipmentHit]
    as_of: datetime | None

    @property
    def nothing(self) -> bool:
        return not (self.orders or self.customers or self.shipments)

    @property
    def some_exact(self) -> bool:
        """Whether something has just what was typed: a parcel has, or at least its beginning."""
        return any(hit.exact for hit in self.orders) or any(hit.exact for hit in self.customers) or bool(self.shipments)

    @property
    def only(self) -> OrderHit | CustomerHit | None:
        """What Enter opens: the one order that is meant beyond doubt, or the only hit. A shipment is its order's."""
        exact = [hit for hit in self.orders if hit.exact]
        if len(exact) == 1 and exact[0].unique:
            return exact[0]
        hits: list[OrderHit | CustomerHit] = [*self.orders, *self.customers]
        return hits[0] if len(hits) == 1 else None


def search(merchant: Merchant, mode: str, text: str, limit: int = SHOWN) -> Found:
    """At most `limit` of each. Whatever is typed, this is no error, and RevKeen is not asked.

    What nothing has as it was typed is looked for without the words that say what it is, and then word by word.
    """
    things = questions.things(text)
    for said in dict.fromkeys((text, things)):
        found = _found(merchant, mode, said, limit, finding.find_ids(merchant, mode, said, limit))
        if not found.nothing:
            return found
    return _found(merchant, mode, things, limit, finding.find_by_each_word(merchant, mode, things, limit))


def _found(merchant: Merchant, mode: str, text: str, limit: int, hits: list[finding.Hit]) -> Found:
    copies = {copy.pk: copy for copy in _copies([hit.key for hit in hits])}
    known = [(hit, copies[hit.key]) for hit in hits if hit.key in copies]
    names = dict(_names(merchant.pk, mode, {copy.customer_id for _, copy in known if copy.customer_id}))
    orders = [_order_hit(hit, copy, names, text) for hit, copy in known]
    parcels = [copy.order_id for hit, copy in known if hit.kind == Term.Kind.TRACKING]
    return Found(
        orders=sorted(orders, key=lambda hit: not hit.exact),
        customers=_customers(merchant, mode, text, limit),
        shipments=_shipments(merchant, mode, parcels, text) if parcels else [],
        as_of=freshness.as_of(merchant, mode),
    )


def _order_hit(hit: finding.Hit, copy: OrderCopy, names: dict[uuid.UUID, str], text: str) -> OrderHit:
    matched = hit.kind.label if hit.kind is not None else _excerpt(copy.text, questions.parts(text))
    customer = names.get(copy.customer_id, "") if copy.customer_id else ""
    return OrderHit(copy, customer, matched, hit.whole, hit.whole and hit.kind in UNIQUE)


def _excerpt(text: str, parts: list[str]) -> str:
    """The line of a folded text in which most parts occur, from a little before the first of them."""
    lines = text.splitlines() or [""]
    line = max(lines, key=lambda one: sum(part in one for part in parts))
    at = min((line.find(part) for part in parts if part in line), default=0)
    begin = max(0, at - LONGEST_EXCERPT // 4)
    cut = line[begin : begin + LONGEST_EXCERPT]
    return f"{'…' if begin else ''}{cut}{'…' if len(line) > begin + LONGEST_EXCERPT else ''}"


@kept(Several(BigIntegerField(), SHOWN))
def _copies(keys: Given) -> "QuerySet[OrderCopy]":
    return OrderCopy.objects.filter(pk__in=keys).defer("metadata")


@kept(BigIntegerField(), CharField(), Several(UUIDField(), SHOWN))
def _names(merchant_id: Given, mode: Given, customer_ids: Given) -> "QuerySet[CustomerCopy, tuple[uuid.UUID, str]]":
    here = CustomerCopy.objects.filter(merchant=merchant_id, mode=mode, customer_id__in=customer_ids)
    return here.values_list("customer_id", "name")


def _customers(merchant: Merchant, mode: str, text: str, limit: int) -> list[CustomerHit]:
    """By their id, or by parts of what is known of them."""
    keys = finding.find_customer_ids(merchant, mode, text, limit)
    if (customer_id := _uuid(text)) is not None:
        here = CustomerCopy.objects.filter(merchant=merchant, mode=mode, customer_id=customer_id)
        keys = list(here.exclude(seen_at=None).values_list("pk", flat=True))
    found = {customer.pk: customer for customer in _customers_of(keys)}
    hits = [CustomerHit(found[key], _is_exact(found[key], text)) for key in keys if key in found]
    return sorted(hits, key=lambda hit: not hit.exact)


@kept(Several(BigIntegerField(), SHOWN))
def _customers_of(keys: Given) -> "QuerySet[CustomerCopy]":
    return CustomerCopy.objects.filter(pk__in=keys)


def _is_exact(customer: CustomerCopy, text: str) -> bool:
    typed = folding.folded(text)
    if typed in (folding.folded(customer.name), folding.folded(customer.email), str(customer.customer_id)):
        return True
    return bool(customer.phone) and folding.digits(text) == folding.digits(customer.phone)


def _shipments(merchant: Merchant, mode: str, order_ids: list[uuid.UUID], text: str) -> list[ShipmentHit]:
    """Those with the tracking number, its beginning or its end, of orders that were found by it."""
    typed = terms.tracking(text)[0]
    here = Shipment.objects.filter(merchant=merchant, mode=mode, order_id__in=order_ids).prefetch_related("tracking")
    hits = []
    for shipment in here.order_by("-pk")[:SHOWN]:
        for number in shipment.tracking.all():
            whole = carriers.normalized(number.number).casefold()
            if whole.startswith(typed) or whole.endswith(typed):
                hits.append(ShipmentHit(shipment, number.number, whole == typed))
    return sorted(hits, key=lambda hit: not hit.exact)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
