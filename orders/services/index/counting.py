"""How many orders several lists have, in one query, as far as that is quick to say."""

from django.db.models import IntegerField, Q, Subquery

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


def count_each(place: Place, questions: list[Q]) -> list[str]:
    """`204` or `1,000+` for each question, in one query."""
    if not questions:
        return []
    found = [_Rows(order_list.of(place).filter(asked).order_by().values("pk")[: MOST + 1]) for asked in questions]
    counts = Merchant.objects.filter(pk=place.merchant.pk).values_list(*found).get()
    return [f"{MOST:,}+" if count > MOST else str(count) for count in counts]
