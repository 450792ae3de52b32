"""An order's essentials beside the list: one call, where the order's page makes six."""

import uuid

from django.http import Http404, HttpResponse

from orders import shipped_units, states
from orders.apis.errors import InDoubt, Missing, NotSent
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Order
from orders.forms.orders.order_address import carried, left_from
from orders.models import OrderCopy
from orders.requests import MerchantRequest
from orders.services.index import copies, freshness
from orders.services.orders import reading as reading_module
from orders.services.revkeen.session import Reading
from orders.views.order_head import order_head, read_or_404
from orders.views.pages import render_page

PEEK = "peek"  # the id of the element beside the list
LINES = 10  # of an order; more are counted


def peek(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """Live, or the last copy, or the one of the index while RevKeen does not answer. Raise `Http404` or `ApiError`."""
    reading = _read(request, order_id)
    order = reading.require()
    written = shipped_units.all_of_order(request.merchant, request.mode, order_id)
    names = reading_module.customer_labels(request.merchant, request.mode, [order], None)
    lines = [(line, order.money(line.total)) for line in order.lines]
    context = {
        **order_head(request, reading),
        "customer": names.get(order.customer_id, "") if order.customer_id else "",
        "lines": lines[:LINES],
        "more_lines": len(lines[LINES:]),
        "shipments": [(shipment, states.shipment_state(shipment)) for shipment in written],
        "carried": carried(left_from(request.GET.get("list", ""))),
    }
    return render_page(request, "orders/orders/_peek.html", context)


def _read(request: MerchantRequest, order_id: uuid.UUID) -> Reading[Order]:
    reading = read_or_404(request, lambda api: api.get(reads.order(order_id)))
    if isinstance(reading.error, Missing):
        raise Http404
    if reading.value is None and isinstance(reading.error, NotSent | InDoubt):
        here = OrderCopy.objects.filter(merchant=request.merchant, mode=request.mode, gone_at=None, unreadable="")
        copy = here.filter(order_id=order_id).prefetch_related("lines").first()
        if copy is not None:
            as_of = freshness.as_of(request.merchant, request.mode) or copy.read_started
            return Reading(as_of, copies.order_of(copy), reading.error)
    return reading
