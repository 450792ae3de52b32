"""A job before anything is sent: its rows, its dry run, and *Apply*; and after: undo, stop, and what was not sent anew.

The rows are written once. Whatever joins the list that they came from later is no part of the job.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from orders.models import EventLog, Job, JobRow, Membership, User
from orders.services import audit
from orders.services.jobs import known_orders, marks
from orders.services.jobs.damage import damage
from orders.services.jobs.kinds import kind_of
from orders.services.jobs.marks import Code
from orders.storable import storable

MOST_ORDERS = 5_000  # of a list
UNDONE = "Undone before anything was sent."
State, RowState = Job.State, JobRow.State


class MovedOn(Exception):
    """The job is not any more what the page showed; nothing was changed. The message says what is so."""


@dataclass(frozen=True)
class Given:
    """A row to be: what was typed, and the order where it is known already."""

    place: int
    typed: dict[str, str]
    order_id: uuid.UUID | None = None
    order_number: str = ""


def begin(membership: Membership, mode: str, kind: str, source: str, given: Sequence[Given], **facts: Any) -> Job:
    """Write the job with its rows. Nothing is sent, and nothing is checked yet."""
    with transaction.atomic():
        job = Job.objects.create(
            merchant=membership.merchant,
            mode=mode,
            kind=kind,
            user=membership.user,
            who=membership.user.email,
            source=storable(source)[:200],
            state=State.CHECKED,
            **facts,
        )
        JobRow.objects.bulk_create(
            (
                JobRow(
                    job=job,
                    place=one.place,
                    typed=storable(one.typed),
                    order_id=one.order_id,
                    order_number=storable(one.order_number)[:100],
                    operation_id=uuid.uuid4(),
                    state=RowState.READY,
                )
                for one in given
            ),
            batch_size=500,
        )
    return job


def check(job: Job) -> None:
    """The dry run: mark each row, and fix what it will send. Raise `MovedOn` where it was applied meanwhile."""
    rows = list(job.rows.all())
    for row in rows:
        row.marks, row.asked, row.seen = [], {}, {}
    _find_orders(job, rows)
    known = known_orders.known(job.merchant, job.mode, (row.order_id for row in rows if row.order_id))
    for row in rows:
        _check_order_is_known(row, known)
    kind_of(job).check(job, rows, known)
    keys: dict[uuid.UUID, uuid.UUID] = {}
    for row in rows:
        marks.settle(row)
        if row.order_id is not None:  # rows of one order are one operation
            row.operation_id = keys.setdefault(row.order_id, row.operation_id)
    with transaction.atomic():
        before = Job.objects.filter(pk=job.pk, state=State.CHECKED)
        if not before.update(state=State.CHECKED, as_of=known.as_of, version=F("version") + 1):
            raise MovedOn("It was applied already.")
        _write_anew(job, rows)
    job.refresh_from_db()


def _write_anew(job: Job, rows: list[JobRow]) -> None:
    """The same rows with what the check found: to update thousands of them takes several times as long."""
    JobRow.objects.filter(job=job).delete()
    for row in rows:
        row.pk = None
    JobRow.objects.bulk_create(rows, batch_size=500)


def _find_orders(job: Job, rows: list[JobRow]) -> None:
    named = known_orders.named_by(
        job.merchant, job.mode, [row.typed.get("order", "") for row in rows if row.order_id is None]
    )
    for row in rows:
        if row.order_id is None and (found := named.get(row.typed.get("order", ""))):
            row.order_id = found.only
            if len(found.order_ids) > 1:
                marks.add(row, Code.UNKNOWN, "Several orders have this number. Give the id of the one you mean.")


def _check_order_is_known(row: JobRow, known: known_orders.KnownOrders) -> None:
    order = known.orders.get(row.order_id) if row.order_id else None
    if order is not None:
        row.order_number = storable(order.public_id)[:100]
    elif row.order_id in known.unreadable:
        marks.add(row, Code.UNKNOWN, "What RevKeen sent of this order could not be read.")
    elif not row.marks and not damage(row.typed.get("order", "")):  # whose order it was, nobody knows
        named = row.typed.get("order", "") or row.order_number
        words = f"No order “{named[:60]}” here." if named else "The row names no order."
        marks.add(row, Code.UNKNOWN, words if known.as_of else f"{words} Orders are still being imported.")


def confirm(job: Job, row_ids: Iterable[int]) -> int:
    """Somebody looked at the doubts of these rows, and they are right; how many that were. Raise `MovedOn`."""
    with transaction.atomic():
        wanted = [row for row in job.rows.filter(pk__in=list(row_ids), state=RowState.BAD) if marks.doubted(row)]
        JobRow.objects.filter(pk__in=[row.pk for row in wanted]).update(sure=True)
        check(job)
    return len(wanted)


def discard(job: Job) -> bool:
    """Forget a dry run; False where it was applied."""
    with transaction.atomic():
        found = Job.objects.select_for_update().filter(pk=job.pk, state=State.CHECKED).first()
        if found is not None:
            found.delete()
    return found is not None


def ready(job: Job) -> "QuerySet[JobRow, JobRow]":
    """The rows that *Apply* sends."""
    return job.rows.filter(state=RowState.READY)


def apply(job: Job, count: int, version: int, by: User) -> None:
    """Let a worker send what the page of this dry run said, once the undo window is over. Raise `MovedOn`."""
    with transaction.atomic():
        found = Job.objects.filter(pk=job.pk, state=State.CHECKED, version=version)
        starts_at = Now() + timedelta(seconds=job.merchant.undo_seconds)
        if not found.update(state=State.RUNNING, starts_at=starts_at, next_call_at=Now()):
            raise MovedOn("It was applied already, or checked anew. Look at it once more.")
        if not count or ready(job).count() != count:
            raise MovedOn("Other rows are ready now than the page showed.")
        _record(job, EventLog.Kind.JOB_APPLIED, f"{job}: {count:,} rows", by)


def undo(job: Job, by: User) -> None:
    """Take all of it back before its first call. Raise `MovedOn`."""
    with transaction.atomic():
        found = Job.objects.filter(pk=job.pk, state=State.RUNNING, starts_at__gt=Now())
        if not found.update(state=State.UNDONE, ended_at=Now(), ended_by=by):
            raise MovedOn("Too late: the first row is being sent.")
        ready(job).update(state=RowState.NOT_SENT, message=UNDONE, ended_at=Now())
        _record(job, EventLog.Kind.JOB_STOPPED, f"{job}: undone", by)


def stop(job: Job, by: User) -> None:
    """Send no more rows; those on their way go on. Raise `MovedOn`."""
    with transaction.atomic():
        found = Job.objects.filter(pk=job.pk, state=State.RUNNING)
        message = storable(f"Stopped by {by}.")[:300]
        if not found.update(state=State.STOPPED, ended_at=Now(), ended_by=by, message=message):
            raise MovedOn("It has ended already.")
        ready(job).update(state=RowState.NOT_SENT, message=message, ended_at=Now())
        _record(job, EventLog.Kind.JOB_STOPPED, f"{job}: stopped", by)


def retry(job: Job, membership: Membership) -> Job:
    """A job of what this one did not send, to be checked anew; the one that was begun before, where there is one.

    Raise `MovedOn` where nothing is to be sent again.
    """
    with transaction.atomic():
        Job.objects.select_for_update().get(pk=job.pk)  # pressed twice at once it is begun once
        return job.retries.exclude(state=State.UNDONE).first() or _begin_again(job, membership)


def _begin_again(job: Job, membership: Membership) -> Job:
    rows = job.rows.filter(state=RowState.NOT_SENT) if job.over else JobRow.objects.none()
    given = [Given(row.place, row.typed, row.order_id, row.order_number) for row in rows]
    if not given:
        raise MovedOn("Every row was sent, or may have been.")
    again = begin(membership, job.mode, job.kind, job.source, given, asked=job.asked, retry_of=job)
    sure = rows.filter(sure=True).values_list("place", flat=True)
    again.rows.filter(place__in=list(sure)).update(sure=True)
    check(again)
    return again


def _record(job: Job, kind: EventLog.Kind, words: str, by: User) -> None:
    audit.record(kind, words, user=by, merchant=job.merchant, mode=job.mode)
