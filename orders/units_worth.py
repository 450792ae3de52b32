"""What units of an order's line items come to: one way to count it, whoever asks. `units` are by line item."""

import uuid
from collections.abc import Mapping

from orders.apis.revkeen.objects import Order


def worth(order: Order, units: Mapping[uuid.UUID, int]) -> int:
    """Minor units: each line's units at their share of its total, rounded down."""
    return sum(line.total * units.get(line.id, 0) // line.quantity for line in order.lines if line.quantity)


def paid_for(order: Order, units: Mapping[uuid.UUID, int]) -> int:
    """The same, and never more than was paid."""
    return min(worth(order, units), order.amount_paid)
