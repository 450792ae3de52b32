"""Completing an order that comes to nothing: it is paid without a charge, or it could never be fulfilled.

RevKeen takes amounts from one minor unit up, and a call without one for all that is due. So such an order is sent a
call without an amount, and no other order ever is: what the form showed has to be what the order still comes to.
"""

from orders.models import Operation
from orders.money import Money
from orders.services.asked import Asked
from orders.services.payments import PaymentSnapshot
from orders.services.tickets import Ticket


class NotFree(ValueError):
    """The order comes to something: nothing may be sent for it without an amount."""


def is_for(ticket: Ticket[PaymentSnapshot]) -> bool:
    """Whether the form that the ticket is of showed an order over nothing."""
    shown = ticket.snapshot
    return ticket.kind == Operation.Kind.PAY and shown.total == shown.amount_paid == shown.amount_due == 0


def asked(ticket: Ticket[PaymentSnapshot]) -> Asked:
    """Raise `NotFree`."""
    if not is_for(ticket):
        raise NotFree("The total of this order is greater than 0.")
    nothing = Money(0, ticket.snapshot.currency)
    return Asked(ticket, {}, f"{nothing}, completed without a charge", ticket.snapshot.number)
