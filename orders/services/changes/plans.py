"""Steps that belong together: each is begun in the transaction that ends the one before, so that none is forgotten."""

import uuid
from typing import Any

import msgspec
from msgspec import Struct, field

from orders import kept_inserts
from orders.models import Operation, OrderLock
from orders.services.changes import reviewers, verification
from orders.services.changes.leases import lease
from orders.services.changes.snapshots import kept
from orders.services.revkeen.session import active_connection

Json = dict[str, Any]

# A step after one that was open when a backup was restored: it may have been done since the backup was made.
HELD = {
    "state": Operation.State.NEEDS_REVIEW,
    "code": "quarantined",
    "message": "A backup was restored. This may have been done since the backup was made.",
}


class Step(Struct, frozen=True, kw_only=True):
    """An operation to come. `instead` are the steps that follow when it is refused, or finds the order changed."""

    kind: str
    order_id: str  # what `created_by` gives stands for one that is still to be created
    order_number: str = ""
    body: Json
    summary: str
    # As the journal keeps it. What a step before has read back of the order counts more.
    snapshot: Json = field(default_factory=dict, name="seen")
    instead: "list[Step]" = []


class Later(Struct, frozen=True):
    """What follows on an operation: `then` once it is done, `instead` where it comes to nothing."""

    then: list[Step] = []
    instead: list[Step] = []


def created_by(operation_id: uuid.UUID) -> str:
    """Stands in a step for the id of the order that `operation_id` will have created."""
    return f"created:{operation_id}"


def follow(operation: Operation) -> Operation | None:
    """Begin what follows on an operation that has just ended, in the transaction that ended it, or free its orders."""
    following = _steps_after(operation)
    if not following:
        OrderLock.objects.filter(plan_id=operation.plan_id).delete()
        return None
    if operation.created_order_id is not None:
        lock(operation, operation.created_order_id)
    return _begin(operation, following[0], following[1:])


def begun_after(operation: Operation) -> Operation | None:
    """The step that was begun as this one ended; None where nothing follows."""
    if operation.open or not _steps_after(operation):
        return None
    return Operation.objects.filter(plan_id=operation.plan_id, step=operation.step + 1).first()


def later_of(operation: Operation) -> Later:
    """The steps that follow, with the order that the operation has created in its places."""
    found = operation.later
    if operation.created_order_id is not None:
        found = _filled(found, created_by(operation.pk), str(operation.created_order_id))
    return msgspec.convert(found, Later)


def lock(operation: Operation, order_id: uuid.UUID) -> None:
    """Raise IntegrityError when another operation holds the order."""
    of = {"merchant_id": operation.merchant_id, "mode": operation.mode, "order_id": order_id}
    kept_inserts.insert(OrderLock(plan_id=operation.plan_id, **of))


def operations_of(plan_id: uuid.UUID) -> list[Operation]:
    return list(Operation.objects.filter(plan_id=plan_id).order_by("step"))


def _steps_after(operation: Operation) -> list[Step]:
    later = later_of(operation)
    return later.then if operation.state == Operation.State.DONE else later.instead


def _begin(before: Operation, step: Step, rest: list[Step]) -> Operation:
    copied = ("merchant_id", "mode", "plan_id", "user_id", "who", "asked_in", "quarantined")
    order_id, operation_id = uuid.UUID(step.order_id), uuid.uuid4()
    begun = Operation.objects.create(
        pk=operation_id,
        **{name: getattr(before, name) for name in copied},
        **_key(before),
        kind=step.kind,
        order_id=order_id,
        order_number=step.order_number,
        body=verification.marked(step.kind, step.body, operation_id),
        summary=step.summary,
        seen=step.snapshot | _read_back(before.plan_id, order_id),
        fingerprint="",
        step=before.step + 1,
        attempts=0,
        lease_until=lease(),
        later=kept(Later(then=rest, instead=step.instead)),
        **(HELD if before.quarantined else {}),
    )
    reviewers.hand_on(before, begun)
    return begun


def _key(before: Operation) -> dict[str, Any]:
    """What a step is sent with: the key that is active as it begins, which may be another than the step before had."""
    active = active_connection(before.merchant, before.mode)
    if active is None:
        return {"connection_id": before.connection_id, "shown_key": before.shown_key}
    return {"connection_id": active.pk, "shown_key": active.shown_key}


def _read_back(plan_id: uuid.UUID, order_id: uuid.UUID) -> Json:
    """What a step of the plan read back of the order last, if one did."""
    for operation in reversed(operations_of(plan_id)):
        if operation.about_order_id == order_id and "order" in operation.result:
            return dict(operation.result["order"])
    return {}


def _filled(value: Any, sign: str, order_id: str) -> Any:
    """The same JSON with the created order in its places."""
    if isinstance(value, dict):
        return {name: _filled(inner, sign, order_id) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, sign, order_id) for inner in value]
    return order_id if value == sign else value
