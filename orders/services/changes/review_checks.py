"""Looking at RevKeen after a person decided about money: whether it bears out what they said. It only reads.

What speaks for itself (an event with our key, a mark, a failure) ends the looks at once; that nothing shows a payment
or refund that is said to have happened tells something only after a day.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from msgspec import Struct

from orders.apis.revkeen.objects import Order
from orders.models import DecisionCheck, EventLog, Operation, User
from orders.money import Money
from orders.services import audit
from orders.services.changes import checks, refund_snapshots, snapshots, verification
from orders.services.changes.checks import Facts
from orders.services.changes.leases import lease
from orders.services.changes.snapshots import OrderSnapshot, kept
from orders.services.due import Asked, asked_often
from orders.services.revkeen import session

log = structlog.get_logger("orders.decisions")
Kind, State = Operation.Kind, Operation.State

# From one look to the next: 1, 10 and 60 minutes and 24 hours after the decision.
WAITS = (timedelta(minutes=1), timedelta(minutes=9), timedelta(minutes=50), timedelta(hours=23))
UNANSWERED = timedelta(minutes=10)  # until the next try, which takes the place of the one that told nothing
NOTHING_SHOWS_IT = "One day later, RevKeen still does not show it."


class DecisionSnapshot(Struct, frozen=True):
    """What the page of a decision showed that it rests on; amounts in minor units."""

    order: OrderSnapshot | None
    refunded: int | None  # gone of the payment that a refund is about; None where that is not known


def begin(operation: Operation, shown: DecisionSnapshot) -> None:
    """Look again later, in the transaction that decides. `shown`: what the page of the decision showed."""
    if operation.kind in Operation.MONEY:
        DecisionCheck.objects.create(operation=operation, shown=kept(shown), next_look_at=Now() + WAITS[0])


def of(operation: Operation) -> DecisionCheck | None:
    """The check of an operation's decision; None where nothing was decided about money."""
    return getattr(operation, "decision_check", None)


def claim(busy: Collection[int] = ()) -> DecisionCheck | None:
    """Take the one that is longest due, but for those of merchants that have enough at hand already."""
    if not _due(busy).exists():  # a look that takes no lock
        return None
    with transaction.atomic():
        claimed: DecisionCheck | None = (
            _due(busy).select_for_update(skip_locked=True, of=("self",)).order_by("next_look_at").first()
        )
        if claimed is not None:
            DecisionCheck.objects.filter(pk=claimed.pk).update(lease_until=lease())
    return claimed


@asked_often
def due() -> Asked:
    """Whether a check can be claimed, and when the next can be."""
    to_come = DecisionCheck.objects.filter(next_look_at__isnull=False)
    return Asked(_due(()), (to_come, "next_look_at"), (to_come, "lease_until"))


def check(claimed: DecisionCheck) -> DecisionCheck:
    """Look at RevKeen once for a check that the caller has claimed, and write down what that says of the decision."""
    operation = claimed.operation
    with session.session(operation.merchant, operation.mode) as api:
        facts = checks.look(api, operation)
    happened, words = _told(operation, facts)
    decided = operation.state == State.DONE
    moved = _moved(claimed, facts) if happened is None and facts.unanswered is None else None
    if moved:
        happened, words = True, _money_words(operation, facts.order)
    if happened is not None:
        _write(claimed, {"next_look_at": None}, "" if happened == decided else words)
    elif moved is None:
        _write(claimed, {"next_look_at": Now() + UNANSWERED})
    elif claimed.looks + 1 < len(WAITS):
        _write(claimed, {"next_look_at": Now() + WAITS[claimed.looks + 1], "looks": claimed.looks + 1})
    else:
        _write(claimed, {"next_look_at": None, "looks": len(WAITS)}, NOTHING_SHOWS_IT if decided else "")
    claimed.refresh_from_db()
    return claimed


def close(found: DecisionCheck, by: User, reason: str) -> bool:
    """Say why a contradiction needs nobody any more; False where somebody has said so already."""
    operation = found.operation
    contradicted = DecisionCheck.objects.filter(DecisionCheck.CONTRADICTED, pk=found.pk)
    with transaction.atomic():
        if not contradicted.update(closed_at=Now(), closed_by=by, closed_reason=reason[:500]):
            return False
        _record(EventLog.Kind.CONTRADICTION_CLOSED, operation, reason, by)
    return True


def _told(operation: Operation, facts: Facts) -> tuple[bool | None, str]:
    """Whether RevKeen says by itself that it happened, and how; None while it says neither."""
    state, why = verification.told(operation, facts.events)
    if state == State.REFUSED:
        return False, why
    refund = verification.refund_marked(operation, facts.refunds.rows if facts.refunds is not None else [])
    if refund is not None and refund.final and not refund.spent:
        return False, verification.came_to_nothing(refund)
    if refund is not None:
        return True, "A refund at RevKeen carries this operation’s mark."
    return (True, "One of RevKeen’s events carries this operation’s key.") if state == State.DONE else (None, "")


def _moved(found: DecisionCheck, facts: Facts) -> bool | None:
    """Whether money moved as the operation asked, beside what others from here moved; None when that is not known.

    What is said not to have happened is held against what the page of the decision showed: whoever decided knew that
    it was something else. What is said to have happened is held against what the form showed.
    """
    operation, order = found.operation, facts.order
    if order is None or order.currency_code != snapshots.currency_of(operation):
        return None
    if operation.kind == Kind.PAY and "amount" not in operation.body:  # an order over nothing: no money moves
        return verification.contradiction(operation, order) == "" if operation.state == State.DONE else False
    before, now = _before(found), _now(operation, facts)
    if before is None or now is None:
        return None
    return now - before - _of_others(operation) >= _amount(operation)


def _before(found: DecisionCheck) -> int | None:
    """Paid of the order, or gone of the refund's payment, in minor units."""
    operation, decided = found.operation, found.operation.state == State.DONE
    on_page = msgspec.convert(found.shown, DecisionSnapshot)
    if operation.kind == Kind.PAY:
        shown = snapshots.of_operation(operation) if decided else on_page.order
        return shown.amount_paid if shown else None
    payment = refund_snapshots.payment_of(operation)
    return payment.amount - payment.left if decided else on_page.refunded


def _now(operation: Operation, facts: Facts) -> int | None:
    if operation.kind == Kind.PAY:
        return facts.order.amount_paid if facts.order is not None else None
    return snapshots.spent(facts.refunds) if facts.refunds is not None else None


def _of_others(operation: Operation) -> int:
    """What later operations from here moved, in minor units; what may yet have moved is not held against a no."""
    states = [State.DONE] if operation.state == State.DONE else [State.DONE, *Operation.OPEN]
    later = Operation.objects.filter(
        merchant_id=operation.merchant_id, mode=operation.mode, order_id=operation.order_id, kind=operation.kind
    ).filter(created_at__gt=operation.created_at, state__in=states)
    same = [one for one in later if one.body.get("payment_id") == operation.body.get("payment_id")]
    return sum(map(_amount, same if operation.kind == Kind.REFUND else later))


def _amount(operation: Operation) -> int:
    amount: int = operation.body.get("amount_minor" if operation.kind == Kind.REFUND else "amount", 0)
    return amount


def _money_words(operation: Operation, order: Order | None) -> str:
    amount = Money(_amount(operation), snapshots.currency_of(operation))
    done = "paid" if operation.kind == Kind.PAY else "refunded"
    number = order.public_id if order is not None else operation.order_number
    return f"{number} shows {amount} or more {done} since the decision, and no change from here explains it."


def _write(claimed: DecisionCheck, facts: dict[str, Any], contradiction: str = "") -> None:
    """A contradiction is written and logged once, whoever else was looking."""
    still = DecisionCheck.objects.filter(pk=claimed.pk, next_look_at__isnull=False)
    if contradiction:
        facts |= {"contradicted_at": Now(), "seen": contradiction[:300]}
    with transaction.atomic():
        if still.update(**facts, lease_until=Now()) and contradiction:
            log.error("a decision is contradicted", operation=str(claimed.pk), kind=claimed.operation.kind)
            _record(EventLog.Kind.DECISION_CONTRADICTED, claimed.operation, contradiction)


def _record(kind: EventLog.Kind, operation: Operation, words: str, by: User | None = None) -> None:
    decided = "it happened" if operation.state == State.DONE else "it did not happen"
    text = f"{operation.get_kind_display()}, {operation.summary}: decided that {decided}. {words}"
    audit.record(kind, text, user=by, merchant=operation.merchant, mode=operation.mode, order_id=operation.order_id)


def _due(busy: Collection[int]) -> "QuerySet[DecisionCheck, Any]":
    due = DecisionCheck.objects.filter(next_look_at__lte=Now(), lease_until__lte=Now())
    return due.exclude(operation__merchant_id__in=busy).select_related("operation__merchant")
