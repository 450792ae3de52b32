"""The page of a form that changes an order: what they all share, so that none of them lacks a part of it."""

from typing import Any

from django.http import HttpResponse

from orders.apis.revkeen.objects import Order
from orders.requests import MerchantRequest
from orders.services.order_payments import Split
from orders.services.revkeen import Reading
from orders.views.operations import Problem
from orders.views.order_pages import order_head
from orders.views.pages import render_page


def order_form_page(
    request: MerchantRequest,
    template: str,
    reading: Reading[Order],
    context: dict[str, Any],
    *,
    ticket: str,
    problem: Problem | None,
    fresh: bool,
    payments: Split | None = None,
    parts: dict[str, str] | None = None,
) -> HttpResponse:
    """The form below the order's head. `ticket`: the one that was sent while nothing was begun with it, else a new one.

    `fresh`: nobody has sent the form, so that nothing in it can be wrong yet.
    """
    head = order_head(request, reading, payments)
    status = problem.status if problem else reading.page_status if fresh else 422
    return render_page(
        request, template, {**head, **context, "ticket": ticket, "problem": problem}, parts=parts, status=status
    )
