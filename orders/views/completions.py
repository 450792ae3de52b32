"""The form for an order over nothing, at the address where another order is paid (views/payments.py)."""

from django.http import HttpResponse

from orders.apis.revkeen.objects import Order
from orders.forms.completions import CompletionForm
from orders.models import Operation
from orders.requests import MerchantRequest
from orders.services import completions
from orders.services.payments import PaymentSnapshot
from orders.services.revkeen import Reading
from orders.services.snapshots import snapshot_of
from orders.services.tickets import Ticket
from orders.views import operations
from orders.views.operations import Problem
from orders.views.order_form import order_form_page


def send(request: MerchantRequest, ticket: Ticket[PaymentSnapshot]) -> HttpResponse | CompletionForm | Problem:
    """What came of it: where to go, the form with what lacks, or what the form has to say."""
    form = CompletionForm(request.POST, live=request.mode == "live")
    return operations.send(request, completions.asked(ticket)) if form.is_valid() else form


def page(
    request: MerchantRequest,
    reading: Reading[Order],
    form: CompletionForm | None = None,
    *,
    ticket: str = "",
    problem: Problem | None = None,
) -> HttpResponse:
    """`ticket`: of a form that was sent and began nothing; it is kept."""
    order = reading.require()
    context = {"form": form or CompletionForm(live=request.mode == "live")}
    ticket = ticket or operations.new_ticket(request, Operation.Kind.PAY, order.id, snapshot_of(order))
    template = "orders/completions/page.html"
    return order_form_page(request, template, reading, context, ticket=ticket, problem=problem, fresh=form is None)
