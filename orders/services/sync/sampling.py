"""Every hour some copies, drawn by lot, are held against RevKeen: how well they are kept is measured, not supposed."""

import uuid
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F

from orders.apis.revkeen.objects import Order
from orders.models import IndexState, OrderCopy, Sweep
from orders.services.index import clock, copying
from orders.services.revkeen.session import Session
from orders.services.sync import rereading, turns

log = structlog.get_logger("orders.sync")

EVERY = timedelta(hours=1)
SIZE = 30
RULE_OF_THREE = 3  # of n without one that is wrong, at most 3/n of all are, with 95 % certainty


def read_some(api: Session, state: IndexState, sweep: Sweep) -> None:
    """Compare the next few, and count. Raise `ApiError`, `Lost`."""
    if sweep.began_at is None:
        sweep.began_at, sweep.rows, sweep.changed = clock.now(), 0, 0
    copies = _drawn(sweep, min(rereading.AT_ONCE, SIZE - sweep.rows))
    read = rereading.kept(api, state, [copy.order_id for copy in copies])
    compared = [copy for copy in copies if copy.order_id in read.answered]
    outdated = [copy for copy in copies if copy.order_id in read.applied.outdated]
    for copy in outdated:
        _tell(copy, read.answered[copy.order_id])
    with transaction.atomic():
        turns.require(state)
        found = IndexState.objects.filter(pk=state.pk)
        found.update(sampled=F("sampled") + len(compared), sampled_outdated=F("sampled_outdated") + len(outdated))
        sweep.rows, sweep.changed = sweep.rows + len(copies), sweep.changed + len(outdated)
        if not copies or sweep.rows >= SIZE:
            sweep.due_at, sweep.as_of, sweep.began_at = clock.now() + EVERY, sweep.began_at, None
        sweep.save()
    if read.error is not None:
        raise read.error


def at_most_outdated(state: IndexState) -> float | None:
    """At most so many percent of all copies are outdated, with 95 % certainty; None where the drawn ones do not say."""
    if state.sampled_outdated or not state.sampled:
        return None
    return min(100.0, 100 * RULE_OF_THREE / state.sampled)


def _drawn(sweep: Sweep, count: int) -> list[OrderCopy]:
    """By random ids, which no scan of all copies is needed for; the same one is drawn once at a time."""
    here = OrderCopy.objects.filter(merchant=sweep.merchant, mode=sweep.mode, gone_at=None).order_by("order_id")
    drawn: dict[int, OrderCopy] = {}
    for _ in range(count):
        copy = here.filter(order_id__gte=uuid.uuid4()).first() or here.first()
        if copy is not None:
            drawn[copy.pk] = copy
    return list(drawn.values())


def _tell(copy: OrderCopy, sent: object) -> None:
    """Which of our ways of finding a change has missed this one."""
    fields = copying.fields_of(sent, copy.read_started) if isinstance(sent, Order) else {"unreadable": True}
    others = sorted(name for name, value in fields.items() if name != "digest" and getattr(copy, name) != value)
    age = (clock.now() - copy.read_started).total_seconds()
    missed_by = f"pass over {copy.status}" if copy.status in Sweep.OF_STATUS else "passes by age"
    place = {"merchant": copy.merchant_id, "mode": copy.mode, "order": str(copy.order_id)}
    log.warning("a copy was outdated", fields=others, read_seconds_ago=round(age), missed_by=missed_by, **place)
