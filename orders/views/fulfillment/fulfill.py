import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.access import merchant_page
from orders.apis.revkeen.objects import LineItem
from orders.forms.fulfillment.cancel_units import CancelUnitsForm
from orders.forms.fulfillment.fulfill import FulfillmentForm
from orders.models import Fulfillment, Operation, PartnerUpdate, Shipment
from orders.requests import MerchantRequest
from orders.services.fulfillment import at_hand, fulfill, fulfillable, leaving, presets, proposals, to_fulfill, undo
from orders.services.fulfillment.fulfill import FulfillmentFormToken
from orders.services.fulfillment.fulfillable import Fulfillable, FulfillmentSnapshot
from orders.services.fulfillment.last_attempt import last_tried
from orders.services.fulfillment.shipments import Parcel
from orders.services.fulfillment.to_fulfill import Following
from orders.services.fulfillment.undo import OthersFollow, TooLate
from orders.services.handling import holds
from orders.services.orders import next_steps
from orders.services.partners import directory
from orders.services.revkeen import session
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.fulfillment.fulfill_form import filled_form
from orders.views.order_form import order_form_page
from orders.views.order_head import read_or_404
from orders.views.pages import render_page

ALL_SHIPPED = (
    "every line is recorded here as shipped, but RevKeen does not show the order as fulfilled. "
    "Compare it with what has shipped before you change anything in RevKeen."
)
PARTS = {"parcels": "orders/fulfillment/_parcels.html"}


@dataclass(frozen=True)
class GoneRow:
    """A line of which nothing is left here, and the shipments that its units are in."""

    line: LineItem
    shipments: list[Shipment]


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_fulfill(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    if request.method != "POST":
        return _page(request, order_id)
    form_token = form_page.form_token_of(request, Operation.Kind.FULFILL, order_id, FulfillmentSnapshot)
    form = filled_form(request, order_id, form_token.snapshot)
    if form.do and request.htmx.target in PARTS:  # the form follows what is typed; nothing is sent
        return render_page(request, "", _parcels(form, order_id), parts=PARTS)
    if form.do.startswith("undo:"):  # of another order, which this person has sent off just before
        return _page(request, order_id, form, form_token=request.POST["form_token"], undone=_undo(request, form.do))
    if form.do or not form.check_button():
        return _page(request, order_id, form, form_token=request.POST["form_token"])
    return _send(request, form_token, form)


@require_safe
@merchant_page
def order_next_to_fulfill(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """Lead on from this order to the form of the next one that waits: as in To fulfill, and then from its top."""
    with session.session(request.merchant, request.mode) as api:
        following = to_fulfill.next_after(api, request.user, order_id)
    _say_how_far(request, following)
    if following.order is None:
        return redirect("to_fulfill", request.merchant.slug, request.mode)
    return redirect("order_fulfill", request.merchant.slug, request.mode, following.order.id)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_cancel_units(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """Give units up that will never be shipped."""
    if request.method != "POST":
        return _cancel_page(request, order_id)
    form_token = form_page.form_token_of(request, Operation.Kind.FULFILL, order_id, FulfillmentSnapshot)
    form = CancelUnitsForm(request.POST, snapshot=form_token.snapshot)
    if not form.check():
        return _cancel_page(request, order_id, form, form_token=request.POST["form_token"])
    answer = _carry_out(request, form_token, [form.parcel])
    if isinstance(answer, HttpResponse):
        return answer
    problem = answer.with_words("No units were canceled: RevKeen refused.", answer.text) if _refused(answer) else answer
    return _cancel_page(request, order_id, form, problem=problem)


@merchant_page
@require_POST
def fulfillment_undo(request: MerchantRequest, fulfillment_id: uuid.UUID) -> HttpResponse:
    found = _undone(request, fulfillment_id)
    return form_page.to_order(request, found.order_id)


def _undo(request: MerchantRequest, do: str) -> Fulfillment | None:
    """What the button names is undone; None where it names nothing. It says what came of it."""
    try:
        return _undone(request, uuid.UUID(do.removeprefix("undo:")))
    except ValueError:
        return None


def _undone(request: MerchantRequest, fulfillment_id: uuid.UUID) -> Fulfillment:
    """The fulfillment, undone if it still could be; it says what came of it."""
    found = Fulfillment.objects.filter(merchant=request.merchant, mode=request.mode, pk=fulfillment_id).first()
    if found is None:
        raise Http404
    try:
        undo.undo(found, request.user)
        messages.success(request, "Undone. No system was notified.")
    except OthersFollow:
        messages.warning(request, "Another change has locked the order. Undo that first, or wait until it is finished.")
    except TooLate:
        found.refresh_from_db()
        messages.warning(request, "It was already undone." if found.undone_at else "Too late: it was already sent.")
    return found


def _say_how_far(request: MerchantRequest, following: Following) -> None:
    if following.from_top and not following.search.whole:
        what = "Searched only" if following.order else "Nothing to fulfill in"
        looked_at = following.search.looked_at
        messages.warning(request, f"{what} the newest {looked_at:,} paid orders; there are older ones.")
    elif following.order is None:
        messages.success(request, "Nothing else to fulfill.")


def _send(request: MerchantRequest, form_token: FulfillmentFormToken, form: FulfillmentForm) -> HttpResponse:
    assert form_token.order_id is not None  # noqa: S101  (the address has one)
    answer = _carry_out(request, form_token, form.asked)
    if not isinstance(answer, HttpResponse):
        return _page(request, form_token.order_id, problem=answer)
    presets.remember(request.membership, form.asked, form.email_chosen)
    return answer


def _carry_out(
    request: MerchantRequest, form_token: FulfillmentFormToken, parcels: list[Parcel]
) -> HttpResponse | Problem:
    answer = form_page.carry_out(request, lambda api: fulfill.fulfill(api, request.user, form_token, parcels))
    if isinstance(answer, Fulfillment):
        return _recorded(request, answer, fulfill.summary(form_token, parcels), told=False)
    if not isinstance(answer, Operation):
        return answer
    if answer.order_id and undo.held(answer):
        return _recorded(request, Fulfillment.objects.get(pk=answer.plan_id), answer.summary, told=True)
    return form_page.problem_of(answer) or form_page.to_operation(request, answer)


def _recorded(request: MerchantRequest, fulfillment: Fulfillment, what: str, *, told: bool) -> HttpResponse:
    """What is written down, and when whoever hears of it does."""
    written = PartnerUpdate.objects.filter(shipment__fulfillment=fulfillment)
    names = [one.label for one in PartnerUpdate.Destination if written.filter(destination=one).exists()]
    hears = ["RevKeen", *names] if told else names
    seconds = request.merchant.undo_seconds
    messages.success(request, f"Recorded: {what}. {_sending(hears, seconds)}")
    return form_page.to_order(request, fulfillment.order_id)


def _sending(hears: list[str], seconds: int) -> str:
    if not hears:
        return "No other system is notified now."
    whom = f"{', '.join(hears[:-1])} and {hears[-1]}" if hears[1:] else hears[0]
    return f"Sending to {whom} in {seconds} s." if seconds else f"Sending to {whom}."


def _refused(problem: Problem) -> bool:
    return problem.operation is not None and problem.operation.state == Operation.State.REFUSED


def _page(
    request: MerchantRequest,
    order_id: uuid.UUID,
    form: FulfillmentForm | None = None,
    *,
    form_token: str = "",
    problem: Problem | None = None,
    undone: Fulfillment | None = None,
) -> HttpResponse:
    """The form. One that was sent keeps its form token while nothing was begun with it, else it gets a new one.

    After a problem what was typed stays, over the order as it is now, and RevKeen's refusal stands by its field.
    """
    found = read_or_404(request, lambda api: fulfillable.fulfillable(api, order_id))
    snapshot, fresh = fulfillable.snapshot_of(found), form is None or bool(form.do)
    open_ones = _open_at_digital_river(request, found) if form is None and problem is None else None
    if problem is not None:
        form = filled_form(request, order_id, snapshot)
        problem = _by_its_field(form, problem)
    context = {
        **_parcels(form or filled_form(request, order_id, snapshot, ticked=_proposed(found, open_ones)), order_id),
        "blocked_reason": blocked_reason(found),
        "hold": holds.of_order(request.merchant, request.mode, order_id),
        "found": found,
        "open_there": open_ones,
        "at_hand": at_hand.of_order(request.merchant, request.mode, order_id),
        "leaving": leaving.leaving(request.merchant, request.mode, request.user),
        "undone": undone,
        "gone": _gone(found),
    }
    form_token = form_token or form_page.new_form_token(request, Operation.Kind.FULFILL, order_id, snapshot)
    template = "orders/fulfillment/page.html"
    return order_form_page(request, template, found.order, context, form_token=form_token, problem=problem, fresh=fresh)


def _by_its_field(form: FulfillmentForm, problem: Problem) -> Problem:
    form.keep_errors_of_units()
    words = "Not fulfilled: RevKeen refused."
    return form_page.by_its_field(form.told_first, problem, words, fulfill.FIELDS)


def _cancel_page(
    request: MerchantRequest,
    order_id: uuid.UUID,
    form: CancelUnitsForm | None = None,
    *,
    form_token: str = "",
    problem: Problem | None = None,
) -> HttpResponse:
    found = read_or_404(request, lambda api: fulfillable.fulfillable(api, order_id))
    snapshot = fulfillable.snapshot_of(found)
    connected = {connection.provider for connection in directory.connected(request.merchant, request.mode)}
    context = {
        "blocked_reason": blocked_reason(found),
        "form": form or CancelUnitsForm(snapshot=snapshot, before=_given_up_before(request, order_id)),
        "found": found,
        "digital_river": PartnerUpdate.Destination.DIGITAL_RIVER in connected,
        "order_id": order_id,
    }
    form_token = form_token or form_page.new_form_token(request, Operation.Kind.FULFILL, order_id, snapshot)
    template = "orders/fulfillment/cancel_units.html"
    return order_form_page(
        request, template, found.order, context, form_token=form_token, problem=problem, fresh=form is None
    )


def _given_up_before(request: MerchantRequest, order_id: uuid.UUID) -> list[Shipment]:
    return last_tried(request.merchant, request.mode, order_id, Shipment.Kind.CANCELLATION)


def _parcels(form: FulfillmentForm, order_id: uuid.UUID) -> dict[str, Any]:
    """What the part needs that follows what is typed."""
    return {"form": form, "snapshot": form.snapshot, "named": form.named, "order_id": order_id}


def _open_at_digital_river(request: MerchantRequest, found: Fulfillable) -> dict[str, int] | None:
    """Asked of a part-fulfilled order, because RevKeen never tells which lines it calls fulfilled."""
    connection = proposals.connection_of(directory.connected(request.merchant, request.mode))
    part = found.order.require().fulfillment_status == "partial"
    return proposals.proposed(found, connection) if part and connection is not None else None


def _proposed(found: Fulfillable, open_ones: dict[str, int] | None) -> dict[str, int]:
    """The units by line that the form ticks as it is opened: none where nobody knows what has left."""
    if open_ones is not None:
        return open_ones
    return {str(line.id): found.left(line) for line in found.open_lines} if found.says_which else {}


def blocked_reason(found: Fulfillable) -> str:
    """Why there is nothing to choose from; "" when there is."""
    order = found.order.require()
    if reason := next_steps.step(order, "order_fulfill").reason:
        return reason
    if not order.lines:
        return "RevKeen returned no line items."
    return "" if found.open_lines else ALL_SHIPPED


def _gone(found: Fulfillable) -> list[GoneRow]:
    shipments = fulfillable.by_line(found.shipments)
    lines = found.order.require().lines
    return [GoneRow(line, shipments.get(line.id, [])) for line in lines if not found.left(line)]
