"""A parcel that was released without RevKeen: telling it under a new operation, or saying that it has it already."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from orders.access import merchant_page, refuse
from orders.forms.fulfillment.unreported import KnownForm, TellForm
from orders.models import Operation, Shipment
from orders.requests import MerchantRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.fulfillment import fulfillable, unreported
from orders.services.fulfillment.fulfillable import Fulfillable
from orders.services.fulfillment.unreported import Unreported, UnreportedSnapshot
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.fulfillment.shipments import shipment_of, to_shipment
from orders.views.order_form import order_form_page
from orders.views.order_head import read_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def shipment_tell(request: MerchantRequest, pk: int) -> HttpResponse:
    shipment = shipment_of(request, pk)
    if request.method != "POST":
        return _page(request, shipment)
    form_token = _form_token(request, shipment)
    form = TellForm(request.POST, recipient=form_token.snapshot.recipient)
    if not form.is_valid():
        return _page(request, shipment, form, form_token=request.POST["form_token"])
    answer = form_page.send(
        request, unreported.change_request(form_token, shipment, notify=form.cleaned_data["notify"])
    )
    if isinstance(answer, HttpResponse):
        return answer
    problem = form_page.by_its_field(form, answer, "RevKeen was not notified: it refused.", unreported.FIELDS)
    return _page(request, shipment_of(request, pk), form, problem=problem)


@merchant_page
@require_POST
def shipment_known(request: MerchantRequest, pk: int) -> HttpResponse:
    """Somebody has looked: it is not told. With a reason, which stands in the journal."""
    shipment, form = shipment_of(request, pk), KnownForm(request.POST)
    if not form.is_valid():
        return _page(request, shipment, known=form)
    if unreported.known(shipment, request.user, form.cleaned_data["reason"]):
        messages.success(request, f"{shipment} was removed from the list. RevKeen was not notified.")
    else:
        messages.warning(request, "Its status has changed, as shown here. Nothing was changed.")
    return to_shipment(request, shipment)


def _form_token(request: MerchantRequest, shipment: Shipment) -> FormToken[UnreportedSnapshot]:
    """The form's token. One of another shipment, or of another form of the same order, is a 404, on record."""
    form_token = form_page.form_token_of(request, Operation.Kind.FULFILL, shipment.order_id, UnreportedSnapshot)
    told = form_token.snapshot.unreported
    if told is None or told.shipment != shipment.pk:
        refuse(request, "the form was made for another shipment")
        raise Http404
    return form_token


def _page(
    request: MerchantRequest,
    shipment: Shipment,
    form: TellForm | None = None,
    *,
    known: KnownForm | None = None,
    form_token: str = "",
    problem: Problem | None = None,
) -> HttpResponse:
    """The form. One that was sent keeps its form token while nothing was begun with it, else it gets a new one."""
    found = read_or_404(request, lambda api: fulfillable.fulfillable(api, shipment.order_id))
    waiting = unreported.of(shipment)
    told = set(waiting.line_ids) if waiting else set()
    context = {
        "shipment": shipment,
        "unreported": waiting,
        "items": [item for item in shipment.items.all() if str(item.line_item_id) in told],
        "recipient": found.recipient,
        "form": form or _fresh(found, shipment),
        "known": known or KnownForm(),
    }
    form_token, fresh = form_token or _new_form_token(request, found, waiting), form is None and known is None
    template = "orders/fulfillment/unreported/page.html"
    return order_form_page(request, template, found.order, context, form_token=form_token, problem=problem, fresh=fresh)


def _fresh(found: Fulfillable, shipment: Shipment) -> TellForm:
    """The e-mail is as it was asked for when the parcel was sent off."""
    notify = "yes" if shipment.notified and found.recipient else "no"
    return TellForm(recipient=found.recipient, initial={"notify": notify})


def _new_form_token(request: MerchantRequest, found: Fulfillable, waiting: Unreported | None) -> str:
    if waiting is None or not waiting.line_ids:
        return ""
    order = found.order.require()
    return form_page.new_form_token(request, Operation.Kind.FULFILL, order.id, unreported.snapshot_of(found, waiting))
