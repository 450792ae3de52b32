"""One call that has passed the gate: who asks what, with everything needed to answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from emulator.accounts import Account
from emulator.app import World
from emulator.messages import Json, Request, Response, json_response
from emulator.store import Row, Value


@dataclass
class Ask:
    """Each API has its own kind, with what it looks up and records."""

    provider: ClassVar[str]

    world: World
    account: Account
    request: Request
    ids: dict[str, str]
    query: Json
    body: Json

    def now_ms(self) -> int:
        return self.world.clock.now_ms()

    def add(
        self, kind: str, doc: Json, now_ms: int, hidden: Json | None = None, *, id: str = "", **columns: Value
    ) -> None:
        """`id` where the document has none of its own."""
        self.world.store.add(kind, [Row(id or doc["id"], self.account.id, now_ms, doc, hidden, columns)])

    def record(self, effect: str, order_id: str, **facts: Any) -> None:
        """An entry in the ledger."""
        key = self.request.headers.get("idempotency-key")
        facts = {"idempotency_key": key, "request_id": self.request.id, **facts}
        self.world.ledger.write(self.provider, self.account, effect, order_id, **facts)


def new_id() -> str:
    return str(uuid.uuid4())


def answer(content: Any, status: int = 200) -> Response:
    return json_response(status, content)
