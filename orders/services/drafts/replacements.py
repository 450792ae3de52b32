"""What becomes of an order's amounts when its line items are exchanged, and how two such orders find each other.

RevKeen takes neither discount nor tax with an order: what the replaced order has of them is dropped, or worked out anew
by RevKeen, and which of the two is not known before it is created.
"""

import uuid
from dataclasses import dataclass

from django.db.models import Q

from orders import replacing
from orders.apis.revkeen.objects import Order
from orders.models import Draft, Merchant, Operation, OrderCopy
from orders.money import Money
from orders.replacing import REPLACED_BY, REPLACES
from orders.services.drafts.drafts import totals

LOST = ("discount", "tax")  # members of an order that are not sent again


@dataclass(frozen=True)
class Part:
    """One amount before and after. A discount is negative."""

    label: str
    before: Money
    after: Money


@dataclass(frozen=True)
class Comparison:
    """Both orders part by part; `losses` in words, `named` as the tick for them is sent ("" where nothing is lost)."""

    parts: list[Part]
    losses: list[str]
    named: str


@dataclass(frozen=True)
class Linked:
    """The other one of two orders of which one replaces the other."""

    label: str
    order_id: uuid.UUID
    number: str


def compare(order: Order, draft: Draft) -> Comparison:
    subtotal, none = totals(draft).subtotal, Money(0, draft.currency)
    parts = [
        Part("Subtotal", order.money(order.subtotal), subtotal),
        Part("Discount", order.money(-order.discount), none),
        Part("Tax", order.money(order.tax), none),
        Part("Total", order.money(order.total), subtotal),
    ]
    lost = {name: getattr(order, name) for name in LOST if getattr(order, name)}
    losses = [f"the {name} of {order.money(minor)} is lost" for name, minor in lost.items()]
    return Comparison(parts, losses, " ".join(f"{name}:{minor}:{order.currency_code}" for name, minor in lost.items()))


def linked(merchant: Merchant, mode: str, order: Order) -> list[Linked]:
    """What the order's metadata says it replaces, and what it is replaced by."""
    links = (("Replaces", REPLACES), ("Replaced by", REPLACED_BY))
    found = [(label, replacing.other(order.metadata, name)) for label, name in links]
    return [Linked(label, other, _number(merchant, mode, other)) for label, other in found if other]


def _number(merchant: Merchant, mode: str, order_id: uuid.UUID) -> str:
    """As last seen here; the beginning of its id where it was not."""
    copy = OrderCopy.objects.filter(merchant=merchant, mode=mode, order_id=order_id).exclude(public_id="")
    if number := copy.values_list("public_id", flat=True).first():
        return number
    draft = Draft.objects.filter(merchant=merchant, mode=mode, replaces_id=order_id).exclude(replaces_number="").first()
    if draft is not None:
        return draft.replaces_number
    about = Q(order_id=order_id) & ~Q(order_number="") | Q(created_order_id=order_id)
    operation = Operation.objects.filter(about, merchant=merchant, mode=mode).order_by("-created_at").first()
    if operation is None:
        return f"{str(order_id)[:8]}…"
    if operation.created_order_id == order_id:  # its number came with the answer
        return str(operation.result.get("number") or f"{str(order_id)[:8]}…")
    return operation.order_number
