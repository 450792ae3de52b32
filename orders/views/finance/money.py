"""The lists of payments and of refunds: by the day of the money, with what they come to."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders import states
from orders.access import merchant_page
from orders.apis.revkeen.objects import brand_name
from orders.forms.finance.money_filter import FinanceFilter, PaymentFilter, RefundFilter
from orders.forms.orders.order_address import PAGE
from orders.models import OrderCopy, RefundCopy, TransactionCopy
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services.finance import money_list
from orders.services.index import freshness
from orders.services.orders.payments import DECLINES
from orders.services.orders.refunds import REASONS
from orders.services.revkeen import customer_names
from orders.states import State
from orders.views.addresses import address
from orders.views.pages import render_page

NO_PAGE = dict.fromkeys(PAGE)
TYPES = {"refund": "Refund", "void": "Void"}


@dataclass(frozen=True)
class MoneyRow:
    id: str
    at: datetime
    what: str  # `Visa ••1111`, or the method
    state: State
    amount: Money
    note: str  # why it failed, or why it went back
    order_id: uuid.UUID | None
    number: str
    customer_id: uuid.UUID | None
    customer: str  # "" where the name is not known yet
    waits: bool  # it is on its way, and its age counts


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
    orders = OrderCopy.objects.filter(
        merchant=place.merchant, mode=place.mode, order_id__in={copy.order_id for copy in copies if copy.order_id}
    )
    numbers = dict(orders.values_list("order_id", "public_id"))
    names = customer_names.known(place.merchant, place.mode, {copy.customer_id for copy in copies if copy.customer_id})
    reasons = money_list.refund_reasons(place, copies)
    return [_row(copy, numbers, names, reasons, form.source.signed) for copy in copies]


def _row(
    copy: TransactionCopy | RefundCopy,
    numbers: dict[uuid.UUID, str],
    names: dict[uuid.UUID, str],
    reasons: Any,
    signed: bool,
) -> MoneyRow:
    is_refund = isinstance(copy, RefundCopy)
    state = states.refund_state(copy.status) if is_refund else states.transaction_status(copy.status)
    return MoneyRow(
        id=str(copy.refund_id if isinstance(copy, RefundCopy) else copy.transaction_id),
        at=copy.moved_at,
        what=_what(copy),
        state=State("Unreadable", "alert-triangle", "bad") if copy.unreadable else state,
        amount=Money(-copy.amount if signed and _is_out(copy) else copy.amount, copy.currency),
        note=_note(copy, reasons),
        order_id=copy.order_id,
        number=numbers.get(copy.order_id, "") if copy.order_id else "",
        customer_id=copy.customer_id,
        customer=names.get(copy.customer_id, "") if copy.customer_id else "",
        waits=is_refund and copy.status not in money_list.ENDED,
    )


def _is_out(copy: TransactionCopy | RefundCopy) -> bool:
    return isinstance(copy, TransactionCopy) and copy.flow == TransactionCopy.Flow.OUT


def _what(copy: TransactionCopy | RefundCopy) -> str:
    method = (copy.method or "payment").replace("_", " ").capitalize()
    card = f"{brand_name(copy.card_brand or None)} ••{copy.card_last_four}" if copy.card_last_four else method
    if isinstance(copy, RefundCopy) or copy.type == "sale":
        return card
    return f"{TYPES.get(copy.type, copy.type[:40].capitalize())}, {card}"


def _note(copy: TransactionCopy | RefundCopy, reasons: Any) -> str:
    """What went wrong in the gateway's words, or why money goes back in RevKeen's."""
    if copy.unreadable:
        return copy.unreadable
    if copy.failure_reason:
        return DECLINES.get(copy.failure_reason, copy.failure_reason)
    reason = copy.reason if isinstance(copy, RefundCopy) else reasons.get(copy.transaction_id, "")
    return REASONS.get(reason, reason)
