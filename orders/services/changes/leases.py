"""Who is at an operation: whoever holds its lease, for longer than all its calls may take. Then another takes over."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DurationField, F, IntegerField, QuerySet, UUIDField
from django.db.models.functions import Now

from orders.kept_queries import Given, Update, kept_update
from orders.models import Operation
from orders.services.due import Asked, Literal, asked_often

OPEN = [Literal(state) for state in Operation.OPEN]  # as in the index operations_open


def lease() -> Any:
    """The end of a lease that begins now, by the database's clock."""
    return Now() + _span()


def _span() -> timedelta:
    return timedelta(seconds=settings.REVKEEN_CHANGE_SECONDS + 3 * settings.REVKEEN_READ_SECONDS + 5)


def take_to_send(operation: Operation) -> bool:
    """Count one more sending, and hold the operation for it; False when another has sent or ended it since.

    Until this is committed nothing has left, afterwards it may have.
    """
    if not _take(operation.pk, operation.attempts, _span()):
        return False
    operation.attempts += 1
    return True


@kept_update(UUIDField(), IntegerField(), DurationField())
def _take(operation_id: Given, attempts: Given, span: Given) -> Update:
    untouched = Operation.objects.filter(pk=operation_id, attempts=attempts)
    may_be_sent = untouched.filter(state__in=(Operation.State.STARTED, Operation.State.IN_DOUBT))
    now = {"last_sent_at": Now(), "lease_until": Now() + span, "unreachable": False}
    return Update(may_be_sent, attempts=F("attempts") + 1, **now)


def claim(busy: Collection[int] = ()) -> Operation | None:
    """Take the open operation that is longest due, but for those of merchants that have enough at hand already.

    Workers never wait for each other: PostgreSQL skips what another has locked, SQLite lets one write at a time.
    """
    if not _due(busy).exists():  # a look that takes no lock
        return None
    with transaction.atomic():
        operation: Operation | None = (
            _due(busy).select_for_update(skip_locked=True, of=("self",)).order_by("next_try_at").first()
        )
        if operation is not None:
            Operation.objects.filter(pk=operation.pk).update(lease_until=lease())
    return operation


@asked_often
def due() -> Asked:
    """Whether an operation can be claimed, and when the next can be."""
    to_come = Operation.objects.filter(state__in=OPEN)
    return Asked(_due(()), (to_come, "next_try_at"), (to_come, "lease_until"))


def _due(busy: Collection[int]) -> "QuerySet[Operation, Any]":
    due = Operation.objects.filter(state__in=OPEN, lease_until__lte=Now(), next_try_at__lte=Now())
    return due.exclude(merchant_id__in=busy).select_related("merchant").annotate(now=Now())
