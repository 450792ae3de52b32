"""The one way to change anything at RevKeen: row, then call, then outcome, each committed on its own.

A view takes the form's ticket, makes `Asked` of what was typed, and calls `submit`. Whatever happens to this process
on the way, the row stands, and the settler (services/settling.py) finds out what became of it.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.functions import Now

from orders.apis.errors import ApiError, NotConnected, NotSent, RateLimited, Refused, Unknown
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Order, Refund
from orders.models import Operation, OperationToken, OrderLock, User
from orders.request_ids import current_request_id
from orders.services import askers, deciders, effects, looks, outcomes, plans, quarantine
from orders.services.asked import Asked, NoJournal, OrderBusy, OtherBody
from orders.services.leases import lease, take_to_send
from orders.services.plans import Later
from orders.services.revkeen import Session
from orders.services.snapshots import kept
from orders.services.tickets import Ticket
from orders.storable import storable

Kind = Operation.Kind

IN_PROGRESS = "idempotency_in_progress"
CONFLICT = "idempotency_conflict"


def submit(api: Session, user: User, asked: Asked) -> Operation:
    """Begin what the ticket stands for and carry it out, or give back what became of it when it was begun before.

    Raise `OrderBusy`, `OtherBody`, `NotSent` when not even the row was written, or what `asked.record` raises.
    """
    operation, is_new = begin(api, user, asked)
    return carry_out(api, operation) if is_new and not asked.hold else operation


def find(ticket: Ticket[object]) -> Operation | None:
    """What was begun with this ticket before."""
    return Operation.objects.filter(pk=ticket.operation_id).first()


def holder_of(merchant_id: int, mode: str, order_id: uuid.UUID) -> Operation | None:
    """The operation that is open on the order, or the open step of the plan that holds it."""
    lock = OrderLock.objects.filter(merchant_id=merchant_id, mode=mode, order_id=order_id).first()
    if lock is None:
        return None
    return Operation.objects.filter(plan_id=lock.plan_id).select_related("user").order_by("-step").first()


def begin(api: Session, user: User, asked: Asked) -> tuple[Operation, bool]:
    """Write the row and take the order's lock; or find the row that this ticket has already. Raise as `submit`."""
    if api.connection is None:
        raise NotConnected("There is no active RevKeen key for this merchant and mode.")
    try:
        quarantine.check()
    except OSError as error:
        raise NoJournal("Nothing was sent: its counter file is not there, or cannot be written.") from error
    for _ in range(3):  # whoever held the order may let go between our try and our look
        try:
            return _write_row(api, user, asked), True
        except IntegrityError:
            first = _first(asked)
            if first is None:
                _refuse_if_held(asked)
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
    following = Operation.objects.filter(plan_id=operation.plan_id, step=operation.step + 1).first()
    if operation.open or following is None:
        return operation
    untouched = following.state == Operation.State.STARTED and following.attempts == 0
    return carry_out(api, following) if untouched else following


def send(api: Session, operation: Operation) -> Operation:
    """Make the call and write down what came of it: an error of the call is an outcome here, not an exception."""
    try:
        answer = api.change(effects.change_of(operation), operation.pk)
    except Refused as error:
        return _refused(api, operation, error)
    except NotSent as error:
        return _not_sent(api, operation, error)
    except Unknown as error:
        return _no_answer(operation, error)
    return _look_after(api, operation, answer)


def _write_row(api: Session, user: User, asked: Asked) -> Operation:
    with transaction.atomic():
        operation = _row(api, user, asked)
        operation.save(force_insert=True)
        if asked.token:
            token = OperationToken(operation=operation)
            token.secret = asked.token
            token.save()
        if operation.order_id is not None:
            plans.lock(operation, operation.order_id)
        deciders.fix(operation)
        asked.record(operation)
        quarantine.count_up()
    quarantine.note_count()
    return operation


def _row(api: Session, user: User, asked: Asked) -> Operation:
    ticket, connection = asked.ticket, api.connection
    assert connection is not None  # noqa: S101  (`begin` looked)
    held, hidden = Now() + timedelta(seconds=asked.hold), {"payment_token": "[token]"} if asked.token else {}
    return Operation(
        pk=ticket.operation_id,
        plan_id=ticket.operation_id,
        merchant=ticket.merchant,
        mode=ticket.mode,
        connection_id=connection.pk,
        shown_key=connection.shown_key,
        kind=ticket.kind,
        order_id=ticket.order_id,
        order_number=storable(asked.order_number)[:100],
        draft_id=asked.draft_id,
        body=effects.marked(ticket.kind, asked.body, ticket.operation_id) | hidden,
        seen=storable(kept(ticket.snapshot)),
        summary=storable(asked.summary)[:300],
        fingerprint=asked.fingerprint,
        later=storable(kept(Later(then=asked.then))),
        user=user,
        who=user.email,
        asked_in=current_request_id(),
        attempts=0,
        lease_until=held if asked.hold else lease(),
        next_try_at=held,
    )


def _first(asked: Asked) -> Operation | None:
    first = find(asked.ticket)
    if first is not None and first.fingerprint != asked.fingerprint:
        raise OtherBody(first)
    return first


def _refuse_if_held(asked: Asked) -> None:
    """Raise `OrderBusy` if an operation stands in the way."""
    holder = None
    if asked.ticket.order_id is not None:
        holder = holder_of(asked.ticket.merchant.pk, asked.ticket.mode, asked.ticket.order_id)
    if holder is None and asked.draft_id is not None:
        taken = Operation.objects.filter(draft_id=asked.draft_id, state__in=(*Operation.OPEN, Operation.State.DONE))
        holder = taken.select_related("user").first()
    if holder is not None:
        raise OrderBusy(holder)


def _carry_out_one(api: Session, operation: Operation) -> Operation:
    if api.connection is None or api.connection.pk != operation.connection_id:
        return operation  # the key was replaced as this step began; the worker sends it with the one that it names
    lost = askers.lost_right(operation) if operation.step else ""
    if lost:
        return outcomes.stopped(operation, lost)
    if operation.order_id is not None:
        order, *refunds = api.get_together(*effects.to_look_at(operation))
        error = next((reading.error for reading in (order, *refunds) if reading.error is not None), None)
        if error is not None:
            return outcomes.not_sent(operation, error)
        found = effects.differences(operation, order.require(), refunds[0].require() if refunds else None)
        if found:
            return outcomes.changed(operation, found)
    return send(api, operation) if take_to_send(operation) else Operation.objects.get(pk=operation.pk)


def _refused(api: Session, operation: Operation, error: Refused) -> Operation:
    """A no to the first call is the outcome, unless RevKeen shows else. One to a later may be about that one alone."""
    if error.code == IN_PROGRESS:
        return outcomes.unknown(operation, error)
    if error.code == CONFLICT:
        return outcomes.needs_person(operation, error.code, str(error))
    if operation.attempts > 1 and error.status in (401, 403):
        return outcomes.unknown(operation, error)
    sign = looks.sign_of(operation, looks.look(api, operation))
    return _doubted(operation, error, sign) if sign else outcomes.refused(operation, error)


def _not_sent(api: Session, operation: Operation, error: NotSent) -> Operation:
    """What may have arrived before is not undone by this. A 429 that was answered is a no, and held against facts."""
    if operation.attempts > 1:
        return outcomes.unknown(operation, error)
    if isinstance(error, RateLimited) and error.answered:
        facts = looks.look(api, operation)
        sign = "" if isinstance(facts.unanswered, RateLimited) else looks.sign_of(operation, facts)
        if sign:
            return _doubted(operation, error, sign)
    return outcomes.not_sent(operation, error)


def _doubted(operation: Operation, error: ApiError, sign: str) -> Operation:
    return outcomes.doubtful(operation, f"RevKeen refused, but {sign} {error}", "refusal_doubted")


def _no_answer(operation: Operation, error: Unknown) -> Operation:
    """A 5xx that RevKeen has stored repeats itself for ever, and so may a 4xx that is not its own: after the second a
    machine learns nothing more from it.
    """
    foreign = 400 <= error.status < 500
    if not error.replayed and not foreign:
        return outcomes.unknown(operation, error)
    equal_errors = operation.equal_errors + 1
    operation = outcomes.unknown(operation, error, equal_errors=equal_errors)
    code = "foreign_refusal" if foreign else "stored_error"
    return outcomes.needs_person(operation, code, str(error)) if equal_errors >= 2 + foreign else operation


def _look_after(api: Session, operation: Operation, answer: Any) -> Operation:
    """Read the order back; an answer that it contradicts, or that cannot be checked, keeps the operation open."""
    operation.result = {"refund": effects.kept_of(answer)} if isinstance(answer, Refund) else {}
    wanted = [reads.order(answer.id)] if isinstance(answer, Order) else effects.to_look_at(operation)
    order, *refunds = api.get_together(*wanted)
    error = next((reading.error for reading in (order, *refunds) if reading.error is not None), None)
    if error is not None:
        message = f"RevKeen said yes, but the order could not be read back. {error}"
        return outcomes.doubtful(operation, message, "not_read_back", result=operation.result)
    found = refunds[0].require().rows if refunds else []
    contradiction = effects.contradiction(operation, order.require(), found)
    if not contradiction and effects.shows_nothing_new(operation, order.require()):
        contradiction = looks.not_told(operation, looks.look(api, operation))
    if contradiction:
        return _contradicted(operation, f"RevKeen said yes, but {contradiction}")
    if isinstance(answer, Refund) and answer.status in ("failed", "canceled"):
        return outcomes.failed(operation, effects.came_to_nothing(answer))
    return outcomes.done(operation, order.require())


def _contradicted(operation: Operation, message: str) -> Operation:
    """Asked again under the same key RevKeen may yet do it, or say the same; then a person has to look."""
    contradictions = operation.equal_errors + 1
    facts = {"result": operation.result, "equal_errors": contradictions}
    operation = outcomes.doubtful(operation, message, "contradicted", **facts)
    return outcomes.needs_person(operation, "contradicted", message) if contradictions >= 3 else operation
