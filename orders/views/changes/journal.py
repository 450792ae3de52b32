"""The journal: what was asked of RevKeen and what happened around it, on one page."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from orders import states
from orders.access import merchant_page
from orders.forms.changes.journal import STATES, JournalFilter
from orders.models import EventLog, Operation, User
from orders.permissions import Right
from orders.requests import MerchantRequest
from orders.services.changes import journal_list
from orders.services.changes.journal_list import Page, Row
from orders.states import State
from orders.views.addresses import address
from orders.views.pages import render_page

PAGING: dict[str, None] = {"after": None, "before": None}


@dataclass(frozen=True)
class Line:
    at: datetime
    who: str
    what: str
    text: str
    state: State | None = None
    operation: Operation | None = None
    order_id: uuid.UUID | None = None  # the order it is about
    order_number: str = ""  # "" where nothing here says it

    @property
    def shown_number(self) -> str:
        return Truncator(self.order_number or "Order").chars(20)


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


@require_safe
@merchant_page
def journal(request: MerchantRequest) -> HttpResponse:
    form = _form(request)
    context: dict[str, Any] = {"form": form, "tabs": _tabs(request), "sees_all": _only_of(request) is None}
    if not form.is_valid():
        return render_page(request, "orders/changes/journal/list.html", context, status=400)
    wanted = form.wanted(request.merchant, request.mode, _only_of(request))
    after, before = form.cleaned_data["after"], form.cleaned_data["before"]
    page = journal_list.page(wanted, after, before)
    if before and not page.has_previous:  # the first page whole, not the few rows that were left
        return redirect(address(request, **PAGING))
    return render_page(request, "orders/changes/journal/list.html", context | _table(request, form, page))


def _form(request: MerchantRequest) -> JournalFilter:
    people: list[User] = [] if _only_of(request) else journal_list.people(request.merchant)
    return JournalFilter(request.GET, zone=request.merchant.zone, people=people)


def _only_of(request: MerchantRequest) -> int | None:
    return None if request.membership.may(Right.JOURNAL_OF_ALL) else request.user.pk


def _tabs(request: MerchantRequest) -> list[Tab]:
    current = request.GET.get("state", "")
    return [
        Tab(label, address(request, state=state or None, **PAGING), state == current)
        for state, label in [("", "All"), *STATES.items()]
    ]


def _table(request: MerchantRequest, form: JournalFilter, page: Page) -> dict[str, Any]:
    previous = address(request, after=None, before=_place(page, 0)) if page.has_previous and page.rows else ""
    following = address(request, before=None, after=_place(page, -1)) if page.has_next and page.rows else ""
    newer, older = (following, previous) if form.needs_someone else (previous, following)
    numbers = journal_list.numbers_of(page.rows, request.merchant, request.mode)
    return {
        "lines": [_line(row, numbers) for row in page.rows],
        "newer": newer,
        "older": older,
        "conditions": [(words, address(request, **{name: None}, **PAGING)) for name, words in form.conditions],
    }


def _place(page: Page, index: int) -> str:
    return str(journal_list.position(page.rows[index]))


def _line(row: Row, numbers: dict[uuid.UUID, str]) -> Line:
    if isinstance(row, EventLog):
        number = numbers.get(row.order_id, "") if row.order_id else ""
        who = str(row.user or row.who)
        return Line(row.at, who, row.get_kind_display(), row.text, order_id=row.order_id, order_number=number)
    number = row.result.get("number") or row.order_number
    state = states.operation_state(row)
    what = (row.created_at, str(row.user), row.get_kind_display(), row.summary)
    return Line(*what, state, row, row.about_order_id, number)
