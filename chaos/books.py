"""The journal, as the database has it, held against the ledger, as the emulator wrote it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.support.processes import Site

NAMES = (
    "id", "kind", "state", "mode", "order_id", "created_order_id", "draft_id", "plan_id", "step", "body", "code",
    "message", "attempts", "looks", "quarantined", "created_at", "ended_at", "merchant__slug",
)  # fmt: skip
JOURNAL = f"""
import json
from orders.models import Operation
print("ready"); input()
print(json.dumps(list(Operation.objects.order_by("created_at").values(*{NAMES})), default=str))
"""

EFFECTS = {
    "create": "order_created",
    "update": "order_updated",
    "pay": "payment",
    "cancel": "cancel",
    "fulfill": "fulfillment",
    "refund": "refund",
}
FINAL_WITHOUT = ("refused", "not_sent")

Row = dict[str, Any]


def read_journal(site: Site) -> list[Row]:
    rows: list[Row] = site.run(JOURNAL)
    return rows


def is_open(site: Site) -> bool:
    """Whether there is anything that a machine may yet reconcile."""
    return bool(site.rows("SELECT 1 FROM orders_operation WHERE state IN ('started', 'in_doubt') LIMIT 1"))


@dataclass
class Books:
    """What is wrong, in words; nothing of it may be."""

    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)

    @property
    def violations(self) -> list[str]:
        return [*self.doubled, *self.lost, *self.wrong, *self.stuck, *self.hidden, *self.idle]


def compare(journal: list[Row], ledger: list[Row]) -> Books:
    """Each operation against the ledger's entries under its key. What has no key was made by others."""
    books = Books(states=Counter(row["state"] for row in journal))
    by_key: dict[str, list[Row]] = {}
    for entry in ledger:
        if entry.get("idempotency_key") and entry["effect"] != "decline":
            by_key.setdefault(entry["idempotency_key"], []).append(entry)
    for row in journal:
        _compare_one(books, row, by_key.pop(row["id"], []))
    books.lost += [
        f"{entries[0]['effect']} under {key}, which the journal does not have" for key, entries in by_key.items()
    ]
    return books


def _compare_one(books: Books, row: Row, entries: list[Row]) -> None:
    name = f"{row['kind']} {row['id']} ({row['state']} {row['code']}, order {row['order_id']})"
    if len(entries) > 1:
        books.doubled.append(f"{name}: {len(entries)} effects under one key")
    if row["state"] == "done" and not entries:
        books.lost.append(f"{name}: the ledger has nothing")
    if row["state"] in FINAL_WITHOUT and entries:
        books.wrong.append(f"{name}: the ledger has {entries[0]['effect']}")
    if row["state"] in ("started", "in_doubt"):
        books.stuck.append(f"{name}: {row['message']}, {row['looks']} looks, {row['attempts']} attempts")
    for entry in entries:
        if not _fits(row, entry):
            books.wrong.append(f"{name}: asked {row['body']}, the ledger has {entry}")


def _fits(row: Row, entry: Row) -> bool:
    """Whether it is what was asked: the effect, the order, the sum."""
    order = row["created_order_id"] if row["kind"] == "create" else row["order_id"]
    asked = row["body"].get("amount", row["body"].get("amount_minor"))
    return (
        entry["effect"] == EFFECTS[row["kind"]]
        and (order is None or entry["order_id"] == order)
        and (asked is None or "amount" not in entry or entry["amount"] == asked)
    )
