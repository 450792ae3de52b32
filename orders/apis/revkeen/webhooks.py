"""Webhooks: the endpoints that RevKeen posts to, and what it posts.

A payload is a hint that something changed. Its fields and ids are of other forms than the API's, so nothing is taken
from it but which orders to read.
"""

import uuid
from typing import Annotated, Any

from msgspec import Meta, Struct

from orders.apis.calls import path
from orders.apis.decoding import reader
from orders.apis.listings import Listing
from orders.apis.revkeen.changes import Change
from orders.apis.revkeen.reads import LARGEST_PAGE, Read, listing, wrapped
from orders.apis.revkeen.subjects import Subject, subject_of

READ, WRITE = "webhooks:read", "webhooks:write"
# Those that may change an order. RevKeen asks not to subscribe to all; its lists of names disagree, so all are named.
TYPES = (
    "order.created",
    "order.updated",
    "order.paid",
    "order.partially_fulfilled",
    "order.fulfilled",
    "order.canceled",
    "payment.succeeded",
    "payment.failed",
    "payment.captured",
    "payment.refunded",
    "payment.voided",
    "payment.disputed",
    "refund.created",
    "refund.updated",
    "refund.succeeded",
    "refund.failed",
    "invoice.paid",
    "invoice.updated",
    "invoice.voided",
)


class Endpoint(Struct, frozen=True):
    """`secret` is only in the answers to creating one and to replacing its secret."""

    id: uuid.UUID
    url: str
    status: str = "enabled"
    circuit_breaker_state: str = "closed"
    failed_deliveries: int = 0
    secret: str = ""


class Payload(Struct, frozen=True):
    id: Annotated[str, Meta(min_length=1, max_length=200)]
    type: str
    data: dict[str, Any] = {}
    livemode: bool | None = None


class _Ignored(Struct):
    """Whatever stands in an answer that nothing is read of."""


read_payload = reader(Payload)  # of the bytes that were posted; raises `msgspec.MsgspecError`
_endpoint = wrapped(reader(Endpoint))


# https://docs.revkeen.com/docs/api-reference/webhook_endpoints_list
def endpoints() -> Read[Listing[Endpoint]]:
    """The newest hundred of the account."""
    return Read("/webhook-endpoints", listing(reader(Endpoint), LARGEST_PAGE), READ, {"limit": LARGEST_PAGE})


# https://docs.revkeen.com/docs/api-reference/webhook_endpoints_get
def endpoint(endpoint_id: uuid.UUID) -> Read[Endpoint]:
    return Read(path("webhook-endpoints", endpoint_id), _endpoint, READ)


# https://docs.revkeen.com/docs/api-reference/webhook_endpoints_create
def create_endpoint(url: str) -> Change[Endpoint]:
    body = {"url": url, "enabled_events": list(TYPES), "description": "RevKeen Admin"}
    return Change("POST", "/webhook-endpoints", body, _endpoint, WRITE)


# https://docs.revkeen.com/docs/api-reference/webhook_endpoints_update
def enable_endpoint(endpoint_id: uuid.UUID) -> Change[Endpoint]:
    body = {"enabled_events": list(TYPES), "enabled": True}
    return Change("PATCH", path("webhook-endpoints", endpoint_id), body, _endpoint, WRITE)


# https://docs.revkeen.com/docs/api-reference/webhook_endpoints_rotate_secret
def replace_secret(endpoint_id: uuid.UUID) -> Change[Endpoint]:
    """The former secret ends at once."""
    return Change("POST", path("webhook-endpoints", endpoint_id, "rotate-secret"), {}, _endpoint, WRITE)


# https://docs.revkeen.com/docs/api-reference/webhook_endpoints_delete
def delete_endpoint(endpoint_id: uuid.UUID) -> Change[object]:
    """What is on its way to it is not delivered."""
    return Change("DELETE", path("webhook-endpoints", endpoint_id), {}, reader(_Ignored), WRITE)


def subject(payload: Payload) -> Subject:
    """What it names."""
    return subject_of(payload.type, payload.data.get("object"))
