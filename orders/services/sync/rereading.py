"""Orders that are marked are read one by one, the ones that wait longest first."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import BigIntegerField, CharField, QuerySet
from django.db.models.functions import Now

from orders.apis.errors import ApiError, Missing, NotUnderstood
from orders.apis.listings import Unreadable
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Order
from orders.kept_queries import Given
from orders.kept_queries import kept as kept_query
from orders.models import IndexState, ToRead
from orders.services.index import clock, marks, writing
from orders.services.index.writing import Applied
from orders.services.revkeen.session import Reading, Session
from orders.services.sync import settling

AT_ONCE = 4
LATER = timedelta(seconds=30)
Sent = Order | Unreadable | None  # None: there is no such order


@dataclass(frozen=True)
class Done:
    """What was answered, by id; what of it was news; the error of one that was not answered."""

    answered: Mapping[uuid.UUID, Sent]
    applied: Applied
    error: ApiError | None


def due(state: IndexState) -> list[uuid.UUID]:
    """The next few."""
    return [order_id for (order_id,) in _due(state.merchant_id, state.mode)]


@kept_query(BigIntegerField(), CharField())
def _due(merchant_id: Given, mode: Given) -> "QuerySet[ToRead, tuple[uuid.UUID]]":
    found = ToRead.objects.filter(merchant=merchant_id, mode=mode, due_at__lte=Now())
    return found.order_by("due_at").values_list("order_id")[:AT_ONCE]


def read(api: Session, state: IndexState, order_ids: list[uuid.UUID]) -> None:
    """Read these orders side by side and keep what was answered. Raise the `ApiError` of one that was not."""
    done = kept(api, state, order_ids)
    settling.settle(state.merchant, state.mode)
    if done.error is not None:
        raise done.error


def kept(api: Session, state: IndexState, order_ids: list[uuid.UUID]) -> Done:
    """The same, and what came of it; one that was not answered is due again a little later."""
    read_started = clock.now()
    readings = dict(zip(order_ids, api.get_together(*map(reads.order, order_ids)), strict=True))
    answered = {order_id: _sent(order_id, reading) for order_id, reading in readings.items() if _answered(reading)}
    with transaction.atomic():
        applied = writing.apply(state.merchant, state.mode, filter(None, answered.values()), read_started)
        for order_id in (order_id for order_id, sent in answered.items() if sent is None):
            writing.gone(state.merchant, state.mode, order_id, read_started)
        marks.served(state.merchant, state.mode, answered, read_started)
        left = ToRead.objects.filter(merchant=state.merchant, mode=state.mode)
        left.filter(order_id__in=readings.keys() - answered.keys()).update(due_at=Now() + LATER)
    errors = [reading.error for reading in readings.values() if not _answered(reading)]
    return Done(answered, applied, next(iter(errors), None))


def _answered(reading: Reading[Order]) -> bool:
    return reading.error is None or isinstance(reading.error, Missing | NotUnderstood)


def _sent(order_id: uuid.UUID, reading: Reading[Order]) -> Sent:
    if isinstance(reading.error, NotUnderstood):
        return Unreadable(str(order_id), str(reading.error), "")
    return reading.value
