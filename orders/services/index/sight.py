"""What is read of RevKeen for a person keeps the index fresh for nothing, and shows how well it was kept.

A process remembers what it has seen, so that a page on which nothing changed costs one digest for each order, and
nothing while the very same list is shown again.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import BigIntegerField, CharField, F, QuerySet, UUIDField
from django.db.models.functions import Now

from orders import afterwards
from orders.apis.listings import Listing
from orders.apis.revkeen.objects import Invoice, Order, Product, Refund, Transaction
from orders.kept_queries import Given, Several, kept
from orders.models import IndexState, Merchant, Operation
from orders.same import Same
from orders.services.index import copying, durability, learning, money_copies, writing
from orders.services.index.writing import Applied, Sent

REMEMBERED = 20_000
LISTS_REMEMBERED = 64
OURS = timedelta(minutes=10)  # an order that was changed from here so lately is expected to differ from its copy

Kept = Order | Invoice | Transaction | Refund | Product

_seen: OrderedDict[Hashable, object] = OrderedDict()
_news: Counter[tuple[int, str]] = Counter()  # how often something new was seen at a merchant and mode
_lists: OrderedDict[tuple[tuple[int, str], Same[object]], int] = OrderedDict()  # in which nothing was new as of then


def look(merchant: Merchant, mode: str, read_started: datetime, values: Iterable[object]) -> None:
    """Keep the orders and the money among these answers, and learn from the invoices and products.

    `read_started`: the database's clock before the first of them was asked for.
    """
    place = (merchant.pk, mode)
    news, left = _news[place], [value for value in values if not _looked_through(place, value)]
    new = [one for one in _flat(left) if _is_new(place, one)]
    if new:
        with durability.on_disk_later():
            _keep(merchant, mode, read_started, new)
    else:
        _note_looked_through(place, left, news)


def forget_seen() -> None:
    """Start afresh, as a new process does."""
    _seen.clear()
    _lists.clear()


def _keep(merchant: Merchant, mode: str, read_started: datetime, new: list[Kept]) -> None:
    orders: list[Sent] = [one for one in new if isinstance(one, Order)]
    if orders:
        applied = writing.apply(merchant, mode, orders, read_started)
        afterwards.do(partial(_count, merchant, mode, len(orders), applied))
    learning.learn(merchant, mode, [one for one in new if not isinstance(one, Order)])
    money_copies.keep(merchant, mode, new, read_started)
    for one in new:
        _remember((merchant.pk, mode), one)


def _looked_through(place: tuple[int, str], value: object) -> bool:
    """Whether it is the very same list that was looked through before, and nothing else was new there since."""
    return isinstance(value, Listing) and _lists.get((place, Same(value))) == _news[place]


def _note_looked_through(place: tuple[int, str], values: list[object], news: int) -> None:
    """`news`: as it was before they were looked through; what others see at the same time makes them be looked through
    once more."""
    _lists.update({(place, Same(value)): news for value in values if isinstance(value, Listing)})
    while len(_lists) > LISTS_REMEMBERED:
        _lists.popitem(last=False)


def _flat(values: Iterable[object]) -> Iterator[Kept]:
    for value in values:
        for one in value.rows if isinstance(value, Listing) else [value]:
            if isinstance(one, Kept):
                yield one


def _is_new(place: tuple[int, str], one: Kept) -> bool:
    return _seen.get((*place, type(one), one.id)) != _content(one)


def _content(one: Kept) -> object:
    return copying.digest_of(one) if isinstance(one, Order) else one


def _remember(place: tuple[int, str], one: Kept) -> None:
    _seen[(*place, type(one), one.id)] = _content(one)
    _news[place] += 1  # only now: a list that was looked through before it is looked through once more
    while len(_seen) > REMEMBERED:
        _seen.popitem(last=False)


def _count(merchant: Merchant, mode: str, looked_at: int, applied: Applied) -> None:
    """What the index had otherwise was not kept fresh enough, unless it was changed from here just now."""
    differed = set(applied.outdated)
    if differed:
        differed -= {order_id for (order_id,) in _changed_lately(merchant.pk, mode, differed)}
    count_drift(merchant, mode, looked_at - len(applied.new), len(differed))


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _changed_lately(merchant_id: Given, mode: Given, order_ids: Given) -> "QuerySet[Operation, Any]":
    lately = Operation.objects.filter(merchant=merchant_id, mode=mode, created_at__gt=Now() - OURS)
    return lately.filter(order_id__in=order_ids).values_list("order_id")


def count_drift(merchant: Merchant, mode: str, compared: int, differed: int) -> None:
    """Add to what was held against the copies, and to what of it they had otherwise."""
    state = IndexState.objects.filter(merchant=merchant, mode=mode)
    changes: dict[str, object] = {"compared": F("compared") + compared, "differed": F("differed") + differed}
    state.update(**changes, **({"differed_at": Now()} if differed else {}))
