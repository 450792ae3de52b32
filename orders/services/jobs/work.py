"""The worker's part of a job: one order after the other, at the rate that RevKeen allows, each exactly once.

A row's key is fixed. Whoever begins it anew after a `kill -9` finds what the journal has under it, and sends nothing
twice; the journal's own reconciler finds out what became of a call without an answer, and its end is the row's.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, Now

from orders.models import Connection, Job, JobRow, Operation
from orders.services.changes.leases import lease
from orders.services.due import Asked, Literal, asked_often
from orders.services.index import clock
from orders.services.jobs.kinds import kind_of

log = structlog.get_logger("orders.jobs")

State, RowState = Job.State, JobRow.State
RUNNING = Literal("running")  # as in the index jobs_running
SAVED = timedelta(seconds=5)  # of its pace: rows that begin late are made up for
LONGEST_PAUSE = 2.0  # seconds that a worker waits by itself for the next row
STOPPED_MEANWHILE = "The job was stopped before it was sent."


@dataclass(frozen=True)
class Claimed:
    """One order's rows, held for as long as the lease runs."""

    job: Job
    rows: list[JobRow]


@asked_often
def due() -> Asked:
    """Whether a row can be begun, and when the next can be."""
    running = Job.objects.filter(state=RUNNING)
    sending = JobRow.objects.filter(state=RowState.SENDING, job__in=_open_jobs())
    moments = ((running, "starts_at"), (running, "next_call_at"), (sending, "lease_until"))
    return Asked(_claimable(), *moments)


def claim(busy: Collection[int] = ()) -> Claimed | None:
    """One order's rows to send, but for those of merchants that have enough at hand already."""
    if not _claimable(busy).exists():  # a look that takes no lock
        return None
    with transaction.atomic():
        job = (
            _claimable(busy)
            .select_related("merchant", "user")
            .select_for_update(skip_locked=True, of=("self",))
            .first()
        )
        if job is None:
            return None
        first = _waiting(job).order_by("place").first()
        if first is None:
            return None
        rows = list(_waiting(job).filter(operation_id=first.operation_id).order_by("place"))
        JobRow.objects.filter(pk__in=[row.pk for row in rows]).update(state=RowState.SENDING, lease_until=lease())
        _pace(job)
    return Claimed(job, rows)


def end_if_over(job: Job) -> None:
    """A job has ended once no row waits or is on its way; what is in doubt becomes known later."""
    going_on = JobRow.objects.filter(job=job, state__in=(RowState.READY, RowState.SENDING))
    over = Job.objects.filter(pk=job.pk, state=State.RUNNING).filter(~Exists(going_on))
    if over.update(state=State.ENDED, ended_at=Now(), message=""):
        log.info("a job has ended", job=str(job.pk))


def postpone(job: Job, seconds: float, message: str) -> None:
    """No row of it is begun for so long."""
    until = Greatest(F("next_call_at"), Now() + timedelta(seconds=seconds))
    Job.objects.filter(pk=job.pk, state=State.RUNNING).update(next_call_at=until, message=message[:300])


def apart(job: Job) -> timedelta:
    """Between the beginnings of two orders: so many calls as the job's share of what RevKeen takes of its key."""
    a_minute = settings.REVKEEN_CALLS_A_MINUTE[job.mode] * settings.JOBS_SHARE
    return timedelta(seconds=60 * kind_of(job).calls / a_minute)


def _pace(job: Job) -> None:
    """In the transaction that claims. A row that began late is made up for, within bounds."""
    now = clock.now()
    job.next_call_at = max(job.next_call_at, now - SAVED) + apart(job)
    Job.objects.filter(pk=job.pk).update(next_call_at=job.next_call_at, message="")


def pause() -> float:
    """Seconds until the pace lets the next row go; 0 where nothing waits, or not for it alone."""
    first = _open_jobs().filter(starts_at__lte=Now(), next_call_at__gt=Now()).annotate(now=Now())
    found = (
        first.filter(Exists(_waiting(OuterRef("pk"))))
        .order_by("next_call_at")
        .values_list("next_call_at", "now")
        .first()
    )
    seconds: float = (found[0] - found[1]).total_seconds() if found else 0.0
    return seconds if seconds <= LONGEST_PAUSE else 0.0


def _open_jobs() -> "QuerySet[Job, Job]":
    """Running ones; and those that were stopped while a worker, who may be gone, had rows at hand."""
    at_hand = JobRow.objects.filter(job=OuterRef("pk"), state=RowState.SENDING)
    return Job.objects.filter(Q(state=RUNNING) | Q(Exists(at_hand), state=State.STOPPED))


def _waiting(job: Job | OuterRef) -> "QuerySet[JobRow, JobRow]":
    """Rows that nobody has begun, and those whose worker has gone."""
    left_behind = Q(state=RowState.SENDING, lease_until__lte=Now())
    return JobRow.objects.filter(left_behind | Q(state=RowState.READY), job=job)


def _claimable(busy: Collection[int] = ()) -> "QuerySet[Job, Any]":
    """One job at a time of a merchant and mode, the one that was applied first; others wait for their turn."""
    before = Job.objects.filter(
        merchant=OuterRef("merchant"), mode=OuterRef("mode"), state=RUNNING, starts_at__lt=OuterRef("starts_at")
    )
    asked_to_wait = Connection.objects.filter(
        merchant=OuterRef("merchant"),
        mode=OuterRef("mode"),
        provider=Connection.Provider.REVKEEN,
        active=True,
        wait_until__gt=Now(),
    )
    due = _open_jobs().filter(starts_at__lte=Now(), next_call_at__lte=Now())
    due = due.exclude(merchant_id__in=busy).filter(Exists(_waiting(OuterRef("pk"))), ~Exists(asked_to_wait))
    return due.filter(Q(state=State.STOPPED) | ~Exists(before)).order_by("starts_at")


def operation_of(rows: list[JobRow]) -> Operation | None:
    return Operation.objects.filter(pk=rows[0].operation_id).first()


def new_key(rows: list[JobRow]) -> None:
    """Nothing of it was sent, and its key is used up: what is tried again is a new operation, as after a new click."""
    key = uuid.uuid4()
    JobRow.objects.filter(pk__in=[row.pk for row in rows]).update(operation_id=key)
