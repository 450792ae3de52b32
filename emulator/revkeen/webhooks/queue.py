"""What is to be delivered: one row for each event and endpoint, which is the log of deliveries afterwards."""

from __future__ import annotations

import random

from emulator.accounts import Account
from emulator.app import World
from emulator.asks import new_id
from emulator.clock import iso
from emulator.messages import Json, parse
from emulator.revkeen.webhooks.payloads import body_of
from emulator.store import Row, Store

ENDPOINTS, DELIVERIES = "webhook_endpoints", "webhook_deliveries"
WAITS_SECONDS = (5 * 60, 30 * 60, 2 * 3600, 8 * 3600, 24 * 3600)  # after each attempt that failed
MAX_ATTEMPTS = len(WAITS_SECONDS) + 1
SHUFFLED_WITHIN_MS = 2000
_DUE = (
    "SELECT doc FROM webhook_deliveries WHERE account = ? AND next_retry_at <= ? AND endpoint_id = ? "
    "ORDER BY next_retry_at, created, id LIMIT ?"
)


def announce(world: World, account: Account, event: Json, now_ms: int) -> None:
    """Have an event delivered to whoever wants to hear of it."""
    for endpoint in _wanting(world.store, account.id, event["type"]):
        for _ in range(2 if world.settings["webhook_doubled"] else 1):
            _add(world, account, endpoint, event, now_ms)


def due(store: Store, account: int, endpoint_id: str, now_ms: int, limit: int) -> list[Json]:
    """Longest due first."""
    rows = store.db.execute(_DUE, (account, iso(now_ms), endpoint_id, limit))
    return [parse(row[0]) for row in rows]


def note_success(world: World, delivery: Json, now_ms: int) -> None:
    save(world.store, delivery, now_ms, status="succeeded", delivered_at=iso(now_ms), next_retry_at=None)


def note_failure(world: World, delivery: Json, now_ms: int) -> None:
    """It comes again, or was the last attempt."""
    if delivery["attempts"] >= MAX_ATTEMPTS:
        give_up(world.store, delivery, now_ms, "max_attempts_exhausted")
        return
    quick = world.settings["webhook_retries"] == "quick"
    wait_ms = 1000 if quick else WAITS_SECONDS[delivery["attempts"] - 1] * 1000
    save(world.store, delivery, now_ms, next_retry_at=iso(now_ms + wait_ms))


def give_up(store: Store, delivery: Json, now_ms: int, reason: str) -> None:
    gone: Json = {"status": "dead_lettered", "dead_lettered_at": iso(now_ms), "dead_letter_reason": reason}
    save(store, {**delivery, **gone}, now_ms, next_retry_at=None)


def give_up_all(world: World, account: Account, endpoint_id: str) -> None:
    """Those that wait for an endpoint."""
    waiting = [("endpoint_id = ?", endpoint_id), ("status = ?", "pending")]
    for text in world.store.slice(DELIVERIES, account.id, waiting, 1_000_000, 0):
        give_up(world.store, parse(text), world.clock.now_ms(), "endpoint_deleted")


def save(store: Store, delivery: Json, now_ms: int, hidden: Json | None = None, **changes: object) -> Json:
    """The delivery with these changes."""
    delivery = {**delivery, **changes, "updated_at": iso(now_ms)}
    store.save(DELIVERIES, delivery["id"], delivery, hidden)
    return delivery


# helpers


def _wanting(store: Store, account: int, type: str) -> list[Json]:
    """The enabled endpoints that want to hear of events of this type."""
    rows = [parse(text) for text in store.slice(ENDPOINTS, account, [("status = ?", "enabled")], 1000, 0)]
    wanted = {type, type.partition(".")[0] + ".*", "*"}
    return [row for row in rows if wanted & set(row["enabled_events"])]


def _add(world: World, account: Account, endpoint: Json, event: Json, now_ms: int) -> None:
    """One that is due as the switches say."""
    due_ms = now_ms + round(world.settings["webhook_delay"] * 1000)
    if world.settings["webhook_order"] == "random":
        due_ms += random.randrange(SHUFFLED_WITHIN_MS)
    at, body = iso(now_ms), body_of(event, account, world.settings)
    delivery: Json = {
        "id": new_id(), "object": "webhook_delivery", "endpoint_id": endpoint["id"], "event_id": event["id"],
        "event_type": event["type"], "status": "pending", "attempts": 0, "max_attempts": MAX_ATTEMPTS,
        "last_status_code": None, "last_error": None, "last_error_code": None, "last_duration_ms": None,
        "last_attempt_at": None, "next_retry_at": iso(due_ms), "delivered_at": None, "dead_lettered_at": None,
        "dead_letter_reason": None, "created_at": at, "updated_at": at,
    }  # fmt: skip
    hidden = {"body": body.decode(), "told_id": parse(body)["id"]}
    world.store.add(DELIVERIES, [Row(delivery["id"], account.id, now_ms, delivery, hidden)])
