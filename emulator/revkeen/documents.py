"""The objects as RevKeen writes them. Amounts are minor units, moments Unix time in ms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.accounts import Account, Mode
from emulator.clock import iso
from emulator.messages import Json

VERSION = "2026-05-01"


def order(account: Account, id: str, number: int, lines: Sequence[Json], created_ms: int, **members: Any) -> Json:
    """A draft with these lines, nothing paid. `members` are those that differ."""
    at = iso(created_ms)
    doc: Json = {
        "id": id,
        "object": "order",
        "public_id": f"{account.letters}-{number}",
        "customer_id": None,
        "status": "draft",
        "billing_type": "one_time",
        "fulfillment_status": "unfulfilled",
        "currency": "usd",
        **totals(lines),
        "amount_paid": 0,
        "amount_refunded": 0,
        "amount_due": 0,
        "line_items": list(lines),
        "metadata": {},
        "notes": None,
        "invoice_id": None,
        "subscription_id": None,
        "created_at": at,
        "updated_at": at,
        "paid_at": None,
        "canceled_at": None,
        "fulfilled_at": None,
        "expires_at": None,
    }
    doc.update(members)
    doc["amount_due"] = doc["total"] - doc["amount_paid"]
    return doc


def line(
    id: str, position: int, description: str, quantity: int, unit_price: int, *,
    product_id: str | None = None, discount: int = 0, tax: int = 0, metadata: Json | None = None,
) -> Json:  # fmt: skip
    subtotal = unit_price * quantity
    return {
        "id": id,
        "product_id": product_id,
        "description": description,
        "quantity": quantity,
        "unit_price": unit_price,
        "subtotal": subtotal,
        "discount": discount,
        "tax": tax,
        "total": subtotal - discount + tax,
        "metadata": metadata or {},
        "position": position,
    }


def totals(lines: Sequence[Json]) -> Json:
    return {name: sum(line[name] for line in lines) for name in ("subtotal", "discount", "tax", "total")}


def invoice(id: str, number: str, order: Json, status: str, created_ms: int, updated_ms: int) -> Json:
    return {
        "id": id,
        "customer_uuid": order["customer_id"],
        "invoice_number": number,
        "total_minor": order["total"],
        "currency": order["currency"].upper(),
        "status": status,
        "due_date": None,
        "custom_fields": {},
        "created_at": iso(created_ms),
        "updated_at": iso(updated_ms),
    }


def transaction(id: str, type: str, status: str, order: Json, amount: int, created_ms: int, **members: Any) -> Json:
    at = iso(created_ms)
    return {
        "id": id,
        "object": "transaction",
        "type": type,
        "status": status,
        "invoice_id": order["invoice_id"],
        "customer_id": order["customer_id"],
        "parent_transaction_id": None,
        "currency": order["currency"],
        "amount": amount,
        "amount_refunded": 0,
        "gateway": "nmi",
        "gateway_transaction_id": "gw_" + id[:8] + id[-4:],
        "gateway_response_code": "100",
        "gateway_response_text": "Approved",
        "payment_method_type": "card",
        "card_brand": "visa",
        "card_last_four": "1111",
        "metadata": {},
        "created_at": at,
        "updated_at": at,
        **members,
    }


def refund(id: str, order: Json, sale: Json, amount: int, status: str, created_ms: int, **members: Any) -> Json:
    return {
        "id": id,
        "public_id": "ref_" + id.replace("-", "")[:16],
        "payment_id": sale["id"],
        "parent_transaction_id": sale["id"],
        "order_id": order["id"],
        "gateway": sale["gateway"],
        "gateway_refund_id": "gwr_" + id[:8] + id[-4:] if status == "succeeded" else None,
        "amount_minor": amount,
        "currency": order["currency"].upper(),
        "reason": None,
        "reason_details": None,
        "status": status,
        "failure_reason": "The card network refused the refund." if status == "failed" else None,
        "failure_code": "refund_declined" if status == "failed" else None,
        "processed_at": iso(created_ms) if status in ("succeeded", "failed") else None,
        "created_at": iso(created_ms),
        **members,
    }


def event(id: str, type: str, subject: Json, created_ms: int, mode: Mode, caused_by: Json, before: Json | None) -> Json:
    return {
        "id": id,
        "object": "event",
        "type": type,
        "data": {"object": subject, "previous_attributes": before},
        "request": caused_by,
        "pending_webhooks": 0,
        "api_version": VERSION,
        "livemode": mode == "live",
        "created": created_ms // 1000,
    }
