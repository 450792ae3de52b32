"""One call that has passed the gate: who asks what, with everything needed to answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from emulator.accounts import Account
from emulator.app import World
from emulator.messages import Json, Request, Response, json_response
from emulator.revkeen import documents
from emulator.revkeen.errors import missing
from emulator.store import Row, Value


@dataclass
class Ask:
    world: World
    account: Account
    request: Request
    ids: dict[str, str]
    query: Json
    body: Json

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
        return self.world.clock.now_ms()

    def add(self, kind: str, doc: Json, now_ms: int, hidden: Json | None = None, **columns: Value) -> None:
        self.world.store.add(kind, [Row(doc["id"], self.account.id, now_ms, doc, hidden, columns)])

    def happened(self, type: str, subject: Json, order: Json, before: Json | None = None) -> None:
        """Record an event that carries this call's id and idempotency key."""
        now = self.now_ms()
        caused_by = {"id": self.request.id, "idempotency_key": self.request.headers.get("idempotency-key")}
        event = documents.event(new_id(), type, subject, now, self.account.mode, caused_by, before)
        links = {name: order[name] for name in ("customer_id", "invoice_id", "subscription_id")}
        self.add("events", event, now, order_id=order["id"], **links)

    def write_down(self, effect: str, order: Json, **facts: Any) -> None:
        """An entry in the ledger."""
        key = self.request.headers.get("idempotency-key")
        facts = {
            "currency": order["currency"],
            "idempotency_key": key,
            "request_id": self.request.id,
            **facts,
        }
        self.world.ledger.write("revkeen", self.account, effect, order["id"], **facts)


def new_id() -> str:
    return str(uuid.uuid4())


def answer(content: Any, status: int = 200) -> Response:
    return json_response(status, content)
