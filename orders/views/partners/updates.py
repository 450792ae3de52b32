"""What a person does about one partner update that does not go by itself: send it again, give it up, release it."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.forms.fulfillment.shipments import StopForm
from orders.models import PartnerUpdate
from orders.requests import MerchantRequest
from orders.services.partners import manual, switched_off
from orders.templatetags.figures import clock_words
from orders.views.fulfillment.shipments import to_order, to_shipment
from orders.views.pages import render_page, sent

State = PartnerUpdate.State
MOVED_ON = "Its status has changed, as shown here. Nothing was changed."


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def partner_update_send_again(request: MerchantRequest, pk: int) -> HttpResponse:
    """At once, if it cannot have arrived; else somebody has to say that they know what may come of it."""
    partner_update = partner_update_of(request, pk)
    asked_about = _may_have_arrived(partner_update) or partner_update.state == State.OFF
    confirmed = not asked_about or request.POST.get("confirmed") == "yes"
    if (
        request.method != "POST"
        or not confirmed
        or (partner_update.state == State.OFF and not switched_off.is_on(partner_update))
    ):
        return _ask(request, partner_update)
    part = request.POST.get("part") == "open"
    again = _send_open_part(request, partner_update) if part else manual.send_again(partner_update, by=request.user)
    if again:
        partner_update.refresh_from_db(fields=["state", "next_try_at"])
        messages.success(request, f"{_what(partner_update)} {_what_follows(request, partner_update)}")
    else:
        messages.warning(request, MOVED_ON)
    return _back(request, partner_update)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def partner_update_stop(request: MerchantRequest, pk: int) -> HttpResponse:
    partner_update, form = partner_update_of(request, pk), StopForm(sent(request))
    if request.method == "POST" and form.is_valid():
        if manual.stop(partner_update, by=request.user, reason=form.cleaned_data["reason"]):
            messages.success(request, f"{_what(partner_update)} is given up.")
        else:
            messages.warning(request, MOVED_ON)
        return _back(request, partner_update)
    context = {
        "partner_update": partner_update,
        "shipment": partner_update.shipment,
        "form": form,
        **_leads_back(request, partner_update),
    }
    return render_page(request, "orders/partners/updates/stop.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def partner_update_release(request: MerchantRequest, pk: int) -> HttpResponse:
    """RevKeen did not take it, and the partner hears of it all the same: asked first, with what comes of it."""
    partner_update = partner_update_of(request, pk)
    if request.method != "POST" or request.POST.get("confirmed") != "yes":
        return _ask_to_release(request, partner_update)
    if manual.release(partner_update, by=request.user):
        messages.success(request, f"{_what(partner_update)} was released.")
    else:
        messages.warning(request, MOVED_ON)
    return _back(request, partner_update)


def partner_update_of(request: MerchantRequest, pk: int) -> PartnerUpdate:
    """Raise Http404 for one of another merchant or mode."""
    found = PartnerUpdate.objects.filter(merchant=request.merchant, mode=request.mode, pk=pk) if pk < 2**63 else None
    partner_update = found.select_related("shipment__fulfillment").first() if found is not None else None
    if partner_update is None:
        raise Http404
    return partner_update


def _may_have_arrived(partner_update: PartnerUpdate) -> bool:
    return partner_update.doubtful or partner_update.state == State.IN_DOUBT


def _what_follows(request: MerchantRequest, partner_update: PartnerUpdate) -> str:
    """What happens next, and when: nothing is sent before the partner was read."""
    partner = partner_update.get_destination_display()
    if partner_update.state == State.FOR_REVKEEN:
        return "will be sent when RevKeen accepts."
    if not switched_off.is_on(partner_update):
        return f"waits until {partner} is switched on again."
    until = manual.not_before(partner_update)
    if until is not None:
        at = clock_words(until, request.merchant.zone)
        words = f"was not sent yet: the earlier request may still arrive. We check {partner} at {at}"
    elif partner_update.state == State.IN_DOUBT:
        words = f"may have arrived: we check {partner} in a moment"
    else:
        return f"will be sent in a moment: we check {partner} first and do not send what is already there."
    return f"{words}, and send it only if it is not there."


def _send_open_part(request: MerchantRequest, partner_update: PartnerUpdate) -> bool:
    """As the page showed it: another call since may have closed other lines."""
    return request.POST.get("shown") == str(partner_update.attempts) and manual.send_open_part(
        partner_update, by=request.user
    )


def _ask(request: MerchantRequest, partner_update: PartnerUpdate) -> HttpResponse:
    items = [
        item for item in partner_update.shipment.items.all() if str(item.line_item_id) not in partner_update.left_out
    ]
    context = {
        "not_before": manual.not_before(partner_update),
        "off": partner_update.state == State.OFF,
        "on": switched_off.is_on(partner_update),
        "part": partner_update.closed_there and request.GET.get("part") == "open",
        "open": [item for item in items if str(item.line_item_id) not in partner_update.closed_there],
        "closed": [item for item in items if str(item.line_item_id) in partner_update.closed_there],
        "partner_update": partner_update,
        "shipment": partner_update.shipment,
        "possible": partner_update.state in manual.MAY_BE_SENT_AGAIN,
        "may_have_arrived": _may_have_arrived(partner_update),
        **_leads_back(request, partner_update),
    }
    status = 422 if request.method == "POST" else 200
    return render_page(request, "orders/partners/updates/send_again.html", context, status=status)


def _ask_to_release(request: MerchantRequest, partner_update: PartnerUpdate) -> HttpResponse:
    context = {
        "partner_update": partner_update,
        "shipment": partner_update.shipment,
        "possible": partner_update.state == State.BLOCKED,
        **_leads_back(request, partner_update),
    }
    status = 422 if request.method == "POST" else 200
    return render_page(request, "orders/partners/updates/release.html", context, status=status)


def _what(partner_update: PartnerUpdate) -> str:
    return f"{partner_update.shipment} to {partner_update.get_destination_display()}"


def _from(request: MerchantRequest) -> str:
    """The kind of page that the action stands on, by a word of ours."""
    given = request.POST.get("from") or request.GET.get("from")
    return given if given in ("shipment", "list") else "order"


def _leads_back(request: MerchantRequest, partner_update: PartnerUpdate) -> dict[str, str]:
    """Where the action came from, and where *Cancel* leads."""
    return {"from": _from(request), "back": _back(request, partner_update)["Location"]}


def _back(request: MerchantRequest, partner_update: PartnerUpdate) -> HttpResponse:
    if _from(request) == "list":
        return HttpResponseRedirect(
            reverse("partner_update_list", args=[request.merchant.slug, request.mode]), status=303
        )
    lead = to_shipment if _from(request) == "shipment" else to_order
    return lead(request, partner_update.shipment)
