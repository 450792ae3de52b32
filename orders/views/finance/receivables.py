"""What is owed, and for how long: by order, the oldest first, or by customer."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.access import merchant_page
from orders.forms.finance.money_filter import ReceivableFilter
from orders.forms.orders.order_address import PAGE
from orders.models import OrderCopy
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services.finance import receivables as owed
from orders.services.finance.receivables import AGES, Line
from orders.services.revkeen import customer_names
from orders.views.addresses import address
from orders.views.finance.money import canonical_or_none, without
from orders.views.pages import render_page

NO_PAGE = dict.fromkeys(PAGE)


@dataclass(frozen=True)
class DueRow:
    """An order, or a customer with `count` orders in one currency."""

    order_id: uuid.UUID | None
    number: str
    customer_id: uuid.UUID | None
    customer: str  # "" where the name is not known yet
    placed: datetime
    due: Money
    count: int = 1
    url: str = ""  # of a customer: their orders
    expired: bool = False


@require_safe
@merchant_page
def receivables(request: MerchantRequest) -> HttpResponse:
    if elsewhere := canonical_or_none(request, ReceivableFilter):
        return redirect(elsewhere)
    form = ReceivableFilter(request.GET, request.merchant, request.mode, timezone.now())
    chips = [(chip, without(request, chip.name, chip.text)) for chip in form.chips]
    context = {
        "tab": "Receivables",
        "form": form,
        "chips": chips,
        "shown_chips": [(chip, url) for chip, url in chips if not chip.in_sentence],
        "ages": list(AGES.values()),
        "lines": [(line, _cells(request, line)) for line in owed.aged(form.place, form.question)],
        "as_of": form.place.as_of,
        **(_by_customer(request, form) if form.state == "customers" else _by_order(request, form)),
    }
    return render_page(request, "orders/finance/receivables/page.html", context)


def _cells(request: MerchantRequest, line: Line) -> list[tuple[str, Any, str]]:
    """Each age's heading, what is due, and the address of the orders behind it."""
    return [
        (AGES[age], one, address(request, age=age, currency=line.currency, **NO_PAGE))
        for age, one in zip(AGES, line.by_age, strict=True)
    ]


def _by_order(request: MerchantRequest, form: ReceivableFilter) -> dict[str, Any]:
    page = owed.orders(form.place, form.question, form.page["starting_after"], form.page["ending_before"])
    names = _names(request, [copy.customer_id for copy in page.rows])
    rows = [_order_row(copy, names, owed.expired(form.place, copy)) for copy in page.rows]
    return {
        "rows": rows,
        "newer": address(request, **NO_PAGE | {"ending_before": rows[0].order_id}) if page.ahead and rows else "",
        "older": address(request, **NO_PAGE | {"starting_after": rows[-1].order_id}) if page.more and rows else "",
    }


def _by_customer(request: MerchantRequest, form: ReceivableFilter) -> dict[str, Any]:
    found = owed.debtors(form.place, form.question)
    names = _names(request, [one.customer_id for one in found])
    rows = [
        DueRow(
            order_id=None,
            number="",
            customer_id=one.customer_id,
            customer=names.get(one.customer_id, "") if one.customer_id else "",
            placed=one.oldest,
            due=one.owed.amount,
            count=one.owed.count,
            url=_orders_of(request, one.customer_id, one.owed.amount.currency),
        )
        for one in found
    ]
    return {"rows": rows, "most": len(rows) == owed.MOST_CUSTOMERS, "newer": "", "older": ""}


def _orders_of(request: MerchantRequest, customer_id: uuid.UUID | None, currency: str) -> str:
    if customer_id is None:
        return ""
    return address(request, state=None, customer=customer_id, currency=currency, **NO_PAGE)


def _order_row(copy: OrderCopy, names: dict[uuid.UUID, str], expired: bool) -> DueRow:
    customer = names.get(copy.customer_id, "") if copy.customer_id else ""
    due = Money(copy.still_due, copy.currency)
    return DueRow(copy.order_id, copy.public_id, copy.customer_id, customer, copy.created_at, due, expired=expired)


def _names(request: MerchantRequest, ids: list[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    return customer_names.known(request.merchant, request.mode, {one for one in ids if one})
