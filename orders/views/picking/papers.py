"""What is printed before anything is shipped: pick list and slips of a batch, and the slips of single orders."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from orders.access import merchant_page
from orders.models import Batch, BatchOrder, BatchPrint
from orders.requests import MerchantRequest
from orders.services.picking import batches, slips
from orders.services.picking.slips import Picking
from orders.services.revkeen import session
from orders.views.addresses import address
from orders.views.pages import render_page
from orders.views.picking.batches import batch_of

JUST_PRINTED = "batch_just_printed"  # in the session, until the page that opens the print dialog was shown


@require_safe
@merchant_page
def open_slips(request: MerchantRequest) -> HttpResponse:
    """A slip of what is left of each order `id` of the query, in that order, one a page. Nothing is recorded by it."""
    ids = list(dict.fromkeys(_ids(request.GET.getlist("id"))))
    if len(ids) > slips.MOST:
        context = {"too_many": len(ids), "most": slips.MOST}
        return render_page(request, "orders/picking/slips.html", context, status=400)
    with session.session(request.merchant, request.mode) as api:
        found = slips.picking(api, ids) if ids else Picking([], [], 0)
    context = _context(found) | {"print": "print" in request.GET, "print_address": address(request, print="1")}
    return render_page(request, "orders/picking/slips.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def batch_slips(request: MerchantRequest, number: int) -> HttpResponse:
    """The slips of a batch in the order in which they are packed; a hundred at once, `part` says which."""
    batch = batch_of(request, number)
    parts = batches.parts(list(batch.orders.all()))
    part = min(max(int(text), 1), len(parts)) if (text := request.GET.get("part", "1")[:4]).isdecimal() else 1
    context = {"part": part, "parts": range(1, len(parts) + 1)}
    return _paper(request, batch, BatchPrint.Paper.SLIPS, list(parts[part - 1]), context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def batch_pick_list(request: MerchantRequest, number: int) -> HttpResponse:
    """Items to pick for a batch, bin by bin."""
    batch = batch_of(request, number)
    return _paper(request, batch, BatchPrint.Paper.PICK_LIST, list(batch.orders.all()), {})


def _paper(
    request: MerchantRequest, batch: Batch, paper: BatchPrint.Paper, orders: list[BatchOrder], more: dict[str, Any]
) -> HttpResponse:
    if request.method == "POST":
        batches.record_print(batch, paper, len(orders), request.user)
        request.session[JUST_PRINTED] = [batch.pk, paper]
        messages.success(request, f"{paper.label} recorded as printed. If no print dialog opens, print with Ctrl+P.")
        return HttpResponseRedirect(request.get_full_path(), status=303)
    is_list = paper == BatchPrint.Paper.PICK_LIST
    places = {one.order_id: one.place for one in orders}
    with session.session(request.merchant, request.mode) as api:
        found = slips.picking(api, list(places), places, customers=not is_list)
    rows = slips.pick_list(request.merchant, found.slips) if is_list else []
    context = _context(found) | more
    context |= {"batch": batch, "paper": paper.label, "rows": rows, "with_bins": any(row.bin for row in rows)}
    prints = batch.prints.filter(paper=paper).select_related("user")
    context |= {"print": _just_printed(request, batch, paper), "last_print": prints.first()}
    template = "orders/picking/pick_list.html" if is_list else "orders/picking/slips.html"
    return render_page(request, template, context)


def _context(found: Picking) -> dict[str, Any]:
    return {
        "found": found,
        "slips": found.slips,
        "units": sum(slip.units for slip in found.slips),
        "old": [slip for slip in found.slips if slip.as_of],
        "unclear": [slip for slip in found.slips if slip.unclear],
        "now": timezone.now(),
    }


def _just_printed(request: MerchantRequest, batch: Batch, paper: str) -> bool:
    """Once after the button; a reload is a preview again."""
    if request.method == "HEAD" or request.session.get(JUST_PRINTED) != [batch.pk, paper]:
        return False
    del request.session[JUST_PRINTED]
    return True


def _ids(texts: list[str]) -> list[uuid.UUID]:
    """Those that are ids."""
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
