"""The lists of payments and of refunds: by the day of the money, with what they come to."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.access import merchant_page
from orders.forms.finance.money_filter import FinanceFilter, PaymentFilter, RefundFilter
from orders.forms.orders.order_address import PAGE
from orders.requests import MerchantRequest
from orders.services.finance import money_list, money_rows
from orders.services.finance.money_rows import MoneyRow
from orders.services.index import freshness
from orders.services.revkeen import customer_names
from orders.views.addresses import address
from orders.views.pages import render_page

NO_PAGE = dict.fromkeys(PAGE)


@require_safe
@merchant_page
def payments(request: MerchantRequest) -> HttpResponse:
    return _list(request, PaymentFilter, "Payments")


@require_safe
@merchant_page
def refunds(request: MerchantRequest) -> HttpResponse:
    return _list(request, RefundFilter, "Refunds")


def without(request: MerchantRequest, name: str, text: str) -> str:
    """This page's address without a condition."""
    query = request.GET.copy()
    for other in PAGE:
        query.pop(other, None)
    left = [value for value in query.pop(name, []) if value != text]
    if left:
        query.setlist(name, left)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def canonical_or_none(request: MerchantRequest, form: type[FinanceFilter]) -> str | None:
    """Where the same is asked for by an address that carries only what is set; None where this one is it."""
    asked = form.canonical(request.GET)
    if asked.urlencode() == request.GET.urlencode():
        return None
    return f"{request.path}?{asked.urlencode()}" if asked else request.path


def _list(request: MerchantRequest, kind: type[PaymentFilter], tab: str) -> HttpResponse:
    if elsewhere := canonical_or_none(request, kind):
        return redirect(elsewhere)
    form = kind(request.GET, request.merchant, request.mode, timezone.now())
    question = form.question
    page = money_list.page(
        form.place, form.source, question, form.sort, form.page["starting_after"], form.page["ending_before"]
    )
    if form.page["ending_before"] and not page.ahead:
        return redirect(address(request, **NO_PAGE))  # going back ends on the first page, whole
    chips = [(chip, without(request, chip.name, chip.text)) for chip in form.chips]
    context = {
        "tab": tab,
        "list_name": tab.lower(),
        "form": form,
        "chips": chips,
        "shown_chips": [(chip, url) for chip, url in chips if not chip.in_sentence],
        "rows": _rows(form, page.rows),
        "totals": money_list.totals(form.place, form.source, question),
        "as_of": freshness.money_as_of(request.merchant, request.mode),
        "newer": _beside(request, form, "ending_before", page.rows[0]) if page.ahead and page.rows else "",
        "older": _beside(request, form, "starting_after", page.rows[-1]) if page.more else "",
        "sorts": {name: _sort(request, form, name) for name in money_list.SORTS},
    }
    return render_page(request, "orders/finance/money/list.html", context)


def _beside(request: MerchantRequest, form: PaymentFilter, name: str, border: Any) -> str:
    """The address of the next page."""
    return address(request, **NO_PAGE | {name: getattr(border, form.source.key)})


def _sort(request: MerchantRequest, form: PaymentFilter, name: str) -> tuple[str, str]:
    """The address that sorts by the column, or the other way around; and how it is sorted by it now."""
    descending = form.sort.startswith("-")
    is_sorted = form.sort.removeprefix("-") == name
    following = name if is_sorted and descending else f"-{name}"
    sort = None if following == money_list.NEWEST_FIRST else following
    words = ("descending" if descending else "ascending") if is_sorted else ""
    return address(request, sort=sort, **NO_PAGE), words


def _rows(form: PaymentFilter, copies: list[Any]) -> list[MoneyRow]:
    place = form.place
    names = customer_names.known(place.merchant, place.mode, {copy.customer_id for copy in copies if copy.customer_id})
    return money_rows.rows(place, form.source, copies, names)
