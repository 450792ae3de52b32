"""A pasted payment token between two sendings of its form: in no page, but sealed for this person and order alone.

A password field never gets its value back, and whoever pasted a token should not have to make another one because the
sum was wrong or the order had changed.
"""

import uuid
from dataclasses import dataclass

from orders import secrets
from orders.forms.orders.payments import PaymentForm
from orders.models import Operation
from orders.requests import MerchantRequest
from orders.views.changes.form_page import Problem


@dataclass(frozen=True)
class Kept:
    sealed: str
    ends_in: str


def kept_token(request: MerchantRequest, order_id: uuid.UUID) -> str:
    """The token that a form brings back; "" where there is none, or where it is not of this form."""
    try:
        return secrets.unseal(request.POST.get("kept_token", ""), _owner(request, order_id))
    except (secrets.Unreadable, ValueError):
        return ""


def keep_token(
    request: MerchantRequest, order_id: uuid.UUID, form: PaymentForm, problem: Problem | None
) -> Kept | None:
    """What the form is to bring back. Not what RevKeen has seen: a token can be used once."""
    sent = problem is not None and problem.operation is not None and problem.operation.state == Operation.State.REFUSED
    token = form.cleaned_data.get("token", "")
    if sent or not token:
        return None
    return Kept(secrets.seal(token, _owner(request, order_id)), token[-4:])


def _owner(request: MerchantRequest, order_id: uuid.UUID) -> str:
    return f"kept token:{request.user.pk}:{request.merchant.pk}:{request.mode}:{order_id}"
