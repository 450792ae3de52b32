"""What RevKeen posts, signed as RevKeen signs it."""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterable
from typing import Any

from django.test import Client
from django.urls import reverse

from orders.models import Connection, Merchant, ToRead, WebhookReceiver, WebhookSecret

SECRET = "rk_wh_CANARYm3Zt81qPw0"
ORDER = uuid.UUID("6f1d1f0e-5f7c-4b52-9d41-0b9a3c1f2a77")


def live_key(merchant: Merchant) -> Connection:
    return Connection.objects.get(merchant=merchant, mode="live", provider="revkeen", active=True)


def take_webhooks(connection: Connection, secret: str = SECRET, **members: Any) -> WebhookSecret:
    """Have a connection take what is signed with this secret, as if a person had saved it."""
    WebhookReceiver.objects.get_or_create(connection=connection)
    row = WebhookSecret(connection=connection, **members)
    row.secret = secret
    row.save()
    return row


def an_event(order_id: object = ORDER, type: str = "order.updated", **members: Any) -> bytes:
    subject = {"object": "order", "id": str(order_id), "status": "paid"}
    event = {"id": str(uuid.uuid4()), "type": type, "created": 1, "livemode": True, "data": {"object": subject}}
    return json.dumps({**event, **members}).encode()


def signature(body: bytes, *secrets: str, seconds: float | None = None) -> str:
    """Made now, unless `seconds` (Unix time) says when."""
    at = int(time.time() if seconds is None else seconds)
    made = [hmac.new(one.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() for one in secrets]
    return ",".join([f"t={at}", *(f"v1={digest}" for digest in made)])


def post(
    client: Client,
    connection: Connection,
    body: bytes,
    signed: str | None = None,
    content_type: str = "application/json",
    **headers: str,
) -> Any:
    """Signed with `SECRET` now, unless `signed` says else; "" sends no signature."""
    said = signature(body, SECRET) if signed is None else signed
    address = reverse("webhook_receive", args=[connection.pk])
    sent = {"X-Revkeen-Signature": said, **headers} if said else headers
    return client.post(address, body, content_type=content_type, headers=sent)


def marked() -> set[uuid.UUID]:
    """The orders that the worker is to read."""
    rows: Iterable[uuid.UUID] = ToRead.objects.values_list("order_id", flat=True)
    return set(rows)
