"""The page of a form that changes an order: what they all share, so that none of them lacks a part of it."""

from typing import Any

from django.http import HttpResponse

from orders.apis.revkeen.objects import Order
from orders.own_payments import Split
from orders.requests import MerchantRequest
from orders.services.revkeen.session import Reading
from orders.views.changes.form_page import Problem
from orders.views.order_head import order_head
from orders.views.pages import render_page


def order_form_page(
    request: MerchantRequest,
    template: str,
    reading: Reading[Order],
    context: dict[str, Any],
    *,
    form_token: str,
    problem: Problem | None,
    fresh: bool,
    payments: Split | None = None,
    parts: dict[str, str] | None = None,
) -> HttpResponse:
    """The form below the order's head. `form_token`: the one that was sent while nothing was begun with it, else a
    new one.

    `fresh`: nobody has sent the form, so that nothing in it can be wrong yet.
    """
    head = order_head(request, reading, payments)
    status = problem.status if problem else reading.page_status if fresh else 422
    return render_page(
        request, template, {**head, **context, "form_token": form_token, "problem": problem}, parts=parts, status=status
    )
