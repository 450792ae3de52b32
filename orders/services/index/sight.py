"""What is read of RevKeen for a person keeps the index fresh for nothing, and shows how well it was kept.

A process remembers what it has seen, so that a page on which nothing changed costs one digest for each order.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db.models import F
from django.db.models.functions import Now

from orders import afterwards
from orders.apis.listings import Listing
from orders.apis.revkeen.objects import Invoice, Order, Product, Refund, Transaction
from orders.models import IndexState, Merchant, Operation
from orders.services.index import copying, learning, money_copies, writing
from orders.services.index.writing import Applied, Sent

REMEMBERED = 20_000
OURS = timedelta(minutes=10)  # an order that was changed from here so lately is expected to differ from its copy

_seen: OrderedDict[Hashable, object] = OrderedDict()


def look(merchant: Merchant, mode: str, read_started: datetime, values: Iterable[object]) -> None:
    """Keep the orders and the money among these answers, and learn from the invoices and products.

    `read_started`: the database's clock before the first of them was asked for.
    """
    flat = list(_flat(values))
    new = [one for one in flat if _is_new((merchant.pk, mode), one)]
    orders: list[Sent] = [one for one in new if isinstance(one, Order)]
    if orders:
        applied = writing.apply(merchant, mode, orders, read_started)
        afterwards.do(partial(_count, merchant, mode, len(orders), applied))
    learning.learn(merchant, mode, [one for one in new if not isinstance(one, Order)])
    money_copies.keep(merchant, mode, new, read_started)
    for one in new:
        _remember((merchant.pk, mode), one)


def forget_seen() -> None:
    """Start afresh, as a new process does."""
    _seen.clear()


def _flat(values: Iterable[object]) -> Iterator[Order | Invoice | Transaction | Refund | Product]:
    for value in values:
        for one in value.rows if isinstance(value, Listing) else [value]:
            if isinstance(one, Order | Invoice | Transaction | Refund | Product):
                yield one


def _is_new(place: tuple[int, str], one: Order | Invoice | Transaction | Refund | Product) -> bool:
    return _seen.get((*place, type(one), one.id)) != _content(one)


def _content(one: Order | Invoice | Transaction | Refund | Product) -> object:
    return copying.digest_of(one) if isinstance(one, Order) else one


def _remember(place: tuple[int, str], one: Order | Invoice | Transaction | Refund | Product) -> None:
    _seen[(*place, type(one), one.id)] = _content(one)
    while len(_seen) > REMEMBERED:
        _seen.popitem(last=False)


def _count(merchant: Merchant, mode: str, looked_at: int, applied: Applied) -> None:
    """What the index had otherwise was not kept fresh enough, unless it was changed from here just now."""
    differed = set(applied.outdated)
    if differed:
        lately = Operation.objects.filter(merchant=merchant, mode=mode, created_at__gt=Now() - OURS)
        differed -= set(lately.filter(order_id__in=differed).values_list("order_id", flat=True))
    count_drift(merchant, mode, looked_at - len(applied.new), len(differed))


def count_drift(merchant: Merchant, mode: str, compared: int, differed: int) -> None:
    """Add to what was held against the copies, and to what of it they had otherwise."""
    state = IndexState.objects.filter(merchant=merchant, mode=mode)
    changes: dict[str, object] = {"compared": F("compared") + compared, "differed": F("differed") + differed}
    state.update(**changes, **({"differed_at": Now()} if differed else {}))
