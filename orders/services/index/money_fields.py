"""A transaction or a refund as RevKeen sends it becomes a row: what it says, and what follows from that alone."""

import hashlib
import uuid
from datetime import datetime
from typing import Any

import msgspec

from orders import own_payments
from orders.apis.listings import Unreadable
from orders.apis.revkeen.objects import Refund, Transaction
from orders.models import TransactionCopy
from orders.services.index.copying import in_calendar
from orders.storable import storable

Sent = Transaction | Refund | Unreadable
Flow = TransactionCopy.Flow

_encode = msgspec.json.Encoder().encode


def digest_of(one: Sent) -> str:
    """The same for the same content alone."""
    content = f"{one.reason}\n{one.raw}".encode(errors="replace") if isinstance(one, Unreadable) else _encode(one)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def id_of(one: Sent) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(one.id))
    except ValueError:
        return None


def fields_of(one: Sent, read_started: datetime) -> dict[str, Any]:
    """The columns of a copy but for those that its order and its payment decide (owners.py)."""
    seen = {"read_started": read_started, "digest": digest_of(one), "unreadable": ""}
    if isinstance(one, Transaction):
        return _of_transaction(one) | seen
    if isinstance(one, Refund):
        return _of_refund(one, read_started) | seen
    said = {"status": one.status, "unreadable": one.reason or "It cannot be read."}
    return seen | storable(said) | {"created_at": read_started, "moved_at": read_started}


def flow_of(transaction: Transaction) -> TransactionCopy.Flow:
    """What it did to the merchant's money; what is not known is told apart, and never counted."""
    if own_payments.came_in(transaction):
        return Flow.IN
    if own_payments.went_back(transaction):
        return Flow.OUT
    return {"failed": Flow.FAILED, "pending": Flow.PENDING}.get(transaction.status, Flow.OTHER)


def _of_transaction(one: Transaction) -> dict[str, Any]:
    flow = flow_of(one)
    texts = {
        "type": one.type,
        "status": one.status,
        "currency": one.currency.upper(),
        "method": one.payment_method_type or "",
        "card_brand": one.card_brand or "",
        "card_last_four": one.card_last_four or "",
        "failure_reason": one.gateway_response_text or "" if flow == Flow.FAILED else "",
    }
    return storable(texts) | {
        "flow": flow,
        "amount": one.amount,
        "amount_refunded": one.amount_refunded,
        "created_at": in_calendar(one.created_at),
        "updated_at": in_calendar(one.updated_at),
        "moved_at": in_calendar(one.created_at),
        "invoice_id": one.invoice_id,
        "customer_id": one.customer_id,
        "parent_id": one.parent_transaction_id,
    }


def _of_refund(one: Refund, read_started: datetime) -> dict[str, Any]:
    texts = {
        "status": one.status,
        "currency": one.currency.upper(),
        "public_id": one.public_id or "",
        "reason": one.reason or "",
        "reason_details": one.reason_details or "",
        "failure_reason": one.failure_reason or "",
    }
    created_at = in_calendar(one.created_at) or read_started
    processed_at = in_calendar(one.processed_at)
    return storable(texts) | {
        "amount": one.amount_minor,
        "created_at": created_at,
        "processed_at": processed_at,
        "moved_at": processed_at or created_at,
        "payment_id": one.payment_id,
        "told_order_id": one.order_id,
    }
