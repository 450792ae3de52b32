"""What a webhook carries: the event as the switches have it, and the headers that prove whose it is."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from emulator.accounts import Account
from emulator.messages import Json, dump
from emulator.revkeen.documents import VERSION
from emulator.settings import Settings

# Which types exist at all: RevKeen's lists disagree, and what its catalogue lacks may never be told.
_NOT_IN = {
    "helpers": {"order.partially_fulfilled"},
    "catalogue": {"order.partially_fulfilled", "order.updated", "order.canceled"},
    "all": set[str](),
}
_IN_SAMPLES = ("customer_id", "invoice_id", "payment_id", "status", "paid_at", "fulfilled_at")
_PREFIXES = {"order": "ord", "payment": "pay", "refund": "ref", "customer_id": "cus", "invoice_id": "inv",
             "payment_id": "pay"}  # fmt: skip


def is_told(type: str, settings: Settings) -> bool:
    """Whether there are events of this type, in the feed and as webhooks."""
    return type not in _NOT_IN[settings["webhook_events"]]


def body_of(event: Json, account: Account, settings: Settings) -> bytes:
    """The bytes that are posted for an event of `GET /events`."""
    told = {**event, "account": account.merchant_id}
    if settings["webhook_event_ids"] == "other":
        told["id"] = "evt_" + event["id"].replace("-", "")[:24]
    if settings["webhook_payload"] == "samples":
        told["data"] = {**event["data"], "object": _sample(event["type"], event["data"]["object"])}
    if not settings["webhook_livemode"]:
        del told["livemode"]
    return dump(told)


def headers_of(event_id: str, account: Account, secret: str, body: bytes, seconds: int) -> dict[str, str]:
    """Signed at this Unix time; the whole secret, prefix included, is the key."""
    signature = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Revkeen-Signature": f"t={seconds},v1={signature}",
        "X-Revkeen-Timestamp": str(seconds),
        "X-Revkeen-Version": VERSION,
        "X-Revkeen-Account": account.merchant_id,
        "X-Revkeen-Event-Id": event_id,
    }


# helpers


def _sample(type: str, subject: Json) -> Json:
    """As RevKeen's documents show it: ids of another form, and no amounts."""
    kept: dict[str, Any] = {"id": _short(type.partition(".")[0], subject["id"])}
    kept |= {name: _short(name, subject[name]) for name in _IN_SAMPLES if name in subject}
    if type == "order.created":
        names = {"product_id": "product_id", "quantity": "quantity", "unit_amount": "unit_price"}
        kept["items"] = [{new: line[old] for new, old in names.items()} for line in subject["line_items"]]
    return kept


def _short(name: str, value: Any) -> Any:
    """An id of the form `ord_abc123`; anything else stays."""
    return f"{_PREFIXES[name]}_{value[:8]}" if value and name in _PREFIXES else value
