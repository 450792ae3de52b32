"""Every change of RevKeen that we make: where it goes, what it needs, and how its answer is taken apart.

A function here describes a call; `client.Client.change` makes it, once, under the idempotency key it is given.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from orders.apis.calls import path
from orders.apis.revkeen import objects
from orders.apis.revkeen.reads import exactly, wrapped

T = TypeVar("T")
Body = dict[str, Any]

_order = objects.reader(objects.Order)
_refund = wrapped(objects.reader(objects.Refund))


@dataclass(frozen=True)
class Change(Generic[T]):
    method: str
    path: str
    body: Body
    decode: Callable[[bytes], T]
    scope: str  # what the key must be allowed to do

    @property
    def encoded(self) -> bytes:
        """The same bytes each time: a database may give the members back in another order."""
        return msgspec.json.encode(self.body, order="deterministic")


def create_order(body: Body) -> Change[objects.Order]:
    return Change("POST", "/orders", body, _order, "orders:write")


def update_order(order_id: uuid.UUID, body: Body) -> Change[objects.Order]:
    return Change("PATCH", path("orders", order_id), body, exactly(order_id), "orders:write")


def pay_order(order_id: uuid.UUID, body: Body) -> Change[objects.Order]:
    return Change("POST", path("orders", order_id, "pay"), body, exactly(order_id), "orders:write")


def cancel_order(order_id: uuid.UUID, body: Body) -> Change[objects.Order]:
    return Change("POST", path("orders", order_id, "cancel"), body, exactly(order_id), "orders:write")


def fulfill_order(order_id: uuid.UUID, body: Body) -> Change[objects.Order]:
    return Change("POST", path("orders", order_id, "fulfill"), body, exactly(order_id), "orders:write")


def create_refund(body: Body) -> Change[objects.Refund]:
    return Change("POST", "/refunds", body, _refund, "refunds:write")
