"""What only the emulator's own side can do to Digital River."""

from __future__ import annotations

from emulator.app import App
from emulator.control import Refused, Route
from emulator.digital_river import orders
from emulator.digital_river.kinds import ORDERS
from emulator.messages import Json, Request


async def settle_captures(app: App, request: Request, order_id: str, body: Json) -> Json:
    """The captures and releases that stay pending end: {"status": "complete"} or failed."""
    store, now = app.world.store, app.world.clock.peek_ms()
    account = store.account_of(ORDERS, order_id)
    order = None if account is None else store.get(ORDERS, account, order_id)
    if order is None:
        raise Refused(404, f"no Digital River order {order_id}")
    if body.get("status") not in ("complete", "failed"):
        raise Refused(400, "status must be complete or failed")
    hidden = store.hidden(ORDERS, order_id)
    for operation in hidden["operations"]:
        if operation["becomes"] == "pending":
            operation.update(becomes=body["status"], due_ms=now)
    store.save(ORDERS, order_id, order, hidden)
    return orders.as_of(order, hidden, now)


ROUTES: dict[tuple[str, str], Route] = {("POST", "captures/{}"): settle_captures}
