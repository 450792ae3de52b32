import uuid

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.forms.orders.cancellations import CancellationForm
from orders.models import Operation
from orders.requests import MerchantRequest
from orders.services.changes.snapshots import OrderSnapshot, snapshot_of
from orders.services.orders import cancellations, next_steps
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.order_form import order_form_page
from orders.views.order_head import read_order


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_cancel(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    if request.method != "POST":
        return _page(request, order_id)
    form_token = form_page.form_token_of(request, Operation.Kind.CANCEL, order_id, OrderSnapshot)
    form = CancellationForm(request.POST)
    if not form.is_valid():
        return _page(request, order_id, form, form_token=request.POST["form_token"])
    answer = form_page.send(request, cancellations.change_request(form_token, **form.cleaned_data))
    return answer if isinstance(answer, HttpResponse) else _refused(request, order_id, form, answer)


def _refused(request: MerchantRequest, order_id: uuid.UUID, form: CancellationForm, problem: Problem) -> HttpResponse:
    """The form once more, with a new form token: what was typed stays, and the refusal stands by its field."""
    problem = form_page.by_its_field(form, problem, "Not canceled: RevKeen refused.", cancellations.FIELDS)
    return _page(request, order_id, form, problem=problem)


def _page(
    request: MerchantRequest,
    order_id: uuid.UUID,
    form: CancellationForm | None = None,
    *,
    form_token: str = "",
    problem: Problem | None = None,
) -> HttpResponse:
    """The form. One that was sent keeps its form token while nothing was begun with it, else it gets a new one."""
    reading, order = read_order(request, order_id)
    context = {
        "step": next_steps.step(order, "order_cancel"),
        "first": cancellations.first_step(order),
        "received": order.money(order.net_received),
        "form": form or CancellationForm(),
        "asking": form_page.asking(request, Operation.Kind.CANCEL, order.money(order.amount_due), order_id=order_id),
    }
    form_token = form_token or form_page.new_form_token(request, Operation.Kind.CANCEL, order_id, snapshot_of(order))
    return order_form_page(
        request,
        "orders/orders/cancellations/page.html",
        reading,
        context,
        form_token=form_token,
        problem=problem,
        fresh=form is None,
    )
