"""Drafts that begin as an order which RevKeen has: a copy, or the exchange of its line items."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from orders.access import merchant_page
from orders.apis.revkeen.objects import Order
from orders.requests import MerchantRequest
from orders.services.drafts import origins
from orders.services.orders import next_steps, reading
from orders.views.drafts.drafts import to_draft
from orders.views.order_head import read_or_404


@merchant_page
@require_POST
def draft_copy(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """Begin a draft with everything of the order that can be sent again."""
    order, customer = _order(request, order_id)
    reason = origins.why_not_copied(order)
    if reason:
        return _refused(request, order, f"{order.public_id} cannot be copied: {reason}")
    return to_draft(request, origins.copy_of(order, customer, request.merchant, request.mode, request.user))


@merchant_page
@require_POST
def draft_revise(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """Begin the draft that is to replace an unpaid order, or go on with the one that was begun."""
    order, customer = _order(request, order_id)
    reason = next_steps.step(order, "draft_revise").reason or origins.why_not_copied(order)
    if reason:
        return _refused(request, order, f"The line items of {order.public_id} cannot be changed: {reason}")
    return to_draft(request, origins.replacement_of(order, customer, request.merchant, request.mode, request.user))


def _order(request: MerchantRequest, order_id: uuid.UUID) -> tuple[Order, str]:
    """The order and what its customer is called. Only a fresh one will do."""
    file = read_or_404(request, lambda api: reading.order_file(api, order_id))
    if file.order.error is not None:
        raise file.order.error
    customer = file.customer.value if file.customer else None
    order = file.order.require()
    return order, customer.shown_name if customer else str(order.customer_id or "")


def _refused(request: MerchantRequest, order: Order, words: str) -> HttpResponse:
    messages.error(request, words)
    return redirect("order_detail", request.merchant.slug, request.mode, order.id)
