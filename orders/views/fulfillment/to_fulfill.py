"""To fulfill: where the next parcel comes from."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.models import Packing
from orders.requests import MerchantRequest
from orders.services.fulfillment import at_hand, unreported, waiting_orders
from orders.services.fulfillment import to_fulfill as waiting
from orders.services.fulfillment.queue import Tab
from orders.services.fulfillment.to_fulfill import Left
from orders.services.picking import batches
from orders.services.revkeen import customer_names, session
from orders.states import FULFILLMENT_STATES, State, unknown
from orders.views.addresses import address
from orders.views.fulfillment import queue
from orders.views.pages import render_page

ROWS = 100  # of a page
CAPTIONS = {
    Tab.READY: "Paid orders that are not fully shipped, oldest first",
    Tab.MINE: "Paid orders that are assigned to you and not fully shipped",
    Tab.ON_HOLD: "Paid orders that are on hold",
}


@dataclass(frozen=True)
class Row:
    left: Left
    customer: str  # "" when the name is not known yet
    part: State | None  # that some of it has left already
    at_hand: Packing | None  # where it lies at the station


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def to_fulfill(request: MerchantRequest) -> HttpResponse:
    """The orders that wait. A POST looks for them anew, though it was done a moment ago."""
    with session.session(request.merchant, request.mode) as api:
        reading = waiting.search(api, anew=request.method == "POST")
        not_told = unreported.waiting(request.merchant, request.mode)
        left, done_here = waiting.left(api, reading.value, not_told) if reading.value else ([], 0)
    if request.method == "POST":
        response = redirect("to_fulfill", request.merchant.slug, request.mode)
        response.status_code = 303
        return response
    search = reading.value
    context = {
        "reading": reading,
        "search": search,
        "done_here": done_here,
        "most_waiting": waiting_orders.MOST,
        "unreported": not_told,
        "unclear": [(order, unknown(order.fulfillment_status)) for order in search.unclear] if search else [],
        **_table(request, left),
    }
    return render_page(request, "orders/fulfillment/to_fulfill/page.html", context, status=reading.page_status)


def _table(request: MerchantRequest, every: list[Left]) -> dict[str, Any]:
    form = queue.queue_of(request, every)
    left = form.found
    page = Paginator(left, ROWS).get_page(request.GET.get("page"))
    ids = {row.order.customer_id for row in page if row.order.customer_id}
    names = customer_names.known(request.merchant, request.mode, ids)
    lying = at_hand.of_orders(request.merchant, request.mode, [row.order.id for row in page])
    return {
        "rows": [_row(row, names, lying.get(row.order.id)) for row in page],
        "orders": len(left),
        "units": sum(row.units_left for row in left),
        "form": form,
        "tabs": queue.tabs(request, form),
        "headings": queue.headings(request, form),
        "selectable": (selectable := sum(row.units_left > 0 for row in left)),
        "most_of_batch": batches.MOST,
        "ticks_query": _query(request),
        "all_query": _query(request, all=selectable),
        "tab_count": len(form.tabs[form.tab]),
        "caption": CAPTIONS[form.tab],
        "fulfill_all": address(request, "job_fulfill", all="to-fulfill", page=None),
        "ticks_of": address(request, page=None, sort=None),
        "first": next(iter(waiting.free_for(request.merchant, request.mode, request.user, every)), None),
        "older": address(request, page=page.previous_page_number()) if page.has_previous() else "",
        "newer": address(request, page=page.next_page_number()) if page.has_next() else "",
    }


def _query(request: MerchantRequest, **more: object) -> str:
    """What this view asks for, behind another address."""
    return address(request, page=None, **more).removeprefix(request.path)


def _row(left: Left, names: dict[uuid.UUID, str], lies: Packing | None) -> Row:
    customer = names.get(left.order.customer_id, "") if left.order.customer_id else ""
    return Row(left, customer, FULFILLMENT_STATES["partial"] if left.part_gone else None, lies)
