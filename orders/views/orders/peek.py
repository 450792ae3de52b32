"""An order's essentials beside the list: one call, where the order's page makes six."""

import uuid

from django.http import HttpResponse

from orders import shipped_units, states
from orders.forms.orders.order_address import carried, left_from
from orders.requests import MerchantRequest
from orders.services.orders import reading as reading_module
from orders.views.order_head import order_head, read_order
from orders.views.pages import render_page

PEEK = "peek"  # the id of the element beside the list
LINES = 10  # of an order; more are counted


def peek(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """Live, or the last copy, or the one of the index while RevKeen does not answer. Raise `Http404` or `ApiError`."""
    reading, order = read_order(request, order_id)
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
