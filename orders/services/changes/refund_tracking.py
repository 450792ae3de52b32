"""Following refunds that are on their way until RevKeen says what became of them. The worker's part; it only reads."""

import uuid
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Refund
from orders.models import Operation, RefundStatus
from orders.services.changes.leases import lease
from orders.services.due import Asked, asked_often
from orders.services.revkeen import session

log = structlog.get_logger("orders.refunds")

WAITS = (10, 60, 600, 3600)  # seconds, the last one again and again
FINAL = ("succeeded", "failed", "canceled")


def begin(operation: Operation) -> None:
    """Follow the refund of an operation that is done, in the transaction that ends it; one without an id cannot be."""
    told = operation.result.get("refund", {})
    try:
        refund_id = uuid.UUID(str(told.get("id")))
    except ValueError:
        return
    status = str(told.get("status") or "unknown")[:40]
    next_check = None if status in FINAL else Now() + timedelta(seconds=WAITS[0])
    RefundStatus.objects.create(operation=operation, refund_id=refund_id, status=status, next_check_at=next_check)


def of_plan(plan_id: uuid.UUID) -> dict[uuid.UUID, RefundStatus]:
    """By operation."""
    return RefundStatus.objects.in_bulk(list(Operation.objects.filter(plan_id=plan_id).values_list("pk", flat=True)))


def note(refunds: Iterable[Refund]) -> None:
    """Write down what a page has read of refunds that are on their way: it need not wait for the next look."""
    by_id = {refund.id: refund for refund in refunds}
    for followed in RefundStatus.objects.filter(refund_id__in=by_id, next_check_at__isnull=False):
        _on_its_way(followed).update(**_facts(by_id[followed.refund_id]))


def claim(busy: Collection[int] = ()) -> RefundStatus | None:
    """Take the refund that is longest due, but for those of merchants that have enough at hand already."""
    if not _due(busy).exists():  # a look that takes no lock
        return None
    with transaction.atomic():
        claimed: RefundStatus | None = (
            _due(busy).select_for_update(skip_locked=True, of=("self",)).order_by("next_check_at").first()
        )
        if claimed is not None:
            RefundStatus.objects.filter(pk=claimed.pk).update(lease_until=lease())
    return claimed


@asked_often
def due() -> Asked:
    """Whether a refund can be claimed, and when the next can be."""
    to_come = RefundStatus.objects.filter(next_check_at__isnull=False)
    return Asked(_due(()), (to_come, "next_check_at"), (to_come, "lease_until"))


def check(followed: RefundStatus) -> RefundStatus:
    """Read a refund that the caller has claimed, and write down its status; what cannot be read is read later."""
    operation = followed.operation
    with session.session(operation.merchant, operation.mode) as api:
        reading = api.get(reads.refund(followed.refund_id))
    read = reading.value if reading.error is None else None
    _write(followed, _facts(read) if read is not None else {})
    followed.refresh_from_db()
    log.info("looked at a refund", operation=str(followed.pk), status=followed.status, read=read is not None)
    return followed


def _facts(refund: Refund) -> dict[str, Any]:
    known = {"status": refund.status[:40], "failure_reason": (refund.failure_reason or "")[:200], "checked_at": Now()}
    return known | ({"next_check_at": None} if refund.final else {})


def _write(followed: RefundStatus, facts: dict[str, Any]) -> None:
    checks = followed.checks + 1
    later = Now() + timedelta(seconds=WAITS[min(checks, len(WAITS) - 1)])
    _on_its_way(followed).update(**{"next_check_at": later} | facts, checks=min(checks, 30_000), lease_until=Now())


def _on_its_way(followed: RefundStatus) -> "QuerySet[RefundStatus, Any]":
    """A status that is final stays: whoever read an older one writes nothing."""
    return RefundStatus.objects.filter(pk=followed.pk, next_check_at__isnull=False)


def _due(busy: Collection[int]) -> "QuerySet[RefundStatus, Any]":
    due = RefundStatus.objects.filter(next_check_at__lte=Now(), lease_until__lte=Now())
    return due.exclude(operation__merchant_id__in=busy).select_related("operation__merchant")
