"""What is printed before anything is shipped, for the orders ticked in To fulfill. Nothing is recorded by it."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.access import merchant_page
from orders.requests import MerchantRequest
from orders.services.fulfillment import picking
from orders.services.fulfillment.picking import Picking
from orders.services.revkeen import session
from orders.views.addresses import address
from orders.views.pages import render_page


@require_safe
@merchant_page
def open_slips(request: MerchantRequest) -> HttpResponse:
    """A slip of what is left of each order `id` of the query, in that order, one a page."""
    return _page(request, "slips.html", _found(request))


@require_safe
@merchant_page
def pick_list(request: MerchantRequest) -> HttpResponse:
    """Items to pick for them, product by product."""
    found = _found(request)
    more = {"rows": picking.pick_list(found.slips)} if isinstance(found, Picking) else {}
    return _page(request, "pick_list.html", found, **more)


def _found(request: MerchantRequest) -> Picking | int:
    """What is left of the orders asked for, or how many they are where that is too many."""
    ids = list(dict.fromkeys(_ids(request.GET.getlist("id"))))
    if len(ids) > picking.MOST:
        return len(ids)
    with session.session(request.merchant, request.mode) as api:
        return picking.picking(api, ids) if ids else Picking([], [], 0)


def _page(request: MerchantRequest, template: str, found: Picking | int, **more: Any) -> HttpResponse:
    template = f"orders/fulfillment/picking/{template}"
    if isinstance(found, int):
        return render_page(request, template, {"too_many": found, "most": picking.MOST}, status=400)
    context = {
        "found": found,
        "slips": found.slips,
        "units": sum(slip.units for slip in found.slips),
        "old": [slip for slip in found.slips if slip.as_of],
        "unclear": [slip for slip in found.slips if slip.unclear],
        "now": timezone.now(),
        "print": "print" in request.GET,  # opens the dialog
        "print_address": address(request, print="1"),
        **more,
    }
    return render_page(request, template, context)


def _ids(texts: list[str]) -> list[uuid.UUID]:
    """Those that are ids."""
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
