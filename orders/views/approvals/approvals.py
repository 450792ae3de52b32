"""What waits for the approval of another, and the page on which it is approved, declined or withdrawn."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from orders import step_up
from orders.access import merchant_page
from orders.forms.approvals.decisions import Approve, Decline
from orders.models import ApprovalRequest, Operation
from orders.requests import MerchantRequest
from orders.services.approvals import approvers, ending, requests
from orders.services.approvals.ending import AlreadyEnded, NotApproved
from orders.services.approvals.looking import Look, look
from orders.services.revkeen import session
from orders.states import State, approval_state, operation_state
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.order_head import sums
from orders.views.pages import render_page

ENDED = "Somebody else was faster, or the time was over: what became of it is shown here."
CHANGED = "The order has changed since this was asked for, so it would not be sent."
NOT_READ = "The order could not be read. Try again in a moment."


@dataclass(frozen=True)
class Row:
    request: ApprovalRequest
    state: State
    own: bool
    for_you: bool


@require_safe
@merchant_page
def approval_list(request: MerchantRequest) -> HttpResponse:
    waiting = [_row(request, one) for one in requests.waiting(request.membership, request.mode)]
    decided = [_row(request, one) for one in requests.decided(request.membership, request.mode)]
    return render_page(request, "orders/approvals/list.html", {"waiting": waiting, "decided": decided})


@require_safe
@merchant_page
def approval_detail(request: MerchantRequest, approval_id: uuid.UUID) -> HttpResponse:
    return _page(request, _approval(request, approval_id))


@merchant_page
@require_POST
def approval_approve(request: MerchantRequest, approval_id: uuid.UUID) -> HttpResponse:
    approval, form = _approval(request, approval_id), Approve(request.POST)
    if not form.is_valid():
        return _page(request, approval, form)
    above = request.merchant.typed_above(approval.currency)
    if request.mode == "live" and approval.waiting and (above is None or above < approval.money):
        step_up.require(request)
    try:
        answer = form_page.carry_out(
            request, lambda api: ending.approve(api, approval, request.user, form.cleaned_data["reason"])
        )
    except AlreadyEnded:
        return _ended(request, approval)
    except NotApproved as error:
        return _page(request, approval, form, problem=Problem("Nothing was decided.", str(error)))
    if isinstance(answer, Problem):
        return _page(request, approval, form, problem=answer)
    return form_page.to_approval(request, approval.pk)


@merchant_page
@require_POST
def approval_decline(request: MerchantRequest, approval_id: uuid.UUID) -> HttpResponse:
    approval, form = _approval(request, approval_id), Decline(request.POST)
    if not form.is_valid():
        return _page(request, approval, form)
    try:
        ending.decline(approval, request.user, form.cleaned_data["reason"])
    except AlreadyEnded:
        return _ended(request, approval)
    except NotApproved as error:
        return _page(request, approval, form, problem=Problem("Nothing was decided.", str(error)))
    return form_page.to_approval(request, approval.pk)


@merchant_page
@require_POST
def approval_withdraw(request: MerchantRequest, approval_id: uuid.UUID) -> HttpResponse:
    approval = _approval(request, approval_id)
    try:
        ending.withdraw(approval, request.user)
    except AlreadyEnded:
        return _ended(request, approval)
    except NotApproved as error:
        return _page(request, approval, problem=Problem("Nothing was withdrawn.", str(error)))
    messages.success(request, "Withdrawn. Nothing was sent.")
    return redirect("approval_list", request.merchant.slug, request.mode)


def _approval(request: MerchantRequest, approval_id: uuid.UUID) -> ApprovalRequest:
    found = requests.visible_to(request.membership, request.mode).filter(pk=approval_id).first()
    if found is None:
        raise Http404
    return found


def _row(request: MerchantRequest, approval: ApprovalRequest) -> Row:
    for_you = approval.waiting and approvers.waits_for(request.membership, approval)
    return Row(approval, approval_state(approval), approval.user_id == request.user.pk, for_you)


def _ended(request: MerchantRequest, approval: ApprovalRequest) -> HttpResponse:
    messages.warning(request, ENDED)
    return form_page.to_approval(request, approval.pk)


def _page(
    request: MerchantRequest,
    approval: ApprovalRequest,
    form: Approve | Decline | None = None,
    *,
    problem: Problem | None = None,
) -> HttpResponse:
    with session.session(request.merchant, request.mode) as api:
        found = look(api, approval)
    order = found.order.value if found.order else None
    operation = Operation.objects.filter(pk=approval.pk).first()
    context = {
        "approval": approval,
        "state": approval_state(approval),
        "look": found,
        "order": order,
        "sums": sums(order) if order else None,
        "operation": operation,
        "operation_state": operation_state(operation) if operation else None,
        "approve": form if isinstance(form, Approve) else Approve(),
        "decline": form if isinstance(form, Decline) else Decline(),
        "problem": problem,
        **_obstacles(request, approval, found),
    }
    status = problem.status if problem else 422 if form is not None and form.errors else 200
    return render_page(request, "orders/approvals/detail.html", context, status=status)


def _obstacles(request: MerchantRequest, approval: ApprovalRequest, found: Look) -> dict[str, Any]:
    """Why this person may not decide, and why nobody could approve it."""
    blocked = approvers.blocked_reason(approval, request.user)
    now = CHANGED if found.changed else NOT_READ if found.error else ending.cannot_be_sent(approval)
    people = approvers.of(approval.merchant, approval.user, approval.kind, approval.money)
    return {
        "own": approval.user_id == request.user.pk,
        "blocked_reason": blocked,
        "cannot_be_sent": now,
        "approvers": approvers.names(people),
    }
