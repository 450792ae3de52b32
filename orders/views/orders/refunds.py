import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms.boundfield import BoundField
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from orders import step_up
from orders.access import merchant_page
from orders.apis.revkeen.objects import Transaction
from orders.forms.orders.refunds import RefundForm
from orders.models import Operation
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services.changes.refund_snapshots import RefundSnapshot
from orders.services.orders import refunds
from orders.services.orders.refunds import Payment, Refundable, amount_field
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.order_form import order_form_page
from orders.views.order_head import read_or_404
from orders.views.pages import render_page

PARTS = {"refund": "orders/orders/refunds/_form.html", "check": "orders/orders/refunds/_check.html"}


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_refund(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    if request.method != "POST":
        return _page(request, order_id)
    form_token = form_page.form_token_of(request, Operation.Kind.REFUND, order_id, RefundSnapshot)
    if request.htmx.target == "refund":  # “Fill in all”: what else was typed stays; nothing is sent
        filled = request.POST.dict() | _all_that_is_left(form_token.snapshot)
        return _page(
            request,
            order_id,
            _form(request, filled, form_token.snapshot),
            form_token=request.POST["form_token"],
            filled=True,
        )
    form = _form(request, request.POST, form_token.snapshot)
    if request.htmx.target == "check":  # the words of the button follow what is typed; nothing is sent
        return render_page(request, "", {**_check(request, order_id, form), "fresh": True}, parts=PARTS)
    if not form.check_button():
        return _page(request, order_id, form, form_token=request.POST["form_token"])
    if form.asks_to_type:
        step_up.require(request)
    cleaned = form.cleaned_data
    answer = form_page.send(
        request, refunds.change_request(form_token, form.amounts, cleaned["reason"], cleaned["details"])
    )
    return answer if isinstance(answer, HttpResponse) else _page(request, order_id, form, problem=answer)


@dataclass(frozen=True)
class PaymentRow:
    payment: Payment
    paid: Money
    given_back: Money
    on_its_way: Money
    left: Money | None
    amount: BoundField | None  # None: nothing can be given back, or not by this form


@dataclass(frozen=True)
class NotOurs:
    sale: Transaction
    paid: Money
    known: bool  # that it is another order's


@dataclass(frozen=True)
class Part:
    """What the form gives back to one payment."""

    label: str
    money: Money
    void: bool


def _page(
    request: MerchantRequest,
    order_id: uuid.UUID,
    form: RefundForm | None = None,
    *,
    form_token: str = "",
    problem: Problem | None = None,
    filled: bool = False,
) -> HttpResponse:
    """The form. One that was sent keeps its form token while nothing was begun with it, else it gets a new one."""
    found = read_or_404(request, lambda api: refunds.refundable(api, order_id))
    snapshot, fresh = refunds.snapshot_of(found), filled or form is None
    if form is None:
        shown = _form(request, _all_that_is_left(snapshot) if request.GET.get("fill") == "all" else {}, snapshot)
    else:
        shown = (
            form if form_token else _form(request, form.data, snapshot)
        )  # a new form token is good for what is left now
    if fresh:
        shown.errors.clear()  # nobody has said yet that this is all
    return order_form_page(
        request,
        "orders/orders/refunds/page.html",
        found.order,
        {**_context(found, shown), **_check(request, order_id, shown), "fresh": fresh},
        form_token=form_token or form_page.new_form_token(request, Operation.Kind.REFUND, order_id, snapshot),
        problem=_say(shown, problem) if problem is not None else None,
        fresh=fresh,
        payments=found.split,
        parts=PARTS,
    )


def _context(found: Refundable, shown: RefundForm) -> dict[str, Any]:
    return {
        "blocked_reason": refunds.blocked_reason(found),
        "found": found,
        "rows": [_row(payment, shown) for payment in found.payments],
        "net_left": found.order.require().money(found.net_left),
        "less_than_payments": found.net_left < sum(payment.left or 0 for payment in found.payments),
        "not_ours": _not_ours(found),
    }


def _not_ours(found: Refundable) -> list[NotOurs]:
    """Payments of the invoice that cannot be chosen, because they are another order's, or nobody knows whose."""
    whose = ((found.of_others, True), (found.unknown, False))
    return [NotOurs(sale, Money(sale.amount, sale.currency.upper()), known) for sales, known in whose for sale in sales]


def _say(form: RefundForm, problem: Problem) -> Problem:
    """Put a refusal by its field, in our words."""
    operation = problem.operation
    if operation is None or operation.state != Operation.State.REFUSED:
        return problem
    words, field = refunds.describe(operation)
    if field in form.fields:
        form.refuse(field, operation.message or words)
    return problem.with_words(words, problem.text)


def _form(request: MerchantRequest, data: Any, snapshot: RefundSnapshot) -> RefundForm:
    above = request.merchant.typed_above(snapshot.currency)
    form = RefundForm(data, snapshot=snapshot, live=request.mode == "live", typed_above=above)
    form.is_valid()
    return form


def _all_that_is_left(snapshot: RefundSnapshot) -> dict[str, str]:
    left = refunds.all_that_is_left(snapshot).items()
    return {amount_field(payment_id): snapshot.money(minor).as_typed for payment_id, minor in left}


def _check(request: MerchantRequest, order_id: uuid.UUID, form: RefundForm) -> dict[str, Any]:
    """What is looked at once more before it is sent."""
    now = timezone.now()
    parts = [_part(form, *item, now) for item in form.amounts.items()]
    asking = form_page.asking(request, Operation.Kind.REFUND, form.money, order_id=order_id)
    return {"form": form, "snapshot": form.snapshot, "refund_parts": parts, "asking": asking}


def _part(form: RefundForm, payment_id: str, money: Money, now: datetime) -> Part:
    payment = form.snapshot.payments[payment_id]
    return Part(payment.label, money, refunds.voids(payment, money.minor, now))


def _row(payment: Payment, form: RefundForm) -> PaymentRow:
    currency = payment.sale.currency.upper()
    name = amount_field(str(payment.sale.id))
    return PaymentRow(
        payment=payment,
        paid=Money(payment.sale.amount, currency),
        given_back=Money(payment.given_back, currency),
        on_its_way=Money(payment.on_its_way, currency),
        left=None if payment.left is None else Money(payment.left, currency),
        amount=form[name] if payment.left and name in form.fields else None,
    )
