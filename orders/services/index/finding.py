"""Finding orders and customers by whatever somebody types: whole things first, then beginnings, then parts of words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from orders.models import CustomerCopy, Merchant, OrderCopy, ProductCopy, Term
from orders.services.index import folding, parts, questions
from orders.services.index.questions import Wanted

Row = tuple[int, int]  # the key of a copy, and the kind of a term that it has

NOT_GONE = "kept.gone_at IS NULL"
MOST_BEGINNINGS = 500  # terms with the same beginning; of more, the newest are found as parts
MOST_PRODUCTS = 20
LAST = "\U0010ffff"  # after every character that may follow


@dataclass(frozen=True)
class Hit:
    """An order that was found: the key of its copy, and by what; None: by a part of a text."""

    key: int
    kind: Term.Kind | None
    whole: bool  # the term is just what was typed


def find_ids(merchant: Merchant, mode: str, text: str, limit: int = 50) -> list[Hit]:
    """At most `limit` orders, each once: those with just this term, with one that begins so, with these parts of words.

    Each of the three newest first, and not those that have gone at RevKeen. Whatever is typed, this is no error.
    `OrderCopy.objects.in_bulk(hit.key for hit in …)` has the copies.
    """
    typed = text[: questions.LONGEST].replace("\x00", "")
    found: dict[int, Hit] = {}
    for look in (_whole, _beginning, _parts):
        if len(found) < limit:
            for hit in look(merchant, mode, typed, limit):
                found.setdefault(hit.key, hit)
    return list(found.values())[:limit]


def find_customer_ids(merchant: Merchant, mode: str, text: str, limit: int = 50) -> list[int]:
    """The keys of at most `limit` copies of customers in whose name, e-mail, phone or other fields all parts occur."""
    return parts.keys(CustomerCopy, merchant, mode, questions.parts(text[: questions.LONGEST]), limit)


def _whole(merchant: Merchant, mode: str, text: str, limit: int) -> Iterator[Hit]:
    here = Term.objects.filter(merchant=merchant, mode=mode)
    wanted = dict.fromkeys([*questions.exact(text), *_products(merchant, mode, text)])
    complete: set[str] = set()  # values of which there are no more terms than were found, of whatever kind
    rows = list[Row]()
    for value, kinds in wanted:
        if value and value not in complete:
            found = _rows(here, (value, kinds), limit)
            rows += found
            complete |= {value} if kinds is None and len(found) < limit else set()
    yield from _hits(rows, whole=True)


def _beginning(merchant: Merchant, mode: str, text: str, limit: int) -> Iterator[Hit]:
    here = Term.objects.filter(merchant=merchant, mode=mode)
    for begin, kinds in questions.beginnings(text):
        ranged = here.filter(value__gte=begin, value__lt=begin + LAST, kind__in=kinds or (), order__gone_at=None)
        rows = list(ranged.values_list("order__id", "kind")[: MOST_BEGINNINGS + 1])
        if len(rows) <= MOST_BEGINNINGS:
            yield from _hits(rows, whole=False)


def _parts(merchant: Merchant, mode: str, text: str, limit: int) -> Iterator[Hit]:
    found = parts.keys(OrderCopy, merchant, mode, questions.parts(text), limit, NOT_GONE)
    yield from (Hit(key, None, whole=False) for key in found)


def _rows(here: "QuerySet[Term]", wanted: Wanted, limit: int) -> list[Row]:
    value, kinds = wanted
    found = here.filter(value=value, order__gone_at=None)
    newest = (found if kinds is None else found.filter(kind__in=kinds)).order_by("-order")
    return list(newest.values_list("order__id", "kind")[:limit])


def _hits(rows: Iterable[Row], *, whole: bool) -> Iterator[Hit]:
    """The newest first."""
    for order, kind in sorted(rows, key=lambda row: row[0], reverse=True):
        yield Hit(order, Term.Kind(kind), whole)


def _products(merchant: Merchant, mode: str, text: str) -> Iterator[Wanted]:
    """A product's code stands for its id."""
    code, kinds = folding.term(text), (Term.Kind.PRODUCT,)
    if code:
        products = ProductCopy.objects.filter(merchant=merchant, mode=mode, code=code)[:MOST_PRODUCTS]
        yield from ((str(product.product_id), kinds) for product in products)
