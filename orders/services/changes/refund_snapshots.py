"""What the form of a refund showed: beside the order, what was left of each of its payments.

Apart from services/orders/refunds.py, because effects and looks compare it with what RevKeen shows now.
"""

from msgspec import Struct

from orders.models import Operation
from orders.services.changes.snapshots import OrderSnapshot, shown_by


class RefundablePayment(Struct, frozen=True):
    """Amounts in minor units of the order's currency."""

    label: str
    amount: int
    left: int
    day: str  # on which it was made, by UTC


class RefundSnapshot(OrderSnapshot, frozen=True, kw_only=True):
    customer: str
    net_left: int  # minor units that may go back at most
    payments: dict[str, RefundablePayment]  # by id, the oldest first


def payment_of(operation: Operation) -> RefundablePayment:
    """The payment that a refund is about, as the form showed it."""
    return shown_by(operation, RefundSnapshot).payments[operation.body["payment_id"]]
