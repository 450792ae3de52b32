"""Batches of orders that are picked together: made once of exactly those that were selected, printed and reprinted.

What is in a batch never changes. What is left of its orders is counted as everywhere, at the moment of printing.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from orders.models import Batch, BatchOrder, BatchPrint, EventLog, Merchant, User
from orders.services import audit
from orders.services.fulfillment import waiting_orders
from orders.services.picking import pick_order

MOST = 500  # orders
AT_ONCE = 100  # slips on one page: of more, RevKeen would be asked too much at once


def create(merchant: Merchant, mode: str, orders: Mapping[uuid.UUID, str], by: User) -> Batch:
    """Take these orders together, by id with their numbers, in the order in which they are packed."""
    walk = pick_order.walked(merchant, mode, list(orders))
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=merchant.pk)  # one after the other: a number is given once
        here = Batch.objects.filter(merchant=merchant, mode=mode)
        number = (here.aggregate(last=Max("number"))["last"] or 0) + 1
        batch = Batch.objects.create(merchant=merchant, mode=mode, number=number, user=by, who=by.email)
        BatchOrder.objects.bulk_create(
            BatchOrder(
                batch=batch, merchant=merchant, mode=mode, place=place, order_id=one, order_number=orders[one][:100]
            )
            for place, one in enumerate(walk, 1)
        )
        text = f"{batch}, {len(walk):,} order{'' if len(walk) == 1 else 's'}"
        audit.record(EventLog.Kind.BATCH_CREATED, text, user=by, merchant=merchant, mode=mode)
    return batch


def record_print(batch: Batch, paper: str, orders: int, by: User) -> None:
    with transaction.atomic():
        row = BatchPrint.objects.create(batch=batch, paper=paper, orders=orders, user=by, who=by.email)
        text = f"{row}, {orders:,} order{'' if orders == 1 else 's'}"
        audit.record(EventLog.Kind.BATCH_PRINTED, text, user=by, merchant=batch.merchant, mode=batch.mode)


def find(merchant: Merchant, mode: str, number: int) -> Batch | None:
    return Batch.objects.filter(merchant=merchant, mode=mode, number=number).select_related("user").first()


def listed(merchant: Merchant, mode: str) -> "QuerySet[Batch, Any]":
    """The newest first, with how many orders it has, and how many of them still wait by what the index knows."""
    rows = Batch.objects.filter(merchant=merchant, mode=mode).select_related("user").order_by("-number")
    to_ship = waiting_orders.to_ship(merchant, mode).filter(order_id=OuterRef("orders__order_id"))
    return (
        rows.annotate(total=Count("orders", distinct=True))
        .prefetch_related("prints__user")
        .annotate(waiting=Count("orders", distinct=True, filter=Exists(to_ship)))
    )


def place_of(batch: Batch, order_id: uuid.UUID | None) -> tuple[int, int] | None:
    """Where the order stands in the batch, and of how many; None where it is not in it."""
    places = dict(batch.orders.values_list("order_id", "place"))
    return (places[order_id], len(places)) if order_id in places else None


def others(batch: Batch) -> list[int]:
    """The numbers of other batches that have an order of this one."""
    ids = batch.orders.values("order_id")
    rows = BatchOrder.objects.filter(merchant=batch.merchant_id, mode=batch.mode, order_id__in=ids)
    found = rows.exclude(batch=batch).order_by().values_list("batch__number", flat=True).distinct()
    return sorted(found)


def parts(orders: Sequence[BatchOrder]) -> list[Sequence[BatchOrder]]:
    """The slips of a batch in pages of at most a hundred."""
    return [orders[start : start + AT_ONCE] for start in range(0, len(orders), AT_ONCE)]


def of_code(merchant: Merchant, mode: str, text: str) -> Batch | None:
    """The batch whose code was scanned or typed."""
    prefix, _, number = text.strip().upper().partition("-")
    if prefix != "BATCH" or not (number.isascii() and number.isdigit()) or len(number) > 9:
        return None
    return find(merchant, mode, int(number))


def ids(orders: Collection[BatchOrder]) -> list[uuid.UUID]:
    return [one.order_id for one in orders]
