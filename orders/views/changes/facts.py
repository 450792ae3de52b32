"""What an operation's page shows of RevKeen: what was sent, and what happened there since the click."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orders import states
from orders.apis.errors import ApiError, Refused
from orders.apis.revkeen.objects import Event, Refund, Transaction
from orders.models import Operation, RefundStatus
from orders.money import Money
from orders.services.changes import plans, refund_tracking
from orders.services.changes.operations import OperationFile
from orders.services.changes.plans import Step
from orders.services.changes.snapshots import Difference, differences, of_operation
from orders.services.orders.timeline import amount_of
from orders.states import State
from orders.views.payment_rows import direction

OUTCOMES: dict[str, str] = {
    Operation.State.STARTED: "started",
    Operation.State.DONE: "done",
    Operation.State.REFUSED: "not_done",
    Operation.State.NOT_SENT: "not_done",
    Operation.State.IN_DOUBT: "in_doubt",
    Operation.State.NEEDS_REVIEW: "needs_review",
}
NOTHING = (Operation.State.REFUSED, Operation.State.NOT_SENT)
CLOCKS_DIFFER = timedelta(minutes=1)  # RevKeen's may be a little behind ours


@dataclass(frozen=True)
class StepLine:
    """A step of a plan; `refund` is what is known of a refund that RevKeen took."""

    operation: Operation
    refund: RefundStatus | None

    @property
    def state(self) -> State:
        """A refund is through when the money has moved."""
        return states.refund_state(self.refund.status) if self.refund else states.operation_state(self.operation)

    @property
    def failed(self) -> bool:
        """Whether RevKeen took a refund, and the money did not move."""
        return self.refund is not None and self.refund.status in ("failed", "canceled")


@dataclass(frozen=True)
class EventLine:
    at: datetime
    type: str
    ours: bool


@dataclass(frozen=True)
class MoneyLine:
    """A transaction of the order's invoice, or a refund of the payment."""

    at: datetime | None
    what: str
    state: State
    amount: Money
    id: str


@dataclass(frozen=True)
class CreatedLine:
    at: datetime
    number: str
    total: Money | None
    id: str


def steps(file: OperationFile) -> list[StepLine]:
    """The steps of its plan that were begun."""
    followed = refund_tracking.of_plan(file.operation.plan_id)
    return [StepLine(step, followed.get(step.pk)) for step in file.steps]


def refunds_state(lines: list[StepLine]) -> State | None:
    """Of all refunds that RevKeen took together: failed if one has, and on its way while one is; None without any."""
    found = [line for line in lines if line.refund]
    worst = sorted(found, key=lambda line: (not line.failed, bool(line.refund and line.refund.final)))
    return worst[0].state if worst else None


def never_begun(file: OperationFile) -> list[Step]:
    """The steps that would have followed on one that came to nothing."""
    return plans.later_of(file.current).then if file.current.state in NOTHING else []


def only_a_part(file: OperationFile) -> bool:
    """Whether the plan ended in a step that came to nothing, after others that did happen."""
    happened = any(step.state == Operation.State.DONE for step in file.steps)
    return happened and file.current.state in NOTHING


def outcome(operation: Operation) -> str:
    """The template that says in one sentence where it stands."""
    if operation.decided_by_id is not None:
        return "orders/changes/outcome/decided.html"
    if operation.kind == Operation.Kind.REFUND and operation.state == Operation.State.DONE:
        return "orders/orders/refunds/_done.html"
    return f"orders/changes/outcome/{OUTCOMES.get(operation.state, 'unknown')}.html"


def happened(operation: Operation) -> State:
    """What a person decided, in words."""
    if operation.state == Operation.State.DONE:
        return State("happened", "circle-check", "good")
    return State("did not happen", "circle-x")


def times_sent(operation: Operation) -> str:
    if operation.state == Operation.State.NOT_SENT:
        return "Not sent"
    return {0: "Not yet", 1: "Once"}.get(operation.attempts, f"{operation.attempts} times with the same key")


def sent(operation: Operation) -> dict[str, Any]:
    """Member by member; in a change of an order, what is empty was taken away."""
    if operation.kind == Operation.Kind.UPDATE:
        return dict(operation.body)
    return {name: value for name, value in operation.body.items() if value not in (None, "", [], {})}


def told(file: OperationFile) -> list[EventLine]:
    """The events that carry the key of the operation or of a step of its plan, oldest first."""
    keys = {str(step.pk) for step in file.steps}
    return [line for line in _events(file, keys) if line.ours]


def since_the_click(file: OperationFile) -> dict[str, Any]:
    """For whoever has to decide. None where it could not be read."""
    since = file.operation.created_at - CLOCKS_DIFFER
    key = {str(file.operation.pk)}
    moved = [_transaction(row) for row in _rows(file.transactions) if row.created_at >= since]
    refunds = [_refund(row) for row in _rows(file.refunds) if row.created_at is None or row.created_at >= since]
    return {
        "since": since,
        "changed": _changed(file),
        "events": [line for line in _events(file, key) if line.at >= since],
        "transactions": sorted(moved, key=lambda line: str(line.at)),
        "refunds": refunds,
        "created": [_created(row) for row in _rows(file.created) if row.at >= since],
    }


def _changed(file: OperationFile) -> list[Difference]:
    """What of the order is no longer as the form showed it."""
    order, before = file.order.value if file.order else None, of_operation(file.operation)
    return differences(before, order, file.operation.merchant) if order is not None and before is not None else []


def unanswered(file: OperationFile) -> ApiError | None:
    """Why what is shown is not what RevKeen shows now. A key that may not read something is an answer."""
    readings = (file.order, file.events, file.refunds, file.created)
    errors = [reading.error for reading in readings if reading is not None and reading.error is not None]
    return next((error for error in errors if not (isinstance(error, Refused) and error.status == 403)), None)


def _events(file: OperationFile, keys: set[str]) -> list[EventLine]:
    lines = [EventLine(row.at, row.type, _key(row) in keys) for row in _rows(file.events)]
    return sorted(lines, key=lambda line: line.at)


def _key(event: Event) -> str | None:
    return event.request.idempotency_key if event.request else None


def _rows(reading: Any) -> list[Any]:
    return reading.value.rows if reading is not None and reading.value is not None else []


def _transaction(row: Transaction) -> MoneyLine:
    what = f"{direction(row)} {row.method}".strip()
    money = Money(row.amount, row.currency.upper())
    return MoneyLine(row.created_at, what, states.transaction_state(row), money, str(row.id))


def _refund(row: Refund) -> MoneyLine:
    what = f"Refund, {row.reason.replace('_', ' ')}" if row.reason else "Refund"
    return MoneyLine(
        row.created_at,
        what,
        states.refund_state(row.status),
        Money(row.amount_minor, row.currency.upper()),
        str(row.id),
    )


def _created(row: Event) -> CreatedLine:
    data = row.data.object
    return CreatedLine(row.at, str(data.get("public_id", ""))[:40], amount_of(row), str(data.get("id", ""))[:40])
