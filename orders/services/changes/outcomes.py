"""Writing down what became of an operation: each outcome once, by whoever knows it first, in a transaction of its own.

An operation that is final stays as it is; whoever comes later with another word gets what stands there.
"""

from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, UUIDField
from django.db.models.functions import Now
from django.dispatch import Signal

from orders import afterwards, kept_queries
from orders.apis.errors import ApiError, InDoubt, Refused
from orders.apis.revkeen.objects import Order
from orders.kept_queries import Given
from orders.models import Operation, OperationToken
from orders.services.changes import plans, quarantine, refund_tracking
from orders.services.changes.snapshots import Difference, kept, snapshot_of
from orders.services.index import findings
from orders.storable import storable

log = structlog.get_logger("orders.journal")
State = Operation.State

TRY_AFTER = (3, 5, 15, 30)  # seconds, the last one again and again
READ_AFTER = (60, 600)  # when a person has to decide: for the first hour, and then
FIRST_HOUR = 60  # looks
operation_ended = Signal()  # `operation`; within the transaction that ends it: an error of a receiver undoes the end
TAKEN = "RevKeen’s answer names what another operation has made, or what another change holds."


def done(operation: Operation, order: Order | None, **result: Any) -> Operation:
    """It happened. `order` is what was read back, None where a person says so without it."""
    facts: dict[str, Any] = {"result": operation.result | result}
    if order is not None:
        facts["result"] |= {"order": kept(snapshot_of(order)), "number": order.public_id}
        if operation.kind == Operation.Kind.CREATE:
            facts["created_order_id"] = order.id
    try:
        return _end(operation, State.DONE, code="", message="", **facts)
    except IntegrityError:  # what RevKeen named belongs to another operation, or what follows cannot begin
        log.exception("an outcome does not fit what is known", operation=str(operation.pk))
        return needs_review(operation, "taken", TAKEN)


def refused(operation: Operation, error: Refused) -> Operation:
    facts = {"status": error.status, "code": error.code, "message": error.message, "param": error.param}
    return _end(operation, State.REFUSED, **facts, request_id=error.request_id)


def failed(operation: Operation, message: str) -> Operation:
    """RevKeen took it, and tells itself that it came to nothing."""
    return _end(operation, State.REFUSED, code="failed", message=message, result=operation.result)


def not_sent(operation: Operation, error: ApiError) -> Operation:
    """Nothing left this house. A step that finishes a plan is not given up for that: it is tried again."""
    if operation.step and operation.kind not in Operation.MONEY:
        return in_doubt(operation, error, attempts=0)
    return _end(operation, State.NOT_SENT, code=_why_not_sent(error), message=str(error))


def stopped(operation: Operation, why: str) -> Operation:
    """A machine does not send it. What never went out has ended; what may have, or belongs to a plan, is a person's."""
    if operation.attempts == 0 and operation.step == 0:
        return _end(operation, State.NOT_SENT, code="right_lost", message=why)
    return needs_review(operation, "right_lost", why)


def undone(operation: Operation) -> bool:
    """Whether it could be taken back: nothing of it was sent before, and nothing will be."""
    message = "Undone before anything was sent."
    ended = operation.attempts == 0 and _end(operation, State.NOT_SENT, code="undone", message=message)
    return bool(ended) and operation.code == "undone"


def changed(operation: Operation, differences: list[Difference]) -> Operation:
    """The order is not as the form showed it, so nothing was sent."""
    words = [[difference.what, difference.before, difference.now] for difference in differences]
    message = "The order changed since the form was opened."
    return _end(operation, State.NOT_SENT, code="order_changed", message=message, result={"changed": words})


def in_doubt(operation: Operation, error: ApiError, **facts: Any) -> Operation:
    """It may have happened; the reconciler looks again soon."""
    known = {"code": _code(error), "message": str(error), "request_id": error.request_id, **_status(error)}
    return _wait(operation, State.IN_DOUBT, TRY_AFTER[0], **known | facts)


def doubtful(operation: Operation, message: str, code: str, **facts: Any) -> Operation:
    """RevKeen said yes and the order does not show it, or could not be read: it stays open."""
    log.error("an answer is not borne out", operation=str(operation.pk), kind=operation.kind, code=code)
    return _wait(operation, State.IN_DOUBT, TRY_AFTER[0], code=code, message=message, **facts)


def looked(operation: Operation, **facts: Any) -> Operation:
    """A look brought nothing new; look again later."""
    waits = READ_AFTER if operation.state == State.NEEDS_REVIEW else TRY_AFTER
    if operation.state == State.NEEDS_REVIEW:
        wait = READ_AFTER[operation.looks >= FIRST_HOUR]
    else:
        wait = waits[min(operation.looks, len(waits) - 1)]
    state = State.NEEDS_REVIEW if operation.state == State.NEEDS_REVIEW else State.IN_DOUBT
    return _wait(operation, state, wait, looks=min(operation.looks + 1, 30_000), **facts)


def needs_review(operation: Operation, code: str, message: str) -> Operation:
    log.error("an operation needs review", operation=str(operation.pk), kind=operation.kind, code=code)
    return _wait(operation, State.NEEDS_REVIEW, READ_AFTER[0], code=code, message=message, looks=0)


def decided(operation: Operation, state: str, *, by: Any, reason: str, **facts: Any) -> Operation:
    """A person's word, and final (services/changes/review.py checks who may say it)."""
    return _end(operation, state, code="decided", decided_by=by, reason=reason[:500], **facts)


def _end(operation: Operation, state: str, **facts: Any) -> Operation:
    with transaction.atomic():
        was_doubtful = operation.state in (State.IN_DOUBT, State.NEEDS_REVIEW)
        ended = _write(operation, unless_sent_since=state == State.NOT_SENT, state=state, ended_at=Now(), **facts)
        _read_anew(operation)
        if ended:
            if "payment_token" in operation.body:
                OperationToken.objects.filter(operation=operation).delete()
            if operation.kind == Operation.Kind.REFUND and state == State.DONE:
                refund_tracking.begin(operation)
            plans.follow(operation)
            operation_ended.send(Operation, operation=operation)
            if was_doubtful:
                _review(operation)
            quarantine.count_up()
            transaction.on_commit(partial(afterwards.do, quarantine.note_count))
    log.info("operation ended", operation=str(operation.pk), kind=operation.kind, state=operation.state)
    return operation


def _wait(operation: Operation, state: str, seconds: int, **facts: Any) -> Operation:
    next_try = Now() + timedelta(seconds=seconds)
    with transaction.atomic():
        before = operation.state
        _write(operation, unless_sent_since=True, state=state, next_try_at=next_try, lease_until=Now(), **facts)
        _read_anew(operation)
        if operation.state != before:
            _review(operation)
    return operation


def _review(operation: Operation) -> None:
    """Finance reviews orders with a change in doubt."""
    if operation.order_id is not None:
        findings.again(operation.merchant, operation.mode, [operation.order_id])


def _write(operation: Operation, *, unless_sent_since: bool, **facts: Any) -> bool:
    """Whether it was written. Who ends an operation knows; who only knows of one sending knows nothing of a later."""
    kept = {name: storable(value) for name, value in facts.items()}
    bounded = {name: value[: BOUNDS[name]] if name in BOUNDS else value for name, value in kept.items()}
    still_open = Operation.objects.filter(pk=operation.pk, state__in=Operation.OPEN)
    if unless_sent_since:
        still_open = still_open.filter(attempts=operation.attempts)
    return still_open.update(**bounded) == 1


def _read_anew(operation: Operation) -> None:
    (found,) = _standing(operation.pk)
    for column in Operation._meta.concrete_fields:
        setattr(operation, column.attname, getattr(found, column.attname))


@kept_queries.kept(UUIDField())
def _standing(operation_id: Given) -> "QuerySet[Operation]":
    return Operation.objects.filter(pk=operation_id)


BOUNDS = {"code": 100, "message": 500, "param": 200, "request_id": 200}  # as in the model


def _why_not_sent(error: ApiError) -> str:
    """What came of the look before it: a refusal, an answer that says nothing, or no connection."""
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, InDoubt):
        return f"http_{error.status}" if error.status else "no_answer"
    return "no_connection"


def _code(error: ApiError) -> str:
    return error.code if isinstance(error, Refused) else "no_answer"


def _status(error: ApiError) -> dict[str, Any]:
    status = error.status if isinstance(error, Refused | InDoubt) else 0
    return {"status": status} if status else {}
