"""Closing months: the list of them, and the page of one, which is only read once it is closed."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.access import merchant_page, refuse
from orders.forms.finance.months import SecondForm, SignMonthForm
from orders.models import AfterClosing, MonthClosing
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services.finance import months, review
from orders.services.finance.months import Line, Month, NotPossible
from orders.services.index import copies
from orders.services.index.order_filters import Place
from orders.views.pages import render_page, sent

LISTED = 18  # months back, where none was closed
MOST_AFTER = 500  # changes that are shown one by one


@dataclass(frozen=True)
class MonthRow:
    month: Month
    closing: MonthClosing | None
    declined: list[MonthClosing]


@dataclass(frozen=True)
class LineRow:
    """A currency's month, as amounts."""

    currency: str
    owed_before: Money
    ordered: Money
    collected: Money
    owed_after: Money
    net_before: Money
    refunded: Money
    net_after: Money


@dataclass(frozen=True)
class ChangeRow:
    change: AfterClosing
    number: str
    before: Money
    now: Money


@require_safe
@merchant_page
def month_list(request: MerchantRequest) -> HttpResponse:
    place = _place(request)
    rows = _rows(place)
    return render_page(request, "orders/finance/months/list.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def month_detail(request: MerchantRequest, month: date) -> HttpResponse:
    """A month as it is now, with the form to sign it; one that is signed as it was then."""
    place = _place(request)
    wanted = _month(place, month)
    form = SignMonthForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            closing = months.sign(place, wanted, form.cleaned_data["note"], request.user)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            words = "waits for a second signature" if closing.waiting else "is closed"
            messages.success(request, f"{wanted} {words}.")
            return redirect("month_detail", request.merchant.slug, request.mode, month)
    return _page(request, place, wanted, form)


@merchant_page
@require_POST
def month_second(request: MerchantRequest, month: date) -> HttpResponse:
    place = _place(request)
    wanted = _month(place, month)
    form = SecondForm(request.POST)
    closing = months.standing(place, wanted)
    if closing is None:
        raise Http404
    if form.is_valid():
        try:
            _answer(request, closing, form)
        except NotPossible as error:
            refuse(request, str(error))
            form.add_error(None, str(error))
        else:
            return redirect("month_detail", request.merchant.slug, request.mode, month)
    return _page(request, place, wanted, SignMonthForm(), form)


def _answer(request: MerchantRequest, closing: MonthClosing, form: SecondForm) -> None:
    if form.cleaned_data["digest"] != closing.digest:
        raise NotPossible("It was signed anew since the page was opened. Look at it again.")
    if form.cleaned_data["answer"] == SecondForm.CONFIRM:
        months.confirm(closing, request.user)
        messages.success(request, f"{closing} is closed.")
    else:
        months.decline(closing, request.user, form.cleaned_data["reason"])
        messages.success(request, f"{closing} was declined, and can be signed anew.")


def _page(
    request: MerchantRequest, place: Place, month: Month, form: SignMonthForm, second: SecondForm | None = None
) -> HttpResponse:
    closing = months.standing(place, month)
    refused = second if second is not None and second.errors else form if form.errors else None
    context: dict[str, Any] = {"month": month, "closing": closing, "form": refused, "sign": form}
    if closing is None:
        counted = review.counts(months.open_in(place, month))
        context |= {
            "lines": [_line(line) for line in months.lines(place, month)],
            "why_not": months.why_not(place, month),
            "open_count": sum(one.orders for one in counted),
        }
    else:
        context |= _signed(place, closing)
        context["second"] = second or SecondForm(initial={"digest": closing.digest})
    return render_page(request, "orders/finance/months/month.html", context, status=422 if refused else 200)


def _signed(place: Place, closing: MonthClosing) -> dict[str, Any]:
    """What was signed, whether it still is that, and what has changed since."""
    content = json.loads(closing.content)
    after = months.after(closing)
    return {
        "content": content,
        "as_of": datetime.fromisoformat(content["as_of"]),
        "lines": [_line(months.line_of(one)) for one in content["currencies"]],
        "open": [(one, Money(one["amount"], one["currency"])) for one in content["open"]],
        "as_signed": months.is_as_signed(closing),
        "after": _changes(place, after[:MOST_AFTER]),
        "after_count": len(after),
    }


def _changes(place: Place, after: list[AfterClosing]) -> list[ChangeRow]:
    numbers = copies.numbers(place.merchant, place.mode, (one.order_id for one in after))
    return [
        ChangeRow(
            one,
            numbers.get(one.order_id, "") if one.order_id else "",
            Money(one.before, one.currency),
            Money(one.now, one.currency),
        )
        for one in after
    ]


def _line(line: Line) -> LineRow:
    names = ("owed_before", "ordered", "collected", "owed_after", "net_before", "refunded", "net_after")
    return LineRow(line.currency, **{name: Money(getattr(line, name), line.currency) for name in names})


def _rows(place: Place) -> list[MonthRow]:
    """The newest month that has ended first."""
    every = months.closings(place)
    day = review.today(place).replace(day=1)
    firsts = {one.month for one in every}
    for _ in range(LISTED):
        day = (day - timedelta(days=1)).replace(day=1)
        firsts.add(day)
    return [
        MonthRow(
            months.month_of(place, first),
            next((one for one in every if one.month == first and one.declined_at is None), None),
            [one for one in every if one.month == first and one.declined_at is not None],
        )
        for first in sorted(firsts, reverse=True)
    ]


def _month(place: Place, first: date) -> Month:
    try:
        return months.month_of(place, first)
    except ValueError as error:
        raise Http404 from error


def _place(request: MerchantRequest) -> Place:
    return Place(request.merchant, request.mode, timezone.now())
