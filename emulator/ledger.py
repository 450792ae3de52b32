"""What really happened: one entry per effect, written in the same transaction as the effect."""

from __future__ import annotations

import json
from typing import Any

from emulator.accounts import Account
from emulator.messages import Json
from emulator.store import Store

_MEMBERS = {
    "after", "provider", "effect", "merchant", "mode", "order_id", "amount", "currency", "idempotency_key",
    "request_id", "customer_id", "payment_id", "refund_id", "status", "code", "fields", "reason",
    "line_item_ids", "carrier", "tracking_number", "notified", "fulfillment_id", "item_id", "quantity", "items",
    "metadata", "tracking_numbers",
}  # fmt: skip


class Ledger:
    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, provider: str, account: Account, effect: str, order_id: str | None, **facts: Any) -> None:
        entry = {"provider": provider, "effect": effect, "merchant": account.merchant, "mode": account.mode,
                 "order_id": order_id, **facts}  # fmt: skip
        row = (provider, account.id, order_id, json.dumps(entry))
        self._store.db.execute("INSERT INTO ledger (provider, account, order_id, entry) VALUES (?, ?, ?, ?)", row)

    def read(self, wanted: dict[str, str]) -> list[Json]:
        """Entries, oldest first, whose members have these values; `after` gives those after an entry's id.

        Raises ValueError for a name that no entry has.
        """
        if unknown := wanted.keys() - _MEMBERS:
            raise ValueError(f"the ledger has no {', '.join(sorted(unknown))}")
        after = int(wanted.pop("after", "0"))
        rows = self._store.db.execute("SELECT id, entry FROM ledger WHERE id > ? ORDER BY id", (after,))
        entries = [{"id": id, **json.loads(entry)} for id, entry in rows]
        return [entry for entry in entries if all(str(entry.get(name)) == value for name, value in wanted.items())]

    def clear(self) -> None:
        self._store.db.execute("DELETE FROM ledger")
