"""Finding orders and customers by whatever somebody types: whole things first, then beginnings, then parts of words."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_

from django.db.models import BigIntegerField, CharField, IntegerField, Q, QuerySet, TextField

from orders.kept_queries import Given, Kept, Several, kept
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


def find_by_each_word(merchant: Merchant, mode: str, text: str, limit: int = 50) -> list[Hit]:
    """At most `limit` orders, the newest first, that have every word, each in a way of its own.

    A name and the last digits of a card, say. Of words that all have many orders, the newest of these are looked at.
    """
    said = questions.words(text[: questions.LONGEST].replace("\x00", ""))
    if len(said) < 2:
        return []
    found = [{hit.key for hit in find_ids(merchant, mode, word, MOST_BEGINNINGS)} for word in said]
    rarest = min(found, key=len)
    for word, keys in zip(said, found, strict=True):
        rarest = rarest & (keys if len(keys) < MOST_BEGINNINGS else _with_word(rarest, word))
    return [Hit(key, None, whole=False) for key in sorted(rarest, reverse=True)[:limit]]


def _with_word(among_these: set[int], word: str) -> set[int]:
    """Those of some orders that have a word: as a term, as the beginning of an amount, or in their texts."""
    whole = [value for value, _ in questions.exact(word) if value]
    begin = [Q(value__startswith=value, kind=Term.Kind.AMOUNT) for value in questions.amounts(word)]
    fits = reduce(or_, begin, Q(value__in=whole))
    by_term = Term.objects.filter(fits, order__in=among_these).values_list("order_id", flat=True)
    by_text = OrderCopy.objects.filter(pk__in=among_these, text__contains=word).values_list("pk", flat=True)
    return {*by_term, *by_text}


def find_customer_ids(merchant: Merchant, mode: str, text: str, limit: int = 50) -> list[int]:
    """The keys of at most `limit` copies of customers in whose name, e-mail, phone or other fields all parts occur."""
    return parts.keys(CustomerCopy, merchant, mode, questions.parts(text[: questions.LONGEST]), limit)


def _whole(merchant: Merchant, mode: str, text: str, limit: int) -> Iterator[Hit]:
    wanted = dict.fromkeys([*questions.exact(text), *_products(merchant, mode, text)])
    complete: set[str] = set()  # values of which there are no more terms than were found, of whatever kind
    rows = list[Row]()
    for value, kinds in wanted:
        if value and value not in complete:
            given = [value] if kinds is None else [value, kinds]
            found = _newest(limit, of_kinds=kinds is not None)(merchant.pk, mode, *given)
            rows += found
            complete |= {value} if kinds is None and len(found) < limit else set()
    yield from _hits(rows, whole=True)


def _beginning(merchant: Merchant, mode: str, text: str, limit: int) -> Iterator[Hit]:
    for begin, kinds in questions.beginnings(text):
        rows = _between(merchant.pk, mode, begin, begin + LAST, kinds or ())
        if len(rows) <= MOST_BEGINNINGS:
            yield from _hits(rows, whole=False)


def _parts(merchant: Merchant, mode: str, text: str, limit: int) -> Iterator[Hit]:
    found = parts.keys(OrderCopy, merchant, mode, questions.parts(text), limit, NOT_GONE)
    yield from (Hit(key, None, whole=False) for key in found)


@lru_cache(maxsize=16)
def _newest(limit: int, *, of_kinds: bool) -> "Kept[Row]":
    """The question for so many of the newest orders with a term, of any kind or of some."""

    def ask(merchant_id: Given, mode: Given, value: Given, *kinds: Given) -> "QuerySet[Term, Row]":
        found = Term.objects.filter(merchant=merchant_id, mode=mode, value=value, order__gone_at=None)
        found = found.filter(kind__in=kinds[0]) if kinds else found
        return found.order_by("-order").values_list("order__id", "kind")[:limit]

    return kept(BigIntegerField(), CharField(), TextField(), *[Several(IntegerField())] * of_kinds)(ask)


@kept(BigIntegerField(), CharField(), TextField(), TextField(), Several(IntegerField(), len(questions.BY_BEGINNING)))
def _between(merchant_id: Given, mode: Given, begin: Given, end: Given, kinds: Given) -> "QuerySet[Term, Row]":
    """Orders with a term from one on and before another, and one more than are looked at."""
    here = Term.objects.filter(merchant=merchant_id, mode=mode, kind__in=kinds, order__gone_at=None)
    ranged = here.filter(value__gte=begin, value__lt=end)
    return ranged.values_list("order__id", "kind")[: MOST_BEGINNINGS + 1]


def _hits(rows: Iterable[Row], *, whole: bool) -> Iterator[Hit]:
    """The newest first."""
    for order, kind in sorted(rows, key=lambda row: row[0], reverse=True):
        yield Hit(order, Term.Kind(kind), whole)


def _products(merchant: Merchant, mode: str, text: str) -> Iterator[Wanted]:
    """A product's code stands for its id."""
    code, kinds = folding.term(text), (Term.Kind.PRODUCT,)
    if code:
        yield from ((str(product_id), kinds) for (product_id,) in _products_of(merchant.pk, mode, code))


@kept(BigIntegerField(), CharField(), TextField())
def _products_of(merchant_id: Given, mode: Given, code: Given) -> "QuerySet[ProductCopy, tuple[uuid.UUID]]":
    here = ProductCopy.objects.filter(merchant=merchant_id, mode=mode, code=code)
    return here.values_list("product_id")[:MOST_PRODUCTS]
