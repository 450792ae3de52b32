"""A worker's rounds at the index, one after the other."""

import time
import uuid
from typing import Any

import msgspec
from django.db.models.functions import Now

from orders.apis.revkeen import objects
from orders.apis.revkeen.objects import Order, Refund, Transaction
from orders.models import IndexState, Merchant, OrderCopy, RefundCopy, Sweep, Term, TransactionCopy
from orders.services.index import copying, deriving, money_fields, shipped, terms
from orders.services.revkeen import session
from orders.services.sync import customers, turns, work
from tests.support.emulation import RunningEmulator


def run() -> int:
    """Until nothing is due; how many steps that took."""
    turns.begin_new()
    steps = 0
    while (state := turns.claim()) is not None:
        steps += work.work(state, time.sleep)
    return steps


def read_customers(merchant: Merchant, mode: str = "live") -> None:
    """The pass over all customers alone, as a worker makes it."""
    turns.begin_new()
    state = IndexState.objects.get(merchant=merchant, mode=mode)
    sweep = Sweep.objects.get(merchant=merchant, mode=mode, kind=Sweep.Kind.CUSTOMERS)
    with session.session(merchant, mode, for_index=True) as api:
        customers.read_page(api, state, sweep)
        while sweep.began_at is not None:
            customers.read_page(api, state, sweep)


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


def derived_otherwise(**place: Any) -> list[str]:
    """The ids of the orders whose terms, text or units are not what follows from their copies now."""
    copies = list(OrderCopy.objects.filter(unreadable="", **place).prefetch_related("lines"))
    before = {copy.pk: [getattr(copy, name) for name in deriving.DERIVED] for copy in copies}
    lines = {copy.pk: list(copy.lines.all()) for copy in copies}
    for copy in copies:
        deriving.count_units([copy], lines, shipped.of_orders(copy.merchant_id, copy.mode, [copy.order_id]))
    wanted = deriving.derive(copies, lines, deriving.customers_of(copies))
    kept: dict[int, set[tuple[int, str]]] = {copy.pk: set() for copy in copies}
    rows = Term.objects.filter(order__in=kept).exclude(kind__in=terms.LEARNED)
    for order, kind, value in rows.values_list("order", "kind", "value"):
        kept[order].add((kind, value))
    after = {copy.pk: [getattr(copy, name) for name in deriving.DERIVED] for copy in copies}
    return [
        str(copy.order_id) for copy in copies if (before[copy.pk], kept[copy.pk]) != (after[copy.pk], wanted[copy.pk])
    ]


def all_orders(emulator: RunningEmulator, key: str = "rk_live_northwind_demo") -> list[Order]:
    read = objects.reader(Order)
    found: list[Order] = []
    while True:
        after = f"&starting_after={found[-1].id}" if found else ""
        page = emulator.get(f"/orders?limit=100{after}", key)
        found += [read(msgspec.json.encode(row)) for row in page["data"]]
        if not page["has_more"]:
            return found


def money_differing(emulator: RunningEmulator, key: str = "rk_live_northwind_demo") -> list[str]:
    """The ids of transactions and refunds that RevKeen has otherwise than the copies, or that one of both lacks."""
    told: dict[uuid.UUID, Transaction | Refund] = {row.id: row for row in all_money(emulator, key)}
    kept = {copy.transaction_id: copy.digest for copy in TransactionCopy.objects.all()}
    kept |= {copy.refund_id: copy.digest for copy in RefundCopy.objects.all()}
    missing = told.keys() ^ kept.keys()
    other = [id for id in told.keys() & kept.keys() if kept[id] != money_fields.digest_of(told[id])]
    return sorted(map(str, [*missing, *other]))


def all_money(emulator: RunningEmulator, key: str = "rk_live_northwind_demo") -> list[Transaction | Refund]:
    found: list[Transaction | Refund] = []
    for path, kind in (("/transactions", Transaction), ("/refunds", Refund)):
        read, more, begin = objects.reader(kind), True, len(found)
        while more:
            place = f"&starting_after={found[-1].id}" if len(found) > begin and kind is Transaction else ""
            place = f"&offset={len(found) - begin}" if kind is Refund else place
            page = emulator.get(f"{path}?limit=100{place}", key)
            found += [read(msgspec.json.encode(row)) for row in page["data"]]
            more = page.get("has_more") or page.get("meta", {}).get("has_more", False)
    return found
