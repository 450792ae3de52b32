"""A worker's rounds at the index, one after the other."""

import time
from typing import Any

import msgspec
from django.db.models.functions import Now

from orders.apis.revkeen import objects
from orders.apis.revkeen.objects import Order
from orders.models import IndexState, OrderCopy, Sweep
from orders.services.index import copying
from orders.services.sync import turns, work
from tests.support.emulation import RunningEmulator


def run() -> int:
    """Until nothing is due; how many steps that took."""
    turns.begin_new()
    steps = 0
    while (state := turns.claim()) is not None:
        steps += work.work(state, time.sleep)
    return steps


def make_due(*kinds: str, feed: bool = True, place: dict[str, Any] | None = None) -> None:
    """These passes and the feed, as if their time had come."""
    Sweep.objects.filter(kind__in=kinds, **(place or {})).update(due_at=Now())
    if feed:
        IndexState.objects.filter(**(place or {})).update(feed_due_at=Now())


def differing(emulator: RunningEmulator, key: str = "rk_live_northwind_demo", **place: Any) -> list[str]:
    """The ids of the orders that RevKeen has otherwise than the copies, or that one of both lacks."""
    told = {order.id: order for order in all_orders(emulator, key)}
    kept = {copy.order_id: copy for copy in OrderCopy.objects.filter(gone_at=None, **place)}
    missing = told.keys() ^ kept.keys()
    other = [id for id in told.keys() & kept.keys() if kept[id].digest != copying.digest_of(told[id])]
    return sorted(map(str, [*missing, *other]))


def all_orders(emulator: RunningEmulator, key: str = "rk_live_northwind_demo") -> list[Order]:
    read = objects.reader(Order)
    found: list[Order] = []
    while True:
        after = f"&starting_after={found[-1].id}" if found else ""
        page = emulator.get(f"/orders?limit=100{after}", key)
        found += [read(msgspec.json.encode(row)) for row in page["data"]]
        if not page["has_more"]:
            return found
