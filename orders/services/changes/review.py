"""A person's word on what became of an operation: the facts it rests on, who may say it, and when.

It is final, and the only door to a new key. *It did not happen* lets the same thing be sent once more, so it needs ten
quiet minutes, RevKeen's answer of now, a reason, and somebody else than who clicked where the merchant had one when
it began. About money, *it happened* needs the reason and the second person too, and RevKeen is looked at
again afterwards (services/changes/review_checks.py).
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from orders.apis.errors import ApiError, Missing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Listing, Order, Refund
from orders.models import EventLog, Operation, User
from orders.services import audit
from orders.services.changes import (
    checks,
    journal,
    outcomes,
    quarantine,
    reconcile,
    review_checks,
    reviewers,
    snapshots,
    verification,
)
from orders.services.changes.checks import Facts
from orders.services.changes.review_checks import DecisionSnapshot
from orders.services.changes.snapshots import Difference
from orders.services.revkeen import session
from orders.services.revkeen.session import Session

Kind, State = Operation.Kind, Operation.State

QUIET = timedelta(minutes=10)  # since it was last sent: what is still on its way has arrived by then
WORDS = {True: "it happened", False: "it did not happen"}


@dataclass(frozen=True)
class Decision:
    happened: bool
    reason: str
    shown: DecisionSnapshot  # by the page
    order_id: uuid.UUID | None = None  # the order that a create made


@dataclass(frozen=True)
class Obstacle:
    """Why nobody, or not this person, may say now that it did not happen; `until` when that is over."""

    words: str
    until: datetime | None = None


class AlreadyEnded(Exception):
    """It needs no decision any more."""

    def __init__(self, operation: Operation) -> None:
        super().__init__("It was resolved in the meantime.")
        self.operation = operation


class NotNow(Exception):
    """Nothing was decided: why, the field that is about, and what changed since the page was drawn."""

    def __init__(self, title: str, text: str = "", about: str = "", changed: Iterable[Difference] = ()) -> None:
        super().__init__(title)
        self.title, self.text, self.about, self.changed = title, text, about, list(changed)


def snapshot_of(order: Order | None, refunds: Listing[Refund] | None) -> DecisionSnapshot:
    spent = snapshots.spent(refunds) if refunds is not None else None
    return DecisionSnapshot(order=snapshots.snapshot_of(order) if order else None, refunded=spent)


def obstacles(operation: Operation, user: User, unanswered: ApiError | None) -> list[Obstacle]:
    """What stands in the way of *it did not happen*, said by `user` now."""
    found = []
    quiet_from = operation.last_sent_at + QUIET
    if _now(operation) < quiet_from:
        found.append(Obstacle("Wait ten minutes after it was last sent", quiet_from))
    another = reviewers.blocked_reason(operation, user, asker_too=False)
    if another:
        found.append(Obstacle(another))
    if unanswered is not None:
        found.append(Obstacle(f"RevKeen must respond first. {unanswered}"))
    return found


def obstacles_to_yes(operation: Operation, user: User) -> list[Obstacle]:
    """What stands in the way of *it happened*, said by `user`: about money it is a second person's as well."""
    another = reviewers.blocked_reason(operation, user, asker_too=operation.kind not in Operation.MONEY)
    return [Obstacle(another)] if another else []


def decide(operation: Operation, by: User, decision: Decision) -> Operation:
    """Write the decision down and go on with the plan; give back the operation. Raise `AlreadyEnded` or `NotNow`."""
    if operation.state != State.NEEDS_REVIEW:
        raise AlreadyEnded(operation)
    quarantine.check()  # before a step that follows may be sent
    with session.session(operation.merchant, operation.mode) as api:
        facts = checks.look(api, operation)
        told = facts.unanswered is None and checks.tells(operation, facts)
        found = {} if told else _checked(api, operation, by, decision, facts)
    if told:
        raise AlreadyEnded(reconcile.reconcile(operation))
    ended = _write(operation, by, decision, found)
    with session.session(operation.merchant, operation.mode) as api:
        journal.go_on(api, ended)
    return ended


def _checked(api: Session, operation: Operation, by: User, decision: Decision, facts: Facts) -> dict[str, Any]:
    """What goes into the row beside the decision. Raise `NotNow`."""
    if facts.unanswered is None:
        _check_unchanged(operation, decision.shown, facts)
    happened = decision.happened
    standing = obstacles_to_yes(operation, by) if happened else obstacles(operation, by, facts.unanswered)
    if standing:
        raise NotNow("Nothing was decided.", " ".join(f"{obstacle.words}." for obstacle in standing))
    if not happened:
        return {}
    if operation.kind == Kind.CREATE:
        order = _created(api, operation, decision.order_id)
        return {"created_order_id": order.id, "result": _read_back(operation, order)}
    fresh = facts.order if facts.unanswered is None else None
    return {"result": _read_back(operation, fresh)} if fresh else {}


def _check_unchanged(operation: Operation, shown: DecisionSnapshot, facts: Facts) -> None:
    """Raise `NotNow` when RevKeen shows something else than the page did."""
    if shown == snapshot_of(facts.order, facts.refunds):
        return
    changed: list[snapshots.Difference] = []
    if shown.order and facts.order:
        changed = snapshots.differences(shown.order, facts.order, operation.merchant)
    raise NotNow("Nothing was decided: the data in RevKeen changed.", "Review it again, then decide.", changed=changed)


def _created(api: Session, operation: Operation, order_id: uuid.UUID | None) -> Order:
    """The order that a create is said to have made. Raise `NotNow` when it cannot be that."""
    assert order_id is not None  # noqa: S101  (the form asks for it)
    reading = api.get(reads.order(order_id))
    if isinstance(reading.error, Missing):
        raise NotNow("Nothing was decided.", "RevKeen has no order with this id.", "order_id")
    if reading.error is not None:
        raise NotNow("Nothing was decided: the order could not be read.", str(reading.error))
    order = reading.require()
    blocked_reason = _why_not_this(operation, order)
    if blocked_reason:
        raise NotNow("Nothing was decided.", blocked_reason, "order_id")
    return order


def _why_not_this(operation: Operation, order: Order) -> str:
    if order.created_at < operation.created_at - checks.EARLIER:
        return f"{order.public_id} is older than this operation."
    if Operation.objects.filter(created_order_id=order.id).exists():
        return f"{order.public_id} was created by another operation."
    contradiction = verification.contradiction(operation, order)
    return f"This cannot be it: {contradiction}" if contradiction else ""


def _read_back(operation: Operation, order: Order) -> dict[str, Any]:
    return {**operation.result, "order": snapshots.kept(snapshots.snapshot_of(order)), "number": order.public_id}


def _write(operation: Operation, by: User, decision: Decision, found: dict[str, Any]) -> Operation:
    """One decision, however often it is sent. Raise `AlreadyEnded` for the second."""
    state = State.DONE if decision.happened else State.REFUSED
    text = f"{operation.get_kind_display()}, {operation.summary}: {WORDS[decision.happened]}. {decision.reason}"
    try:
        with transaction.atomic():
            standing = Operation.objects.select_for_update().get(pk=operation.pk)
            if standing.state != State.NEEDS_REVIEW:
                raise AlreadyEnded(standing)
            ended = outcomes.decided(operation, state, by=by, reason=decision.reason, **found)
            review_checks.begin(ended, decision.shown)
            audit.record(EventLog.Kind.DECIDED, text, user=by, merchant=operation.merchant, mode=operation.mode)
    except IntegrityError as error:  # the order that was created is held, so what follows on it cannot begin
        words = "Another change has locked the order that was created. Decide when it is finished."
        raise NotNow("Nothing was decided.", words) from error
    return ended


def _now(operation: Operation) -> datetime:
    """By the database's clock, which gave the row its times."""
    now: datetime = Operation.objects.filter(pk=operation.pk).annotate(now=Now()).values_list("now", flat=True)[0]
    return now
