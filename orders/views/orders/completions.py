"""The form for an order over nothing, at the address where another order is paid (views/orders/payments.py)."""

from django.http import HttpResponse

from orders.apis.revkeen.objects import Order
from orders.forms.orders.completions import CompletionForm
from orders.models import Operation
from orders.requests import MerchantRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.snapshots import snapshot_of
from orders.services.orders import completions
from orders.services.orders.payments import PaymentSnapshot
from orders.services.revkeen.session import Reading
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.order_form import order_form_page


def send(request: MerchantRequest, form_token: FormToken[PaymentSnapshot]) -> HttpResponse | CompletionForm | Problem:
    """What came of it: where to go, the form with what lacks, or what the form has to say."""
    form = CompletionForm(request.POST, live=request.mode == "live")
    return form_page.send(request, completions.change_request(form_token)) if form.is_valid() else form


def page(
    request: MerchantRequest,
    reading: Reading[Order],
    form: CompletionForm | None = None,
    *,
    form_token: str = "",
    problem: Problem | None = None,
) -> HttpResponse:
    """`form_token`: of a form that was sent and began nothing; it is kept."""
    order = reading.require()
    context = {"form": form or CompletionForm(live=request.mode == "live")}
    form_token = form_token or form_page.new_form_token(request, Operation.Kind.PAY, order.id, snapshot_of(order))
    template = "orders/orders/completions/page.html"
    return order_form_page(
        request, template, reading, context, form_token=form_token, problem=problem, fresh=form is None
    )
