"""The one way to change anything at RevKeen: row, then call, then outcome, each committed on its own.

A view takes the form's token, makes `ChangeRequest` of what was typed, and calls `submit`. Whatever happens to
this process
on the way, the row stands, and the reconciler (services/changes/reconcile.py) finds out what became of it.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.functions import Now

from orders import kept_inserts
from orders.apis.errors import ApiError, InDoubt, NotConnected, NotSent, RateLimited, Refused
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Order, Refund
from orders.models import Operation, OperationToken, OrderLock, User
from orders.request_ids import current_request_id
from orders.services.changes import checks, outcomes, plans, quarantine, requesters, reviewers, verification
from orders.services.changes.change_request import ChangeRequest, NoJournal, OrderBusy, OtherBody
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.leases import lease, take_to_send
from orders.services.changes.limits import NotAlone
from orders.services.changes.plans import Later
from orders.services.changes.snapshots import kept
from orders.services.revkeen.session import Session
from orders.storable import storable

Kind = Operation.Kind

IN_PROGRESS = "idempotency_in_progress"
CONFLICT = "idempotency_conflict"


def submit(api: Session, user: User, change_request: ChangeRequest) -> Operation:
    """Begin what the form token stands for and carry it out, or give back what became of it when it was begun before.

    Raise `OrderBusy`, `OtherBody`, `NotSent` when not even the row was written, or what `allow` and `record` of the
    change request raise.
    """
    operation, is_new = begin(api, user, change_request)
    return carry_out(api, operation) if is_new and not change_request.undo_seconds else operation


def find(form_token: FormToken[object]) -> Operation | None:
    """What was begun with this form token before."""
    return Operation.objects.filter(pk=form_token.operation_id).first()


def holder_of(merchant_id: int, mode: str, order_id: uuid.UUID) -> Operation | None:
    """The operation that is open on the order, or the open step of the plan that holds it."""
    lock = OrderLock.objects.filter(merchant_id=merchant_id, mode=mode, order_id=order_id).first()
    if lock is None:
        return None
    return Operation.objects.filter(plan_id=lock.plan_id).select_related("user").order_by("-step").first()


def begin(api: Session, user: User, change_request: ChangeRequest) -> tuple[Operation, bool]:
    """Write the row and take the order's lock; or find the row that this form token has already. Raise as `submit`."""
    if api.connection is None:
        raise NotConnected("There is no active RevKeen key for this merchant and mode.")
    try:
        quarantine.check()
    except OSError as error:
        raise NoJournal("Nothing was sent: its counter file is not there, or cannot be written.") from error
    for _ in range(3):  # whoever held the order may let go between our try and our look
        try:
            return _write_row(api, user, change_request), True
        except (IntegrityError, NotAlone) as error:
            first = _first(change_request)
            if first is None and isinstance(error, NotAlone):
                raise
            if first is None:
                _refuse_if_held(change_request)
        except DatabaseError as error:
            raise NoJournal("Nothing was sent. Try again in a moment.") from error
        if first is not None:
            return first, False
    raise NoJournal("Nothing was sent. Try again in a moment.")


def carry_out(api: Session, operation: Operation) -> Operation:
    """Look, send, look after, for this operation and the steps of its plan; give back the last one begun."""
    return go_on(api, _carry_out_one(api, operation))


def go_on(api: Session, operation: Operation) -> Operation:
    """Carry out what follows on an operation that has ended, but not what waits for a person or is with another."""
    following = plans.begun_after(operation)
    if following is None:
        return operation
    untouched = following.state == Operation.State.STARTED and following.attempts == 0
    return carry_out(api, following) if untouched else following


def send(api: Session, operation: Operation) -> Operation:
    """Make the call and write down what came of it: an error of the call is an outcome here, not an exception."""
    try:
        answer = api.change(verification.change_of(operation), operation.pk)
    except Refused as error:
        return _refused(api, operation, error)
    except NotSent as error:
        return _not_sent(api, operation, error)
    except InDoubt as error:
        return _no_answer(operation, error)
    return _look_after(api, operation, answer)


def _write_row(api: Session, user: User, change_request: ChangeRequest) -> Operation:
    with transaction.atomic():
        change_request.allow(user)
        operation = _row(api, user, change_request)
        kept_inserts.insert(operation)
        if change_request.token:
            token = OperationToken(operation=operation)
            token.secret = change_request.token
            token.save(force_insert=True)
        if operation.order_id is not None:
            plans.lock(operation, operation.order_id)
        reviewers.fix(operation)
        change_request.record(operation)
        quarantine.count_up()
    quarantine.note_count()
    return operation


def _row(api: Session, user: User, change_request: ChangeRequest) -> Operation:
    form_token, connection = change_request.form_token, api.connection
    assert connection is not None  # noqa: S101  (`begin` looked)
    held, hidden = (
        Now() + timedelta(seconds=change_request.undo_seconds),
        {"payment_token": "[token]"} if change_request.token else {},
    )
    return Operation(
        pk=form_token.operation_id,
        plan_id=form_token.operation_id,
        merchant=form_token.merchant,
        mode=form_token.mode,
        connection_id=connection.pk,
        shown_key=connection.shown_key,
        kind=form_token.kind,
        order_id=form_token.order_id,
        order_number=storable(change_request.order_number)[:100],
        draft_id=change_request.draft_id,
        body=verification.marked(form_token.kind, change_request.body, form_token.operation_id) | hidden,
        seen=storable(kept(form_token.snapshot)),
        summary=storable(change_request.summary)[:300],
        fingerprint=change_request.fingerprint,
        later=storable(kept(Later(then=change_request.then))),
        user=user,
        who=user.email,
        asked_in=current_request_id(),
        attempts=0,
        lease_until=held if change_request.undo_seconds else lease(),
        next_try_at=held,
    )


def _first(change_request: ChangeRequest) -> Operation | None:
    first = find(change_request.form_token)
    if first is not None and first.fingerprint != change_request.fingerprint:
        raise OtherBody(first)
    return first


def _refuse_if_held(change_request: ChangeRequest) -> None:
    """Raise `OrderBusy` if an operation stands in the way."""
    holder = None
    if change_request.form_token.order_id is not None:
        holder = holder_of(
            change_request.form_token.merchant.pk, change_request.form_token.mode, change_request.form_token.order_id
        )
    if holder is None and change_request.draft_id is not None:
        taken = Operation.objects.filter(
            draft_id=change_request.draft_id, state__in=(*Operation.OPEN, Operation.State.DONE)
        )
        holder = taken.select_related("user").first()
    if holder is not None:
        raise OrderBusy(holder)


def _carry_out_one(api: Session, operation: Operation) -> Operation:
    if api.connection is None or api.connection.pk != operation.connection_id:
        return operation  # the key was replaced as this step began; the worker sends it with the one that it names
    lost = requesters.lost_right(operation) if operation.step else ""
    if lost:
        return outcomes.stopped(operation, lost)
    if operation.order_id is not None:
        order, *refunds = api.get_together(*verification.to_look_at(operation))
        error = next((reading.error for reading in (order, *refunds) if reading.error is not None), None)
        if error is not None:
            return outcomes.not_sent(operation, error)
        found = verification.differences(operation, order.require(), refunds[0].require() if refunds else None)
        if found:
            return outcomes.changed(operation, found)
    return send(api, operation) if take_to_send(operation) else Operation.objects.get(pk=operation.pk)


def _refused(api: Session, operation: Operation, error: Refused) -> Operation:
    """A no to the first call is the outcome, unless RevKeen shows else. One to a later may be about that one alone."""
    if error.code == IN_PROGRESS:
        return outcomes.in_doubt(operation, error)
    if error.code == CONFLICT:
        return outcomes.needs_review(operation, error.code, str(error))
    if operation.attempts > 1 and error.status in (401, 403):
        return outcomes.in_doubt(operation, error)
    sign = checks.sign_of(operation, checks.look(api, operation))
    return _doubted(operation, error, sign) if sign else outcomes.refused(operation, error)


def _not_sent(api: Session, operation: Operation, error: NotSent) -> Operation:
    """What may have arrived before is not undone by this. A 429 that was answered is a no, and held against facts."""
    if operation.attempts > 1:
        return outcomes.in_doubt(operation, error)
    if isinstance(error, RateLimited) and error.answered:
        facts = checks.look(api, operation)
        sign = "" if isinstance(facts.unanswered, RateLimited) else checks.sign_of(operation, facts)
        if sign:
            return _doubted(operation, error, sign)
    return outcomes.not_sent(operation, error)


def _doubted(operation: Operation, error: ApiError, sign: str) -> Operation:
    return outcomes.doubtful(operation, f"RevKeen refused, but {sign} {error}", "refusal_doubted")


def _no_answer(operation: Operation, error: InDoubt) -> Operation:
    """A 5xx that RevKeen has stored repeats itself for ever, and so may a 4xx that is not its own: after the second a
    machine learns nothing more from it.
    """
    foreign = 400 <= error.status < 500
    if not error.replayed and not foreign:
        return outcomes.in_doubt(operation, error)
    equal_errors = operation.equal_errors + 1
    operation = outcomes.in_doubt(operation, error, equal_errors=equal_errors)
    code = "foreign_refusal" if foreign else "stored_error"
    return outcomes.needs_review(operation, code, str(error)) if equal_errors >= 2 + foreign else operation


def _look_after(api: Session, operation: Operation, answer: Any) -> Operation:
    """Read the order back; an answer that it contradicts, or that cannot be checked, keeps the operation open."""
    operation.result = {"refund": verification.kept_of(answer)} if isinstance(answer, Refund) else {}
    wanted = [reads.order(answer.id)] if isinstance(answer, Order) else verification.to_look_at(operation)
    order, *refunds = api.get_together(*wanted)
    error = next((reading.error for reading in (order, *refunds) if reading.error is not None), None)
    if error is not None:
        message = f"RevKeen said yes, but the order could not be read back. {error}"
        return outcomes.doubtful(operation, message, "not_read_back", result=operation.result)
    found = refunds[0].require().rows if refunds else []
    contradiction = verification.contradiction(operation, order.require(), found)
    if not contradiction and verification.shows_nothing_new(operation, order.require()):
        contradiction = checks.not_told(operation, checks.look(api, operation))
    if contradiction:
        return _contradicted(operation, f"RevKeen said yes, but {contradiction}")
    if isinstance(answer, Refund) and answer.status in ("failed", "canceled"):
        return outcomes.failed(operation, verification.came_to_nothing(answer))
    return outcomes.done(operation, order.require())


def _contradicted(operation: Operation, message: str) -> Operation:
    """Asked again under the same key RevKeen may yet do it, or say the same; then a person has to look."""
    contradictions = operation.equal_errors + 1
    facts = {"result": operation.result, "equal_errors": contradictions}
    operation = outcomes.doubtful(operation, message, "contradicted", **facts)
    return outcomes.needs_review(operation, "contradicted", message) if contradictions >= 3 else operation
