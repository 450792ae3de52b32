"""What the list of orders can be asked for, one row a filter, and how each is asked of the copies.

`status:paid` stands in the line and `?status=paid` in the address; `-` before the name turns it around.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, reduce
from operator import and_

from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from orders import carriers, states
from orders.among import among
from orders.iso4217 import BY_DECIMALS, PLACES
from orders.models import Handling, Hold, Merchant, OrderLineCopy, OrderTag, Shipment, Term
from orders.services.index import folding, freshness, keys, looked_up, metadata, spans
from orders.services.index.condition_line import Condition
from orders.services.index.finding import LAST
from orders.services.index.questions import SHORTEST

OPEN = ("draft", "pending", "partially_paid")  # statuses in which an order can expire
KNOWN_CARRIERS = {carrier.code: carrier.name for carrier in carriers.CARRIERS}
CARRIERS = {**KNOWN_CARRIERS, "other": "Another carrier"}
PAYMENTS = {
    "paid": "Paid",
    "due": "Payment due",
    "part_paid": "Part paid",
    "part_refunded": "Part refunded",
    "refunded": "Refunded",
    "nothing": "Nothing to pay",
    "draft": "Draft",
    "canceled": "Canceled",
}
FULFILLMENTS = {
    "unfulfilled": "Unfulfilled",
    "partial": "Part fulfilled",
    "fulfilled": "Fulfilled",
    "returned": "Returned",
    "nothing": "Nothing to ship",
}


@dataclass(frozen=True)
class Place:
    """Whose orders are asked for, and when. As of when the copies are right is looked up once, before them."""

    merchant: Merchant
    mode: str
    now: datetime

    @cached_property
    def as_of(self) -> datetime | None:
        """None until all orders were imported."""
        return freshness.as_of(self.merchant, self.mode)

    @cached_property
    def payments_as_of(self) -> datetime | None:
        """Up to when orders were held against their payments; None until all payments and refunds were imported."""
        money = freshness.money_as_of(self.merchant, self.mode)
        return min(self.as_of, money) if self.as_of and money else None


@dataclass(frozen=True)
class Filter:
    """`ask` raises ValueError with what is wrong with the text that it was given."""

    label: str
    ask: Callable[[Place, str], Q]
    choices: Mapping[str, str] | None = None  # value → words; None where other texts may be typed
    hint: str = ""
    span: str = ""  # "date" or "text", where a menu asks for the first and the last
    once: bool = False  # two of them at once would find nothing: the later one counts


@dataclass(frozen=True)
class Asked:
    """A condition and what it asks of a copy; `broken` says why it asks nothing."""

    condition: Condition
    q: Q | None = None
    broken: str = ""
    filter: Filter | None = None


def asked(place: Place, condition: Condition, filters: Mapping[str, Filter] | None = None) -> Asked:
    """What the condition asks. One that is unknown or makes no sense asks nothing, and says why.

    `filters` are those of another list than that of orders.
    """
    known = (FILTERS if filters is None else filters).get(condition.name)
    if known is None:
        return Asked(condition, broken="There is no such filter.")
    if known.choices is not None and condition.text not in known.choices:
        return Asked(condition, broken=f"Choose one of {', '.join(known.choices)}.", filter=known)
    try:
        question = known.ask(place, condition.text)
    except ValueError as error:
        return Asked(condition, broken=str(error), filter=known)
    return Asked(condition, ~question if condition.negated else question, filter=known)


def equal(name: str) -> Callable[[Place, str], Q]:
    return lambda place, text: Q(**{name: text})


def _word(name: str, words: Mapping[str, str]) -> Callable[[Place, str], Q]:
    """By the word that pages show; the copy keeps that."""
    return lambda place, text: Q(**{name: words[text]})


def days(name: str) -> Callable[[Place, str], Q]:
    def ask(place: Place, text: str) -> Q:
        start, end = spans.moments(text, place.merchant.zone, place.now)
        return Q(**{key: at for key, at in ((f"{name}__gte", start), (f"{name}__lt", end)) if at is not None})

    return ask


def _placed(place: Place, text: str) -> Q:
    return keys.bounded(days("created_at")(place, text))


def customer(place: Place, text: str) -> Q:
    try:
        return Q(customer_id=uuid.UUID(text))
    except ValueError as error:
        raise ValueError("This is not a customer id.") from error


def amount(name: str) -> Callable[[Place, str], Q]:
    """In whichever currency the row is; one whose decimals are not known counts minor units."""

    def ask(place: Place, text: str) -> Q:
        question = Q()
        for places, bounds in spans.amounts(text).items():
            within = Q(**{f"{name}__{bound}": minor for bound, minor in bounds.items()})
            known = Q(currency__in=BY_DECIMALS[places].split())
            question |= within & (known if places else known | ~Q(currency__in=list(PLACES)))
        return question

    return ask


def _total(place: Place, text: str) -> Q:
    """In whichever currency the order is; one whose decimals are not known counts minor units."""
    spans_of = spans.amounts(text)
    question = Q(pk__in=[])
    for currency in looked_up.currencies(place.merchant, place.mode):
        bounds = spans_of[PLACES.get(currency, 0)]
        question |= Q(currency=currency, **{f"total__{name}": minor for name, minor in bounds.items()})
    return question


def currency(place: Place, text: str) -> Q:
    if not (text.isascii() and text.isalpha() and len(text) == 3):
        raise ValueError("Enter a currency such as EUR.")
    return Q(currency=text.upper())


def _product(place: Place, text: str) -> Q:
    """The product of this id, or the lines whose code is this, or whose description has all these words."""
    try:
        return Q(pk__in=OrderLineCopy.objects.filter(product_id=uuid.UUID(text)).values("order"))
    except ValueError:
        words = _some(text).split()
        described = _described(place, words)
        code = Q(kind=Term.Kind.CODE, value=folding.term(text))
        coded = Term.objects.filter(code, merchant=place.merchant, mode=place.mode).values_list("order__id", flat=True)
        found = list(coded[: looked_up.FEW + 1])
        of_code = Q(pk__in=found if len(found) <= looked_up.FEW else coded)
        return described | of_code if found else described


def _described(place: Place, words: list[str]) -> Q:
    """With a line in whose description all these words are."""
    of_line = reduce(and_, [Q(description__icontains=word) for word in words])
    folded = [word for word in map(folding.folded, words) if len(word) >= SHORTEST]
    if not folded:
        return Q(_some_line(of_line))
    some = looked_up.some_with_parts(place.merchant, place.mode, folded)
    if some is None:
        return looked_up.with_parts(place.merchant, place.mode, folded) & Q(_some_line(of_line))
    return among("pk", OrderLineCopy.objects.filter(of_line, among("order__id", some)).values_list("order", flat=True))


def _some_line(of_line: Q) -> Coalesce:
    """Whether an order has such a line, looked up for each order that it comes to. Asked by EXISTS, PostgreSQL would
    look through the lines of all orders first, however few are wanted.
    """
    lines = OrderLineCopy.objects.filter(of_line, order=OuterRef("pk")).order_by()
    return Coalesce(Subquery(lines.values(there=Value(True))[:1]), Value(False))


def _carrier(place: Place, text: str) -> Q:
    return _shipped(place, ~Q(carrier__in=["", *KNOWN_CARRIERS]) if text == "other" else Q(carrier=text))


def _shipped_here(place: Place, text: str) -> Q:
    return _shipped(place, Q(kind=Shipment.Kind.PARCEL))


def _shipped(place: Place, which: Q) -> Q:
    """With such a shipment from here that left or may have left."""
    here = {"merchant": place.merchant, "mode": place.mode, "kind__in": Shipment.Kind, "state__in": Shipment.COUNTED}
    shipments = Shipment.objects.filter(which, **here)
    return Q(order_id__in=shipments.values("order_id"))


def _tagged(place: Place, text: str) -> Q:
    """With this tag, however its letters are written."""
    return _said(OrderTag, place, Q(key=" ".join(_some(text).casefold().split())[:30]))


def _on_hold(place: Place, text: str) -> Q:
    today = place.now.astimezone(place.merchant.zone).date()
    return _said(Hold, place, Q(until=None) | Q(until__gt=today))


def _assigned(place: Place, text: str) -> Q:
    """To the person of this name or e-mail address, or to nobody."""
    if text.strip().casefold() == "nobody":
        return ~_said(Handling, place, Q(assigned_to__isnull=False))
    person = _some(text).strip()
    return _said(Handling, place, Q(assigned_to__name__iexact=person) | Q(assigned_to__email__iexact=person))


def _said(model: type[OrderTag] | type[Hold] | type[Handling], place: Place, which: Q) -> Q:
    """Of which staff say this here."""
    rows = model._default_manager.filter(which, merchant=place.merchant, mode=place.mode)
    return Q(order_id__in=rows.values("order_id"))


def _has(place: Place, text: str) -> Q:
    return {"note": Q(looked_up.Some("notes")), "metadata": ~Q(metadata={})}[text]


def _metadata(place: Place, text: str) -> Q:
    """`channel`, or `channel=web`: a key, or a key and its whole value as text."""
    key, equals, value = _some(text).partition("=")
    begin, term = metadata.begin(key), metadata.term(key, value)
    paired = Q(value=term) if equals else Q(value__gte=begin, value__lt=begin + LAST)
    paired &= Q(kind=Term.Kind.METADATA_PAIR)
    with_pair = looked_up.with_terms(place.merchant, place.mode, paired)
    return with_pair & Q(metadata.Has(key, value if equals else None))


def _expires(place: Place, text: str) -> Q:
    """Of those still open: `expired`, or `7d`, within so many days from now."""
    still_open = Q(status__in=OPEN)
    if text == "expired":
        return still_open & Q(expires_at__lte=place.now)
    days = text.removesuffix("d")
    if not (text.endswith("d") and days.isascii() and days.isdigit() and len(days) <= 4):
        raise ValueError("Enter expired, or a number of days such as 7d.")
    return still_open & Q(expires_at__gt=place.now, expires_at__lte=place.now + timedelta(days=int(days)))


def _some(text: str) -> str:
    if not text.strip():
        raise ValueError("Enter something to look for.")
    return text


FILTERS = {
    "status": Filter("Status", equal("status"), states.STATUSES, once=True),
    "payment": Filter("Payment", _word("payment_state", PAYMENTS), PAYMENTS, once=True),
    "fulfillment": Filter("Fulfillment", _word("fulfillment_state", FULFILLMENTS), FULFILLMENTS, once=True),
    "customer": Filter("Customer", customer, once=True),
    "billing_type": Filter("Billed", equal("billing_type"), states.BILLING_TYPES, once=True),
    "placed": Filter("Placed", _placed, once=True),
    "updated": Filter("Updated", days("updated_at"), span="date", once=True),
    "total": Filter("Total", _total, span="text"),
    "currency": Filter("Currency", currency, hint="EUR", once=True),
    "product": Filter("Product", _product, hint="Words of a line item, an SKU or a product id"),
    "carrier": Filter("Carrier", _carrier, CARRIERS),
    "shipped": Filter("Shipped", _shipped_here, {"here": "from here"}, once=True),
    "has": Filter("Has", _has, {"note": "a note", "metadata": "metadata"}),
    "tag": Filter("Tag", _tagged, hint="A tag of your team’s"),
    "hold": Filter("Hold", _on_hold, {"yes": "on hold"}, once=True),
    "assigned": Filter("Assigned to", _assigned, hint="Name or e-mail of a person, or nobody", once=True),
    "metadata": Filter("Metadata", _metadata, hint="key, or key=value"),
    "expires": Filter("Expires", _expires, hint="expired, or 7d for the next seven days", once=True),
    "adds_up": Filter(
        "Amounts", lambda place, text: Q(looked_up.Some("amounts_rule")), {"no": "do not add up"}, once=True
    ),
}
