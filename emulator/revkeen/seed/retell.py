"""The events of a seeded order, told from what its life left behind.

Those of the many copied orders are written down when somebody first asks for them: they would double the state file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from emulator.accounts import Account
from emulator.clock import unix_ms
from emulator.messages import Json, parse
from emulator.revkeen import documents
from emulator.store import Row, Store

# Of the order an event repeats only what its life changes.
_TOLD = ("id", "object", "public_id", "customer_id", "fulfillment_status", "currency", "total")
_START = {"status": "draft", "amount_paid": 0, "amount_refunded": 0}


class Happening(NamedTuple):
    moment_ms: int
    type: str
    subject: Json | None  # None: the order
    changes: Json  # to the order


def ensure_told(store: Store, account: Account, order_id: str) -> None:
    """Write down the events of a seeded order, unless that was done."""
    order = store.get("orders", account.id, order_id)
    hidden = store.hidden("orders", order_id)
    if order is None or hidden.get("told"):
        return
    with store.transaction():
        store.add("events", retell(account, order, *_money_of(store, account, order), store.noted("seeding")["now_ms"]))
        store.save("orders", order_id, order, {**hidden, "told": True})


def retell(
    account: Account, order: Json, transactions: Iterable[Json], refunds: Iterable[Json], until_ms: int
) -> list[Row]:
    """What happened until then; anything later has events of its own."""
    happenings = [*_own(order), *_payments(order, transactions), *_refunds(order, refunds)]
    happenings = sorted((h for h in happenings if h.moment_ms <= until_ms), key=lambda h: h.moment_ms)
    told: Json = {**{name: order[name] for name in _TOLD}, **_START, "amount_due": order["total"]}
    if told["fulfillment_status"]:
        told["fulfillment_status"] = "unfulfilled"
    return [_row(account, order, told, index, happening) for index, happening in enumerate(happenings)]


# helpers


def _own(order: Json) -> Iterator[Happening]:
    yield Happening(unix_ms(order["created_at"]), "order.created", None, {})
    if order["fulfillment_status"] == "partial":
        yield Happening(unix_ms(order["updated_at"]), "order.updated", None, {"fulfillment_status": "partial"})
    for name, status in (("fulfilled_at", "fulfilled"), ("canceled_at", "canceled")):
        if order[name]:
            changes = {"status": status} if status == "canceled" else {"status": status, "fulfillment_status": status}
            yield Happening(unix_ms(order[name]), f"order.{status}", None, changes)


def _payments(order: Json, transactions: Iterable[Json]) -> Iterator[Happening]:
    paid = 0
    for sale in sorted(transactions, key=lambda transaction: str(transaction["created_at"])):
        moment = unix_ms(sale["created_at"])
        if sale["type"] == "sale" and sale["status"] == "failed":
            yield Happening(moment, "payment.failed", sale, {})
        elif sale["type"] == "sale":
            paid += sale["amount"]
            is_last = sale["created_at"] == order["paid_at"]
            yield Happening(moment, "payment.succeeded", sale, {})
            changes = {"status": "paid" if is_last else "partially_paid", "amount_paid": paid}
            changes["amount_due"] = order["total"] - paid
            yield Happening(moment, "order.paid" if is_last else "order.updated", None, changes)
    if order["paid_at"] and not paid:  # over nothing
        yield Happening(unix_ms(order["paid_at"]), "order.paid", None, {"status": "paid"})


def _refunds(order: Json, refunds: Iterable[Json]) -> Iterator[Happening]:
    given_back = 0
    for refund in sorted(refunds, key=lambda refund: str(refund["created_at"])):
        moment = unix_ms(refund["created_at"])
        yield Happening(moment, "refund.created", refund, {})
        if refund["status"] == "succeeded":
            given_back += refund["amount_minor"]
            yield Happening(moment, "refund.succeeded", refund, {})
            changes: Json = {"amount_refunded": given_back}
            if given_back == order["amount_paid"]:
                changes["status"] = "refunded"
            yield Happening(moment, "order.updated", None, changes)
        elif refund["status"] == "failed":
            yield Happening(moment, "refund.failed", refund, {})


def _row(account: Account, order: Json, told: Json, index: int, happening: Happening) -> Row:
    """The event, and `told` brought up to it."""
    before = {name: told[name] for name in happening.changes} or None
    told.update(happening.changes)
    subject = {**told} if happening.subject is None else happening.subject
    # The index in the id keeps events of one moment in their order.
    id = f"{order['id'][:8]}-e{index:03x}-4e00-ae00-{order['id'][-12:]}"
    caused_by = {"id": "req_" + id.replace("-", "")[:24], "idempotency_key": None}
    event = documents.event(id, happening.type, subject, happening.moment_ms, account.mode, caused_by, before)
    links = {name: order[name] for name in ("customer_id", "invoice_id", "subscription_id")}
    return Row(id, account.id, happening.moment_ms, event, None, {"order_id": order["id"], **links})


def _money_of(store: Store, account: Account, order: Json) -> tuple[list[Json], list[Json]]:
    if order["invoice_id"] is None:
        return [], []
    transactions = store.slice("transactions", account.id, [("invoice_id = ?", order["invoice_id"])], 1000, 0)
    refunds = store.slice("refunds", account.id, [("order_id = ?", order["id"])], 1000, 0)
    return [parse(text) for text in transactions], [parse(text) for text in refunds]
