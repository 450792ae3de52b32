"""Posts what is due to its endpoint, for as long as the emulator is served, and notes how that went."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from emulator.accounts import ACCOUNTS, Account
from emulator.app import World
from emulator.clock import iso
from emulator.messages import Json, parse
from emulator.revkeen.webhooks import queue
from emulator.revkeen.webhooks.payloads import headers_of

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 30.0
AT_ONCE = 8  # for each endpoint
# Ours: RevKeen does not say when its circuit breaker opens, and for how long.
OPENS_AFTER = 10  # failures in a row
STAYS_OPEN_MS = 60_000


@dataclass(frozen=True)
class Outcome:
    """`status` is None where there was no answer, and `error` says why."""

    status: int | None
    error: str
    milliseconds: int

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender:
    def __init__(self, world: World) -> None:
        self._world = world
        self._at_hand: dict[str, set[str]] = {}  # ids of deliveries by endpoint

    async def run(self) -> None:
        """Until it is canceled."""
        while True:
            for account in ACCOUNTS:
                for text in self._world.store.slice(queue.ENDPOINTS, account.id, [("status = ?", "enabled")], 1000, 0):
                    self._begin_due(account, parse(text))
            await asyncio.sleep(LOOK_SECONDS)

    # helpers

    def _begin_due(self, account: Account, endpoint: Json) -> None:
        at_hand, now = self._at_hand.setdefault(endpoint["id"], set()), self._world.clock.peek_ms()
        free = self._most_at_once(endpoint, now) - len(at_hand)
        if free <= 0:
            return
        if endpoint["circuit_breaker_state"] == "open":
            self._world.store.save(queue.ENDPOINTS, endpoint["id"], {**endpoint, "circuit_breaker_state": "half_open"})
        found = queue.due(self._world.store, account.id, endpoint["id"], now, free + len(at_hand))
        for delivery in [each for each in found if each["id"] not in at_hand][:free]:
            at_hand.add(delivery["id"])
            task = asyncio.get_running_loop().create_task(self._deliver(account, endpoint["id"], delivery["id"]))
            self._world.under_way.add(task)
            task.add_done_callback(self._world.under_way.discard)

    def _most_at_once(self, endpoint: Json, now_ms: int) -> int:
        """None while the breaker is open; one to try when it has been for long enough: it is half open then."""
        if endpoint["circuit_breaker_state"] != "open":
            return AT_ONCE if endpoint["circuit_breaker_state"] == "closed" else 1
        opened_ms = self._world.store.hidden(queue.ENDPOINTS, endpoint["id"]).get("opened_ms", now_ms)
        quick = self._world.settings["webhook_retries"] == "quick"
        return 1 if now_ms - opened_ms >= (1000 if quick else STAYS_OPEN_MS) else 0

    async def _deliver(self, account: Account, endpoint_id: str, delivery_id: str) -> None:
        store = self._world.store
        try:
            endpoint = store.get(queue.ENDPOINTS, account.id, endpoint_id)
            if endpoint is not None:
                outcome = await _post(endpoint["url"], *self._signed(account, endpoint_id, delivery_id))
                with store.transaction():
                    self._note(account, endpoint_id, delivery_id, outcome)
        finally:
            self._at_hand[endpoint_id].discard(delivery_id)

    def _signed(self, account: Account, endpoint_id: str, delivery_id: str) -> tuple[dict[str, str], bytes]:
        """Signed anew, unless retries are to carry the signature of the first attempt."""
        store = self._world.store
        delivery, hidden = (
            store.get(queue.DELIVERIES, account.id, delivery_id),
            store.hidden(queue.DELIVERIES, delivery_id),
        )
        if delivery and (self._world.settings["webhook_resign_retries"] or "signed" not in hidden):
            hidden["signed"] = self._world.clock.peek_ms() // 1000
            store.save(queue.DELIVERIES, delivery_id, delivery, hidden)
        secret, body = store.hidden(queue.ENDPOINTS, endpoint_id)["secret"], hidden["body"].encode()
        return headers_of(hidden["told_id"], account, secret, body, hidden["signed"]), body

    def _note(self, account: Account, endpoint_id: str, delivery_id: str, outcome: Outcome) -> None:
        """In the log and at the endpoint, where they are still there."""
        store, now = self._world.store, self._world.clock.now_ms()
        delivery = store.get(queue.DELIVERIES, account.id, delivery_id)
        endpoint = store.get(queue.ENDPOINTS, account.id, endpoint_id)
        if delivery is None or endpoint is None:
            return
        delivery |= {
            "attempts": delivery["attempts"] + 1, "last_attempt_at": iso(now), "last_status_code": outcome.status,
            "last_error": outcome.error or None, "last_duration_ms": outcome.milliseconds,
        }  # fmt: skip
        (queue.note_success if outcome.good else queue.note_failure)(self._world, delivery, now)
        self._count(endpoint, outcome.good, now)

    def _count(self, endpoint: Json, good: bool, now_ms: int) -> None:
        store, counter = self._world.store, "successful_deliveries" if good else "failed_deliveries"
        hidden = store.hidden(queue.ENDPOINTS, endpoint["id"])
        in_a_row = 0 if good else hidden.get("failures_in_a_row", 0) + 1
        hidden["failures_in_a_row"] = in_a_row
        closed = endpoint["circuit_breaker_state"] == "closed"
        if not good and (in_a_row >= OPENS_AFTER or not closed):
            hidden["opened_ms"] = now_ms
        state = "closed" if good or (closed and in_a_row < OPENS_AFTER) else "open"
        counts = {name: endpoint[name] + 1 for name in ("total_deliveries", counter)}
        changes = {**counts, "circuit_breaker_state": state, "last_delivery_at": iso(now_ms)}
        store.save(queue.ENDPOINTS, endpoint["id"], {**endpoint, **changes}, hidden)


async def _post(url: str, headers: dict[str, str], body: bytes) -> Outcome:
    began = time.monotonic()
    status, error = None, ""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            status = await _status_of(url, headers, body)
        error = "" if 200 <= status < 300 else f"The endpoint answered {status}."
    except (OSError, TimeoutError, ValueError, IndexError) as failure:
        error = f"No answer: {failure or type(failure).__name__}"[:500]
    return Outcome(status, error, round((time.monotonic() - began) * 1000))


async def _status_of(url: str, headers: dict[str, str], body: bytes) -> int:
    """Raises OSError, ValueError, IndexError for anything but an HTTP answer."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        more = {"Host": parts.netloc, "Content-Length": str(len(body)), "Connection": "close"}
        fields = [f"{name}: {value}" for name, value in {**more, **headers}.items()]
        writer.write("\r\n".join([f"POST {parts.path or '/'} HTTP/1.1", *fields, "", ""]).encode() + body)
        await writer.drain()
        status = int((await reader.readline()).split()[1])
        await reader.read(65_536)
        return status
    finally:
        writer.close()
