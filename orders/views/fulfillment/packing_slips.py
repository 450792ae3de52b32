"""Packing slips: what will be on paper, and the button that keeps who printed it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.models import Shipment
from orders.requests import MerchantRequest
from orders.services.fulfillment import packing_slips as slips
from orders.services.revkeen import session
from orders.views.fulfillment.shipments import of_merchant, shipment_of
from orders.views.pages import render_page

JUST_PRINTED = "slips_just_printed"  # in the session, until the page that opens the print dialog was shown


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def packing_slip(request: MerchantRequest, pk: int) -> HttpResponse:
    """The slip of one parcel."""
    return _answer(request, [shipment_of(request, pk)])


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def packing_slips(request: MerchantRequest) -> HttpResponse:
    """A slip for each `id` of the query, in that order, one a page."""
    wanted = list(dict.fromkeys(int(pk) for pk in request.GET.getlist("id") if _is_id(pk)))
    if len(wanted) > slips.MOST:
        context = {"too_many": len(wanted), "most": slips.MOST}
        return render_page(request, "orders/fulfillment/packing_slips/page.html", context, status=400)
    found = {shipment.pk: shipment for shipment in of_merchant(request).filter(pk__in=wanted)}
    return _answer(request, [found[pk] for pk in wanted if pk in found])


def _answer(request: MerchantRequest, found: list[Shipment]) -> HttpResponse:
    printable = [shipment for shipment in found if slips.has_slip(shipment)]
    if request.method == "POST" and printable:
        slips.record_prints(printable, request.user)
        request.session[JUST_PRINTED] = [shipment.pk for shipment in printable]
        count = f"{len(printable)} slips" if len(printable) > 1 else "The slip"
        messages.success(request, f"{count} recorded as printed. If no print dialog opens, print with Ctrl+P.")
        return HttpResponseRedirect(request.get_full_path(), status=303)
    return _page(request, found, printable)


def _page(request: MerchantRequest, found: list[Shipment], printable: list[Shipment]) -> HttpResponse:
    with session.session(request.merchant, request.mode) as api:
        drawn = slips.slips(api, printable)
    context: dict[str, Any] = {
        "slips": drawn,
        "without": [shipment for shipment in found if not slips.has_slip(shipment)],
        "incomplete": sum(slip.order is None for slip in drawn),
        "old": [slip for slip in drawn if slip.as_of],
        "called_off": [slip for slip in drawn if slip.called_off],
        "just_printed": _just_printed(request, printable),
    }
    return render_page(request, "orders/fulfillment/packing_slips/page.html", context)


def _just_printed(request: MerchantRequest, printable: list[Shipment]) -> bool:
    """Once after the button: the paper then says who printed it; a reload is a preview again."""
    if request.method == "HEAD" or JUST_PRINTED not in request.session:
        return False
    just_printed: list[int] = request.session.pop(JUST_PRINTED)
    return bool(printable) and just_printed == [shipment.pk for shipment in printable]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
