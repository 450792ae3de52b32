"""What each kind of operation does at RevKeen: the call, how its effect shows on the order, which events tell of it."""

import uuid
from collections.abc import Iterable
from typing import Any

from orders.apis.revkeen import changes, marks, reads
from orders.apis.revkeen.changes import Change
from orders.apis.revkeen.objects import Event, Listing, Order, Refund
from orders.apis.revkeen.reads import Read
from orders.models import Operation
from orders.services.changes import refund_snapshots, snapshots
from orders.services.changes.snapshots import Difference, OrderSnapshot

Kind = Operation.Kind

FAILED_EVENTS = {"payment.failed": "The payment was refused", "refund.failed": "The refund failed"}
# The events that say of a kind of change that it happened. One of another type tells nothing, whosever key it carries.
DONE_EVENTS = {
    Kind.CREATE: ("order.created",),
    Kind.UPDATE: ("order.updated",),
    Kind.PAY: ("payment.succeeded", "order.paid"),
    Kind.CANCEL: ("order.canceled",),
    Kind.FULFILL: ("order.fulfilled", "order.partially_fulfilled", "order.updated"),
    Kind.REFUND: ("refund.created", "refund.updated", "refund.succeeded", "payment.refunded", "payment.voided"),
}


def change_of(operation: Operation) -> Change[Any]:
    """The call that carries it out, the same each time. Raise what `Operation.whole_body` raises."""
    body, order_id = operation.whole_body, operation.order_id
    if operation.kind == Kind.CREATE:
        return changes.create_order(body)
    if operation.kind == Kind.REFUND:
        return changes.create_refund(body)
    assert order_id is not None  # noqa: S101  (only a create and a refund go to another address than their order's)
    by_kind = {
        Kind.UPDATE: changes.update_order,
        Kind.PAY: changes.pay_order,
        Kind.CANCEL: changes.cancel_order,
        Kind.FULFILL: changes.fulfill_order,
    }
    return by_kind[Kind(operation.kind)](order_id, body)


def marked(kind: str, body: dict[str, Any], operation_id: uuid.UUID) -> dict[str, Any]:
    """The body with our mark, where RevKeen keeps one with what is made (orders/apis/revkeen/marks.py)."""
    if kind == Kind.CREATE:
        return marks.on_order(body, operation_id)
    return marks.on_refund(body, operation_id) if kind == Kind.REFUND else body


def to_look_at(operation: Operation) -> list[Read[Any]]:
    """What has to be as the form showed it: the order, if there is one, and the refunds of a refund's payment."""
    if operation.order_id is None:
        return []
    refunds = [reads.refunds(_payment_id(operation))] if operation.kind == Kind.REFUND else []
    return [reads.order(operation.order_id), *refunds]


def differences(operation: Operation, order: Order, refunds: Listing[Refund] | None) -> list[Difference]:
    """What is not as the form showed it. A refund on its way shows on its payment and not yet on the order.

    A later step of a plan compares money and status alone: the step before it has changed the order's time.
    """
    found = snapshots.differences(
        _shown(operation), order, operation.merchant, only_money_and_status=operation.step > 0
    )
    if operation.kind != Kind.REFUND:
        return found
    return [*found, *_left_differently(operation, refunds), *_above_net(operation, order, refunds)]


def moved(operation: Operation, order: Order, refunds: Listing[Refund] | None) -> bool:
    """Whether it looks as if it might have been done. A payment that was declined leaves an invoice, and no money."""
    if operation.kind == Kind.PAY:
        return bool(snapshots.differences(_shown(operation), order, operation.merchant, only_money_and_status=True))
    return bool(differences(operation, order, refunds))


def contradiction(operation: Operation, order: Order, refunds: Iterable[Refund] = ()) -> str:
    """Why what was read back does not show the effect that RevKeen's answer claimed; "" when it does."""
    checks = {
        Kind.CREATE: _not_created,
        Kind.UPDATE: _not_updated,
        Kind.PAY: _not_paid,
        Kind.CANCEL: _not_canceled,
        Kind.FULFILL: _not_fulfilled,
    }
    if operation.kind == Kind.REFUND:
        return _not_refunded(operation, refunds)
    return checks[Kind(operation.kind)](operation, order)


def told(operation: Operation, events: Iterable[Event]) -> tuple[str, str]:
    """(state, words) that RevKeen's own events with our key give the operation; ("", "") when there is none yet."""
    ours = _ours(operation, events)
    failed = next((event for event in ours if event.type in FAILED_EVENTS), None)
    if failed is None:
        happened = any(event.type in DONE_EVENTS[Kind(operation.kind)] for event in ours)
        return (Operation.State.DONE, "") if happened else ("", "")
    data = failed.data.object
    why = data.get("gateway_response_text") or data.get("failure_reason")
    return Operation.State.REFUSED, _because(FAILED_EVENTS[failed.type], why)


def came_to_nothing(refund: Refund) -> str:
    """In words, for a refund that RevKeen took and that moved no money."""
    words = "The refund failed" if refund.status == "failed" else "The refund was canceled"
    return _because(words, refund.failure_reason)


def created_by(operation: Operation, events: Iterable[Event]) -> uuid.UUID | None:
    """The order that an `order.created` event with our key tells of."""
    for event in _ours(operation, events):
        if event.type == "order.created":
            return _uuid(event.data.object.get("id"))
    return None


def refund_told(operation: Operation, events: Iterable[Event]) -> dict[str, Any]:
    """What the events of a refund say about it, as the journal keeps it; {} where an answer has said it already."""
    if operation.kind != Kind.REFUND or "refund" in operation.result:
        return {}
    latest = next((event.data.object for event in _ours(operation, events) if event.type.startswith("refund.")), {})
    return {"refund": {"id": latest.get("id"), "status": latest.get("status"), "amount": latest.get("amount_minor")}}


def refund_of(operation: Operation, refunds: Iterable[Refund]) -> Refund | None:
    """The refund that the operation's answer named."""
    wanted = operation.result.get("refund", {}).get("id")
    return next((refund for refund in refunds if str(refund.id) == wanted), None)


def _because(words: str, why: object) -> str:
    return f"{words}: {str(why)[:200].rstrip('.').lower()}." if why else f"{words}."


def kept_of(refund: Refund) -> dict[str, Any]:
    """As the journal keeps it; the amount in minor units."""
    return {"id": str(refund.id), "status": refund.status, "amount": refund.amount_minor}


def refund_marked(operation: Operation, refunds: Iterable[Refund]) -> Refund | None:
    """The refund that carries the operation's mark."""
    mark = str(operation.pk)
    return next((refund for refund in refunds if marks.of_refund(refund.reason_details) == mark), None)


def _ours(operation: Operation, events: Iterable[Event]) -> list[Event]:
    """With the operation's key, in whatever way it is written, or about what has its mark."""
    return [event for event in events if str(operation.pk) in (_key_of(event), _mark_of(event))]


def _key_of(event: Event) -> str:
    key = event.request.idempotency_key if event.request else None
    return (key or "").strip().strip("\"'").lower()


def _mark_of(event: Event) -> str:
    """Later events of an order still have the mark of its create; only that it was created tells of it."""
    if event.type == "order.created":
        return marks.of_order(event.data.object.get("metadata"))
    return marks.of_refund(event.data.object.get("reason_details")) if event.type.startswith("refund.") else ""


def _payment_id(operation: Operation) -> uuid.UUID:
    return uuid.UUID(operation.body["payment_id"])


def _left_differently(operation: Operation, refunds: Listing[Refund] | None) -> list[Difference]:
    payment, shown = refund_snapshots.payment_of(operation), _shown(operation)
    gone = snapshots.spent(refunds) if refunds is not None else None
    left = None if gone is None else payment.amount - gone
    if left == payment.left:
        return []
    now = "not known" if left is None else str(shown.money(left))
    return [Difference(f"Left of {payment.label}", str(shown.money(payment.left)), now)]


def _above_net(operation: Operation, order: Order, refunds: Listing[Refund] | None) -> list[Difference]:
    """No more goes back than this order received net, whatever else its invoice holds."""
    rows = refunds.rows if refunds is not None else []
    on_its_way = sum(refund.amount_minor for refund in rows if refund.spent and not refund.final)
    left = order.net_received - on_its_way
    if operation.body["amount_minor"] <= left:
        return []
    asked = order.money(operation.body["amount_minor"])
    return [Difference("Received net, and not on its way back", f"{asked} to refund", str(order.money(left)))]


def _shown(operation: Operation) -> OrderSnapshot:
    """The order as the form showed it, of an operation that is about one."""
    return snapshots.shown_by(operation, OrderSnapshot)


def _uuid(value: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None


def _not_created(operation: Operation, order: Order) -> str:
    total = changes.subtotal_of(operation.body)
    if order.subtotal != total:
        return f"the order that was created is over {order.money(order.subtotal)}, not {order.money(total)}."
    if not changes.is_of(operation.body, order):
        return "the order that was created is for another customer, or in another currency."
    return "" if marks.of_order(order.metadata) in ("", str(operation.pk)) else "another operation created that order."


def _not_updated(operation: Operation, order: Order) -> str:
    now = {"customer_id": str(order.customer_id) if order.customer_id else None, "metadata": order.metadata}
    now["notes"] = order.notes
    differing = [
        name.replace("_id", "") for name, value in operation.body.items() if (now[name] or None) != (value or None)
    ]
    return f"{', '.join(differing)} of the order did not change." if differing else ""


def _not_paid(operation: Operation, order: Order) -> str:
    if "amount" not in operation.body:  # of an order over nothing (services/orders/completions.py)
        return "" if order.status == "paid" and order.amount_due == 0 else f"the order is {order.status}, not paid."
    paid = _shown(operation).amount_paid + operation.body["amount"]
    if order.amount_paid >= paid:
        return ""
    return f"the order shows {order.money(order.amount_paid)} paid, not {order.money(paid)}."


def _not_canceled(operation: Operation, order: Order) -> str:
    return "" if order.status == "canceled" else f"the order is {order.status.replace('_', ' ')}, not canceled."


def shows_nothing_new(operation: Operation, order: Order) -> bool:
    """Whether a fulfillment cannot show on the order: it was fulfilled in part before, and is so afterwards."""
    if operation.kind != Kind.FULFILL:
        return False
    return _shown(operation).fulfillment_status == order.fulfillment_status == "partial"


def _not_fulfilled(operation: Operation, order: Order) -> str:
    moved = order.updated_at != _shown(operation).updated_at
    if order.fulfillment_status not in ("partial", "fulfilled") or not moved:
        return "the order shows no fulfillment."
    all_of_it = {str(line.id) for line in order.lines} <= set(operation.body["line_item_ids"])
    if all_of_it and order.fulfillment_status == "partial":
        return "the order is partly fulfilled, although every line was requested."
    return ""


def _not_refunded(operation: Operation, refunds: Iterable[Refund]) -> str:
    found = refund_of(operation, refunds)
    if found is None:
        return "the refund is not among those of the payment."
    if marks.of_refund(found.reason_details) not in ("", str(operation.pk)):
        return "the refund is that of another operation."
    if found.currency and not reads.same(found.currency, snapshots.currency_of(operation)):
        return "the refund is in another currency."
    return "" if found.amount_minor == operation.body["amount_minor"] else "the refund is over another amount."
