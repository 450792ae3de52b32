"""What every form that changes something at RevKeen has in common: form tokens, sending, and what came of it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from orders.access import Instead, kept_at, merchant_page, refuse
from orders.apis.errors import NotSent
from orders.models import ApprovalRequest, Fulfillment, Operation, PartnerOrder
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services.approvals import requests
from orders.services.approvals.requests import AlreadyWaiting, Asking, NobodyApproves, Sent, WithinLimit
from orders.services.changes import form_tokens, journal
from orders.services.changes.change_request import ChangeRequest, OrderBusy, OtherBody
from orders.services.changes.form_tokens import BadFormToken, FormToken, OutdatedFormToken
from orders.services.changes.limits import AboveLimit, AskedFor, NotKnown
from orders.services.fulfillment.fulfill import OrderChanged, SentBefore
from orders.services.partners.partner_orders import BelongsElsewhere
from orders.services.revkeen import session
from orders.services.revkeen.session import Session

Begun = TypeVar("Begun")
Shape = TypeVar("Shape")

OTHER_BODY = "This form was already sent with other content. Below is the outcome of that; nothing else was sent."
SENT_BEFORE = "This form was sent before an update. This is what became of it; nothing more was sent."
ASK = "ask"  # a field of a form whose button asks for approval and does nothing else
ASKED_BEFORE = "Approval was asked for with this form. This is what became of it; nothing else was sent."
NOT_KNOWN = "How much discount this gives could not be told from the catalog. Reload the page, and try again."
OPENED_BEFORE = "Nothing was sent: this form was opened before an update. Fill it in again."


@dataclass(frozen=True)
class Problem:
    """Why a form did not lead to its operation's page: what happened, and what did not."""

    title: str
    text: str = ""
    status: int = 422
    operation: Operation | None = None  # the one that was refused or not sent
    holder: Operation | None = None  # the one that is in the way
    changed: list[list[str]] = field(default_factory=list)  # what, before, now
    other: PartnerOrder | None = None  # the order that has what this one was to have
    waiting: ApprovalRequest | None = None  # the request for approval that is in the way

    def with_words(self, title: str, text: str) -> "Problem":
        return replace(self, title=title, text=text)


@require_safe
@merchant_page
def operation_watch(request: MerchantRequest, operation_id: uuid.UUID) -> HttpResponse:
    """Asked by pages that show an open operation: has it moved on from `state`? Then they load themselves anew."""
    operation = Operation.objects.filter(merchant=request.merchant, mode=request.mode, pk=operation_id).first()
    if operation is not None and operation.state == request.GET.get("state"):
        return HttpResponse(status=204)
    return HttpResponseClientRefresh()


def form_token_of(
    request: MerchantRequest, kind: str, order_id: uuid.UUID | None, shape: type[Shape]
) -> FormToken[Shape]:
    """The form token of a form that was sent here; `shape` is that of its snapshot.

    One for another person, merchant, mode or order is a 404, on record. One of another release is refused in words.
    """
    try:
        return read_form_token(request, request.POST.get("form_token", ""), kind, order_id, shape)
    except OutdatedFormToken as error:
        raise Instead(_opened_before_an_update(request, error.operation_id)) from error


def read_form_token(
    request: MerchantRequest, text: str, kind: str, order_id: uuid.UUID | None, shape: type[Shape]
) -> FormToken[Shape]:
    """Raise `OutdatedFormToken`."""
    try:
        return form_tokens.read(text, request.user, request.merchant, request.mode, kind, order_id, shape)
    except BadFormToken as error:
        refuse(request, f"the form {error}")
        raise Http404 from error


def new_form_token(request: MerchantRequest, kind: str, order_id: uuid.UUID | None, snapshot: object) -> str:
    return form_tokens.issue(request.user, request.merchant, request.mode, kind, order_id, snapshot)


def _opened_before_an_update(request: MerchantRequest, operation_id: uuid.UUID) -> HttpResponse:
    """To what was begun with this form before the update; else to the form once more, with what was typed in it."""
    begun = _begun_as(request, operation_id)
    if begun is not None:
        messages.warning(request, SENT_BEFORE)
        return begun
    page = kept_at(request, outdated=True)
    if not page:
        messages.warning(request, OPENED_BEFORE)
    page = page or request.path
    return HttpResponseClientRedirect(page) if request.htmx else _with_get(redirect(page))


def _begun_as(request: MerchantRequest, operation_id: uuid.UUID) -> HttpResponse | None:
    """The way to what was begun as this operation; None where nothing was."""
    operation = Operation.objects.filter(pk=operation_id).first()
    if operation is not None:
        return to_operation(request, operation)
    fulfillment = Fulfillment.objects.filter(pk=operation_id).first()  # of which RevKeen hears nothing
    return to_order(request, fulfillment.order_id) if fulfillment is not None else None


def send(request: MerchantRequest, change_request: ChangeRequest) -> HttpResponse | Problem:
    """Carry out what a form asks for: the way to the operation's page, or what the form has to say instead."""
    if ASK in request.POST:
        return _ask(request, change_request)
    try:
        answer = carry_out(request, lambda api: journal.submit(api, request.user, change_request))
    except AskedFor:
        messages.warning(request, ASKED_BEFORE)
        return to_approval(request, change_request.form_token.operation_id)
    return problem_of(answer) or to_operation(request, answer) if isinstance(answer, Operation) else answer


def _ask(request: MerchantRequest, change_request: ChangeRequest) -> HttpResponse | Problem:
    """Keep what the form asks for until somebody else has approved it: the way to that page. Nothing is sent."""
    try:
        asked = requests.ask(request.user, change_request)
    except WithinLimit:
        return Problem("Nothing was sent: this no longer needs approval.", "Review it, and confirm it.")
    except NobodyApproves:
        return Problem("Nothing was asked for: nobody else may approve this amount.", "An admin can change the limits.")
    except AlreadyWaiting as error:
        return Problem("Nothing was asked for: the same is waiting for approval.", waiting=error.request)
    except NotKnown:
        return Problem("Nothing was asked for.", NOT_KNOWN)
    except Sent as error:
        messages.warning(request, OTHER_BODY)
        return problem_of(error.operation) or to_operation(request, error.operation)
    if asked.fingerprint != change_request.fingerprint:
        messages.warning(request, ASKED_BEFORE)
    return to_approval(request, asked.pk)


def asking(
    request: MerchantRequest,
    kind: str,
    money: Money | None,
    *,
    order_id: uuid.UUID | None,
    draft_id: uuid.UUID | None = None,
) -> Asking | None:
    """What a form says where its sum is above a limit of this person."""
    return requests.asking(request.membership, request.mode, kind, money, order_id=order_id, draft_id=draft_id)


def carry_out(request: MerchantRequest, change: Callable[[Session], Begun]) -> Begun | HttpResponse | Problem:
    """What `change` gives back; or where to go, or what the form has to say, when it was begun before or cannot be."""
    try:
        with session.session(request.merchant, request.mode) as api:
            return change(api)
    except OrderBusy as error:
        return Problem("Nothing was sent: this order is locked.", holder=error.holder)
    except OtherBody as error:
        messages.warning(request, OTHER_BODY)
        return problem_of(error.first) or to_operation(request, error.first)
    except AboveLimit as error:
        return Problem("Nothing was sent: you need approval.", str(error))
    except NotKnown:
        return Problem("Nothing was sent.", NOT_KNOWN)
    except SentBefore as error:
        messages.warning(request, OTHER_BODY)
        return to_order(request, error.first.order_id)
    except OrderChanged as error:
        return Problem(f"Nothing was sent: {error.title[0].lower()}{error.title[1:]}", "", 422, changed=error.changed)
    except BelongsElsewhere as error:
        return Problem(f"Nothing was sent. {error.title}", str(error), other=error.holder)
    except NotSent as error:
        return Problem(f"Nothing was sent. {error.title}", str(error), status=error.page_status)


def problem_of(operation: Operation) -> Problem | None:
    """What the form says of an operation that came to nothing; None while it may yet come to something."""
    if operation.step or operation.state not in (Operation.State.REFUSED, Operation.State.NOT_SENT):
        return None
    if operation.decided_by_id is not None:
        return Problem(f"{operation.decided_by} decided that it did not happen.", operation.reason)
    if operation.code == "order_changed":
        changed = operation.result["changed"]
        return Problem(
            "Nothing was sent: the order changed since this form was opened.", "", 422, operation, None, changed
        )
    if operation.state == Operation.State.NOT_SENT:
        return Problem("Nothing was sent.", operation.message, operation=operation)
    return Problem("RevKeen refused.", operation.message, operation=operation)


def by_its_field(form: Form, problem: Problem, title: str, fields: dict[str, str]) -> Problem:
    """Say RevKeen's refusal by the field of ours that `fields` names for its parameter, and `title` above the form."""
    operation = problem.operation
    if operation is None or operation.state != Operation.State.REFUSED:
        return problem
    field = fields.get(operation.param.split(".")[0])
    if field:
        form.add_error(field, operation.message)
    return problem.with_words(title, problem.text)


def to_operation(request: MerchantRequest, operation: Operation) -> HttpResponse:
    """The page that tells what became of it, asked for with GET: a reload sends nothing."""
    return _with_get(redirect("operation_detail", request.merchant.slug, request.mode, operation.plan_id))


def to_approval(request: MerchantRequest, request_id: uuid.UUID) -> HttpResponse:
    """The page of a request for approval."""
    return _with_get(redirect("approval_detail", request.merchant.slug, request.mode, request_id))


def to_order(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    return _with_get(redirect("order_detail", request.merchant.slug, request.mode, order_id))


def _with_get(response: HttpResponse) -> HttpResponse:
    response.status_code = 303
    return response
