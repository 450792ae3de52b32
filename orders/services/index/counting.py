"""How many orders several lists have, in one query, as far as that is quick to say."""

from collections.abc import Iterable
from typing import Any

from django.db.models import IntegerField, Q, QuerySet, Subquery, Value

from orders.kept_queries import Given
from orders.models import Merchant
from orders.services.index import order_list
from orders.services.index.order_filters import Place

MOST = 1_000  # counted of each; more are "1,000+"
# Filters that look at nothing but the copy itself, where counting ends soon.
QUICK = {
    *("status", "payment", "fulfillment", "customer", "billing_type", "currency"),
    *("placed", "updated", "total", "expires", "adds_up"),
}


class _Rows(Subquery):
    """How many rows a query has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
    empty_result_set_value = 0  # where it is known without asking


def rows_of(merchant_id: int | Given, most: int, questions: "Iterable[QuerySet[Any, Any]]") -> "QuerySet[Any, Any]":
    """How many rows each of these has, in one query; of each no more than `most`.

    No column of them is asked for: on SQLite not even the key is in each index.
    """
    found = [_Rows(question.order_by().values_list(Value(1))[:most]) for question in questions]
    return Merchant.objects.filter(pk=merchant_id).values_list(*found)


def count_each(place: Place, questions: list[Q]) -> list[str]:
    """`204` or `1,000+` for each question, in one query."""
    if not questions:
        return []
    counts = rows_of(place.merchant.pk, MOST + 1, (order_list.of(place).filter(asked) for asked in questions)).get()
    return [f"{MOST:,}+" if count > MOST else str(count) for count in counts]
