"""The list of orders: read live where RevKeen can answer, and out of the index where it cannot."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.access import merchant_page
from orders.apis.revkeen.objects import Listing
from orders.forms.orders import order_columns
from orders.forms.orders.order_address import PAGE, SORT, SUMS, TICK, VIEW, canonical, carried, left_from, to_keep
from orders.forms.orders.order_columns import COLUMNS, COLUMNS_OF_LIST, NUMBER
from orders.forms.orders.order_filter import OrderFilter
from orders.forms.orders.order_views import VIEWS
from orders.requests import MerchantRequest
from orders.services.index.order_list import NEWEST_FIRST
from orders.services.orders import order_lists, reading, saved_views
from orders.services.orders.order_lists import Found
from orders.states import STATUSES
from orders.views.addresses import address
from orders.views.orders.adding_up import added_up
from orders.views.orders.tables import OrderRow, kept_rows
from orders.views.pages import render_page

LIST_PARTS = {"order-table": "orders/orders/_table.html", "customer-orders": "orders/orders/_customer_orders.html"}
NO_PAGE = dict.fromkeys((*PAGE, TICK, SUMS))


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool
    count: str  # `1,204`, or "" where the index cannot count yet


@dataclass(frozen=True)
class Heading:
    label: str
    classes: str
    url: str  # sorts by it, or the other way round; "" where it cannot be sorted
    sorted: str  # "ascending", "descending" or ""


@require_safe
@merchant_page
def order_list(request: MerchantRequest) -> HttpResponse:
    asked = canonical(request.GET)
    if dict(asked.lists()) != dict(request.GET.lists()):
        return redirect(f"{request.path}?{asked.urlencode()}" if asked else request.path)
    form = OrderFilter(asked, request.merchant, request.mode, timezone.now())
    found = order_lists.find(form.wanted)
    if form.page["ending_before"] and not found.ahead and found.listing.value is not None:
        return redirect(address(request, **NO_PAGE))  # going back ends on the first page, whole
    context = {
        "form": form,
        "tabs": _tabs(request, form, found),
        **_views(request, form),
        **_table(request, form, found),
    }
    return render_page(request, "orders/orders/list.html", context, parts=LIST_PARTS, status=found.listing.page_status)


@require_safe
@merchant_page
def order_neighbor(request: MerchantRequest, order_id: uuid.UUID, direction: str) -> HttpResponse:
    """Go on to the next order of the list, or the one before; asked for when wanted, because it may cost a call."""
    came_from = left_from(request.GET.get("list", ""))
    asked = came_from.copy()
    asked["starting_after" if direction == "older" else "ending_before"] = str(order_id)
    found = order_lists.neighbor(OrderFilter(asked, request.merchant, request.mode, timezone.now()).wanted)
    where = [request.merchant.slug, request.mode]
    if found is None:
        return redirect(f"{reverse('order_list', args=where)}?{came_from.urlencode()}".rstrip("?"))
    return redirect(reverse("order_detail", args=[*where, found]) + carried(came_from))


def _views(request: MerchantRequest, form: OrderFilter) -> dict[str, Any]:
    """What the menu of views needs until it is opened, and the view that the list began as: a query only for that."""
    view = saved_views.find(request.membership, request.mode, form.view_id) if form.view_id else None
    query = request.GET.urlencode()
    changed = view is not None and dict(QueryDict(view.query).lists()) != dict(to_keep(query).lists())
    return {
        "views": VIEWS,
        "list": left_from(query).urlencode(),
        "saved_view": view,
        "view_changed": changed,
        "view_may_change": changed and view is not None and saved_views.may_change(request.membership, view),
    }


def _tabs(request: MerchantRequest, form: OrderFilter, found: Found) -> list[Tab]:
    return [
        Tab(
            label,
            address(request, status=status or None, **NO_PAGE),
            status == form.tab,
            found.counts.words(status) if found.counts else "",
        )
        for status, label in [("", "All"), *STATUSES.items()]
    ]


def _table(request: MerchantRequest, form: OrderFilter, found: Found) -> dict[str, Any]:
    listing = found.listing.value or Listing([])
    names = reading.customer_labels(request.merchant, request.mode, listing.rows, form.customer_id)
    rows = kept_rows(listing, names, set(request.GET.getlist(TICK)))
    chips = [(chip, _without(request, chip.name, chip.text)) for chip in form.chips]
    columns = order_columns.shown(request.GET, request.user.order_columns)
    ticked = [row.order for row in rows if isinstance(row, OrderRow) and row.ticked]
    return {
        "found": found,
        "listing": found.listing,
        "rows": rows,
        "total": found.counts.words(form.tab) if found.counts else listing.total,
        "columns": columns,
        "headings": [_heading(request, form, name) for name in ("number", *columns)],
        "newer": _page(request, "ending_before", found.first) if found.ahead else "",
        "older": _page(request, "starting_after", found.last) if found.more else "",
        **added_up(request, form, found, ticked),
        "ticks_of": _ticks_of(request),
        "without_ticks": address(request, **{TICK: None, SUMS: None}),
        "all_added": address(request, **{TICK: None, SUMS: "all"}),
        "customer_name": names.get(form.customer_id) if form.customer_id else None,
        "list_suffix": carried(left_from(request.GET.urlencode())),
        "chips": chips,
        "shown_chips": [(chip, url) for chip, url in chips if not chip.in_sentence],
    }


def _ticks_of(request: MerchantRequest) -> str:
    """What the ticks belong to: they stay on every page of the same orders, however they are sorted."""
    asked = left_from(request.GET.urlencode())
    for name in (SORT, VIEW, COLUMNS_OF_LIST):
        asked.pop(name, None)
    return f"{request.path}?{asked.urlencode()}"


def _page(request: MerchantRequest, name: str, border: uuid.UUID | None) -> str:
    """The address of the next page; "" where no row of this one says where it ends."""
    return address(request, **NO_PAGE | {name: border}) if border else ""


def _heading(request: MerchantRequest, form: OrderFilter, name: str) -> Heading:
    column = COLUMNS.get(name, NUMBER)
    if not column.sort:
        return Heading(column.label, column.classes, "", "")
    is_sorted = form.sort.removeprefix("-") == name
    descending = form.sort.startswith("-")
    following = column.sort if not is_sorted else name if descending else f"-{name}"
    sort = None if following == NEWEST_FIRST else following
    words = ("descending" if descending else "ascending") if is_sorted else ""
    return Heading(column.label, column.classes, address(request, sort=sort, **NO_PAGE), words)


def _without(request: MerchantRequest, name: str, text: str) -> str:
    """This page's address without a condition."""
    query = request.GET.copy()
    for other in PAGE:
        query.pop(other, None)
    left = [value for value in query.pop(name, []) if value != text]
    if left:
        query.setlist(name, left)
    return f"{request.path}?{query.urlencode()}" if query else request.path
