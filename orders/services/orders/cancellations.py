"""Canceling an order for which nothing was received. RevKeen takes a reason and never gives it back: we keep it."""

from orders.apis.revkeen.objects import Order
from orders.models import Merchant, Operation
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.snapshots import OrderSnapshot
from orders.services.orders import next_steps
from orders.services.orders.next_steps import Step

REASONS = {
    "customer": "Requested by customer",
    "duplicate": "Duplicate",
    "fraud": "Fraud suspected",
    "stock": "Out of stock",
    "price": "Pricing error",
    "other": "Other",
}
LONGEST_REASON = 500  # RevKeen's bound, over all of it
LONGEST_TEXT = LONGEST_REASON - max(len(f"{words}: ") for words in REASONS.values())  # fits whatever is chosen
FIELDS = {"reason": "text"}


def whole_reason(reason: str, text: str) -> str:
    """The one text that RevKeen gets: `Out of stock: back in May`. `reason` is a key of `REASONS`."""
    return f"{REASONS[reason]}: {text}" if text else REASONS[reason]


def change_request(form_token: FormToken[OrderSnapshot], reason: str, text: str) -> ChangeRequest:
    due = form_token.snapshot.money(form_token.snapshot.amount_due)
    summary = f"{due} no longer due, {REASONS[reason].lower()}"
    return ChangeRequest(form_token, {"reason": whole_reason(reason, text)}, summary, form_token.snapshot.number)


def first_step(order: Order) -> Step | None:
    """What has to be done before the order can be canceled, None where nothing helps."""
    refund = next_steps.step(order, "order_refund")
    canceled = next_steps.step(order, "order_cancel")
    return refund if refund.possible and not canceled.possible else None


def canceled_here(merchant: Merchant, mode: str, order: Order) -> Operation | None:
    """The operation that canceled the order, with its reason; None where that was not done here."""
    if order.status != "canceled":
        return None
    done = Operation.objects.filter(merchant=merchant, mode=mode, order_id=order.id, state=Operation.State.DONE)
    return done.filter(kind=Operation.Kind.CANCEL).select_related("user").first()
