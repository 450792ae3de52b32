"""The partner updates that need someone, and sending many of them again."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from orders import states
from orders.access import merchant_page
from orders.forms.partners.updates import MOST_AT_ONCE, TickedForm, UpdateFilter
from orders.models import PartnerUpdate
from orders.requests import MerchantRequest
from orders.services.partners import attention as needing
from orders.services.partners import switched_off
from orders.services.partners.attention import Done, Page
from orders.views.addresses import address
from orders.views.fulfillment.shipment_list import Tab
from orders.views.fulfillment.update_words import words_of
from orders.views.pages import render_page

PAGING: dict[str, None] = {"after": None, "before": None}


@require_safe
@merchant_page
def partner_update_list(request: MerchantRequest) -> HttpResponse:
    form = UpdateFilter(request.GET)
    missed = switched_off.counted(request.merchant, request.mode)
    context: dict[str, Any] = {"form": form, "tabs": _tabs(request), "missed": missed}
    if not form.is_valid():
        return render_page(request, "orders/partners/attention/list.html", context, status=400)
    asked = form.cleaned_data
    destination, after, before = asked["destination"], asked["after"], asked["before"]
    page = needing.page(request.merchant, request.mode, destination, after, before)
    if before and not page.has_previous:
        return redirect(address(request, **PAGING))
    return render_page(request, "orders/partners/attention/list.html", context | _table(request, page))


@merchant_page
@require_POST
def partner_updates_send_again(request: MerchantRequest) -> HttpResponse:
    form = TickedForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"{next(iter(form.errors.values()))[0]} Nothing was sent.")
    else:
        _say(request, needing.send_again(request.merchant, request.mode, form.cleaned_data["id"], request.user))
    back = reverse("partner_update_list", args=[request.merchant.slug, request.mode])
    destination = form.cleaned_data.get("destination")
    return HttpResponseRedirect(f"{back}?destination={destination}" if destination else back, status=303)


def _tabs(request: MerchantRequest) -> list[Tab]:
    current = request.GET.get("destination", "")
    return [
        Tab(label, address(request, destination=value or None, **PAGING), value == current)
        for value, label in [("", "All"), *PartnerUpdate.Destination.choices]
    ]


def _table(request: MerchantRequest, page: Page) -> dict[str, Any]:
    """Longest waiting first, so what follows is newer."""
    rows = page.rows
    following = address(request, before=None, after=rows[-1].pk) if page.has_next and rows else ""
    previous = address(request, after=None, before=rows[0].pk) if page.has_previous and rows else ""
    return {
        "rows": [_row(request, partner_update) for partner_update in rows],
        "together": [partner_update.pk for partner_update in rows if needing.can_be_sent_again(partner_update)],
        "ticks_of": address(request, **PAGING),
        "most_ticks": MOST_AT_ONCE,
        "newer": following,
        "older": previous,
    }


def _row(request: MerchantRequest, partner_update: PartnerUpdate) -> dict[str, Any]:
    words = words_of(partner_update, partner_update.shipment, request.merchant.zone)
    return {
        "partner_update": partner_update,
        "shipment": partner_update.shipment,
        "partner": partner_update.get_destination_display(),
        "state": states.partner_update_state(partner_update),
        "words": words,
        "tickable": needing.can_be_sent_again(partner_update),
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
