import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from orders.access import merchant_page
from orders.apis.revkeen.objects import Customer
from orders.models import Batch
from orders.permissions import PAGES
from orders.requests import MerchantRequest
from orders.services.fulfillment import numbered
from orders.services.index import questions
from orders.services.orders import reading, searching
from orders.services.orders.searching import CustomerHit, Found, OrderHit
from orders.services.picking import batches
from orders.services.revkeen import session
from orders.templatetags.figures import clock_words
from orders.views.orders import destinations
from orders.views.pages import render_page, search_text

TYPED_AHEAD = 6  # of each group, offered while somebody types
PAGE = "orders/orders/search/page.html"
PARTS = {"search-options": "orders/orders/search/_options.html"}


@require_safe
@merchant_page
def search(request: MerchantRequest) -> HttpResponse:
    """What fits what was typed. A single hit opens; where the index has none, RevKeen is asked as far as it can be."""
    text = search_text(request, request.GET.get("q", "").replace("\x00", ""))
    some_id = _uuid(text)
    typing = bool(request.htmx) and request.htmx.target in PARTS
    found = searching.search(
        request.merchant, request.mode, str(some_id or text), TYPED_AHEAD if typing else searching.SHOWN
    )
    if not typing:
        if found.nothing and (batch := _batch(request, text)):
            return redirect("batch_detail", request.merchant.slug, request.mode, batch.number)
        if found.only is not None and found.only.exact:
            return _opened(request, found.only)
        if not found.some_exact and (place := destinations.called(request, text)):
            return redirect(place.url)  # its whole name, where of however many orders just some words fit
        if found.only is not None:
            return _opened(request, found.only)
        if found.nothing and text:
            return _of_id(request, some_id) if some_id is not None else _elsewhere(request, text, found)
    places = destinations.named(request, text, request.GET.get("order", ""))
    context = {"text": text, "found": found, "most": searching.SHOWN, "destinations": places[:TYPED_AHEAD]}
    return render_page(request, PAGE, context, parts=PARTS)


def _batch(request: MerchantRequest, text: str) -> Batch | None:
    """The batch whose paper was scanned, for whoever may see it."""
    may = request.membership.may(PAGES["batch_detail"])
    return batches.of_code(request.merchant, request.mode, text) if may else None


def _opened(request: MerchantRequest, hit: OrderHit | CustomerHit) -> HttpResponse:
    where = [request.merchant.slug, request.mode]
    if isinstance(hit, CustomerHit):
        return redirect("customer_detail", *where, hit.customer.customer_id)
    return redirect("order_detail", *where, hit.order.order_id)


def _of_id(request: MerchantRequest, some_id: uuid.UUID) -> HttpResponse:
    """What RevKeen has under an id that the index does not know yet."""
    with session.session(request.merchant, request.mode) as api:
        found = reading.find(api, some_id)
    if found is None:
        return render_page(request, "orders/orders/search/nothing.html", {"text": some_id}, status=404)
    page = "customer_detail" if isinstance(found, Customer) else "order_detail"
    return redirect(page, request.merchant.slug, request.mode, some_id)


def _elsewhere(request: MerchantRequest, text: str, found: Found) -> HttpResponse:
    """The order of a number that our own rows or RevKeen have; else RevKeen is asked for customers."""
    where = [request.merchant.slug, request.mode]
    with session.session(request.merchant, request.mode) as api:
        order_id = numbered.outside_the_index(api, questions.things(text)).order_id
    if order_id is not None:
        return redirect("order_detail", *where, order_id)
    known = f"as of {clock_words(found.as_of, request.merchant.zone)}" if found.as_of else "not complete yet"
    messages.info(request, f"Nothing was found in the index ({known}). RevKeen was asked for customers.")
    return redirect(f"{reverse('customer_list', args=where)}?{urlencode({'q': text})}")


def _uuid(text: str) -> uuid.UUID | None:
    """The id in `text`, which may be pasted with quotes, commas or spaces around it."""
    try:
        return uuid.UUID(text.strip("\"', ;."))
    except ValueError:
        return None
