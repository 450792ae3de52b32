"""What a form showed, for tests that need no order at RevKeen to have shown it."""

from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 1, 5, 11, 59, tzinfo=UTC)
NOTHING = {"total": 0, "amount_paid": 0, "amount_refunded": 0, "amount_due": 0}


def order_facts(**facts: Any) -> dict[str, Any]:
    """The fields of an `OrderSnapshot`: an order over nothing, but for what is given."""
    known = {"number": "NW-1", "currency": "USD", "status": "pending", "fulfillment_status": None, "updated_at": AT}
    return NOTHING | known | facts
