"""Completing an order that comes to nothing: it is paid without a charge, or it could never be fulfilled.

RevKeen takes amounts from one minor unit up, and a call without one for all that is due. So such an order is sent a
call without an amount, and no other order ever is: what the form showed has to be what the order still comes to.
"""

from orders.models import Operation
from orders.money import Money
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.orders.payments import PaymentSnapshot


class NotFree(ValueError):
    """The order comes to something: nothing may be sent for it without an amount."""


def is_for(form_token: FormToken[PaymentSnapshot]) -> bool:
    """Whether the form that the form token is of showed an order over nothing."""
    shown = form_token.snapshot
    return form_token.kind == Operation.Kind.PAY and shown.total == shown.amount_paid == shown.amount_due == 0


def change_request(form_token: FormToken[PaymentSnapshot]) -> ChangeRequest:
    """Raise `NotFree`."""
    if not is_for(form_token):
        raise NotFree("The total of this order is greater than 0.")
    nothing = Money(0, form_token.snapshot.currency)
    return ChangeRequest(form_token, {}, f"{nothing}, completed without a charge", form_token.snapshot.number)
