"""What some orders come to, by currency: amounts of several currencies are never added to each other."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from orders.services.index import order_list
from orders.services.index.order_filters import Place


@dataclass(frozen=True)
class Added:
    """Amounts in minor units of the one currency. `due`: what somebody still has to pay."""

    currency: str
    count: int
    total: int
    paid: int
    refunded: int
    due: int


def of_all(place: Place, asked: Q) -> list[Added]:
    """All orders that are asked for, as the index has them, but for those that could not be read."""
    found = order_list.of(place).filter(asked, unreadable="").order_by("currency").values_list("currency")
    sums = found.annotate(Count("pk"), Sum("total"), Sum("amount_paid"), Sum("amount_refunded"), Sum("still_due"))
    return [Added(*row) for row in sums]


def of_these(place: Place, order_ids: Iterable[uuid.UUID]) -> list[Added]:
    """As `of_all`, for orders by their ids; those that the index does not know are left out."""
    return of_all(place, Q(order_id__in=list(order_ids)))
