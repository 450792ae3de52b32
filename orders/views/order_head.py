"""What the pages of an order have in common: that it is there, its head, and who holds it."""

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import Http404

from orders import amounts, states
from orders.apis.errors import Missing
from orders.apis.revkeen.objects import Order
from orders.models import Operation
from orders.own_payments import Split
from orders.requests import MerchantRequest
from orders.services.changes import journal
from orders.services.orders import reading as order_reading
from orders.services.revkeen import session
from orders.services.revkeen.session import Reading, Session

Found = TypeVar("Found")


def read_or_404(request: MerchantRequest, read: Callable[[Session], Found]) -> Found:
    """What a page reads of RevKeen, in one session. Raise `Http404` where that is missing, else its `ApiError`."""
    try:
        with session.session(request.merchant, request.mode) as api:
            return read(api)
    except Missing as error:
        raise Http404 from error


def read_order(request: MerchantRequest, order_id: uuid.UUID) -> tuple[Reading[Order], Order]:
    """An order and how fresh it is: while RevKeen does not answer, a copy. Raise as `read_or_404`."""
    reading = read_or_404(request, lambda api: order_reading.order(api, order_id))
    try:
        return reading, reading.require()
    except Missing as error:
        raise Http404 from error


def order_head(request: MerchantRequest, reading: Reading[Order], payments: Split | None = None) -> dict[str, Any]:
    """Number, states, amounts, and the operation that holds the order: no form has a button while there is one.

    `payments` of its invoice where the page has read them.
    """
    order = reading.require()
    return {
        "order": order,
        "reading": reading,
        "payment": states.payment_state(order),
        "fulfillment": states.fulfillment_state(order),
        "amounts_check": amounts.check(order, payments),
        "sums": sums(order),
        "holder": holder(request, order),
    }


def holder(request: MerchantRequest, order: Order) -> Operation | None:
    return journal.holder_of(request.merchant.pk, request.mode, order.id)


def sums(order: Order) -> dict[str, Any]:
    return {
        "subtotal": order.money(order.subtotal),
        "discount": order.money(-order.discount),
        "tax": order.money(order.tax),
        "total": order.money(order.total),
        "paid": order.money(order.amount_paid),
        "refunded": order.money(-order.amount_refunded),
        "net": order.money(order.net_received),
        "due": order.money(order.amount_due),
    }
