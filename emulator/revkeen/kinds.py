"""The kinds of objects RevKeen has with what its lists can be filtered by, and what can be set of it."""

from __future__ import annotations

from emulator.settings import Seconds, Switch
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
    Kind("events", ("type", "customer_id", "invoice_id", "subscription_id", "order_id", "shown"), ("order_id",)),
    Kind("webhook_endpoints", ("status",)),
    Kind("webhook_deliveries", ("endpoint_id", "event_id", "status", "next_retry_at"), ("next_retry_at",)),
)

SWITCHES: dict[str, Switch | Seconds] = {
    "total_count": Switch((True, False)),
    "list_ties": Switch(("kept", "skip")),  # whether a cursor tells orders of one moment apart
    "whole_seconds": Switch((False, True)),  # moments of RevKeen's objects, so that many are the same
    "feed_lag": Seconds(),  # from an event until GET /events has it
    "webhook_events": Switch(("helpers", "catalogue", "all")),  # which types there are
    "webhook_order": Switch(("kept", "random")),
    "webhook_doubled": Switch((False, True)),
    "webhook_delay": Seconds(),
    "webhook_retries": Switch(("own", "quick")),  # quick: after a second each
    "webhook_resign_retries": Switch((True, False)),
    "webhook_payload": Switch(("full", "samples")),
    "webhook_event_ids": Switch(("same", "other")),  # as in GET /events or not
    "webhook_livemode": Switch((True, False)),
    "refund_status": Switch(("succeeded", "pending", "processing", "failed")),  # what a new refund becomes
}
