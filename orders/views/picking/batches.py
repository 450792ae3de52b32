"""Batches: making one of what was selected in To fulfill, the list of them, and the page of one."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from orders.access import merchant_page
from orders.models import Batch, BatchOrder
from orders.requests import MerchantRequest
from orders.services.fulfillment import to_fulfill
from orders.services.fulfillment.to_fulfill import Left
from orders.services.index import freshness
from orders.services.picking import batches
from orders.services.revkeen import session
from orders.views.addresses import address
from orders.views.fulfillment import selection
from orders.views.fulfillment.selection import Selection
from orders.views.pages import render_page

ROWS = 50  # of a page


@dataclass(frozen=True)
class Row:
    """An order of a batch, and what is left of it; None where it does not wait any more."""

    of_batch: BatchOrder
    left: Left | None


@merchant_page
@require_POST
def batch_create(request: MerchantRequest) -> HttpResponse:
    chosen = selection.selected(request)
    if not 0 < len(chosen.orders) <= batches.MOST:
        _say_why_not(request, chosen)
        return _to(request, "to_fulfill", query=_without_all(request))
    batch = batches.create(request.merchant, request.mode, chosen.orders, request.user)
    messages.success(request, f"{batch} has {_orders(len(chosen.orders))}. Nothing is shipped by it.")
    if chosen.differs:
        messages.warning(request, f"The view had {chosen.shown} orders when you opened it, and has others now.")
    return _to(request, "batch_detail", batch.number)


@require_safe
@merchant_page
def batch_list(request: MerchantRequest) -> HttpResponse:
    page = Paginator(batches.listed(request.merchant, request.mode), ROWS).get_page(request.GET.get("page"))
    context = {
        "rows": page.object_list,
        "as_of": freshness.as_of(request.merchant, request.mode),
        "newer": address(request, page=page.previous_page_number()) if page.has_previous() else "",
        "older": address(request, page=page.next_page_number()) if page.has_next() else "",
    }
    return render_page(request, "orders/picking/batches.html", context)


@require_safe
@merchant_page
def batch_detail(request: MerchantRequest, number: int) -> HttpResponse:
    batch = batch_of(request, number)
    with session.session(request.merchant, request.mode) as api:
        reading = to_fulfill.search(api)
        left, _ = to_fulfill.left(api, reading.value) if reading.value else ([], 0)
    known = {row.order.id: row for row in left if row.units_left}
    rows = [Row(one, known.get(one.order_id)) for one in batch.orders.all()]
    context = {
        "batch": batch,
        "rows": rows,
        "reading": reading,
        "waiting": sum(row.left is not None for row in rows),
        "held": sum(row.left is not None and row.left.handled.hold is not None for row in rows),
        "parts": [(place, part[0].place, part[-1].place) for place, part in enumerate(batches.parts(_of(rows)), 1)],
        "prints": batch.prints.select_related("user"),
        "others": batches.others(batch),
    }
    return render_page(request, "orders/picking/batch.html", context, status=reading.page_status)


def batch_of(request: MerchantRequest, number: int) -> Batch:
    """Raise `Http404`."""
    batch = batches.find(request.merchant, request.mode, number)
    if batch is None:
        raise Http404
    return batch


def _of(rows: list[Row]) -> list[BatchOrder]:
    return [row.of_batch for row in rows]


def _say_why_not(request: MerchantRequest, chosen: Selection) -> None:
    if chosen.orders:
        words = f"No batch was created: a batch has at most {batches.MOST} orders, and you selected {{:,}}."
        messages.warning(request, words.format(len(chosen.orders)))
    else:
        messages.warning(request, "No batch was created: select orders that wait to be shipped first.")


def _without_all(request: MerchantRequest) -> str:
    query = request.GET.copy()
    query.pop(selection.ALL, None)
    return query.urlencode()


def _to(request: MerchantRequest, page: str, *args: object, query: str = "") -> HttpResponse:
    response = redirect(page, request.merchant.slug, request.mode, *args)
    response["Location"] += f"?{query}" if query else ""
    response.status_code = 303
    return response


def _orders(count: int) -> str:
    return f"{count:,} order{'' if count == 1 else 's'}"
