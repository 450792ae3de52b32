"""What becomes of the rows of one order that a worker has at hand."""

import uuid
from collections.abc import Iterable
from typing import Any

import structlog
from django.db.models import F, IntegerField, QuerySet, UUIDField
from django.db.models.functions import Now
from django.dispatch import receiver

from orders.apis.errors import ApiError, NotSent
from orders.kept_queries import Given, Update, kept_update
from orders.models import JobRow, Operation
from orders.services.changes import plans, requesters
from orders.services.changes.change_request import OrderBusy, OtherBody
from orders.services.changes.limits import NotAlone
from orders.services.changes.outcomes import operation_ended
from orders.services.fulfillment.fulfill import OrderChanged, SentBefore
from orders.services.jobs import work
from orders.services.jobs.kinds import kind_of
from orders.services.jobs.sending_parcels import HERE_ALONE
from orders.services.jobs.work import Claimed
from orders.services.revkeen import session

log = structlog.get_logger("orders.jobs")

RowState, State = JobRow.State, Operation.State
LAST_STEP = HERE_ALONE - 1
MOST_TRIES = 6
TRY_AFTER = (5, 15, 30, 60, 120)  # seconds, while RevKeen does not answer
CHANGED = "The order has changed since the check. Check it anew."


def send(claimed: Claimed) -> None:
    """Send them and write down what came of it; whatever happens, they are held no longer than their lease."""
    job, rows = claimed.job, claimed.rows
    try:
        _send(claimed)
    except Exception:  # ours: what was begun is in the journal, and the rest is tried again once the lease is over
        log.exception("a row of a job failed", job=str(job.pk), row=rows[0].place)
        _count_failure(rows)
    work.end_if_over(job)


def _send(claimed: Claimed) -> None:
    job, rows = claimed.job, claimed.rows
    begun = work.operation_of(rows)
    if begun is None and (why := _not_any_more(claimed)):
        return _end(rows, RowState.NOT_SENT, why)
    try:
        with session.session(job.merchant, job.mode) as api:
            operation = kind_of(job).carry_out(api, job, rows)
    except ApiError as error:
        return _not_sent(claimed, error)
    except (OrderBusy, NotAlone, OtherBody, SentBefore) as error:
        return _end(rows, RowState.NOT_SENT, _words(error))
    if operation is None:
        return _end(rows, RowState.DONE, "")
    _end([row for row in rows if _step(row) == HERE_ALONE], RowState.DONE, "")
    return _after(claimed, operation)


def _not_any_more(claimed: Claimed) -> str:
    """Why nothing may be begun; "" where it may. A machine sends nothing for somebody who lost the right since."""
    job = claimed.job
    job.refresh_from_db(fields=["state"])
    if job.state != job.State.RUNNING:
        return job.message or work.STOPPED_MEANWHILE
    return requesters.lost_right_to_ask(job.user, job.merchant, kind_of(job).operation)


def _after(claimed: Claimed, operation: Operation) -> None:
    """`operation_ended` has written what an end means; what is open is in doubt, or another's to go on with."""
    first = Operation.objects.get(pk=claimed.rows[0].operation_id)
    if first.state == State.NOT_SENT and _passes(first):
        return _again(claimed, first.message)
    operation = Operation.objects.filter(plan_id=first.plan_id).order_by("-step")[0]
    if operation.open:
        words = "" if operation.state == State.STARTED else operation.message
        _of(claimed.rows).filter(state=RowState.SENDING).update(state=RowState.IN_DOUBT, message=words)
    else:
        _write_end(operation)
    return None


def _passes(operation: Operation) -> bool:
    """Whether RevKeen did not answer before anything was sent: that says nothing about the order."""
    return operation.code in ("no_connection", "no_answer") or operation.code.startswith("http_")


def _not_sent(claimed: Claimed, error: ApiError) -> None:
    """Before the journal had a row. What is about the order is the row's end; what is about RevKeen passes."""
    about_order = isinstance(error, NotSent) and error.page_status == 422
    if isinstance(error, OrderChanged):
        _end(claimed.rows, RowState.NOT_SENT, CHANGED)
    elif about_order:
        _end(claimed.rows, RowState.NOT_SENT, _words(error))
    else:
        _again(claimed, _words(error))


def _again(claimed: Claimed, words: str) -> None:
    """Later, under a new key, for all rows of the job wait for the same; after some tries that is the row's end."""
    rows = claimed.rows
    if rows[0].tries + 1 >= MOST_TRIES:
        return _end(rows, RowState.NOT_SENT, words)
    work.new_key(rows)
    _of(rows).update(state=RowState.READY, tries=F("tries") + 1, message="")
    wait = TRY_AFTER[min(rows[0].tries, len(TRY_AFTER) - 1)]
    return work.postpone(claimed.job, wait, f"Waiting for RevKeen: {words}")


def _count_failure(rows: list[JobRow]) -> None:
    _of(rows).update(tries=F("tries") + 1)
    if rows[0].tries + 1 >= MOST_TRIES and work.operation_of(rows) is None:
        _end(rows, RowState.NOT_SENT, "Something went wrong here. See the worker log.")


@receiver(operation_ended)
def revkeen_ended(sender: type[Operation], operation: Operation, **kwargs: Any) -> None:
    """What an end means for the rows of a job, in the transaction that ends the operation."""
    _write_end(operation)


def _write_end(operation: Operation) -> None:
    """The rows whose parcel this step was about; after one that came to nothing also those of the steps to come."""
    told = _told(operation.plan_id)
    if operation.state == State.DONE:
        _done(operation.plan_id, operation.step if plans.begun_after(operation) else LAST_STEP)
    else:
        words = CHANGED if operation.code == "order_changed" else _said(operation)
        ended = told.filter(step__gte=operation.step)
        if _passes(operation) and not operation.step:  # who has the rows at hand tries again
            ended = ended.filter(state=RowState.IN_DOUBT)
        ended.update(state=RowState.NOT_SENT, message=words[:500], ended_at=Now())


def _told(plan_id: uuid.UUID | Given) -> "QuerySet[JobRow]":
    """The rows that wait for an end of this plan, and of which RevKeen hears."""
    rows = JobRow.objects.filter(operation_id=plan_id, state__in=(RowState.SENDING, RowState.IN_DOUBT))
    return rows.exclude(step=HERE_ALONE)


@kept_update(UUIDField(), IntegerField())
def _done(plan_id: Given, last_step: Given) -> Update:
    return Update(_told(plan_id).filter(step__lte=last_step), state=RowState.DONE, message="", ended_at=Now())


def _said(operation: Operation) -> str:
    if operation.decided_by_id is not None:
        return f"{operation.decided_by} decided that it did not happen. {operation.reason}"
    refused = operation.state == State.REFUSED
    return f"RevKeen refused. {operation.message}" if refused else operation.message


def _end(rows: Iterable[JobRow], state: JobRow.State, words: str) -> None:
    standing = _of(rows).filter(state__in=(RowState.SENDING, RowState.READY))
    standing.update(state=state, message=words[:500], ended_at=Now())


def _of(rows: Iterable[JobRow]) -> Any:
    return JobRow.objects.filter(pk__in=[row.pk for row in rows])


def _step(row: JobRow) -> int:
    return JobRow.objects.values_list("step", flat=True).get(pk=row.pk)


def _words(error: Exception) -> str:
    if isinstance(error, OrderBusy):
        return f"Another change by {error.holder.who} has locked the order."
    if isinstance(error, ApiError):
        return f"{error.title} {error}".strip()
    return str(error) or "It needs approval."
