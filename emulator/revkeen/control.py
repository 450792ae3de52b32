"""What only the emulator's own side can do to RevKeen."""

from __future__ import annotations

from emulator.accounts import ACCOUNTS
from emulator.app import App
from emulator.control import Refused, Route
from emulator.messages import Json, Request
from emulator.revkeen import refunds
from emulator.revkeen.asks import Ask
from emulator.revkeen.errors import Refusal


async def settle_refund(app: App, request: Request, id: str, body: Json) -> Json:
    """A pending refund succeeds, or fails: {"status": "succeeded"}."""
    store = app.world.store
    account = next((a for a in ACCOUNTS if a.id == store.account_of("refunds", id)), None)
    if account is None:
        raise Refused(404, f"no refund {id}")
    if body.get("status") not in ("processing", "succeeded", "failed", "canceled"):
        raise Refused(400, "status must be processing, succeeded, failed or canceled")
    try:
        with store.transaction():
            return refunds.settle(Ask(app.world, account, request, {"id": id}, {}, {}), body["status"])
    except Refusal as refusal:
        raise Refused(refusal.status, str(refusal)) from None


ROUTES: dict[tuple[str, str], Route] = {("POST", "refunds/{}"): settle_refund}
