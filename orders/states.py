"""What an order's payment and fulfillment are called: the same word, icon and tone in list, page and filter.

Payment is told from the amounts, because RevKeen's one `status` cannot say that a fulfilled order is still unpaid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orders.apis.revkeen.objects import Order, PaymentMethod, Transaction
from orders.models import ApprovalRequest, Job, JobRow, Operation, PartnerUpdate, Shipment


@dataclass(frozen=True)
class State:
    word: str
    icon: str
    tone: str = ""  # "good", "wait" (somebody must act), "bad", or "" for a plain fact


# RevKeen's statuses with the words of the tabs.
STATUSES = {
    "draft": "Draft",
    "pending": "Pending",
    "partially_paid": "Part paid",
    "paid": "Paid",
    "fulfilled": "Fulfilled",
    "refunded": "Refunded",
    "canceled": "Canceled",
}
BILLING_TYPES = {"one_time": "once", "recurring": "recurring"}

UNKNOWN_STATUS = "RevKeen returned a status we do not know."
UNKNOWN_FULFILLMENT = "RevKeen returned a fulfillment status we do not know."

FULFILLMENT_STATES = {
    None: State("Nothing to ship", "square-dashed"),
    "returned": State("Returned", "square-arrow-left"),
    "fulfilled": State("Fulfilled", "square-check", "good"),
    "partial": State("Part fulfilled", "square-half", "wait"),
}


def unknown(value: object) -> State:
    """A value that is none of those we know, in its own word: it is never taken for one of them."""
    return State(str(value)[:40], "help-circle")


def _known(states: Mapping[Any, State], value: str) -> State:
    return states.get(value) or unknown(value)


def payment_state(order: Order) -> State:
    if order.status not in STATUSES:
        return unknown(order.status)
    if order.status == "canceled":
        return State("Canceled", "circle-x")
    if order.status == "draft":
        return State("Draft", "circle-dashed")
    if order.total == 0:
        return State("Nothing to pay", "circle-minus")
    if order.amount_due > 0:
        if order.amount_paid > 0:
            return State("Part paid", "circle-half", "wait")
        return State("Payment due", "circle", "wait")
    if order.amount_refunded > 0:
        fully = order.amount_refunded >= order.amount_paid
        return State("Refunded" if fully else "Part refunded", "arrow-back-up")
    return State("Paid", "circle-check", "good")


def fulfillment_state(order: Order) -> State:
    status = order.fulfillment_status
    if status in FULFILLMENT_STATES:
        return FULFILLMENT_STATES[status]
    if status == "unfulfilled":
        return State("Unfulfilled", "square", "wait" if ready_to_ship(order) else "")
    return unknown(status)


def known_fulfillment(order: Order) -> bool:
    """Whether its fulfillment status is one of RevKeen's four, or none: nothing can be told from another."""
    return order.fulfillment_status == "unfulfilled" or order.fulfillment_status in FULFILLMENT_STATES


def costs_nothing(order: Order) -> bool:
    """Whether it comes to nothing and is not completed: no payment can be taken, and none is needed."""
    return order.status in ("draft", "pending") and order.total == order.amount_paid == order.amount_due == 0


def ready_to_ship(order: Order) -> bool:
    return order.status == "paid" and order.fulfillment_status in ("unfulfilled", "partial")


def finished(order: Order) -> bool:
    """Nobody has anything left to do with it."""
    if order.status in ("canceled", "refunded"):
        return True
    paid = order.status in ("paid", "fulfilled") and order.amount_due <= 0
    return paid and order.fulfillment_status in (None, "fulfilled", "returned")


TRANSACTION_STATES = {
    "succeeded": State("Succeeded", "circle-check", "good"),
    "pending": State("Pending", "clock"),
    "failed": State("Declined", "circle-x"),
    "voided": State("Voided", "ban"),
}


def transaction_state(transaction: Transaction) -> State:
    return transaction_status(transaction.status)


def transaction_status(status: str) -> State:
    """`status` in RevKeen's words."""
    return _known(TRANSACTION_STATES, status)


REFUND_STATES = {
    "succeeded": State("Refunded", "circle-check", "good"),
    "pending": State("On its way", "clock"),
    "processing": State("On its way", "clock"),
    "failed": State("Failed", "circle-x", "bad"),
    "canceled": State("Canceled", "circle-x", "bad"),
}


def refund_state(status: str) -> State:
    """`status` in RevKeen's words."""
    return _known(REFUND_STATES, status)


PAYMENT_METHOD_STATES = {
    "active": State("Active", "circle-check", "good"),
    "inactive": State("Inactive", "circle"),
    "expired": State("Expired", "ban", "bad"),
}


def payment_method_state(method: PaymentMethod, *, expired: bool) -> State:
    """`expired` by its status or by its date."""
    return _known(PAYMENT_METHOD_STATES, "expired" if expired else method.status)


OPERATION_STATES = {
    Operation.State.STARTED: State("Started", "clock"),
    Operation.State.DONE: State("Done", "circle-check", "good"),
    Operation.State.REFUSED: State("Refused", "circle-x", "bad"),
    Operation.State.NOT_SENT: State("Not sent", "plug-connected-x"),
    Operation.State.IN_DOUBT: State("In doubt", "help-circle", "wait"),
    Operation.State.NEEDS_REVIEW: State("Needs review", "user", "wait"),
}


def operation_state(operation: Operation) -> State:
    """A decided *no* is nobody's refusal; what RevKeen contradicts is neither done nor refused."""
    check = getattr(operation, "decision_check", None) if operation.decided_by_id is not None else None
    if check is not None and check.contradicted:
        return State("Contradicted", "alert-triangle", "bad")
    if operation.decided_by_id is not None and operation.state == Operation.State.REFUSED:
        return State("Did not happen", "circle-x")
    return _known(OPERATION_STATES, operation.state)


APPROVAL_STATES = {
    ApprovalRequest.State.WAITING: State("Waiting", "clock", "wait"),
    ApprovalRequest.State.APPROVED: State("Approved", "circle-check", "good"),
    ApprovalRequest.State.DECLINED: State("Declined", "ban"),
    ApprovalRequest.State.WITHDRAWN: State("Withdrawn", "arrow-back-up"),
    ApprovalRequest.State.EXPIRED: State("Expired", "circle-x"),
}


def approval_state(request: ApprovalRequest) -> State:
    """One whose time is over has expired, whether or not the worker has come to write it down."""
    over = request.state == ApprovalRequest.State.WAITING and not request.waiting
    return _known(APPROVAL_STATES, ApprovalRequest.State.EXPIRED if over else request.state)


JOB_STATES = {
    Job.State.CHECKED: State("Not applied", "circle-dashed", "wait"),
    Job.State.RUNNING: State("Running", "clock"),
    Job.State.ENDED: State("Ended", "circle-check", "good"),
    Job.State.STOPPED: State("Stopped", "ban"),
    Job.State.UNDONE: State("Undone", "arrow-back-up"),
}
JOB_ROW_STATES = {
    JobRow.State.READY: State("Ready", "circle-dashed"),
    JobRow.State.BAD: State("Not sent", "alert-triangle", "bad"),
    JobRow.State.SENDING: State("Sending", "send"),
    JobRow.State.DONE: State("Done", "circle-check", "good"),
    JobRow.State.NOT_SENT: State("Not sent", "plug-connected-x", "bad"),
    JobRow.State.IN_DOUBT: State("Sent, outcome in doubt", "help-circle", "wait"),
}


def job_state(job: Job) -> State:
    return _known(JOB_STATES, job.state)


def job_row_state(row: JobRow) -> State:
    return _known(JOB_ROW_STATES, row.state)


SHIPMENT_STATES = {
    Shipment.State.PENDING: State("Being sent", "clock"),
    Shipment.State.LEFT: State("Shipped", "circle-check", "good"),
    Shipment.State.REFUSED: State("Not shipped", "circle-x"),
    Shipment.State.UNDONE: State("Undone", "arrow-back-up"),
}
NOT_KNOWN = State("Not known yet", "help-circle", "wait")
GIVEN_UP = State("Canceled units", "ban")


def shipment_state(shipment: Shipment) -> State:
    """Of one that RevKeen has to hear of: as RevKeen answered."""
    if shipment.kind == Shipment.Kind.CANCELLATION and shipment.state == Shipment.State.LEFT:
        return GIVEN_UP
    operation = shipment.operation if shipment.state == Shipment.State.PENDING else None
    if operation is not None and operation.state in (Operation.State.IN_DOUBT, Operation.State.NEEDS_REVIEW):
        return NOT_KNOWN
    return _known(SHIPMENT_STATES, shipment.state)


def units_state(ordered: int, shipped: int, given_up: int) -> State:
    """How much of a line has left, as far as it left from here: `1 of 3 shipped`."""
    if shipped >= ordered:
        return State("Shipped", "square-check", "good")
    words = f"{shipped} of {ordered} shipped" + (f", {given_up} canceled" if given_up else "")
    if shipped + given_up >= ordered:
        return State(words, "square-check")
    return State(words, "square-half" if shipped else "square", "wait")


PARTNER_UPDATE_STATES = {
    PartnerUpdate.State.FOR_REVKEEN: State("Waiting", "clock"),
    PartnerUpdate.State.WAITING: State("Waiting", "clock"),
    PartnerUpdate.State.SENDING: State("Sending", "send"),
    PartnerUpdate.State.SENT: State("Sent", "circle-check", "good"),
    PartnerUpdate.State.IN_DOUBT: State("In doubt", "help-circle", "wait"),
    PartnerUpdate.State.FAILED: State("Failed", "alert-triangle", "bad"),
    PartnerUpdate.State.BLOCKED: State("Blocked", "player-pause", "wait"),
    PartnerUpdate.State.STOPPED: State("Stopped", "ban"),
    PartnerUpdate.State.UNDONE: State("Undone", "arrow-back-up"),
    PartnerUpdate.State.OFF: State("Not connected", "plug-connected-x"),
}
TRIED_AGAIN = State("Failing", "alert-triangle", "wait")
NOT_CONNECTED = State("Not connected", "plug-connected-x")


def partner_update_state(partner_update: PartnerUpdate) -> State:
    """One that failed and is tried again by itself is not called failed: nobody has to do anything yet."""
    if partner_update.state == PartnerUpdate.State.WAITING and partner_update.failures:
        return TRIED_AGAIN
    return _known(PARTNER_UPDATE_STATES, partner_update.state)
