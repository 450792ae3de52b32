"""The review queue, and the page on which an order's findings are signed off, assigned and snoozed."""

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.access import merchant_page
from orders.forms.finance.review import STATES, AssignForm, ReviewFilter, SignOffForm
from orders.forms.fulfillment.shipment_filters import MOST_IDS
from orders.models import OrderCopy
from orders.requests import MerchantRequest
from orders.services.finance import review, sign_offs
from orders.services.finance.review import Page, Position, RuleCount, Wanted
from orders.services.finance.sign_offs import Moved, Reviewed
from orders.services.index import partner_shipments
from orders.services.index.order_filters import Place
from orders.services.index.rule import Rule
from orders.services.index.rules import RULES
from orders.views.addresses import address
from orders.views.pages import render_page, sent

NO_PAGE: dict[str, None] = {"after": None, "before": None}


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool
    count: str


@dataclass(frozen=True)
class RuleLine:
    rule: Rule
    counted: RuleCount
    url: str
    current: bool


@dataclass(frozen=True)
class Elsewhere:
    """How many, and where the newest of them are shown."""

    count: int
    url: str


@require_safe
@merchant_page
def review_queue(request: MerchantRequest) -> HttpResponse:
    form = ReviewFilter(request.GET)
    if not form.is_valid():
        return render_page(request, "orders/finance/review/queue.html", {"form": form}, status=400)
    wanted = form.wanted(_place(request), request.user)
    page = review.page(wanted, form.cleaned_data["after"], form.cleaned_data["before"])
    if form.cleaned_data["before"] and not page.ahead:
        return redirect(address(request, **NO_PAGE))
    counted = review.counts(wanted)
    lines = [_line(request, wanted, one) for one in counted]
    context = {
        "form": form,
        "as_of": wanted.place.as_of,
        "tabs": _tabs(request, wanted, counted),
        "differences": [line for line in lines if not line.rule.unknown and (line.counted.orders or line.current)],
        "kept": [line for line in lines if not line.counted.orders and not line.current],
        "unknown": [line for line in lines if line.rule.unknown and line.counted.orders],
        "payments_as_of": wanted.place.payments_as_of,
        "without_order": review.without_order(wanted.place),
        "shipments_without_order": _shipments_without_order(request, wanted.place),
        "chosen": RULES.get(wanted.rule),
        **_table(request, page),
    }
    return render_page(request, "orders/finance/review/queue.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def review_order(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """What the order breaks, and signing some of it off."""
    form = SignOffForm(sent(request))
    if request.method == "POST" and form.is_valid():
        shown, note = form.cleaned_data["finding"], form.cleaned_data["note"]
        try:
            sign_offs.sign_off(request.merchant, request.mode, order_id, shown, note, request.user)
        except Moved:
            form.add_error(None, "The amounts changed since the page was opened. Look again before you sign off.")
        else:
            messages.success(request, f"{_many(len(shown))} signed off.")
            return redirect("review_order", request.merchant.slug, request.mode, order_id)
    return _order_page(request, order_id, sign_off=form)


@merchant_page
@require_POST
def review_assign(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    form = _assign_form(request)
    if not form.is_valid():
        return _order_page(request, order_id, assign=form)
    asked = form.cleaned_data
    here = (request.merchant, request.mode, order_id)
    sign_offs.assign(*here, asked["finding"], asked["person"], asked["until"], request.user)
    messages.success(request, f"{_many(len(asked['finding']))} changed.")
    return redirect("review_order", request.merchant.slug, request.mode, order_id)


def _order_page(
    request: MerchantRequest, order_id: uuid.UUID, sign_off: SignOffForm | None = None, assign: AssignForm | None = None
) -> HttpResponse:
    copies = OrderCopy.objects.filter(merchant=request.merchant, mode=request.mode, order_id=order_id)
    copy = copies.defer("text").first()
    if copy is None:
        raise Http404
    place = _place(request)
    rows = sign_offs.of_order(place, order_id)
    refused = next((form for form in (sign_off, assign) if form is not None and form.errors), None)
    context = {
        "copy": copy,
        "rows": rows,
        "history": sign_offs.history(place, order_id),
        "form": refused,
        "sign_off": sign_off or SignOffForm(),
        "assign": assign or _assign_form(request, rows),
        "ticked": _ticked(request, rows),
        "as_of": place.as_of,
    }
    return render_page(request, "orders/finance/review/order.html", context, status=422 if refused else 200)


def _assign_form(request: MerchantRequest, rows: list[Reviewed] | None = None) -> AssignForm:
    place = _place(request)
    first = rows[0].finding if rows else None
    initial = {"person": first.assigned_to_id, "until": first.snoozed_until} if first else {}
    people = sign_offs.reviewers(request.merchant)
    return AssignForm(
        sent(request) if rows is None else None, people=people, today=review.today(place), initial=initial
    )


def _ticked(request: MerchantRequest, rows: list[Reviewed]) -> set[str]:
    """Those that were ticked, as far as they still say the same; at first none of several, which each is looked at."""
    if request.method == "POST":
        return set(request.POST.getlist("finding"))
    unsigned = [row.shown for row in rows if not row.finding.signed]
    return set(unsigned) if len(unsigned) == 1 else set()


def _place(request: MerchantRequest) -> Place:
    return Place(request.merchant, request.mode, timezone.now())


def _shipments_without_order(request: MerchantRequest, place: Place) -> Elsewhere | None:
    count = review.shipments_without_order(place)
    if not count:
        return None
    ids = partner_shipments.without_order(request.merchant.pk, request.mode).values_list("remote_id", flat=True)
    query = urlencode({"ids": " ".join(ids[:MOST_IDS]), "limit": MOST_IDS})
    return Elsewhere(count, f"{reverse('digital_river_list', args=[request.merchant.slug, request.mode])}?{query}")


def _tabs(request: MerchantRequest, wanted: Wanted, counted: list[RuleCount]) -> list[Tab]:
    return [
        Tab(
            words,
            address(request, state=state.value if state is not review.State.OPEN else None, **NO_PAGE),
            state is wanted.state,
            _counted(sum(one.orders for one in counted) if state is wanted.state else _count(wanted, state)),
        )
        for state, words in STATES.items()
    ]


def _count(wanted: Wanted, state: review.State) -> int:
    filters = (wanted.currency, wanted.assigned_to, wanted.unassigned)
    return review.count(Wanted(wanted.place, state, "", *filters))


def _counted(count: int) -> str:
    return f"{review.COUNTED:,}+" if count > review.COUNTED else f"{count:,}"


def _line(request: MerchantRequest, wanted: Wanted, counted: RuleCount) -> RuleLine:
    current = counted.rule == wanted.rule
    url = address(request, rule=None if current else counted.rule, **NO_PAGE)
    return RuleLine(RULES[counted.rule], counted, url, current)


def _table(request: MerchantRequest, page: Page) -> dict[str, Any]:
    """Newest order first: what follows is older."""
    rows = [one for one in page.rows if one.rule in RULES]
    first, last = (Position.of(rows[0]), Position.of(rows[-1])) if rows else (None, None)
    return {
        "rows": [sign_offs.reviewed(one) for one in rows],
        "newer": address(request, after=None, before=first) if page.ahead and first else "",
        "older": address(request, before=None, after=last) if page.more and last else "",
    }


def _many(count: int) -> str:
    return "1 finding was" if count == 1 else f"{count} findings were"
