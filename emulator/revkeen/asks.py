"""A call to RevKeen that has passed the gate."""

from __future__ import annotations

from typing import Any

from emulator import asks
from emulator.clock import iso
from emulator.messages import Json
from emulator.revkeen import documents
from emulator.revkeen.errors import missing
from emulator.revkeen.webhooks import queue
from emulator.revkeen.webhooks.payloads import is_told


class Ask(asks.Ask):
    provider = "revkeen"

    @property
    def id(self) -> str:
        return self.ids["id"].lower()

    def find(self, kind: str, what: str, id: str, param: str = "id") -> Json:
        """Raises a 404."""
        found = self.world.store.get(kind, self.account.id, id.lower())
        if found is None:
            raise missing(what, id, param)
        return found

    def now_ms(self) -> int:
        moment = super().now_ms()
        return moment - moment % 1000 if self.world.settings["whole_seconds"] else moment

    def happened(self, type: str, subject: Json, order: Json, before: Json | None = None) -> None:
        """Record an event that carries this call's id and idempotency key, and have it delivered."""
        settings, now = self.world.settings, self.now_ms()
        if not is_told(type, settings):
            return
        caused_by = {"id": self.request.id, "idempotency_key": self.request.headers.get("idempotency-key")}
        event = documents.event(asks.new_id(), type, subject, now, self.account.mode, caused_by, before)
        links = {name: order[name] for name in ("customer_id", "invoice_id", "subscription_id")}
        shown = iso(now + round(settings["feed_lag"] * 1000)) if settings["feed_lag"] else None
        self.add("events", event, now, order_id=order["id"], shown=shown, **links)
        queue.announce(self.world, self.account, event, now)

    def write_down(self, effect: str, order: Json, **facts: Any) -> None:
        """An entry in the ledger."""
        self.record(effect, order["id"], currency=order["currency"], **facts)
