"""Finding out what became of an operation whose answer never came. The worker's part of the rules of money.

First it reads: the order and its events. An event with our key is the end of it. If the order is as it was before the
click, the key is young, and the connection is the one it was sent with, the same body goes out once more under the
same key. Everything else is a person's to decide; it is still read, in case an event comes late.
"""

import uuid
from datetime import timedelta

import structlog
from django.db.models.functions import Now

from orders.apis.revkeen import reads
from orders.models import Operation
from orders.services.changes import journal, outcomes, requesters, verification
from orders.services.changes.checks import Facts, look
from orders.services.changes.leases import take_to_send
from orders.services.revkeen import session
from orders.services.revkeen.session import Session

log = structlog.get_logger("orders.reconciling")
Kind, State = Operation.Kind, Operation.State

# How old a key may be when it is sent again. RevKeen forgets it after 24 hours; a charge must not fire hours later.
RESEND_WITHIN = timedelta(hours=20)
RESEND_MONEY_WITHIN = timedelta(minutes=15)
EVENT_MAY_LAG = 4  # looks, a minute in all, at an order that changed without an event of ours


def reconcile(operation: Operation) -> Operation:
    """Look at an operation that the caller has claimed, and write down what is to be learned of it."""
    with session.session(operation.merchant, operation.mode) as api:
        facts = look(api, operation)
        if facts.unanswered is not None:
            return _unanswered(operation)
        _wake_others(operation)
        told = _from_events(api, operation, facts) or _from_marks(operation, facts)
        return journal.go_on(api, told or _from_the_rest(api, operation, facts))


def may_be_sent(operation: Operation, connection_id: uuid.UUID | None, facts: Facts) -> bool:
    """Whether a machine may send the body, for the first time or once more. `operation.now` is the database's clock."""
    return (
        operation.state != State.NEEDS_REVIEW
        and not operation.quarantined
        and connection_id == operation.connection_id
        and _young(operation)
        and facts.all_looked_at
        and _as_before(operation, facts)
    )


def _young(operation: Operation) -> bool:
    """A key from the future is none: a clock was turned back, and its age is not known."""
    within = RESEND_MONEY_WITHIN if operation.kind in Operation.MONEY else RESEND_WITHIN
    age: timedelta = operation.now - operation.created_at  # type: ignore[attr-defined]
    return timedelta() <= age < within


def _unanswered(operation: Operation) -> Operation:
    if operation.state != State.NEEDS_REVIEW and not _young(operation):
        return outcomes.needs_review(operation, operation.code or "no_answer", "RevKeen has not answered for too long.")
    return outcomes.looked(operation, unreachable=True)


def _from_events(api: Session, operation: Operation, facts: Facts) -> Operation | None:
    state, words = verification.told(operation, facts.events)
    if state == State.REFUSED:
        return outcomes.failed(operation, words)
    if state != State.DONE:
        return None
    order = facts.order
    if operation.kind == Kind.CREATE:
        order_id = verification.created_by(operation, facts.events)
        order = api.get(reads.order(order_id)).value if order_id else None
        if order is None:
            return outcomes.looked(operation)
    return outcomes.done(operation, order, **verification.refund_told(operation, facts.events))


def _from_marks(operation: Operation, facts: Facts) -> Operation | None:
    """What carries our mark was made by it, whatever became of its key. None where nothing does."""
    if facts.created is not None:
        return outcomes.done(operation, facts.created)
    refund = verification.refund_marked(operation, facts.refunds.rows) if facts.refunds is not None else None
    if refund is None:
        return None
    operation.result |= {"refund": verification.kept_of(refund)}
    if refund.status in ("failed", "canceled"):
        return outcomes.failed(operation, verification.came_to_nothing(refund))
    return outcomes.done(operation, facts.order)


def _from_the_rest(api: Session, operation: Operation, facts: Facts) -> Operation:
    connection_id = api.connection.pk if api.connection else None
    lost = requesters.lost_right(operation) if operation.state != State.NEEDS_REVIEW else ""
    if lost:
        return outcomes.stopped(operation, lost)
    if may_be_sent(operation, connection_id, facts):
        return _send_again(api, operation) if operation.attempts else _send_first(api, operation)
    if operation.state == State.NEEDS_REVIEW:
        return outcomes.looked(operation, unreachable=False)
    found = verification.differences(operation, facts.order, facts.refunds) if facts.order is not None else []
    if operation.attempts == 0 and found:  # nothing was ever sent, so nothing can have happened
        return outcomes.changed(operation, found)
    if not _as_before(operation, facts) and operation.looks < EVENT_MAY_LAG:
        return outcomes.looked(operation, unreachable=False)
    return outcomes.needs_review(operation, operation.code or "no_answer", operation.message or "No answer came.")


def _send_first(api: Session, operation: Operation) -> Operation:
    """What waited for its undo window, or was begun by a server that stopped before the call: it never left."""
    return _send(api, operation, "sent for the first time")


def _send_again(api: Session, operation: Operation) -> Operation:
    """The same body under the same key, after a call that nobody knows the outcome of."""
    return _send(api, operation, "sent again")


def _send(api: Session, operation: Operation, logged: str) -> Operation:
    if not take_to_send(operation):  # another worker has it
        return Operation.objects.get(pk=operation.pk)
    log.info(logged, operation=str(operation.pk), kind=operation.kind, attempt=operation.attempts)
    operation = journal.send(api, operation)
    return outcomes.looked(operation) if operation.state == State.IN_DOUBT else operation


def _as_before(operation: Operation, facts: Facts) -> bool:
    """Whether the order is as the form showed it; what does not exist yet is as before."""
    if operation.order_id is None:
        return True
    return facts.order is not None and not verification.differences(operation, facts.order, facts.refunds)


def _wake_others(operation: Operation) -> None:
    """The API answers again: whatever waited for that need not wait any longer."""
    waiting = Operation.objects.filter(
        merchant_id=operation.merchant_id, mode=operation.mode, state__in=Operation.OPEN, unreachable=True
    )
    waiting.exclude(pk=operation.pk).update(next_try_at=Now(), unreachable=False)
