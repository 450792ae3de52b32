"""What staff say of an order: the page that says it, and holding and releasing."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from orders.access import merchant_page
from orders.forms.handling.handling import HandlingForm, HoldForm, hold_form
from orders.requests import MerchantRequest
from orders.services.handling import handled, holds, saying
from orders.services.handling.saying import Orders, TooManyTags
from orders.views.order_head import order_head, read_order
from orders.views.pages import render_page

BACK = {"order_fulfill": "order_fulfill", "order_detail": "order_detail"}  # where releasing may lead to


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_handling(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """Person, priority and tags of an order; its hold stands beside them."""
    if request.method != "POST":
        return _page(request, order_id)
    known = handled.of_order(request.merchant, request.mode, order_id)
    form = HandlingForm(request.POST, known, saying.people(request.merchant))
    if not form.is_valid():
        return _page(request, order_id, form=form)
    asked, _ = form.cleaned_data, read_order(request, order_id)
    try:
        news = saying.say(_orders(request, order_id), asked["person"], int(asked["priority"]), asked["tags"])
    except TooManyTags:
        form.add_error("tags", f"An order has at most {saying.MOST_TAGS} tags.")
        return _page(request, order_id, form=form)
    messages.success(request, "Saved." if news else "Nothing was changed.")
    return _to(request, "order_detail", order_id)


@merchant_page
@require_POST
def order_hold(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    hold = HoldForm(request.POST, today=holds.today(request.merchant))
    if not hold.is_valid():
        return _page(request, order_id, hold=hold)
    _, order = read_order(request, order_id)
    holds.hold(request.merchant, request.mode, [order_id], hold.why, request.user)
    messages.success(request, f"{order.public_id} is on hold.")
    return _to(request, "order_detail", order_id)


@merchant_page
@require_POST
def order_release(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """`back` says which page of the order it leads to."""
    if holds.release(request.merchant, request.mode, [order_id], request.user):
        messages.success(request, "The hold is released.")
    else:
        messages.info(request, "The order was not on hold any more.")
    return _to(request, BACK.get(request.POST.get("back", ""), "order_detail"), order_id)


def _page(
    request: MerchantRequest, order_id: uuid.UUID, form: HandlingForm | None = None, hold: HoldForm | None = None
) -> HttpResponse:
    reading, _ = read_order(request, order_id)
    known = handled.of_order(request.merchant, request.mode, order_id)
    refused = form or hold
    context: dict[str, Any] = {
        **order_head(request, reading),
        "handled": known,
        "form": form or HandlingForm(None, known, saying.people(request.merchant)),
        "hold_form": hold or hold_form(None, known.hold, holds.today(request.merchant)),
        "refused": refused,
        "known_tags": saying.known_tags(request.merchant, request.mode),
    }
    status = 422 if refused else reading.page_status
    return render_page(request, "orders/handling/page.html", context, status=status)


def _orders(request: MerchantRequest, order_id: uuid.UUID) -> Orders:
    return Orders(request.merchant, request.mode, (order_id,), request.user)


def _to(request: MerchantRequest, page: str, order_id: uuid.UUID) -> HttpResponse:
    response = redirect(page, request.merchant.slug, request.mode, order_id)
    response.status_code = 303
    return response
