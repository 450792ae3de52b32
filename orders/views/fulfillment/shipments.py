"""A shipment: its card on the order, its own page, and what can be put right about it afterwards."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders import shipped_units
from orders.access import merchant_page
from orders.apis.order_protection.objects import LABELS
from orders.forms.fulfillment.shipments import StatusForm, TrackingForm
from orders.forms.orders.order_edits import Clash
from orders.models import PartnerUpdate, PartnerUpdateAttempt, Shipment, ShipmentItem
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services.fulfillment import corrections, undo
from orders.services.fulfillment.corrections import Stale, Tracking
from orders.views.fulfillment import destinations
from orders.views.pages import render_page, sent

PARTS = {"shipments": "orders/fulfillment/shipments/_cards.html"}
NUMBER_PARTS = {"numbers": "orders/fulfillment/shipments/_numbers.html"}
LONGEST_QUERY = 2_000  # characters of a list's filter
MOST_AT_ONCE = 200  # shipments whose status is set in one request


@dataclass(frozen=True)
class ItemRow:
    item: ShipmentItem
    distributor_cost: Money | None
    shipping_cost: Money | None

    @property
    def partner_ids(self) -> list[tuple[str, str]]:
        """What the partners call the line, each id with whose it is."""
        ids = [
            ("Digital River", self.item.digital_river_item_id),
            ("Shipment item", self.item.digital_river_shipment_item_id),
            ("Subfulfiller", self.item.subfulfiller_id),
            ("OrderProtection", self.item.order_protection_item_id),
        ]
        return [(name, found) for name, found in ids if found]


@require_safe
@merchant_page
def order_shipments(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """The cards alone, for a page that shows them while something is on its way; from here, no call is made."""
    if not request.htmx:
        return redirect("order_detail", request.merchant.slug, request.mode, order_id)
    found = shipped_units.all_of_order(request.merchant, request.mode, order_id)
    context = {"shipments": destinations.cards(request.merchant, found), "order_id": order_id}
    return render_page(request, PARTS["shipments"], context, parts=PARTS)


@require_safe
@merchant_page
def shipment_detail(request: MerchantRequest, pk: int) -> HttpResponse:
    """Everything we know of it: what is in it, what each system answered, and what each has now."""
    return _page(request, shipment_of(request, pk), StatusForm())


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def shipment_correct(request: MerchantRequest, pk: int) -> HttpResponse:
    """Carrier and tracking numbers. The button to add a row draws the form once more and saves nothing."""
    shipment = shipment_of(request, pk)
    form = TrackingForm(sent(request), shipment=shipment, more_rows="add" in request.POST)
    if request.htmx.target in NUMBER_PARTS:
        return render_page(request, "", {"form": form}, parts=NUMBER_PARTS)
    if request.method != "POST" or "save" not in request.POST:
        return _form(request, shipment, form)
    if blocked_reason(shipment) or not form.is_valid():
        return _form(request, shipment, form, status=422)
    try:
        changed = corrections.correct(shipment, form.cleaned_data["version"], form.tracking, request.user)
    except Stale:
        return _stale(request, pk, form)
    _say_saved(request, shipment, form, changed=changed)
    return to_shipment(request, shipment)


@merchant_page
@require_POST
def shipment_status(request: MerchantRequest, pk: int) -> HttpResponse:
    """OrderProtection's status of one shipment."""
    shipment, form = shipment_of(request, pk), StatusForm(request.POST)
    if not corrections.takes_status(shipment):
        messages.error(request, "OrderProtection does not get this shipment, so it has no status there.")
        return to_shipment(request, shipment)
    if not form.is_valid():
        return _page(request, shipment, form, status=422)
    _set_status(request, [shipment], form.cleaned_data["status"])
    return to_shipment(request, shipment)


@merchant_page
@require_POST
def shipment_statuses(request: MerchantRequest) -> HttpResponse:
    """The same status for all ticked shipments; leads back to the order, or to the list that they were ticked in."""
    ids = {int(pk) for pk in request.POST.getlist("id") if pk.isascii() and pk.isdigit() and len(pk) < 19}
    found = list(of_merchant(request).filter(pk__in=sorted(ids)[:MOST_AT_ONCE]).order_by("pk"))
    form = StatusForm(request.POST)
    if not found:
        messages.error(request, "Select at least one shipment. Nothing was changed.")
    elif len(ids) > MOST_AT_ONCE:
        messages.error(request, f"At most {MOST_AT_ONCE} at once. Nothing was changed.")
    elif not form.is_valid():
        messages.error(request, f"{form.errors['status'][0]} Nothing was changed.")
    else:
        _set_status(request, found, form.cleaned_data["status"])
    return _back(request, found)


def of_merchant(request: MerchantRequest) -> Any:
    """The shipments below this address, with what their rows and cards show."""
    found = Shipment.objects.filter(merchant=request.merchant, mode=request.mode)
    return found.select_related("operation__user", "fulfillment__user").prefetch_related(
        "items", "tracking", "partner_updates"
    )


def shipment_of(request: MerchantRequest, pk: int) -> Shipment:
    """Raise Http404 for one of another merchant or mode."""
    found: Shipment | None = of_merchant(request).filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404
    return found


def to_shipment(request: MerchantRequest, shipment: Shipment) -> HttpResponse:
    response = redirect("shipment_detail", request.merchant.slug, request.mode, shipment.pk)
    response.status_code = 303
    return response


def to_order(request: MerchantRequest, shipment: Shipment) -> HttpResponse:
    """To the shipment's card on the page of its order."""
    page = reverse("order_detail", args=[request.merchant.slug, request.mode, shipment.order_id])
    return HttpResponseRedirect(f"{page}#shipment-{shipment.pk}", status=303)


def blocked_reason(shipment: Shipment) -> str:
    """Why its tracking cannot be put right now; "" when it can."""
    return corrections.blocked_reason(shipment, held=undo.may_be_undone(shipment.fulfillment, timezone.now()))


def _page(request: MerchantRequest, shipment: Shipment, form: StatusForm, status: int = 200) -> HttpResponse:
    of_order = shipped_units.all_of_order(request.merchant, request.mode, shipment.order_id)
    partner_updates = shipment.partner_updates.all()
    history = (
        PartnerUpdateAttempt.objects.filter(partner_update__in=partner_updates)
        .select_related("partner_update")
        .order_by("-id")
    )
    context = {
        "card": destinations.card(request.merchant, shipment, of_order),
        "shipment": shipment,
        "items": [_item_row(shipment, item) for item in shipment.items.all()],
        "history": history[:200],
        "prints": shipment.prints.order_by("-id")[:50],
        "status_form": form,
        "takes_status": corrections.takes_status(shipment),
        "status_label": LABELS.get(shipment.status, shipment.status),
        "blocked_reason": blocked_reason(shipment),
    }
    return render_page(request, "orders/fulfillment/shipments/page.html", context, status=status)


def _item_row(shipment: Shipment, item: ShipmentItem) -> ItemRow:
    def money(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, shipment.cost_currency)

    return ItemRow(item, money(item.distributor_cost), money(item.shipping_cost))


def _form(
    request: MerchantRequest,
    shipment: Shipment,
    form: TrackingForm,
    *,
    clashes: Sequence[Clash] = (),
    status: int = 200,
) -> HttpResponse:
    of_order = shipped_units.all_of_order(request.merchant, request.mode, shipment.order_id)
    context = {
        "shipment": shipment,
        "form": form,
        "clashes": clashes,
        "blocked_reason": blocked_reason(shipment),
        "card": destinations.card(request.merchant, shipment, of_order),
        "hears": _hearing(shipment),
    }
    return render_page(request, "orders/fulfillment/shipments/correct.html", context, status=status)


def _hearing(shipment: Shipment) -> str:
    """The partners that are told of a correction without anybody doing more, as words."""
    silent = (*PartnerUpdate.NEEDS_SOMEONE, PartnerUpdate.State.STOPPED, PartnerUpdate.State.OFF)
    told = [partner_update for partner_update in shipment.partner_updates.all() if partner_update.state not in silent]
    return " and ".join(partner_update.get_destination_display() for partner_update in told)


def _stale(request: MerchantRequest, pk: int, form: TrackingForm) -> HttpResponse:
    """What somebody else saved meanwhile beside what was typed, which stays; the form is for the newest version now."""
    shipment, typed = shipment_of(request, pk), form.tracking
    now = corrections.tracking_of(shipment)
    form.on_top_of(shipment)
    return _form(request, shipment, form, clashes=_clashes(now, typed), status=422)


def _clashes(now: Tracking, typed: Tracking) -> list[Clash]:
    rows = [
        ("Carrier", now.carrier, typed.carrier),
        ("Tracking", _lines(now), _lines(typed)),
    ]
    return [Clash(what, "", there, yours or "None") for what, there, yours in rows if there != yours]


def _lines(tracking: Tracking) -> str:
    return "\n".join(f"{number} {address}".strip() for number, address in tracking.numbers)


def _say_saved(request: MerchantRequest, shipment: Shipment, form: TrackingForm, *, changed: bool) -> None:
    if not changed:
        messages.info(request, f"{shipment} was not changed: nothing was different.")
        return
    messages.success(request, f"{shipment} now has {form.tracking}.")


def _set_status(request: MerchantRequest, found: Sequence[Shipment], status: str) -> None:
    changed = corrections.set_status(found, status, request.user)
    label, others = LABELS[status], len(found) - len(changed)
    which = str(changed[0]) if len(changed) == 1 else f"{len(changed)} shipments"
    if changed:
        messages.success(request, f"{which}: {label}. {_who_hears(changed)}")
    if others:
        were = "was" if others == 1 else "were"
        messages.info(
            request,
            f"{others} {were} not changed: that status already, or not sent to OrderProtection.",
        )


def _who_hears(changed: Sequence[Shipment]) -> str:
    silent = (*PartnerUpdate.NEEDS_SOMEONE, PartnerUpdate.State.STOPPED, PartnerUpdate.State.OFF)
    theirs = PartnerUpdate.objects.filter(shipment__in=changed, destination=PartnerUpdate.Destination.ORDER_PROTECTION)
    waiting = theirs.filter(state__in=silent).count()
    if not waiting:
        return "OrderProtection is notified."
    return f"OrderProtection gets {waiting} of these only after someone sends it again."


def _back(request: MerchantRequest, found: Sequence[Shipment]) -> HttpResponse:
    """To the list with its filter, or to the order of a shipment that was ticked there."""
    if found and "list" not in request.GET and len({shipment.order_id for shipment in found}) == 1:
        return to_order(request, found[0])
    page = reverse("shipment_list", args=[request.merchant.slug, request.mode])
    query = QueryDict(request.GET.get("list", "")[:LONGEST_QUERY]).urlencode()  # nothing but a query can come of it
    return HttpResponseRedirect(f"{page}?{query}" if query else page, status=303)
