"""What a person does about one delivery that does not go by itself: send it again, give it up, release it."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.forms.shipments import StopForm
from orders.models import Delivery
from orders.requests import MerchantRequest
from orders.services import delivery_decisions, switched_off
from orders.views.pages import render_page, sent
from orders.views.shipments import to_order, to_shipment

State = Delivery.State
MOVED_ON = "Its status has changed, as shown here. Nothing was changed."


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def delivery_send_again(request: MerchantRequest, pk: int) -> HttpResponse:
    """At once, if it cannot have arrived; else somebody has to say that they know what may come of it."""
    delivery = delivery_of(request, pk)
    asked_about = _may_have_arrived(delivery) or delivery.state == State.OFF
    confirmed = not asked_about or request.POST.get("confirmed") == "yes"
    if request.method != "POST" or not confirmed or (delivery.state == State.OFF and not switched_off.is_on(delivery)):
        return _ask(request, delivery)
    part = request.POST.get("part") == "open"
    again = _send_open_part(request, delivery) if part else delivery_decisions.send_again(delivery, by=request.user)
    if again:
        delivery.refresh_from_db(fields=["state", "next_try_at"])
        messages.success(request, f"{_what(delivery)} {_what_follows(request, delivery)}")
    else:
        messages.warning(request, MOVED_ON)
    return _back(request, delivery)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def delivery_stop(request: MerchantRequest, pk: int) -> HttpResponse:
    delivery, form = delivery_of(request, pk), StopForm(sent(request))
    if request.method == "POST" and form.is_valid():
        if delivery_decisions.stop(delivery, by=request.user, reason=form.cleaned_data["reason"]):
            messages.success(request, f"{_what(delivery)} is given up.")
        else:
            messages.warning(request, MOVED_ON)
        return _back(request, delivery)
    context = {"delivery": delivery, "shipment": delivery.shipment, "form": form, **_leads_back(request, delivery)}
    return render_page(request, "orders/deliveries/stop.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def delivery_release(request: MerchantRequest, pk: int) -> HttpResponse:
    """RevKeen did not take it, and the partner hears of it all the same: asked first, with what comes of it."""
    delivery = delivery_of(request, pk)
    if request.method != "POST" or request.POST.get("confirmed") != "yes":
        return _ask_to_release(request, delivery)
    if delivery_decisions.release(delivery, by=request.user):
        messages.success(request, f"{_what(delivery)} was released.")
    else:
        messages.warning(request, MOVED_ON)
    return _back(request, delivery)


def delivery_of(request: MerchantRequest, pk: int) -> Delivery:
    """Raise Http404 for one of another merchant or mode."""
    found = Delivery.objects.filter(merchant=request.merchant, mode=request.mode, pk=pk) if pk < 2**63 else None
    delivery = found.select_related("shipment__dispatch").first() if found is not None else None
    if delivery is None:
        raise Http404
    return delivery


def _may_have_arrived(delivery: Delivery) -> bool:
    return delivery.doubtful or delivery.state == State.UNKNOWN


def _what_follows(request: MerchantRequest, delivery: Delivery) -> str:
    """What happens next, and when: nothing is sent before the partner was read."""
    partner = delivery.get_destination_display()
    if delivery.state == State.FOR_REVKEEN:
        return "will be sent when RevKeen accepts."
    if not switched_off.is_on(delivery):
        return f"waits until {partner} is switched on again."
    until = delivery_decisions.not_before(delivery)
    if until is not None:
        at = f"{until.astimezone(request.merchant.zone):%H:%M:%S %Z}"
        words = f"was not sent yet: the earlier request may still arrive. We check {partner} at {at}"
    elif delivery.state == State.UNKNOWN:
        words = f"may have arrived: we check {partner} in a moment"
    else:
        return f"will be sent in a moment: we check {partner} first and do not send what is already there."
    return f"{words}, and send it only if it is not there."


def _send_open_part(request: MerchantRequest, delivery: Delivery) -> bool:
    """As the page showed it: another call since may have closed other lines."""
    return request.POST.get("shown") == str(delivery.attempts) and delivery_decisions.send_open_part(
        delivery, by=request.user
    )


def _ask(request: MerchantRequest, delivery: Delivery) -> HttpResponse:
    items = [item for item in delivery.shipment.items.all() if str(item.line_item_id) not in delivery.left_out]
    context = {
        "not_before": delivery_decisions.not_before(delivery),
        "off": delivery.state == State.OFF,
        "on": switched_off.is_on(delivery),
        "part": delivery.closed_there and request.GET.get("part") == "open",
        "open": [item for item in items if str(item.line_item_id) not in delivery.closed_there],
        "closed": [item for item in items if str(item.line_item_id) in delivery.closed_there],
        "delivery": delivery,
        "shipment": delivery.shipment,
        "possible": delivery.state in delivery_decisions.MAY_BE_SENT_AGAIN,
        "may_have_arrived": _may_have_arrived(delivery),
        **_leads_back(request, delivery),
    }
    status = 422 if request.method == "POST" else 200
    return render_page(request, "orders/deliveries/send_again.html", context, status=status)


def _ask_to_release(request: MerchantRequest, delivery: Delivery) -> HttpResponse:
    context = {
        "delivery": delivery,
        "shipment": delivery.shipment,
        "possible": delivery.state == State.HELD_BACK,
        **_leads_back(request, delivery),
    }
    status = 422 if request.method == "POST" else 200
    return render_page(request, "orders/deliveries/release.html", context, status=status)


def _what(delivery: Delivery) -> str:
    return f"{delivery.shipment} to {delivery.get_destination_display()}"


def _from(request: MerchantRequest) -> str:
    """The kind of page that the action stands on, by a word of ours."""
    given = request.POST.get("from") or request.GET.get("from")
    return given if given in ("shipment", "list") else "order"


def _leads_back(request: MerchantRequest, delivery: Delivery) -> dict[str, str]:
    """Where the action came from, and where *Cancel* leads."""
    return {"from": _from(request), "back": _back(request, delivery)["Location"]}


def _back(request: MerchantRequest, delivery: Delivery) -> HttpResponse:
    if _from(request) == "list":
        return HttpResponseRedirect(reverse("delivery_list", args=[request.merchant.slug, request.mode]), status=303)
    lead = to_shipment if _from(request) == "shipment" else to_order
    return lead(request, delivery.shipment)
