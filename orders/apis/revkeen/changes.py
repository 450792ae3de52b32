"""Every change of RevKeen that we make: where it goes, what it needs, and how its answer is taken apart.

A function here describes a call; `client.Client.change` makes it, once, under the idempotency key it is given. An
answer is held against the call: one about something else is none.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from orders.apis.calls import path
from orders.apis.errors import InDoubt
from orders.apis.revkeen import marks, objects
from orders.apis.revkeen.reads import exactly, same, wrapped

T = TypeVar("T")
Body = dict[str, Any]

DEFAULT_CURRENCY = "usd"  # RevKeen's, of an order that names none

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


# https://docs.revkeen.com/docs/api-reference/orders_create
def create_order(body: Body) -> Change[objects.Order]:
    return Change("POST", "/orders", body, _created(body), "orders:write")


# https://docs.revkeen.com/docs/api-reference/orders_update
def update_order(order_id: uuid.UUID, body: Body) -> Change[objects.Order]:
    return Change("PATCH", path("orders", order_id), body, exactly(order_id), "orders:write")


# https://docs.revkeen.com/docs/api-reference/orders_pay
def pay_order(order_id: uuid.UUID, body: Body) -> Change[objects.Order]:
    return Change("POST", path("orders", order_id, "pay"), body, exactly(order_id), "orders:write")


# https://docs.revkeen.com/docs/api-reference/orders_cancel
def cancel_order(order_id: uuid.UUID, body: Body) -> Change[objects.Order]:
    return Change("POST", path("orders", order_id, "cancel"), body, exactly(order_id), "orders:write")


# https://docs.revkeen.com/docs/api-reference/orders_fulfill
def fulfill_order(order_id: uuid.UUID, body: Body) -> Change[objects.Order]:
    return Change("POST", path("orders", order_id, "fulfill"), body, exactly(order_id), "orders:write")


# https://docs.revkeen.com/docs/api-reference/refunds_create
def create_refund(body: Body) -> Change[objects.Refund]:
    return Change("POST", "/refunds", body, _refunded(body), "refunds:write")


def subtotal_of(body: Body) -> int:
    """What the lines of a create come to, in minor units of its currency."""
    return sum(line["unit_price"] * line.get("quantity", 1) for line in body["line_items"])


def is_of(body: Body, order: objects.Order) -> bool:
    """Whether an order is for whom, in which currency and over what a create asked."""
    return (
        same(order.currency, body.get("currency", DEFAULT_CURRENCY))
        and same(order.customer_id, body.get("customer_id"))
        and order.subtotal == subtotal_of(body)
    )


def _created(body: Body) -> Callable[[bytes], objects.Order]:
    def decode(answer: bytes) -> objects.Order:
        made = _order(answer)
        if not is_of(body, made) or marks.of_order(made.metadata) != marks.of_order(body.get("metadata")):
            raise InDoubt("RevKeen answered with another order than the one it was to create.")
        return made

    return decode


def _refunded(body: Body) -> Callable[[bytes], objects.Refund]:
    def decode(answer: bytes) -> objects.Refund:
        made = _refund(answer)
        asked = (str(body["payment_id"]).lower(), body["amount_minor"], marks.of_refund(body.get("reason_details")))
        if (str(made.payment_id), made.amount_minor, marks.of_refund(made.reason_details)) != asked:
            raise InDoubt("RevKeen answered with another refund than the one it was to make.")
        return made

    return decode
