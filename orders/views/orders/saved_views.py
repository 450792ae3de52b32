"""Lists of orders that have a name: the menu and the page of them, and saving, changing and removing one."""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from orders.access import merchant_page, refuse
from orders.forms.orders import order_columns
from orders.forms.orders.order_address import VIEW, canonical, left_from, to_keep
from orders.forms.orders.order_columns import COLUMNS_OF_LIST
from orders.forms.orders.order_filter import OrderFilter
from orders.forms.orders.order_views import VIEWS
from orders.forms.orders.saved_views import SaveView
from orders.models import SavedView
from orders.permissions import Right
from orders.requests import MerchantRequest
from orders.services.orders import order_lists, saved_views
from orders.services.orders.saved_views import MOST, Gone, NameTaken, TooMany
from orders.views.pages import render_page, sent

MENU = {"order-views": "orders/orders/saved_views/_menu.html"}


@dataclass(frozen=True)
class Row:
    name: str
    url: str
    count: str  # `1,204`, or "" where it is not counted yet
    line: str  # all that is asked for
    current: bool
    view: SavedView | None = None  # None for those that are there from the beginning
    may_change: bool = False


@require_safe
@merchant_page
def saved_view_list(request: MerchantRequest) -> HttpResponse:
    """All views with their counts, as a page and as the menu of the list, which asks for it when it is opened."""
    shown = left_from(request.GET.get("list", ""))
    context = {"groups": _groups(request, shown), "list": shown.urlencode()}
    return render_page(request, "orders/orders/saved_views/list.html", context, parts=MENU)


@require_safe
@merchant_page
def saved_view(request: MerchantRequest, view_id: uuid.UUID) -> HttpResponse:
    """The address of a view: the list as it was saved."""
    return redirect(_list_of_view(request, _view(request, view_id)))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def saved_view_add(request: MerchantRequest) -> HttpResponse:
    initial = {"list": _with_columns(request, to_keep(request.GET.get("list", ""))).urlencode()}
    form = SaveView(sent(request), initial=initial, may_share=request.membership.may(Right.SHARE))
    if request.method == "POST" and form.is_valid():
        name, query = form.cleaned_data["name"], to_keep(form.cleaned_data["list"]).urlencode()
        try:
            view = saved_views.save(request.membership, request.mode, name, query, shared=form.shared)
        except NameTaken:
            form.add_error("name", "There is a view of this name already.")
        except TooMany:
            form.add_error(None, f"There are {MOST} views already. Remove one that nobody needs.")
        else:
            messages.success(request, f"{view} was saved.")
            return redirect(_list_of_view(request, view))
    return _form_page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def saved_view_edit(request: MerchantRequest, view_id: uuid.UUID) -> HttpResponse:
    """Another name, and the list as it stands now where somebody comes from a list that was changed."""
    view = _view_to_change(request, view_id)
    query = to_keep(request.GET["list"]).urlencode() if "list" in request.GET else view.query
    form = SaveView(sent(request), initial={"name": view.name, "list": query}, may_share=False)
    if request.method == "POST" and form.is_valid():
        name, query = form.cleaned_data["name"], to_keep(form.cleaned_data["list"]).urlencode()
        try:
            saved_views.change(view, name, query)
        except NameTaken:
            form.add_error("name", "There is a view of this name already.")
        except Gone as error:
            raise Http404 from error
        else:
            messages.success(request, f"{name} was saved.")
            return redirect(_address(request, view))
    return _form_page(request, form, view)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def saved_view_remove(request: MerchantRequest, view_id: uuid.UUID) -> HttpResponse:
    view = _view_to_change(request, view_id)
    if request.method == "POST":
        saved_views.remove(view)
        messages.success(request, f"{view} was removed.")
        return redirect("saved_view_list", request.merchant.slug, request.mode)
    return render_page(request, "orders/orders/saved_views/remove.html", {"view": view})


def _form_page(request: MerchantRequest, form: SaveView, view: SavedView | None = None) -> HttpResponse:
    kept = to_keep(form["list"].value() or "")
    context = {"form": form, "view": view, "line": _filter(request, kept).line, "back": _list_of(request, "")}
    if view is not None or kept:
        context["back"] = _list_of_view(request, view) if view else _list_of(request, kept.urlencode())
    return render_page(request, "orders/orders/saved_views/form.html", context, status=422 if form.errors else 200)


def _with_columns(request: MerchantRequest, kept: QueryDict) -> QueryDict:
    """A view keeps the columns that its author sees: others may have chosen other ones."""
    kept[COLUMNS_OF_LIST] = order_columns.write(order_columns.shown(kept, request.user.order_columns))
    return kept


def _groups(request: MerchantRequest, shown: QueryDict) -> list[tuple[str, list[Row]]]:
    """The views that are there from the beginning, one's own and the team's, each with its count."""
    views = list(saved_views.seen_by(request.membership, request.mode))
    filters = {query: _filter(request, canonical(QueryDict(query))) for query in _queries(views)}
    counted = order_lists.counts_of_each([one.wanted for one in filters.values()])
    counts = {query: found for query, found in zip(filters, counted, strict=True) if found}

    def row(name: str, query: str, view: SavedView | None = None) -> Row:
        current = shown.get(VIEW) == str(view.pk) if view else shown.urlencode() == query
        changeable = view is not None and saved_views.may_change(request.membership, view)
        url = _address(request, view) if view else _list_of(request, query)
        count = counts[query].words(filters[query].tab) if query in counts else ""
        return Row(name, url, count, filters[query].line, current, view, changeable)

    fixed = [row(name, query) for name, query in VIEWS]
    mine, team = ([row(view.name, view.query, view) for view in views if view.shared is of] for of in (False, True))
    return [group for group in (("Always here", fixed), ("Mine", mine), ("The team’s", team)) if group[1]]


def _queries(views: list[SavedView]) -> list[str]:
    """In the order in which they are counted, those that somebody saved first."""
    return [*(view.query for view in views), *(query for _, query in VIEWS)]


def _filter(request: MerchantRequest, address: QueryDict) -> OrderFilter:
    return OrderFilter(address, request.merchant, request.mode, timezone.now())


def _list_of(request: MerchantRequest, query: str) -> str:
    path = reverse("order_list", args=[request.merchant.slug, request.mode])
    return f"{path}?{query}" if query else path


def _address(request: MerchantRequest, view: SavedView) -> str:
    return reverse("saved_view", args=[request.merchant.slug, request.mode, view.pk])


def _list_of_view(request: MerchantRequest, view: SavedView) -> str:
    address = canonical(QueryDict(view.query))
    address[VIEW] = str(view.pk)
    return _list_of(request, address.urlencode())


def _view(request: MerchantRequest, view_id: uuid.UUID) -> SavedView:
    view = saved_views.find(request.membership, request.mode, view_id)
    if view is None:
        raise Http404
    return view


def _view_to_change(request: MerchantRequest, view_id: uuid.UUID) -> SavedView:
    view = _view(request, view_id)
    if not saved_views.may_change(request.membership, view):
        refuse(request, "may not change this view")
        raise PermissionDenied("Only its author or an admin may change it")
    return view
