"""From the draft to the order: what will be created stands on a page of its own before anything is sent."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.apis.revkeen.objects import Order
from orders.models import Draft, Operation
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services.changes import journal, limits
from orders.services.drafts import discounts, drafts, replacements
from orders.services.drafts.drafts import DraftSnapshot, ReplacementSnapshot
from orders.services.orders import next_steps
from orders.services.revkeen import session
from orders.services.revkeen.session import Reading
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.drafts import invoices
from orders.views.drafts.drafts import to_created
from orders.views.order_head import read_order
from orders.views.pages import render_page

CONFIRM = "Confirm that you want to create it in live mode."
LOSSES = "Confirm that what is listed below is lost."


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def draft_create(request: MerchantRequest, draft_id: uuid.UUID) -> HttpResponse:
    draft = drafts.find(request.merchant, request.mode, draft_id)
    if draft is None or draft.discarded_at is not None:
        raise Http404
    if request.method != "POST":
        return _page(request, draft)
    shape: type[DraftSnapshot | ReplacementSnapshot] = ReplacementSnapshot if draft.replaces_id else DraftSnapshot
    form_token = form_page.form_token_of(request, Operation.Kind.CREATE, draft.replaces_id, shape)
    if form_token.snapshot.draft != draft.pk:
        raise Http404
    first = journal.find(form_token)
    if first is not None:
        problem = form_page.problem_of(first)
        return _page(request, draft, problem) if problem else form_page.to_operation(request, first)
    if form_token.snapshot.version != draft.version:
        return _page(request, draft, Problem("Nothing was sent: the draft changed since this page was opened."))
    if request.mode == "live" and "confirmed" not in request.POST:
        return _page(request, draft, Problem("Nothing was sent.", CONFIRM), form_token=request.POST["form_token"])
    invoice = invoices.of_draft(request, draft)
    if invoice is not None and invoice.objection is not None:
        return _page(request, draft, Problem("Nothing was sent."))
    order = _replaced(request, draft)
    if order is not None and (order.error is not None or not next_steps.step(order.require(), "draft_revise").possible):
        return _page(request, draft, Problem("Nothing was sent.", str(order.error or "")))
    if order is not None and request.POST.get("losses", "") != replacements.compare(order.require(), draft).named:
        return _page(request, draft, Problem("Nothing was sent.", LOSSES), form_token=request.POST["form_token"])
    answer = form_page.send(request, drafts.change_request(form_token, draft, order.require() if order else None))
    return answer if isinstance(answer, HttpResponse) else _page(request, draft, _by_line(answer, draft))


def _page(
    request: MerchantRequest, draft: Draft, problem: Problem | None = None, *, form_token: str = ""
) -> HttpResponse:
    operation = drafts.operation_of(draft)
    if operation is not None:
        return to_created(request, operation)
    missing = drafts.problems(draft)
    if missing:
        messages.error(request, f"{missing[0][1]} Nothing was sent.")
        return redirect("draft_detail", request.merchant.slug, request.mode, draft.pk)
    order = _replaced(request, draft)
    replaced = order.require() if order else None
    held = journal.holder_of(request.merchant.pk, request.mode, draft.replaces_id) if draft.replaces_id else None
    context = {
        "draft": draft,
        "lines": [(line, *_amounts(draft, line)) for line in draft.lines],
        "totals": drafts.totals(draft),
        "reading": order,
        "order": replaced,
        "comparison": replacements.compare(replaced, draft) if replaced else None,
        "step": next_steps.step(replaced, "draft_revise") if replaced else None,
        "holder": held,
        "invoice": invoices.of_draft(request, draft),
        "problem": problem,
        **_allowed(request, draft, replaced, form_token),
    }
    return render_page(request, "orders/drafts/create.html", context, status=problem.status if problem else 200)


def _allowed(request: MerchantRequest, draft: Draft, replaced: Order | None, form_token: str) -> dict[str, Any]:
    """What the draft gives away, whether this person may do that alone, and the form token that says it."""
    limited, discount = _discount(request, draft, replaced)
    kind, minor = Operation.Kind.CREATE, discount.minor if discount is not None else None
    if not form_token:
        shown = drafts.snapshot_of(draft, replaced, minor)
        form_token = form_page.new_form_token(request, kind, draft.replaces_id, shown)
    return {
        "discount": discount,
        "discount_unknown": limited and discount is None,
        "asking": form_page.asking(request, kind, discount, order_id=draft.replaces_id, draft_id=draft.pk),
        "form_token": form_token,
    }


def _discount(request: MerchantRequest, draft: Draft, replaced: Order | None) -> tuple[bool, Money | None]:
    """Whether this person has a limit for it, and what the draft gives away: the catalog is read for that alone."""
    if not limits.of_member(request.membership, Operation.Kind.CREATE, draft.currency).exist:
        return False, None
    with session.session(request.merchant, request.mode) as api:
        minor = discounts.of_draft(api, draft, replaced)
    return True, None if minor is None else Money(minor, draft.currency)


def _replaced(request: MerchantRequest, draft: Draft) -> Reading[Any] | None:
    """The order that the draft replaces, as RevKeen has it now. Raise the `ApiError` when there is not even a copy."""
    if draft.replaces_id is None:
        return None
    return read_order(request, draft.replaces_id)[0]


def _amounts(draft: Draft, line: dict[str, Any]) -> tuple[Money, Money]:
    price = Money(line["unit_price"], draft.currency)
    return price, Money(price.minor * line["quantity"], draft.currency)


def _by_line(problem: Problem, draft: Draft) -> Problem:
    """RevKeen names a line by its place, counted from 0."""
    param = problem.operation.param.split(".") if problem.operation else []
    if len(param) >= 2 and param[0] == "line_items" and param[1].isdecimal() and int(param[1]) < len(draft.lines):
        what = draft.lines[int(param[1])]["description"]
        return problem.with_words(f"RevKeen refused line {int(param[1]) + 1}, {what}.", problem.text)
    return problem
