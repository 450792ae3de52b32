import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from orders.access import merchant_page
from orders.apis.errors import Missing
from orders.apis.revkeen.objects import LineItem
from orders.forms.fulfillments import FulfillmentForm
from orders.models import Operation, Shipment
from orders.requests import MerchantRequest
from orders.services import fulfillments, next_steps, revkeen
from orders.services.fulfillments import Fulfillable, Search
from orders.views import operations
from orders.views.operations import Problem
from orders.views.order_pages import order_head
from orders.views.pages import render_page

ALL_SHIPPED = (
    "every line is recorded here as shipped, and RevKeen does not call the order fulfilled. "
    "Compare with what has left before anything is done in RevKeen itself."
)
PARTS = {"send": "orders/fulfillments/_send.html"}


@dataclass(frozen=True)
class LineRow:
    line: LineItem
    shipment: Shipment | None  # the one it has left in: it is locked then
    ticked: bool


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_fulfill(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    if request.method != "POST":
        return _page(request, order_id)
    ticket = operations.ticket_of(request, Operation.Kind.FULFILL, order_id)
    form = FulfillmentForm(request.POST, seen=ticket.seen)
    form.is_valid()
    if request.htmx.target in PARTS:  # the words of the button follow what is ticked; nothing is sent
        context = {"seen": ticket.seen, "count": len(form.line_ids), "left": len(ticket.seen["lines"])}
        return render_page(request, "", context | {"order_id": order_id}, parts=PARTS)
    if not form.check_button():
        return _page(request, order_id, form, ticket=request.POST["ticket"])
    typed = form.cleaned_data
    asked = fulfillments.asked(
        ticket, form.line_ids, form.chosen_carrier, typed["tracking_number"], notify=typed["notify"]
    )
    answer = operations.send(request, asked)
    return answer if isinstance(answer, HttpResponse) else _refused(request, order_id, form, answer)


@require_safe
@merchant_page
def order_next_to_fulfil(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """Lead on from this order to the form of the next one that waits: the oldest newer one, then the oldest of all."""
    with revkeen.session(request.merchant, request.mode) as api:
        found = fulfillments.next_to_fulfil(api, order_id)
    _say_how_far(request, found)
    if found.order is None:
        return redirect("order_list", request.merchant.slug, request.mode)
    return redirect("order_fulfill", request.merchant.slug, request.mode, found.order.id)


def _say_how_far(request: MerchantRequest, found: Search) -> None:
    if not found.whole:
        what = "Looked for the oldest" if found.order else "Nothing is left to fulfil"
        messages.warning(request, f"{what} among the newest {found.looked_at:,} paid orders; there are older ones.")
    elif found.order is None:
        messages.success(request, "Nothing else is left to fulfil.")


def _refused(request: MerchantRequest, order_id: uuid.UUID, form: FulfillmentForm, problem: Problem) -> HttpResponse:
    """The form once more, with a new ticket: what was typed stays, and the refusal stands by its field."""
    problem = operations.by_its_field(form, problem, "Not fulfilled: RevKeen refused.", fulfillments.FIELDS)
    return _page(request, order_id, form, problem=problem)


def _page(
    request: MerchantRequest,
    order_id: uuid.UUID,
    form: FulfillmentForm | None = None,
    *,
    ticket: str = "",
    problem: Problem | None = None,
) -> HttpResponse:
    """The form. One that was sent keeps its ticket while nothing was begun with it, else it gets a new one."""
    try:
        with revkeen.session(request.merchant, request.mode) as api:
            found = fulfillments.fulfillable(api, order_id)
    except Missing as error:
        raise Http404 from error
    seen = fulfillments.seen(found)
    rows = _rows(found, form)
    context = {
        **order_head(request, found.order),
        "why_not": _why_not(found),
        "form": form or FulfillmentForm(seen=seen),
        "found": found,
        "rows": rows,
        "seen": seen,
        "order_id": order_id,
        "count": sum(row.ticked for row in rows),
        "left": len(seen["lines"]),
        "ticket": ticket or operations.new_ticket(request, Operation.Kind.FULFILL, order_id, seen),
        "problem": problem,
    }
    status = problem.status if problem else 422 if form else found.order.page_status
    return render_page(request, "orders/fulfillments/page.html", context, status=status)


def _why_not(found: Fulfillable) -> str:
    """Why there is nothing to choose from; "" when there is."""
    order = found.order.require()
    if reason := next_steps.step(order, "order_fulfill").reason:
        return reason
    if not order.lines:
        return "RevKeen sent it without line items."
    return "" if found.open_lines else ALL_SHIPPED


def _rows(found: Fulfillable, form: FulfillmentForm | None) -> list[LineRow]:
    """Everything still here is ticked at first, where it is known what is still here; later what the person ticked."""
    ticked = set(form["lines"].value() or ()) if form else None
    shipped = found.shipped
    return [
        LineRow(
            line,
            shipped.get(line.id),
            line.id not in shipped and (found.says_which if ticked is None else str(line.id) in ticked),
        )
        for line in found.order.require().lines
    ]
