"""What periods come to, by currency: what was ordered by the day of the order, and money by the day it moved.

Sums are added up from the copies each time, out of indexes that hold all that is added up, and so in any time zone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, DateTimeField, Q, Sum, TextField, Value
from django.db.models.functions import Coalesce

from orders.models import OrderCopy, TransactionCopy
from orders.money import Money
from orders.services.finance.periods import Period
from orders.services.index.movements import NOT_ORDERED
from orders.services.index.order_filters import Place

Flow = TransactionCopy.Flow
ORDERED = ~Q(status__in=NOT_ORDERED) & Q(gone_at=None, unreadable="")
# By the bare column SQLite would go through the due of all orders, for an index that has the currencies in order.
CURRENCY = Coalesce("currency", Value("", TextField()))
STILL_DUE = ORDERED & Q(still_due__gt=0)  # what receivables are
OF_ORDERS = ("orders", "ordered", "discount", "tax", "still_due")
OF_MONEY = {Flow.IN: ("payments", "collected"), Flow.OUT: ("refunds", "refunded")}
# As text, for Django would take longer to write sixty such questions than a database to answer them.
ORDERED_IN = """SELECT %s, currency, COUNT(*), SUM(total), SUM(discount), SUM(tax),
    SUM(CASE WHEN still_due > 0 THEN still_due ELSE 0 END) FROM orders_ordercopy
    WHERE merchant_id = %s AND mode = %s AND created_at >= %s AND created_at < %s
    AND gone_at IS NULL AND unreadable = '' AND status NOT IN ('draft', 'canceled') GROUP BY currency"""
MOVED_IN = """SELECT %s, currency, flow, COUNT(*), SUM(amount) FROM orders_transactioncopy
    WHERE merchant_id = %s AND mode = %s AND moved_at >= %s AND moved_at < %s
    AND flow IN ('in', 'out') GROUP BY currency, flow"""
AT_ONCE = 60  # parts of one question: SQLite takes no more than 500


@dataclass(frozen=True)
class Figures:
    """Of one currency and one period, in minor units."""

    currency: str
    orders: int = 0
    ordered: int = 0
    discount: int = 0
    tax: int = 0
    still_due: int = 0  # of the orders placed in the period
    payments: int = 0
    collected: int = 0
    refunds: int = 0
    refunded: int = 0

    @property
    def net(self) -> int:
        return self.collected - self.refunded

    def money(self, name: str) -> Money:
        return Money(getattr(self, name), self.currency)


Sums = dict[str, Figures]  # by currency


def of_periods(place: Place, periods: Sequence[Period]) -> list[Sums]:
    """The figures of each period."""
    found: list[Sums] = [{} for _ in periods]
    for number, currency, *amounts in _asked(place, periods, ORDERED_IN):
        _put(found[number], currency, dict(zip(OF_ORDERS, amounts, strict=True)))
    for number, currency, flow, *amounts in _asked(place, periods, MOVED_IN):
        _put(found[number], currency, dict(zip(OF_MONEY[flow], amounts, strict=True)))
    return found


def together(parts: Iterable[Sums]) -> Sums:
    """Periods that follow on each other as one."""
    found: dict[str, list[Figures]] = defaultdict(list)
    for sums in parts:
        for currency, figures in sums.items():
            found[currency].append(figures)
    names = [name for name in Figures.__dataclass_fields__ if name != "currency"]
    return {
        currency: Figures(currency, **{name: sum(getattr(one, name) for one in all_of) for name in names})
        for currency, all_of in found.items()
    }


def due_now(place: Place) -> list[tuple[int, Money]]:
    """How many orders have something due, whenever they were placed, and what: one a currency."""
    here = OrderCopy.objects.filter(STILL_DUE, merchant=place.merchant, mode=place.mode)
    sums = here.order_by().values_list(CURRENCY).annotate(Count("pk"), Sum("still_due"))
    return [(count, Money(int(minor), code)) for code, count, minor in sorted(sums)]


def _put(sums: Sums, currency: str, amounts: dict[str, Any]) -> None:
    exact = {name: int(amount) for name, amount in amounts.items()}  # PostgreSQL adds up to Decimal
    kept = asdict(sums[currency]) if currency in sums else {"currency": currency}
    sums[currency] = Figures(**kept | exact)


def _asked(place: Place, periods: Sequence[Period], part: str) -> Iterable[tuple[Any, ...]]:
    """One question for many periods, each of which an index answers."""
    moment = DateTimeField().get_db_prep_value
    asked = [
        [number, place.merchant.pk, place.mode, moment(period.start, connection), moment(period.end, connection)]
        for number, period in enumerate(periods)
    ]
    with connection.cursor() as cursor:
        for begin in range(0, len(asked), AT_ONCE):
            parts = asked[begin : begin + AT_ONCE]
            cursor.execute(" UNION ALL ".join([part] * len(parts)), [one for params in parts for one in params])
            yield from cursor.fetchall()
