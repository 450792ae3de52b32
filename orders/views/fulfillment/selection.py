"""The orders that were selected in To fulfill: those that are ticked, or all of the view that the address asks for."""

import uuid
from dataclasses import dataclass

from orders.requests import MerchantRequest
from orders.services.fulfillment import to_fulfill
from orders.services.revkeen import session
from orders.views.fulfillment.queue import queue_of

ALL = "all"  # in the address: how many orders the view had when its button was drawn


@dataclass(frozen=True)
class Selection:
    """Order id → number, in the order of the list. `shown`: how many the button for all of a view named."""

    orders: dict[uuid.UUID, str]
    shown: int | None = None

    @property
    def differs(self) -> bool:
        """Orders have joined the view, or left it, since the button was drawn."""
        return self.shown is not None and self.shown != len(self.orders)


def selected(request: MerchantRequest) -> Selection:
    """What a POST from To fulfill selected. Raise `ApiError` where nobody can tell what waits."""
    with session.session(request.merchant, request.mode) as api:
        found = to_fulfill.search(api).require()
        rows, _ = to_fulfill.left(api, found)
    rows = [row for row in rows if row.units_left]
    if ALL in request.GET:
        every = {row.order.id: row.order.number for row in queue_of(request, rows).found}
        return Selection(every, _count(request.GET[ALL]))
    ticked = set(request.POST.getlist("id"))
    return Selection({row.order.id: row.order.number for row in rows if row.order.id.hex in ticked})


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
