"""What somebody looks at before they approve: the order as it is now, and what is different since it was asked for."""

from dataclasses import dataclass, field
from typing import Any

from orders.apis.errors import ApiError
from orders.apis.revkeen.objects import Order
from orders.models import ApprovalRequest, Operation
from orders.services.changes import verification
from orders.services.changes.snapshots import Difference
from orders.services.revkeen.session import Reading, Session


@dataclass(frozen=True)
class Look:
    order: Reading[Order] | None = None  # None: there is no order yet
    changed: list[Difference] = field(default_factory=list)
    error: ApiError | None = None  # why it is not known whether something changed


def look(api: Session, request: ApprovalRequest) -> Look:
    """One round: the same reads and the same comparison as right before it is sent."""
    operation = _as_operation(request)
    if operation.order_id is None:
        return Look()
    order, *refunds = api.get_together(*verification.to_look_at(operation))
    readings: list[Reading[Any]] = [order, *refunds]
    error = next((reading.error for reading in readings if reading.error is not None), None)
    if error is not None:
        return Look(order, error=error)
    found = verification.differences(operation, order.require(), refunds[0].require() if refunds else None)
    return Look(order, found)


def _as_operation(request: ApprovalRequest) -> Operation:
    """What it would be as an operation; never saved."""
    return Operation(
        pk=request.pk,
        merchant=request.merchant,
        kind=request.kind,
        order_id=request.order_id,
        body=request.body,
        seen=request.seen,
    )
