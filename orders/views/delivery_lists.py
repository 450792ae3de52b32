"""The deliveries that need someone, and sending many of them again."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from orders import states
from orders.access import merchant_page
from orders.forms.deliveries import DeliveryFilter, TickedForm
from orders.models import Delivery
from orders.requests import MerchantRequest
from orders.services import delivery_list as needing
from orders.services import switched_off
from orders.services.delivery_list import Done, Page
from orders.views.addresses import address
from orders.views.destinations import WORDS
from orders.views.pages import render_page
from orders.views.shipment_lists import Tab

PAGING: dict[str, None] = {"after": None, "before": None}


@require_safe
@merchant_page
def delivery_list(request: MerchantRequest) -> HttpResponse:
    form = DeliveryFilter(request.GET)
    missed = switched_off.counted(request.merchant, request.mode)
    context: dict[str, Any] = {"form": form, "tabs": _tabs(request), "missed": missed}
    if not form.is_valid():
        return render_page(request, "orders/delivery_list/list.html", context, status=400)
    asked = form.cleaned_data
    destination, after, before = asked["destination"], asked["after"], asked["before"]
    page = needing.page(request.merchant, request.mode, destination, after, before)
    if before and not page.has_previous:
        return redirect(address(request, **PAGING))
    return render_page(request, "orders/delivery_list/list.html", context | _table(request, page))


@merchant_page
@require_POST
def deliveries_send_again(request: MerchantRequest) -> HttpResponse:
    form = TickedForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"{next(iter(form.errors.values()))[0]} Nothing was sent.")
    else:
        _say(request, needing.send_again(request.merchant, request.mode, form.cleaned_data["id"], request.user))
    back = reverse("delivery_list", args=[request.merchant.slug, request.mode])
    destination = form.cleaned_data.get("destination")
    return HttpResponseRedirect(f"{back}?destination={destination}" if destination else back, status=303)


def _tabs(request: MerchantRequest) -> list[Tab]:
    current = request.GET.get("destination", "")
    return [
        Tab(label, address(request, destination=value or None, **PAGING), value == current)
        for value, label in [("", "All"), *Delivery.Destination.choices]
    ]


def _table(request: MerchantRequest, page: Page) -> dict[str, Any]:
    """Longest waiting first, so what follows is newer."""
    rows = page.rows
    following = address(request, before=None, after=rows[-1].pk) if page.has_next and rows else ""
    previous = address(request, after=None, before=rows[0].pk) if page.has_previous and rows else ""
    return {
        "rows": [_row(request, delivery) for delivery in rows],
        "together": [delivery.pk for delivery in rows if needing.can_be_sent_again(delivery)],
        "newer": following,
        "older": previous,
    }


def _row(request: MerchantRequest, delivery: Delivery) -> dict[str, Any]:
    words = WORDS[Delivery.State(delivery.state)](delivery, delivery.shipment, request.merchant.zone)
    return {
        "delivery": delivery,
        "shipment": delivery.shipment,
        "partner": delivery.get_destination_display(),
        "state": states.delivery_state(delivery),
        "words": words,
        "tickable": needing.can_be_sent_again(delivery),
    }


def _say(request: MerchantRequest, done: Done) -> None:
    if done.again:
        messages.success(request, f"{_many(done.again, 'will be', 'will be')} sent again.")
    if done.doubtful:
        words = "may have arrived: send each one again from its row."
        messages.warning(request, f"{_many(done.doubtful, '', '')}{words}")
    if done.moved_on:
        stands = _many(done.moved_on, "was not changed", "were not changed")
        messages.info(request, f"{stands}: the status has changed, and nothing could be sent again.")


def _many(count: int, one: str, several: str) -> str:
    return f"1 update {one}" if count == 1 else f"{count} updates {several}"
