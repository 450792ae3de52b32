"""The log of deliveries, as RevKeen shows it."""

from __future__ import annotations

from emulator.asks import answer
from emulator.clock import iso
from emulator.messages import Response
from emulator.revkeen.asks import Ask
from emulator.revkeen.errors import conflict, invalid
from emulator.revkeen.reads import equal, listed, page
from emulator.revkeen.webhooks import queue

KIND = queue.DELIVERIES


def deliveries_list(ask: Ask) -> Response:
    where = equal(ask, "endpoint_id", "event_id", "status")
    return listed(page(ask, KIND, where), '"url":"/v2/webhook-deliveries"')


def retry(ask: Ask) -> Response:
    """One that was given up is tried once more."""
    delivery, store = ask.find(KIND, "webhook delivery", ask.id), ask.world.store
    if delivery["status"] == "succeeded":
        raise conflict("conflict", "This delivery has succeeded.")
    hidden, now = store.hidden(KIND, delivery["id"]), ask.now_ms()
    if delivery["status"] != "dead_lettered" or hidden.get("retried"):
        raise invalid("Only a delivery that was given up can be retried, and only once.")
    changes = {"status": "pending", "next_retry_at": iso(now), "dead_lettered_at": None, "dead_letter_reason": None}
    return answer({"data": queue.save(store, delivery, now, {**hidden, "retried": True}, **changes)})
