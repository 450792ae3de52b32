"""The overview: what was ordered, collected and refunded in a period, and each figure's way to what is behind it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders.access import merchant_page
from orders.apis.errors import ApiError
from orders.forms.finance.period import PeriodForm, canonical_address
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services.finance import comparing, periods, sums
from orders.services.finance.comparing import Compared
from orders.services.finance.overview_table import AMOUNTS
from orders.services.finance.periods import Period
from orders.services.finance.sums import Figures, Sums
from orders.services.index.movements import NOT_ORDERED
from orders.services.index.order_filters import Place
from orders.views.addresses import address
from orders.views.finance import chart
from orders.views.pages import render_page

NOTHING = Figures("")
OF_A_PART = ("ordered", "collected", "refunded", "net")
COMPARED = {"orders": comparing.orders, "money": comparing.money}


@dataclass(frozen=True)
class Cell:
    heading: str
    amount: Money
    url: str  # to what is behind it


@dataclass(frozen=True)
class Row:
    """A currency in a period, or a part of the period in a currency."""

    label: str
    cells: list[Cell]
    others: list["Row"]  # the same of what it is compared with


@require_safe
@merchant_page
def overview(request: MerchantRequest) -> HttpResponse:
    asked = canonical_address(request.GET)
    if asked.urlencode() != request.GET.urlencode():
        return redirect(f"{request.path}?{asked.urlencode()}" if asked else request.path)
    return _page(request)


@merchant_page
@require_POST
def compare(request: MerchantRequest) -> HttpResponse:
    """Read what is behind the figures again, and show them with what differed."""
    form = PeriodForm(request.GET, request.merchant, timezone.now())
    ask = COMPARED.get(request.POST.get("what", ""))
    if ask is None:
        return redirect(f"{reverse('finance_overview', args=_where(request))}?{request.GET.urlencode()}")
    try:
        compared = ask(_place(request), form.period)
    except ApiError as error:
        messages.error(request, f"Not compared: {error}")
        return _page(request, status=error.page_status)
    return _page(request, compared)


def _page(request: MerchantRequest, compared: Compared | None = None, status: int = 200) -> HttpResponse:
    form = PeriodForm(request.GET, request.merchant, timezone.now())
    place, parts = _place(request), periods.parts(form.period, form.step)
    others = [periods.before(form.period), periods.year_before(form.period)]
    *of_parts, before, year_before = sums.of_periods(place, [*parts, *others])
    whole = sums.together(of_parts)
    due = sums.due_now(place)
    currencies = sorted({*whole, *before, *year_before})
    currency = form.currency if form.currency in currencies else _usual(whole, currencies)
    compared_with = list(zip(others, (before, year_before), strict=True))
    context = {
        "tab": "Overview",
        "form": form,
        "headings": list(AMOUNTS.values()),
        "rows": [_row(request, code, form.period, whole, compared_with) for code in currencies],
        "due": [(count, money, _receivables(request, currency=money.currency)) for count, money in due],
        "currencies": [(code, address(request, "finance_overview", currency=code)) for code in currencies],
        "steps": [(step, words, address(request, "finance_overview", by=step)) for step, words in form.may_step],
        "currency": currency,
        "parts": _parts(request, currency, form.step, parts, of_parts) if currency else [],
        "part_headings": [AMOUNTS[name] for name in OF_A_PART],
        "chart": chart.bars(
            currency, [(_label(part, form.step), figures) for part, figures in zip(parts, of_parts, strict=True)]
        ),
        "as_of": place.payments_as_of,
        "compared": compared,
        "query": request.GET.urlencode(),
    }
    return render_page(request, "orders/finance/overview/page.html", context, status=status)


def _place(request: MerchantRequest) -> Place:
    return Place(request.merchant, request.mode, timezone.now())


def _where(request: MerchantRequest) -> list[str]:
    return [request.merchant.slug, request.mode]


def _usual(whole: Sums, currencies: list[str]) -> str:
    """The currency of which most happened."""
    return max(
        currencies, key=lambda code: whole.get(code, NOTHING).orders + whole.get(code, NOTHING).payments, default=""
    )


def _row(
    request: MerchantRequest, currency: str, period: Period, whole: Sums, others: list[tuple[Period, Sums]]
) -> Row:
    compared = [_line(request, str(other), currency, other, found, tuple(AMOUNTS)) for other, found in others]
    row = _line(request, currency, currency, period, whole, tuple(AMOUNTS))
    return Row(row.label, row.cells, compared)


def _parts(request: MerchantRequest, currency: str, step: str, parts: list[Period], of_parts: list[Sums]) -> list[Row]:
    return [
        _line(request, _label(part, step), currency, part, found, OF_A_PART)
        for part, found in zip(parts, of_parts, strict=True)
    ]


def _label(part: Period, step: str) -> str:
    return f"{part.first:%B %Y}" if step == "month" else str(part)


def _line(
    request: MerchantRequest, label: str, currency: str, period: Period, found: Sums, names: tuple[str, ...]
) -> Row:
    figures = found.get(currency, Figures(currency))
    cells = [Cell(AMOUNTS[name], figures.money(name), _behind(request, name, currency, period)) for name in names]
    return Row(label, cells, [])


def _behind(request: MerchantRequest, name: str, currency: str, period: Period) -> str:
    """The address of the rows whose amounts are the figure."""
    if name == "still_due":
        return _receivables(request, currency=currency, placed=period.written)
    if name in ("collected", "refunded", "net"):
        page = "finance_refunds" if name == "refunded" else "finance_payments"
        state = [("state", "net")] if name == "net" else []
        return _address(request, page, [("moved", period.written), ("currency", currency), *state])
    conditions = [("placed", period.written), *(("-status", status) for status in NOT_ORDERED), ("currency", currency)]
    return _address(request, "order_list", conditions)


def _receivables(request: MerchantRequest, **conditions: str) -> str:
    return _address(request, "finance_receivables", list(conditions.items()))


def _address(request: MerchantRequest, page: str, conditions: list[tuple[str, Any]]) -> str:
    return f"{reverse(page, args=_where(request))}?{urlencode(conditions)}"
