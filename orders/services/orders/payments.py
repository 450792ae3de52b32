"""Taking a payment for an order: from a saved method of its customer, or a one-time token."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.apis.errors import Refused
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, Listing, Order, PaymentMethod, Transaction
from orders.apis.revkeen.reads import Read
from orders.models import Operation
from orders.money import Money
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.snapshots import OrderSnapshot, facts_of
from orders.services.orders import conditions
from orders.services.orders.facts import Facts
from orders.services.orders.plain_state import Condition
from orders.services.revkeen.session import Reading, Session

# What RevKeen calls the reasons why a charge came to nothing, in words. Its documents name them for payment attempts.
DECLINES = {
    "generic_decline": "the bank declined it.",
    "insufficient_funds": "there are not enough funds.",
    "over_limit": "it is over the limit.",
    "expired_card": "the card has expired.",
    "invalid_card_number": "the card number is not valid.",
    "invalid_cvv": "the security code is incorrect.",
    "invalid_expiry": "the expiry date is incorrect.",
    "call_issuer": "the bank asks for a call.",
    "lost_or_stolen": "the card is reported lost or stolen.",
    "pickup_card": "the bank has withdrawn the card.",
    "suspected_fraud": "the bank suspects fraud.",
    "restricted_card": "the card is restricted.",
    "processor_error": "the processor failed.",
    "gateway_error": "the gateway failed.",
    "issuer_unavailable": "the bank cannot be reached.",
    "duplicate_transaction": "the gateway treats it as a duplicate.",
    "authentication_required": "the customer has to confirm it with the bank.",
}
FIELDS = {"amount": "amount", "payment_method_id": "method", "payment_token": "token"}


class PaymentSnapshot(OrderSnapshot, frozen=True, kw_only=True):
    """The order as shown, and the methods that may be charged: their labels by id. An order over nothing needs none."""

    customer: str = ""
    methods: dict[str, str] = {}


@dataclass(frozen=True)
class Payable:
    """What the form shows: the order, and what its customer can pay with."""

    order: Reading[Order]
    customer: Customer | None
    methods: list[PaymentMethod]
    methods_error: str  # why there are none to choose from, if they could not be read
    transactions: Reading[Listing[Transaction]] | None = None  # of its invoice, where it has one


def payable(api: Session, order_id: uuid.UUID) -> Payable:
    """Two rounds. Raise the order's `ApiError`."""
    order = api.get(reads.order(order_id))
    customer_id, invoice_id = order.require().customer_id, order.require().invoice_id
    around: dict[str, Read[Any]] = {}
    if customer_id is not None:
        around |= {"customer": reads.customer(customer_id), "methods": reads.payment_methods(customer_id)}
    if invoice_id is not None:
        around["transactions"] = reads.transactions(invoice_id)
    got = dict(zip(around, api.get_together(*around.values()), strict=True)) if around else {}
    if customer_id is None:
        return Payable(order, None, [], "", got.get("transactions"))
    methods = got["methods"]
    error = str(methods.error) if methods.error else ""
    rows = methods.value.rows if methods.value else []
    return Payable(order, got["customer"].value, rows, error, got.get("transactions"))


def look_first(found: Payable, now: datetime) -> list[Condition]:
    """What speaks against taking a payment now, in the words of the order's banner."""
    reading = found.transactions
    rows = list(reading.value.rows) if reading and reading.value else []
    silent = isinstance(reading.error, Refused) and reading.error.status == 403 if reading else False
    unread = ["payments"] if reading and reading.error and not silent else []
    return conditions.before_paying(Facts(found.order.require(), now, transactions=rows, unread=unread))


def snapshot_of(found: Payable, now: datetime) -> PaymentSnapshot:
    usable = [method for method in found.methods if blocked_reason(method, now) == ""]
    return PaymentSnapshot(
        **facts_of(found.order.require()),
        customer=found.customer.shown_name if found.customer else "Guest",
        methods={str(method.id): method.label for method in usable},
    )


def blocked_reason(method: PaymentMethod, now: datetime) -> str:
    """Why it cannot be charged; "" when it can."""
    if method.expired(now):
        return "Expired"
    return "" if method.status == "active" else method.status.replace("_", " ").capitalize()


def change_request(form_token: FormToken[PaymentSnapshot], amount: Money, method: str, token: str) -> ChangeRequest:
    """`method` is the id of a saved method, or "" when `token` is charged."""
    body: dict[str, Any] = {"amount": amount.minor}
    if method:
        body["payment_method_id"] = method
    label = form_token.snapshot.methods[method] if method else "a one-time token"
    return ChangeRequest(form_token, body, f"{amount} from {label}", form_token.snapshot.number, token=token)


def describe(operation: Operation) -> tuple[str, str]:
    """(what happened, the field it is about) of a payment that was refused."""
    why = DECLINES.get(operation.code)
    if why:
        return f"Not charged: {why}", "token" if "payment_token" in operation.body else "method"
    return "Not charged.", FIELDS.get(operation.param, "")
