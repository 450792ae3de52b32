import uuid
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from orders import states, step_up
from orders.access import merchant_page
from orders.forms.orders.completions import CompletionForm
from orders.forms.orders.payments import TOKEN, PaymentForm
from orders.models import Operation
from orders.requests import MerchantRequest
from orders.services.approvals.requests import Asking
from orders.services.changes.form_tokens import FormToken
from orders.services.orders import completions as services_completions
from orders.services.orders import next_steps, payments
from orders.services.orders.payments import Payable, PaymentSnapshot
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.order_form import order_form_page
from orders.views.order_head import read_or_404
from orders.views.orders import completions
from orders.views.orders.kept_tokens import keep_token, kept_token
from orders.views.pages import render_page

PARTS = {"charge": "orders/orders/payments/_charge.html"}


@sensitive_post_parameters("token", "kept_token")
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_pay(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    if request.method != "POST":
        return _page(request, order_id)
    form_token = form_page.form_token_of(request, Operation.Kind.PAY, order_id, PaymentSnapshot)
    if services_completions.is_for(form_token):
        return _complete(request, order_id, form_token)
    form = _form(request, request.POST, form_token.snapshot, kept_token(request, order_id))
    if request.htmx.target in PARTS:  # the words of the button follow what is typed; nothing is sent
        context = {"form": form, "snapshot": form_token.snapshot, "asking": _asking(request, order_id, form)}
        return render_page(request, "", context, parts=PARTS)
    if not form.check_button():
        return _page(request, order_id, form, form_token=request.POST["form_token"])
    if form.asks_to_type:
        step_up.require(request)
    method = form.cleaned_data["method"]
    token = form.cleaned_data["token"] if method == TOKEN else ""
    asked = payments.change_request(form_token, form.cleaned_data["amount"], "" if token else method, token)
    answer = form_page.send(request, asked)
    return answer if isinstance(answer, HttpResponse) else _page(request, order_id, form, problem=answer)


def _complete(request: MerchantRequest, order_id: uuid.UUID, form_token: FormToken[PaymentSnapshot]) -> HttpResponse:
    answer = completions.send(request, form_token)
    if isinstance(answer, HttpResponse):
        return answer
    if isinstance(answer, Problem):
        return _page(request, order_id, problem=answer)
    return _page(request, order_id, completion=answer, form_token=request.POST["form_token"])


def _say(form: PaymentForm, problem: Problem) -> Problem:
    """Put a refusal by its field, in our words; what was typed stays."""
    if problem.operation is None or problem.operation.state != Operation.State.REFUSED:
        return problem
    words, field = payments.describe(problem.operation)
    form.refuse(field, words)
    return problem.with_words(words, f"{problem.text} The order has not changed. Try another method or amount.")


def _page(
    request: MerchantRequest,
    order_id: uuid.UUID,
    form: PaymentForm | None = None,
    *,
    completion: CompletionForm | None = None,
    form_token: str = "",
    problem: Problem | None = None,
) -> HttpResponse:
    """The form. One that was sent keeps its form token while nothing was begun with it, else it gets a new one."""
    found = read_or_404(request, lambda api: payments.payable(api, order_id))
    if states.costs_nothing(found.order.require()):
        return completions.page(request, found.order, completion, form_token=form_token, problem=problem)
    form_token = form_token if form else ""  # of another form than this one
    snapshot = payments.snapshot_of(found, timezone.now())
    shown = _shown(request, found, snapshot, form, is_as_sent=bool(form_token))
    problem = _say(shown, problem) if problem is not None else None
    return order_form_page(
        request,
        "orders/orders/payments/page.html",
        found.order,
        {
            **_context(found, shown),
            "fresh": form is None,
            "kept": keep_token(request, order_id, shown, problem),
            "asking": _asking(request, order_id, shown),
        },
        form_token=form_token or form_page.new_form_token(request, Operation.Kind.PAY, order_id, snapshot),
        problem=problem,
        fresh=form is None,
    )


def _shown(
    request: MerchantRequest, found: Payable, snapshot: PaymentSnapshot, form: PaymentForm | None, *, is_as_sent: bool
) -> PaymentForm:
    """The form as it was sent; over the order as it is now, where its form token was used or did not fit any more."""
    if form is None:
        return _form(request, _preset(found, snapshot), snapshot)
    return form if is_as_sent else _form(request, form.data, snapshot, form.kept_token)


def _asking(request: MerchantRequest, order_id: uuid.UUID, form: PaymentForm) -> Asking | None:
    return form_page.asking(request, Operation.Kind.PAY, form.money, order_id=order_id)


def _context(found: Payable, shown: PaymentForm) -> dict[str, Any]:
    now = timezone.now()
    return {
        "step": next_steps.step(found.order.require(), "order_pay"),
        "form": shown,
        "look_first": payments.look_first(found, now),
        "found": found,
        "methods": [(method, payments.blocked_reason(method, now)) for method in found.methods],
        "snapshot": shown.snapshot,
        "token_choice": TOKEN,
    }


def _form(request: MerchantRequest, data: Any, snapshot: PaymentSnapshot, kept: str = "") -> PaymentForm:
    """Validated: what it would charge is clear, or its errors say why not."""
    live = request.mode == "live"
    above = request.merchant.typed_above(snapshot.currency)
    form = PaymentForm(data, snapshot=snapshot, live=live, typed_above=above, kept_token=kept)
    form.is_valid()
    return form


def _preset(found: Payable, snapshot: PaymentSnapshot) -> dict[str, str]:
    """All that is due, from the customer's default method."""
    default = next((str(method.id) for method in found.methods if method.is_default), "")
    order = found.order.require()
    return {"amount": order.money(order.amount_due).as_typed, "method": default if default in snapshot.methods else ""}
