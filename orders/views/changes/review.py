"""An operation's page, where it is told what became of it, and the decision of a person where nothing else tells."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from orders.access import merchant_page
from orders.forms.changes.review import CloseContradiction, DidNot, Happened
from orders.models import Operation
from orders.permissions import Right
from orders.requests import MerchantRequest
from orders.services.approvals import requests
from orders.services.changes import operations, review, review_checks
from orders.services.changes.operations import OperationFile
from orders.services.changes.review import AlreadyEnded, Decision, NotNow, Obstacle
from orders.services.changes.review_checks import DecisionSnapshot
from orders.services.revkeen import session
from orders.views.changes import facts
from orders.views.changes.form_page import Problem, form_token_of, new_form_token, to_operation
from orders.views.order_head import sums
from orders.views.pages import render_page

FORM = "decide"
NOT_NEEDED = "Your decision was no longer needed: the outcome became known in the meantime, as shown here."


@dataclass(frozen=True)
class Forms:
    """The two answers. One of them may be what was sent; the form token says what the page showed."""

    happened: Happened
    did_not: DidNot
    obstacles: list[Obstacle]  # to saying that it did not happen
    obstacles_to_yes: list[Obstacle]
    form_token: str


@require_safe
@merchant_page
def operation_detail(request: MerchantRequest, operation_id: uuid.UUID) -> HttpResponse:
    """Change, what came back, and what In RevKeen now: the done and the unknown face of every form."""
    return _page(request, _operation(request, operation_id))


@merchant_page
@require_POST
def operation_decide(request: MerchantRequest, operation_id: uuid.UUID) -> HttpResponse:
    operation = _operation(request, operation_id)
    form_token = form_token_of(request, FORM, operation.pk, DecisionSnapshot)
    happened = request.POST.get("outcome") == "happened"
    form = _happened(operation, request.POST) if happened else DidNot(request.POST)
    if not form.is_valid():
        return _page(request, operation, form, form_token=request.POST["form_token"], status=422)
    reason, order_id = form.cleaned_data["reason"], form.cleaned_data.get("order_id")
    try:
        decided = review.decide(operation, request.user, Decision(happened, reason, form_token.snapshot, order_id))
    except AlreadyEnded as ended:
        return _ended(request, ended.operation, happened)
    except NotNow as refusal:
        if refusal.about:
            form.add_error(refusal.about, refusal.text)
        changed = [[difference.what, difference.before, difference.now] for difference in refusal.changed]
        return _page(
            request, operation, form, problem=Problem(refusal.title, refusal.text, changed=changed), status=422
        )
    return to_operation(request, decided)


@merchant_page
@require_POST
def contradiction_close(request: MerchantRequest, operation_id: uuid.UUID) -> HttpResponse:
    """Say why a decision that RevKeen contradicts needs nobody any more. Nothing is sent."""
    operation = _operation(request, operation_id)
    check, form = review_checks.of(operation), CloseContradiction(request.POST)
    if check is None or check.contradicted_at is None:
        raise Http404
    if not form.is_valid():
        return _page(request, operation, closing=form, status=422)
    if not review_checks.close(check, request.user, form.cleaned_data["reason"]):
        messages.warning(request, "Someone closed this before you, as shown here.")
    return to_operation(request, operation)


def _operation(request: MerchantRequest, operation_id: uuid.UUID) -> Operation:
    found = operations.visible_to(request.membership, request.merchant, request.mode, operation_id)
    if found is None:
        raise Http404
    return found


def _ended(request: MerchantRequest, operation: Operation, happened: bool) -> HttpResponse:
    """The same decision sent twice is one; any other end is somebody else's word."""
    state = Operation.State.DONE if happened else Operation.State.REFUSED
    own = operation.decided_by_id == request.user.pk and operation.state == state
    if not own:
        messages.warning(request, NOT_NEEDED)
    return to_operation(request, operation)


def _page(
    request: MerchantRequest,
    operation: Operation,
    form: Happened | DidNot | None = None,
    *,
    form_token: str = "",
    problem: Problem | None = None,
    closing: CloseContradiction | None = None,
    status: int = 200,
) -> HttpResponse:
    with session.session(request.merchant, request.mode) as api:
        file = operations.operation_file(api, operation)
    context = {**_context(file), "problem": problem, "decision": _forms(request, file, form, form_token)}
    context |= {"check": review_checks.of(operation), "closing": closing or CloseContradiction()}
    return render_page(request, "orders/changes/detail.html", context, status=status)


def _context(file: OperationFile) -> dict[str, Any]:
    operation = file.operation
    order = file.order.value if file.order else None
    steps = facts.steps(file)
    waits = operation.state == Operation.State.NEEDS_REVIEW
    return {
        "file": file,
        "operation": operation,
        "current": file.current,
        "state": next(step.state for step in steps if step.operation.pk == operation.pk),
        "steps": steps,
        "refunds_state": facts.refunds_state(steps),
        "never_begun": facts.never_begun(file),
        "only_a_part": facts.only_a_part(file),
        "outcome": facts.outcome(file.current),
        "happened": facts.happened(file.current),
        "sent": facts.times_sent(operation),
        "order": order,
        "sums": sums(order) if order else None,
        "facts": facts.sent(operation),
        "ours": facts.told(file),
        "approval": requests.of_operation(operation),
        "since_the_click": facts.since_the_click(file) if waits else None,
    }


def _forms(
    request: MerchantRequest, file: OperationFile, sent: Happened | DidNot | None, form_token: str
) -> Forms | None:
    """None where nothing has to be decided, or not by this person."""
    operation = file.operation
    if operation.state != Operation.State.NEEDS_REVIEW or not request.membership.may(Right.DECIDE):
        return None
    refunds = file.refunds.value if file.refunds else None
    shown = review.snapshot_of(file.order.value if file.order else None, refunds)
    return Forms(
        sent if isinstance(sent, Happened) else _happened(operation),
        sent if isinstance(sent, DidNot) else DidNot(),
        review.obstacles(operation, request.user, facts.unanswered(file)),
        review.obstacles_to_yes(operation, request.user),
        form_token or new_form_token(request, FORM, operation.pk, shown),
    )


def _happened(operation: Operation, data: Any = None) -> Happened:
    return Happened(data, creates=operation.kind == Operation.Kind.CREATE, money=operation.kind in Operation.MONEY)
