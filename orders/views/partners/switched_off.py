"""Sending what was recorded while a partner was switched off: one shipment, or all of them."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from orders.access import merchant_page
from orders.models import PartnerUpdate, Shipment
from orders.requests import MerchantRequest
from orders.services.fulfillment import shipments
from orders.services.partners import directory, switched_off
from orders.services.partners.switched_off import Done
from orders.views.fulfillment.shipments import shipment_of, to_shipment
from orders.views.order_head import read_order
from orders.views.pages import render_page

Destination = PartnerUpdate.Destination


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def partner_updates_send_missed(request: MerchantRequest, destination: str) -> HttpResponse:
    """All that a partner was not told of while it was off: says how many and what comes of it, then sends them."""
    partner = _partner(destination)
    waiting = switched_off.waiting(request.merchant, request.mode, partner)
    on = partner in {connection.provider for connection in directory.connected(request.merchant, request.mode)}
    if request.method == "POST" and on and request.POST.get("confirmed") == "yes":
        _say(request, partner, switched_off.send_all(request.merchant, request.mode, partner, request.user))
        back = reverse("partner_update_list", args=[request.merchant.slug, request.mode])
        return HttpResponseRedirect(back, status=303)
    context = {"partner": partner, "count": waiting.count(), "on": on, "first": waiting.first()}
    context |= {"at_once": switched_off.AT_ONCE}
    return render_page(
        request, "orders/partners/switched_off/send_all.html", context, status=422 if request.POST else 200
    )


@merchant_page
@require_POST
def shipment_send_missed(request: MerchantRequest, pk: int, destination: str) -> HttpResponse:
    """One from before the partner had a key here: find its ids, then ask as for any other."""
    shipment, partner = shipment_of(request, pk), _partner(destination)
    if not shipments.hears_of(shipment, partner) or shipment.state not in Shipment.COUNTED:
        messages.error(request, f"{partner.label} does not need {str(shipment).lower()}.")
        return to_shipment(request, shipment)
    _, order = read_order(request, shipment.order_id)
    partner_update = switched_off.row_for(shipment, partner, order)
    return redirect(f"{_address(request, partner_update)}?from=shipment")


def _address(request: MerchantRequest, partner_update: PartnerUpdate) -> str:
    return reverse("partner_update_send_again", args=[request.merchant.slug, request.mode, partner_update.pk])


def _partner(destination: str) -> Destination:
    """Raise Http404."""
    if destination not in Destination.values:
        raise Http404
    return Destination(destination)


def _say(request: MerchantRequest, partner: Destination, done: Done) -> None:
    what = "1 shipment is" if done.sent == 1 else f"{done.sent} shipments are"
    messages.success(request, f"{what} on the way to {partner.label}.")
    if done.left:
        messages.warning(request, f"{done.left} more are waiting: send them next.")
