import uuid

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders import states
from orders.access import merchant_page
from orders.apis.revkeen.objects import Listing
from orders.forms.orders import order_columns
from orders.forms.orders.customers import MAX_OFFSET, CustomerSearch
from orders.requests import MerchantRequest
from orders.services.orders import customers
from orders.services.revkeen import session
from orders.views.order_head import read_or_404
from orders.views.orders.tables import order_rows
from orders.views.pages import render_page

TYPED_AHEAD = 8  # customers offered while somebody types


@require_safe
@merchant_page
def customer_list(request: MerchantRequest) -> HttpResponse:
    """Customers by what is typed; the part `customer-options` offers them to the filter of the orders."""
    form = CustomerSearch(request.GET)
    if not form.is_valid():
        return render_page(request, "orders/orders/customers/list.html", {"form": form}, status=400)
    text, offset = form.cleaned_data["q"].strip(), form.cleaned_data["offset"] or 0
    typing = request.htmx and request.htmx.target == "customer-options"
    with session.session(request.merchant, request.mode) as api:
        listing = customers.search(api, text, offset, TYPED_AHEAD if typing else customers.PAGE_SIZE)
    found = listing.value or Listing([])
    context = {"form": form, "text": text, "listing": listing, "total": found.total, **_paging(offset, found)}
    parts = {"customer-options": "orders/orders/customers/_options.html"}
    return render_page(request, "orders/orders/customers/list.html", context, parts=parts, status=listing.page_status)


@require_safe
@merchant_page
def customer_detail(request: MerchantRequest, customer_id: uuid.UUID) -> HttpResponse:
    file = read_or_404(request, lambda api: customers.customer_file(api, customer_id))
    customer = file.customer.require()
    now = timezone.now()
    methods = file.payment_methods.value.rows if file.payment_methods.value else []
    context = {
        "file": file,
        "customer": customer,
        "columns": order_columns.OF_CUSTOMER,
        "rows": order_rows(file.orders.value or Listing([]), {customer.id: customer.shown_name}),
        "methods": [(method, states.payment_method_state(method, expired=method.expired(now))) for method in methods],
    }
    return render_page(request, "orders/orders/customers/detail.html", context)


def _paging(offset: int, found: Listing) -> dict[str, int | None]:
    """Offsets of the pages around this one, None where there is none."""
    shown = len(found.rows) + len(found.unreadable)
    more = shown == customers.PAGE_SIZE if found.total is None else offset + shown < found.total
    return {
        "first": offset + 1,
        "last": offset + shown,
        "previous_offset": max(0, offset - customers.PAGE_SIZE) if offset else None,
        "next_offset": offset + customers.PAGE_SIZE if more and offset + shown <= MAX_OFFSET else None,
    }
