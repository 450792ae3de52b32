"""Looking at operations: one with all that is known of it."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Event, Listing, Order, Refund, Transaction
from orders.apis.revkeen.reads import Read
from orders.models import Membership, Merchant, Operation
from orders.permissions import Right
from orders.services.changes import checks, plans, refund_tracking
from orders.services.revkeen.session import Reading, Session

SHOWN_WITH_AN_ORDER = 200


@dataclass(frozen=True)
class OperationFile:
    """An operation, its plan, what RevKeen shows now. A part that could not be read is a `Reading` with an error.

    None is what there is nothing to read of: an order that is not there yet, refunds of what is no refund.
    """

    operation: Operation
    steps: list[Operation]  # of its plan, the first one included
    order: Reading[Order] | None = None
    events: Reading[Listing[Event]] | None = None
    transactions: Reading[Listing[Transaction]] | None = None
    refunds: Reading[Listing[Refund]] | None = None  # of the payment that a refund is about
    created: Reading[Listing[Event]] | None = None  # what tells of new orders, while it is open which one is ours

    @property
    def current(self) -> Operation:
        """The step that was begun last: it is the one that may be open."""
        return self.steps[-1]


def visible_to(membership: Membership, merchant: Merchant, mode: str, operation_id: uuid.UUID) -> Operation | None:
    """The operation, if it is the person's own or they may see those of others."""
    found = Operation.objects.filter(merchant=merchant, mode=mode, pk=operation_id).select_related("user", "decided_by")
    if not membership.may(Right.JOURNAL_OF_ALL):
        found = found.filter(user_id=membership.user_id)
    return found.first()


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> list[Operation]:
    """What was asked of RevKeen about an order, the newest two hundred, and what created it."""
    about = Q(order_id=order_id) | Q(created_order_id=order_id)
    found = Operation.objects.filter(about, merchant=merchant, mode=mode)
    found = found.select_related("user", "decided_by", "refund_status", "decision_check")
    return list(found.order_by("-created_at")[:SHOWN_WITH_AN_ORDER])


def operation_file(api: Session, operation: Operation) -> OperationFile:
    """Two rounds at most."""
    wanted = _wanted(operation)
    readings: dict[str, Any] = dict(zip(wanted, api.get_together(*wanted.values()), strict=True))
    order = readings["order"].value if "order" in readings else None
    if order is not None and order.invoice_id is not None:
        readings["transactions"] = api.get(reads.transactions(order.invoice_id))
    if "refunds" in readings and readings["refunds"].error is None:
        refund_tracking.note(readings["refunds"].value.rows)
    return OperationFile(operation, plans.operations_of(operation.plan_id), **readings)


def _wanted(operation: Operation) -> dict[str, Read[Any]]:
    wanted: dict[str, Read[Any]] = {}
    order_id = operation.about_order_id
    if order_id is not None:
        wanted |= {"order": reads.order(order_id), "events": reads.order_events(order_id)}
    if operation.kind == Operation.Kind.REFUND:
        wanted["refunds"] = reads.refunds(uuid.UUID(operation.body["payment_id"]))
    if operation.kind == Operation.Kind.CREATE and operation.open:
        since = int((operation.created_at - checks.EARLIER).timestamp())
        wanted["created"] = reads.events_since(since, ("order.created",))
    return wanted
