"""Choosing the columns of a list of orders: of one list, which a view keeps, or of all that a person sees."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.forms.orders import order_columns
from orders.forms.orders.order_address import VIEW, left_from
from orders.forms.orders.order_columns import COLUMNS, COLUMNS_OF_LIST, Column
from orders.requests import MerchantRequest
from orders.views.pages import render_page

STEPS = {"up": -1, "down": 1}


@dataclass(frozen=True)
class Row:
    name: str
    column: Column
    shown: bool


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_columns_choose(request: MerchantRequest) -> HttpResponse:
    """Every press of a button keeps what is chosen; those that move a column lead back to this page."""
    came_from = left_from(request.GET.get("list", ""))
    if request.method == "POST":
        return _chosen(request, came_from)
    columns = order_columns.shown(came_from, request.user.order_columns)
    rest = order_columns.read(request.GET.get("rest", ""))
    names = order_columns.with_others((*columns, *(name for name in rest if name not in columns)))
    context: dict[str, Any] = {
        "rows": [Row(name, COLUMNS[name], name in columns) for name in names],
        "of_list": _is_of_list(came_from),
        "list": came_from.urlencode(),
        "back": _list(request, came_from),
        "moved": request.GET.get("moved", ""),
    }
    return render_page(request, "orders/orders/columns.html", context)


def _chosen(request: MerchantRequest, came_from: QueryDict) -> HttpResponse:
    order = order_columns.with_others(order_columns.read(" ".join(request.POST.getlist("order"))))
    for direction, step in STEPS.items():
        order = order_columns.moved(order, request.POST.get(direction, ""), step)
    wanted = set(request.POST.getlist("column"))
    columns = tuple(name for name in order if name in wanted) if "usual" not in request.POST else ()
    _keep(request, came_from, columns)
    name = next((name for direction in STEPS if (name := request.POST.get(direction, ""))), "")
    if not name:
        return redirect(_list(request, came_from))
    way = "up" if request.POST.get("up") else "down"
    query = urlencode({"list": came_from.urlencode(), "rest": " ".join(order), "moved": f"{way}-{name}"})
    return redirect(f"{request.path}?{query}")


def _keep(request: MerchantRequest, came_from: QueryDict, columns: tuple[str, ...]) -> None:
    """In the address of a list that has its own, else with the person. None at all are the usual ones."""
    if _is_of_list(came_from):
        came_from.pop(COLUMNS_OF_LIST, None)
        if columns:
            came_from[COLUMNS_OF_LIST] = order_columns.write(columns)
        return
    request.user.order_columns = order_columns.write(columns)
    request.user.save(update_fields=["order_columns"])
    if not columns:
        messages.info(request, "The list has its usual columns again.")


def _is_of_list(came_from: QueryDict) -> bool:
    return COLUMNS_OF_LIST in came_from or VIEW in came_from


def _list(request: MerchantRequest, came_from: QueryDict) -> str:
    path = reverse("order_list", args=[request.merchant.slug, request.mode])
    return f"{path}?{came_from.urlencode()}" if came_from else path
