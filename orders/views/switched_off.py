"""Sending what was recorded while a partner was switched off: one shipment, or all of them."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from orders.access import merchant_page
from orders.models import Delivery, Shipment
from orders.requests import MerchantRequest
from orders.services import partners, shipments, switched_off
from orders.services.switched_off import Done
from orders.views.order_pages import read_order
from orders.views.pages import render_page
from orders.views.shipments import shipment_of, to_shipment

Destination = Delivery.Destination


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def deliveries_send_missed(request: MerchantRequest, destination: str) -> HttpResponse:
    """All that a partner was not told of while it was off: says how many and what comes of it, then sends them."""
    partner = _partner(destination)
    waiting = switched_off.waiting(request.merchant, request.mode, partner)
    on = partner in {connection.provider for connection in partners.connected(request.merchant, request.mode)}
    if request.method == "POST" and on and request.POST.get("confirmed") == "yes":
        _say(request, partner, switched_off.send_all(request.merchant, request.mode, partner, request.user))
        back = reverse("delivery_list", args=[request.merchant.slug, request.mode])
        return HttpResponseRedirect(back, status=303)
    context = {"partner": partner, "count": waiting.count(), "on": on, "first": waiting.first()}
    context |= {"at_once": switched_off.AT_ONCE}
    return render_page(request, "orders/switched_off/send_all.html", context, status=422 if request.POST else 200)


@merchant_page
@require_POST
def shipment_send_missed(request: MerchantRequest, pk: int, destination: str) -> HttpResponse:
    """One from before the partner had a key here: find its ids, then ask as for any other."""
    shipment, partner = shipment_of(request, pk), _partner(destination)
    if not shipments.hears_of(shipment, partner) or shipment.state not in Shipment.COUNTED:
        messages.error(request, f"{partner.label} does not need {str(shipment).lower()}.")
        return to_shipment(request, shipment)
    _, order = read_order(request, shipment.order_id)
    delivery = switched_off.row_for(shipment, partner, order)
    return redirect(f"{_address(request, delivery)}?from=shipment")


def _address(request: MerchantRequest, delivery: Delivery) -> str:
    return reverse("delivery_send_again", args=[request.merchant.slug, request.mode, delivery.pk])


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
