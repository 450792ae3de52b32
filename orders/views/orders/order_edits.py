import uuid
from dataclasses import replace
from typing import NamedTuple

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.apis.revkeen.objects import Customer, Listing
from orders.forms.orders.order_edits import NOBODY, Clash, OrderEditForm
from orders.models import Operation
from orders.requests import MerchantRequest
from orders.services.changes.form_tokens import OutdatedFormToken
from orders.services.changes.snapshots import AMOUNTS, STATES
from orders.services.orders import next_steps, order_edits
from orders.services.orders.order_edits import EditSnapshot
from orders.services.revkeen import session
from orders.services.revkeen.session import Reading
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.order_form import order_form_page
from orders.views.order_head import read_or_404
from orders.views.pages import LONGEST_SEARCH, render_page, search_text, typed_before

PARTS = {
    "customer-choice": "orders/orders/order_edits/_customer.html",
    "metadata-rows": "orders/orders/order_edits/_metadata.html",
}


class Choice(NamedTuple):
    """A customer whom one may choose; `value` is an id or `NOBODY`."""

    value: str
    name: str
    about: str


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_edit(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """The form. Its buttons to search and to add a row draw it once more and send nothing."""
    if request.method != "POST":
        return _opened(request, order_id)
    form_token = form_page.form_token_of(request, Operation.Kind.UPDATE, order_id, EditSnapshot)
    form = OrderEditForm(request.POST, snapshot=form_token.snapshot, more_rows="add" in request.POST)
    if request.htmx.target in PARTS:
        return _part(request, form)
    if "save" not in request.POST and not _enter_saves(request, form):
        return _page(request, order_id, form, form_token=request.POST["form_token"], status=200)
    if not form.is_valid() or not form.has_changes():
        return _page(request, order_id, form, form_token=request.POST["form_token"])
    asked = order_edits.change_request(form_token, form.changes, form.describe(_chosen(request, form)))
    answer = form_page.send(request, asked)
    return answer if isinstance(answer, HttpResponse) else _page(request, order_id, form, problem=answer)


def _enter_saves(request: MerchantRequest, form: OrderEditForm) -> bool:
    """Enter in a field saves; without a script it searches where something else to search was typed."""
    search = " ".join(form.data.get("q", "").split())[:LONGEST_SEARCH]
    return "enter" in request.POST and search in ("", request.POST.get("searched", ""))


def _opened(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """As it is now; or over what was shown when it was typed, where that was before a sign-in."""
    before = typed_before(request)
    if before is None or "form_token" not in before:
        return _page(request, order_id)
    shown = str(before["form_token"])
    try:
        form_token = form_page.read_form_token(request, shown, Operation.Kind.UPDATE, order_id, EditSnapshot)
    except OutdatedFormToken:  # there was an update as well: what was typed is filled into the form as it is opened now
        return _page(request, order_id)
    form = OrderEditForm(before, snapshot=form_token.snapshot, more_rows="add" in before)
    return _page(request, order_id, form, form_token=shown, status=200)


def _part(request: MerchantRequest, form: OrderEditForm) -> HttpResponse:
    text = search_text(request, form.data.get("q", ""))
    found = None
    if text and "find" in request.POST:
        with session.session(request.merchant, request.mode) as api:
            found = order_edits.search(api, text)
    context = {"form": form, "found": found, "search": text, "choices": _choices(request, form, found)}
    return render_page(request, "", context, parts=PARTS)


def _page(
    request: MerchantRequest,
    order_id: uuid.UUID,
    form: OrderEditForm | None = None,
    *,
    form_token: str = "",
    problem: Problem | None = None,
    status: int = 422,
) -> HttpResponse:
    """One that was sent keeps its form token while nothing was begun with it. Else what was typed is carried over to
    the order as it is now, with a new form token."""
    search = search_text(request, form.data.get("q", "")) if form else ""
    editable = read_or_404(request, lambda api: order_edits.editable(api, order_id, search))
    order = editable.order.require()
    snapshot = order_edits.snapshot_of(editable)
    clashes = form.clashes(snapshot, _chosen(request, form)) if form and problem else []
    shown = form.carried_over(snapshot) if form and problem else form or OrderEditForm(None, snapshot=snapshot)
    context = {
        "step": next_steps.step(order, "order_edit"),
        "form": shown,
        "found": editable.found,
        "search": search,
        "choices": _choices(request, shown, editable.found),
        "clashes": clashes,
    }
    return order_form_page(
        request,
        "orders/orders/order_edits/page.html",
        editable.order,
        context,
        form_token=form_token or form_page.new_form_token(request, Operation.Kind.UPDATE, order_id, snapshot),
        problem=_told(problem, shown, clashes),
        fresh=form is None or status == 200,
    )


def _told(problem: Problem | None, form: OrderEditForm, clashes: list[Clash]) -> Problem | None:
    """The problem in this form's words; a refusal stands by its field as well."""
    if problem and clashes:  # they say better than its time what was changed
        kinds = [*AMOUNTS.values(), *STATES.values()]
        problem = replace(problem, changed=[row for row in problem.changed if row[0] in kinds])
    operation = problem.operation if problem else None
    if problem is None or operation is None or operation.state != Operation.State.REFUSED:
        return problem
    form.refuse(operation.param, operation.message)
    return problem.with_words("Not saved: RevKeen refused.", problem.text)


def _chosen(request: MerchantRequest, form: OrderEditForm) -> str:
    """The name of the customer who is chosen in the form."""
    choice = form["customer"].value() or ""
    if choice == (form.before.customer_id or NOBODY):
        return form.snapshot.customer
    return order_edits.GUEST if choice == NOBODY else order_edits.name_of(request.merchant, request.mode, choice)


def _choices(request: MerchantRequest, form: OrderEditForm, found: Reading[Listing[Customer]] | None) -> list[Choice]:
    """Who the order belongs to, who is chosen, who was found, and nobody."""
    before = form.before.customer_id
    choices = [Choice(before, form.snapshot.customer, "As it is")] if before else []
    choices.append(Choice(NOBODY, order_edits.GUEST, "Not a customer in RevKeen" if before else "As it is"))
    rows = found.value.rows if found and found.value else []
    offered = [Choice(str(row.id), row.shown_name, row.email) for row in rows]
    chosen = form["customer"].value()
    if chosen and chosen not in [choice.value for choice in choices + offered]:
        offered.insert(0, Choice(chosen, _chosen(request, form), "Chosen"))
    return choices + [choice for choice in offered if choice.value != before]
