"""The kinds of objects RevKeen has with what its lists can be filtered by, and what can be set of it."""

from __future__ import annotations

from emulator.settings import Switch
from emulator.store import Kind

KINDS = (
    Kind(
        "orders",
        ("status", "billing_type", "customer_id", "subscription_id", "invoice_id"),
        ("status", "customer_id", "invoice_id"),
    ),
    Kind("customers", ("search",)),
    Kind("payment_methods", ("customer_id",), ("customer_id",)),
    Kind("products", ("search",)),
    Kind("prices", ("product_id", "type", "pricing_model", "active", "currency", "lookup_key"), ("product_id",)),
    Kind("invoices"),
    Kind("transactions", ("type", "status", "customer_id", "invoice_id"), ("invoice_id",)),
    Kind("refunds", ("status", "payment_id", "gateway", "reason", "public_id", "order_id"), ("payment_id",)),
    Kind("events", ("type", "customer_id", "invoice_id", "subscription_id", "order_id"), ("order_id",)),
)

SWITCHES = {
    "total_count": Switch((True, False)),
    "refund_status": Switch(("succeeded", "pending", "processing", "failed")),  # what a new refund becomes
}
