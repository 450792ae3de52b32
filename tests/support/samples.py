"""Orders and transactions as RevKeen tells them, with what a test changes of them."""

import uuid
from typing import Any

import msgspec

from orders.apis.revkeen import objects
from orders.apis.revkeen.objects import Order, Refund, Transaction

LINE = {
    "id": str(uuid.uuid4()),
    "description": "Tent",
    "quantity": 2,
    "unit_price": 1000,
    "subtotal": 2000,
    "discount": 100,
    "tax": 190,
    "total": 2090,
}


def an_order(line: dict[str, Any] | None = None, **changes: Any) -> Order:
    fields = {
        "id": str(uuid.uuid4()),
        "public_id": "NW-1",
        "status": "pending",
        "billing_type": "one_time",
        "currency": "usd",
        "subtotal": 2000,
        "discount": 100,
        "tax": 190,
        "total": 2090,
        "amount_paid": 0,
        "amount_refunded": 0,
        "amount_due": 2090,
        "created_at": "2026-11-01T10:00:00Z",
        "updated_at": "2026-11-01T10:00:00Z",
        "line_items": [LINE | (line or {})],
    }
    return objects.reader(Order)(msgspec.json.encode(fields | changes))


def a_transaction(**changes: Any) -> Transaction:
    fields = {
        "id": str(uuid.uuid4()),
        "type": "sale",
        "status": "succeeded",
        "currency": "usd",
        "amount": 2090,
        "created_at": "2026-11-01T10:00:00Z",
    }
    return objects.reader(Transaction)(msgspec.json.encode(fields | changes))


def a_refund(**changes: Any) -> Refund:
    fields = {
        "id": str(uuid.uuid4()),
        "payment_id": str(uuid.uuid4()),
        "amount_minor": 500,
        "status": "succeeded",
        "currency": "USD",
        "created_at": "2026-11-02T10:00:00Z",
    }
    return objects.reader(Refund)(msgspec.json.encode(fields | changes))
