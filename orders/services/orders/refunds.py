"""Giving money back for an order: from its invoice to its payments, and the refundable amount of each."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from orders import own_payments
from orders.apis.revkeen import marks, reads
from orders.apis.revkeen.objects import Customer, Event, Listing, Order, Refund, Transaction
from orders.models import Operation, RefundStatus
from orders.moments import in_zone
from orders.money import Money
from orders.own_payments import Split
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.plans import Step
from orders.services.changes.refund_snapshots import RefundablePayment, RefundSnapshot
from orders.services.changes.snapshots import currency_of, facts_of, kept, spent
from orders.services.orders import next_steps
from orders.services.revkeen.session import Reading, Session

REASONS = {
    "customer_request": "Requested by customer",
    "duplicate": "Duplicate",
    "fraudulent": "Fraudulent",
    "product_not_received": "Product not received",
    "product_unacceptable": "Product unacceptable",
    "subscription_canceled": "Subscription canceled",
    "other": "Other",
}  # RevKeen's, in its order
LONGEST_DETAILS = 500 - marks.ROOM  # RevKeen's bound, less our mark
FIELDS = {"reason": "reason", "reason_details": "details"}


@dataclass(frozen=True)
class Payment:
    """A sale of the order's invoice, and what was refunded of it."""

    sale: Transaction
    refunds: Reading[Listing[Refund]]

    @property
    def left(self) -> int | None:
        """What can still be refunded, in minor units; None when not every refund is known."""
        gone = spent(self.refunds.value) if self.refunds.value is not None else None
        return None if gone is None else max(self.sale.amount - gone, 0)

    @property
    def given_back(self) -> int:
        """Of the refunds that are known, in minor units."""
        return sum(refund.amount_minor for refund in self._rows if refund.status == "succeeded")

    @property
    def on_its_way(self) -> int:
        """Refunds that are neither through nor failed, in minor units."""
        return sum(refund.amount_minor for refund in self._rows if refund.spent and not refund.final)

    @property
    def _rows(self) -> list[Refund]:
        return list(self.refunds.value.rows) if self.refunds.value is not None else []


@dataclass(frozen=True)
class Refundable:
    """What the form shows: the order, each of its own payments, the oldest first, and what else its invoice has."""

    order: Reading[Order]
    customer: Customer | None
    transactions: Reading[Listing[Transaction]] | None  # None: the order has no invoice
    payments: list[Payment]
    split: Split | None = None  # None: the transactions were not read

    @property
    def net_left(self) -> int:
        """Minor units that this order received net and that are not on their way back; no refund may be above it."""
        on_its_way = sum(payment.on_its_way for payment in self.payments)
        return max(self.order.require().net_received - on_its_way, 0)

    @property
    def of_others(self) -> list[Transaction]:
        return own_payments.sales(self.split.of_others) if self.split else []

    @property
    def unknown(self) -> list[Transaction]:
        return own_payments.sales(self.split.unknown) if self.split else []

    @property
    def open_payments(self) -> list[Payment]:
        """What can be given back from: amounts are typed in the order's currency, and in no other."""
        currency = self.order.require().currency_code
        if not self.net_left:
            return []
        return [payment for payment in self.payments if payment.left and payment.sale.currency.upper() == currency]


def refundable(api: Session, order_id: uuid.UUID) -> Refundable:
    """Three rounds, each needs what the one before it brought. Raise the order's `ApiError`."""
    order, events = api.get_together(reads.order(order_id), reads.order_events(order_id))
    invoice_id, customer_id = order.require().invoice_id, order.require().customer_id
    if invoice_id is None:
        return Refundable(order, None, None, [])
    transactions, *customers = api.get_together(
        reads.transactions(invoice_id), *([reads.customer(customer_id)] if customer_id else [])
    )
    split = None
    if transactions.value is not None:
        split = own_payments.split(order.require(), transactions.value, events.value)
    sales = own_payments.sales(split.own) if split else []
    refunds = api.get_together(*(reads.refunds(sale.id) for sale in sales))
    payments = [Payment(sale, reading) for sale, reading in zip(sales, refunds, strict=True)]
    return Refundable(order, customers[0].value if customers else None, transactions, payments, split)


def blocked_reason(found: Refundable) -> str:
    """Why nothing can be given back now; "" when something can."""
    reason = next_steps.step(found.order.require(), "order_refund").reason
    if reason or found.open_payments:
        return reason
    if found.transactions is None:
        return "RevKeen names no invoice for this order, so its payments are not known here."
    if found.transactions.value is None or any(payment.left is None for payment in found.payments):
        return "its payments, or what was refunded of them, could not be read."
    if found.unknown and found.net_left:
        return "RevKeen does not say which payments of its invoice are of this order."
    if found.net_left and any(payment.left for payment in found.payments):
        return f"it was paid in another currency than {found.order.require().currency_code}."
    if not found.payments and found.of_others:
        return "the payments of its invoice are of another order."
    return (
        "everything paid was refunded, or the refund is on its way." if found.payments else "no payment went through."
    )


def snapshot_of(found: Refundable) -> RefundSnapshot:
    return RefundSnapshot(
        **facts_of(found.order.require()),
        customer=found.customer.shown_name if found.customer else "Guest",
        net_left=found.net_left,
        payments={
            str(payment.sale.id): RefundablePayment(
                label=payment.sale.method,
                amount=payment.sale.amount,
                left=payment.left or 0,
                day=in_zone(payment.sale.created_at, UTC).date().isoformat(),
            )
            for payment in found.open_payments
        },
    )


def all_that_is_left(shown: RefundSnapshot) -> dict[str, int]:
    """Minor units by payment id, the oldest payment first, and together no more than this order received net."""
    left, amounts = shown.net_left, dict[str, int]()
    for payment_id, payment in shown.payments.items():
        amounts[payment_id] = min(payment.left, left)
        left -= amounts[payment_id]
    return {payment_id: amount for payment_id, amount in amounts.items() if amount}


def voids(payment: RefundablePayment, amount: int, now: datetime) -> bool:
    """Whether RevKeen would take back a whole payment on its day (UTC): a void."""
    whole = amount == payment.amount == payment.left
    return whole and payment.day == now.astimezone(UTC).date().isoformat()


def change_request(
    form_token: FormToken[RefundSnapshot], amounts: dict[str, Money], reason: str, details: str
) -> ChangeRequest:
    """`amounts` by payment id, at least one. Several are one plan: one after another, the first that fails ends it."""
    (first, summary), *others = [_one(form_token, *item, reason, details) for item in amounts.items()]
    then = [_step(form_token, body, words) for body, words in others]
    return ChangeRequest(form_token, first, summary, form_token.snapshot.number, then=then)


def describe(operation: Operation) -> tuple[str, str]:
    """(what happened, the field it is about) of a refund that was refused."""
    if operation.code == "failed":
        return "Not refunded: the money did not move.", ""
    if operation.param in ("amount_minor", "payment_id"):
        return "Not refunded: RevKeen refused this amount.", amount_field(operation.body["payment_id"])
    return "Not refunded: RevKeen refused.", FIELDS.get(operation.param, "")


def amount_field(payment_id: str) -> str:
    """The name of the form's field for the amount of a payment."""
    return f"amount_{payment_id}"


def known_refunds(
    events: Iterable[Event], done_here: Iterable[Operation], looked: Iterable[Refund] = ()
) -> list[Refund]:
    """The refunds of an order as its events and our own looks tell, without a call; a final status stands.

    `looked`: those that were read just now.
    """
    followed = [operation.refund_status for operation in done_here if hasattr(operation, "refund_status")]
    found = {status.refund_id: _followed(status) for status in followed}
    told = [event for event in events if event.type.startswith("refund.")]
    of_events = [_told(event) for event in sorted(told, key=lambda event: event.created)]
    for refund in (*of_events, *looked):
        if refund is not None and not (refund.id in found and found[refund.id].final):
            found[refund.id] = refund
    return list(found.values())


def _one(
    form_token: FormToken[RefundSnapshot], payment_id: str, amount: Money, reason: str, details: str
) -> tuple[dict[str, Any], str]:
    """The body and the words of one refund."""
    body = {"payment_id": payment_id, "amount_minor": amount.minor, "reason": reason}
    if details:
        body["reason_details"] = details
    return body, f"{amount} to {form_token.snapshot.payments[payment_id].label}"


def _step(form_token: FormToken[RefundSnapshot], body: dict[str, Any], summary: str) -> Step:
    return Step(
        kind=Operation.Kind.REFUND,
        order_id=str(form_token.order_id),
        order_number=form_token.snapshot.number,
        body=body,
        summary=summary,
        snapshot=kept(form_token.snapshot),
    )


def _followed(status: RefundStatus) -> Refund:
    operation = status.operation
    return Refund(
        id=status.refund_id,
        payment_id=uuid.UUID(operation.body["payment_id"]),
        amount_minor=operation.body["amount_minor"],
        status=status.status,
        currency=currency_of(operation),
        failure_reason=status.failure_reason or None,
        created_at=operation.created_at,
    )


def _told(event: Event) -> Refund | None:
    """The refund as an event has it; None where it is not what it should be."""
    try:
        return msgspec.convert(event.data.object, Refund)
    except msgspec.ValidationError:
        return None
