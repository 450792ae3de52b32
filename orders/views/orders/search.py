import uuid
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from orders.access import merchant_page
from orders.apis.revkeen.objects import Customer
from orders.requests import MerchantRequest
from orders.services.fulfillment import known_numbers, to_fulfill
from orders.services.orders import reading
from orders.services.revkeen import session
from orders.views.pages import render_page, search_text


@require_safe
@merchant_page
def search(request: MerchantRequest) -> HttpResponse:
    """Open what a pasted id or a number belongs to; anything else typed is a customer's name or e-mail."""
    text = search_text(request, request.GET.get("q", ""))
    where = [request.merchant.slug, request.mode]
    some_id = _uuid(text)
    if some_id is None:
        order_id = known_numbers.order_of(request.merchant, request.mode, text) or _waiting(request, text)
        if order_id is not None:
            return redirect("order_detail", *where, order_id)
        return redirect(f"{reverse('customer_list', args=where)}?{urlencode({'q': text})}")
    with session.session(request.merchant, request.mode) as api:
        found = reading.find(api, some_id)
    if found is None:
        return render_page(request, "orders/orders/search/nothing.html", {"text": text}, status=404)
    return redirect("customer_detail" if isinstance(found, Customer) else "order_detail", *where, some_id)


def _waiting(request: MerchantRequest, text: str) -> uuid.UUID | None:
    """The order of this number that waits to be shipped: its slip may be printed before anything else is known here."""
    if not known_numbers.may_be_an_order(text):
        return None
    with session.session(request.merchant, request.mode) as api:
        return to_fulfill.numbered(api, text)


def _uuid(text: str) -> uuid.UUID | None:
    """The id in `text`, which may be pasted with quotes, commas or spaces around it."""
    try:
        return uuid.UUID(text.strip("\"', ;."))
    except ValueError:
        return None
