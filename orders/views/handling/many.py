"""The same said of many orders at once, which were selected in To fulfill."""

import uuid
from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from orders.access import merchant_page
from orders.forms.handling.handling import ManyForm
from orders.requests import MerchantRequest
from orders.services.fulfillment import to_fulfill
from orders.services.handling import holds, saying
from orders.services.handling.saying import Orders, TooManyTags
from orders.services.revkeen import session
from orders.views.fulfillment import selection
from orders.views.pages import render_page


@merchant_page
@require_POST
def to_fulfill_handle(request: MerchantRequest) -> HttpResponse:
    """Ask what is to be said of the selected orders, and say it of exactly those that were asked about."""
    if "orders" not in request.POST:
        return _page(request, selection.selected(request).orders)
    form = _form(request, request.POST)
    if not form.is_valid():
        return _page(request, _asked(form), form)
    ids = _waiting(request, form.cleaned_data["orders"])
    try:
        saying.change(Orders(request.merchant, request.mode, ids, request.user), form.change)
    except TooManyTags:
        form.add_error("add", f"One of these orders would have more than {saying.MOST_TAGS} tags.")
        return _page(request, _asked(form), form)
    _say(request, len(ids), len(form.cleaned_data["orders"]) - len(ids))
    return _back(request)


def _page(request: MerchantRequest, ids: Iterable[uuid.UUID], form: ManyForm | None = None) -> HttpResponse:
    ids = list(ids)
    if not ids and form is None:
        messages.warning(request, "Select orders first.")
        return _back(request)
    joined = ",".join(order_id.hex for order_id in ids)
    context = {
        "form": form or _form(request, None, initial={"orders": joined}),
        "count": len(ids),
        "known_tags": saying.known_tags(request.merchant, request.mode),
    }
    return render_page(request, "orders/handling/many.html", context, status=422 if form else 200)


def _form(request: MerchantRequest, data: object, **more: object) -> ManyForm:
    return ManyForm(data, today=holds.today(request.merchant), people=saying.people(request.merchant), **more)


def _asked(form: ManyForm) -> tuple[uuid.UUID, ...]:
    return form.cleaned_data.get("orders", ())


def _waiting(request: MerchantRequest, ids: tuple[uuid.UUID, ...]) -> tuple[uuid.UUID, ...]:
    """Those of them that wait to be shipped here: others are none of ours, or have left since."""
    with session.session(request.merchant, request.mode) as api:
        found = to_fulfill.search(api).require()
    waiting = {order.id for order in found.waiting}
    return tuple(order_id for order_id in ids if order_id in waiting)


def _say(request: MerchantRequest, changed: int, gone: int) -> None:
    messages.success(request, f"Saved for {changed:,} order{'' if changed == 1 else 's'}.")
    if gone:
        messages.warning(request, f"{gone:,} of the selected orders no longer wait to be shipped; nothing was changed.")


def _back(request: MerchantRequest) -> HttpResponse:
    """To the list that the orders were selected in."""
    query = request.GET.copy()
    query.pop(selection.ALL, None)
    response = redirect("to_fulfill", request.merchant.slug, request.mode)
    response["Location"] += f"?{query.urlencode()}" if query else ""
    response.status_code = 303
    return response
