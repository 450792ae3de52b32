"""What the pages below an order have in common: its head, and who holds it."""

from typing import Any

from orders import states
from orders.apis.revkeen.objects import Order
from orders.models import Operation
from orders.requests import MerchantRequest
from orders.services import amounts, journal
from orders.services.order_payments import Split
from orders.services.revkeen import Reading


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
