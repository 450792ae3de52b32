"""Few orders are looked up by an index of something else before anything of them is read."""

from collections.abc import Sequence
from functools import reduce
from operator import and_

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, Value

from orders.models import Merchant, OrderCopy, Term
from orders.services.index import parts

FEW = 1000  # keys that a question names one by one


def with_terms(merchant: Merchant, mode: str, question: Q) -> Q:
    """At least all orders that have such a term: all orders there are, where it is common."""
    terms = Term.objects.filter(question, merchant=merchant, mode=mode).values_list("order__id", flat=True)
    found = list(terms[: parts.RARE + 1])
    if len(found) <= FEW:
        return _and_cut(merchant, mode, found)
    if len(found) <= parts.RARE and not _cut(merchant, mode):
        return Q(pk__in=terms)
    return Q()


def some_with_parts(merchant: Merchant, mode: str, words: Sequence[str]) -> list[int] | None:
    """The keys of at least all orders in whose texts all these parts occur; None where they are many, and where it is
    quicker to ask for them and what else is asked at once.
    """
    if connection.vendor == "postgresql":
        return None
    found, cut = parts.keys(OrderCopy, merchant, mode, words, parts.RARE + 1), _cut(merchant, mode)
    return [*found, *cut] if len(found) <= parts.RARE and len(cut) <= FEW else None


def with_parts(merchant: Merchant, mode: str, words: Sequence[str]) -> Q:
    """The same, of many."""
    if connection.vendor == "postgresql":
        return reduce(and_, [Q(text__contains=word) for word in words]) | Q(text_is_cut=True)
    return Q(Listed(parts.quoted(words)))


def _and_cut(merchant: Merchant, mode: str, found: Sequence[int]) -> Q:
    """These orders, and those of which more was sent than is kept to look it up by."""
    cut = _cut(merchant, mode)
    return Q(pk__in=[*found, *cut]) if len(cut) <= FEW else Q()


def _cut(merchant: Merchant, mode: str) -> list[int]:
    here = OrderCopy.objects.filter(merchant=merchant, mode=mode, text_is_cut=True)
    return list(here.values_list("pk", flat=True)[: FEW + 1])


def currencies(merchant: Merchant, mode: str) -> list[str]:
    """Those of the orders, from one to the next by an index, whatever there is between them."""
    here = (
        OrderCopy.objects.filter(merchant=merchant, mode=mode).order_by("currency").values_list("currency", flat=True)
    )
    found = list(here[:1])
    while found and (following := here.filter(currency__gt=found[-1]).first()) is not None:
        found.append(following)
    return found


class Listed(Func):
    """Whether a copy's key is one of those that SQLite's trigrams list: looking into each text takes longer."""

    template = "%(expressions)s UNION ALL SELECT id FROM orders_ordercopy WHERE text_is_cut)"
    arg_joiner = " IN (SELECT rowid FROM orders_ordercopy_text WHERE text MATCH "
    output_field = BooleanField()

    def __init__(self, quoted: str) -> None:
        super().__init__(F("id"), Value(quoted))


class Some(Func):
    """Whether there is any text in a column. SQLite uses an index of those with one where that is asked by no value."""

    template = "NOT (%(expressions)s = '')"
    output_field = BooleanField()

    def __init__(self, column: str) -> None:
        super().__init__(F(column))
