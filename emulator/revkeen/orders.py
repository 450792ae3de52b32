"""Orders: create, update, cancel, fulfill, and which status allows what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from emulator.asks import answer, new_id
from emulator.clock import iso
from emulator.messages import Json, Response
from emulator.revkeen import documents
from emulator.revkeen.asks import Ask
from emulator.revkeen.errors import Refusal, invalid, missing

LARGEST_AMOUNT = 9_007_199_254_740_991  # beyond it JavaScript clients would round
_CHANGEABLE = ("draft", "pending", "partially_paid", "paid")
_CANCELABLE = ("draft", "pending")


def create(ask: Ask) -> Response:
    """A draft. A price is not looked up: description and unit price come with the line."""
    body, now = ask.body, ask.now_ms()
    _refuse_unknown_links(ask)
    products = [_product(ask, index, line) for index, line in enumerate(body["line_items"])]
    lines = [_line(index, line) for index, line in enumerate(body["line_items"])]
    if sum(line["total"] for line in lines) > LARGEST_AMOUNT:
        raise invalid("The total of the order is too large.", "line_items")
    given = {name: body[name] for name in ("billing_type", "metadata", "notes", "expires_at") if name in body}
    links = {name: body[name].lower() for name in _LINKS if name in body}
    order = documents.order(
        ask.account, new_id(), _next_number(ask), lines, now,
        currency=_currency(body), fulfillment_status="unfulfilled" if any(map(_ships, products)) else None,
        **given, **links,
    )  # fmt: skip
    ask.add("orders", order, now, hidden={"told": True})
    ask.write_down("order_created", order, amount=order["total"], customer_id=order["customer_id"])
    ask.happened("order.created", order, order)
    return answer(order, 201)


def update(ask: Ask) -> Response:
    """Customer, metadata (replaced as a whole) and notes, before anything is fulfilled."""
    order = ask.find("orders", "order", ask.id)
    if order["status"] not in _CHANGEABLE or order["fulfillment_status"] not in (None, "unfulfilled"):
        raise wrong_state(order, "updated")
    changes = dict(ask.body)
    if changes.get("customer_id"):
        changes["customer_id"] = ask.find("customers", "customer", changes["customer_id"], "customer_id")["id"]
    if not changes:
        return answer(order)
    before = change(ask, order, **changes)
    ask.write_down("order_updated", order, fields=sorted(changes))
    ask.happened("order.updated", order, order, before)
    return answer(order)


def cancel(ask: Ask) -> Response:
    """Only while nothing was received. The reason is kept but never returned."""
    order = ask.find("orders", "order", ask.id)
    if order["status"] not in _CANCELABLE or order["amount_paid"]:
        raise wrong_state(order, "canceled")
    reason = ask.body.get("reason")
    before = change(ask, order, status="canceled", canceled_at=iso(ask.now_ms()), hidden={"cancel_reason": reason})
    ask.write_down("cancel", order, reason=reason)
    ask.happened("order.canceled", order, order, before)
    return answer(order)


def fulfill(ask: Ask) -> Response:
    """All lines or some; the order is fulfilled when the last one is. The customer is told unless the call says no."""
    order = ask.find("orders", "order", ask.id)
    if order["status"] != "paid" or order["fulfillment_status"] not in ("unfulfilled", "partial"):
        raise wrong_state(order, "fulfilled")
    done = ask.world.store.hidden("orders", order["id"]).get("fulfilled", [])
    new = _lines_to_fulfill(ask, order, done)
    done = [*done, *new]
    before = change(ask, order, hidden={"fulfilled": done}, **_progress(ask, order, done))
    shipping = {name: ask.body.get(name) for name in ("carrier", "tracking_number")}
    ask.write_down("fulfillment", order, line_item_ids=new, notified=ask.body.get("notify_customer", True), **shipping)
    if order["status"] == "fulfilled":
        ask.happened("order.fulfilled", order, order, before)
    else:
        ask.happened("order.updated", order, order, before)
        ask.happened("order.partially_fulfilled", order, order, before)
    return answer(order)


def change(ask: Ask, order: Json, *, hidden: Json | None = None, **members: Any) -> Json:
    """Save new values of an order; gives back the old ones, as events tell them."""
    before = {name: order[name] for name in members if order[name] != members[name]}
    order.update(members, updated_at=iso(ask.now_ms()))
    store = ask.world.store
    store.save("orders", order["id"], order, hidden and {**store.hidden("orders", order["id"]), **hidden})
    return before


def wrong_state(order: Json, done: str) -> Refusal:
    fulfillment = order["fulfillment_status"]
    state = order["status"] + (f" with fulfillment {fulfillment}" if fulfillment else "")
    return invalid(f"An order that is {state} cannot be {done}.")


# helpers

_LINKS = ("customer_id", "invoice_id", "subscription_id")


def _refuse_unknown_links(ask: Ask) -> None:
    """Raises a 404 that names the member."""
    body = ask.body
    if "customer_id" in body:
        ask.find("customers", "customer", body["customer_id"], "customer_id")
    if "invoice_id" in body:
        ask.find("invoices", "invoice", body["invoice_id"], "invoice_id")
    if "subscription_id" in body:
        # There is no list of subscriptions here: one is known when an order names it.
        id = body["subscription_id"].lower()
        if not ask.world.store.count("orders", ask.account.id, [("subscription_id = ?", id)]):
            raise missing("subscription", id, "subscription_id")


def _product(ask: Ask, index: int, line: Json) -> Json | None:
    if "product_id" not in line:
        return None
    return ask.find("products", "product", line["product_id"], f"line_items.{index}.product_id")


def _ships(product: Json | None) -> bool:
    return product is None or product["fulfillment_type"] == "physical"


def _line(index: int, line: Json) -> Json:
    product_id = line["product_id"].lower() if "product_id" in line else None
    return documents.line(
        new_id(), index, line["description"], line.get("quantity", 1), line["unit_price"],
        product_id=product_id, metadata=line.get("metadata"),
    )  # fmt: skip


def _currency(body: Json) -> str:
    currency: str = body.get("currency", "usd")
    if not (currency.isascii() and currency.isalpha()):
        raise invalid("currency must be a three-letter ISO code.", "currency")
    return currency.lower()


def _next_number(ask: Ask) -> int:
    name = f"last_number_{ask.account.id}"
    number: int = ask.world.store.noted(name) + 1
    ask.world.store.note(name, number)
    return number


def _lines_to_fulfill(ask: Ask, order: Json, done: Iterable[str]) -> list[str]:
    """Those asked for (or all) that are still to do, in the order's own order."""
    lines = [line["id"] for line in order["line_items"]]
    wanted = [id.lower() for id in ask.body.get("line_item_ids", lines)]
    for index, id in enumerate(wanted):
        if id not in lines:
            raise invalid(f"The order has no line {id}.", f"line_item_ids.{index}")
    new = [id for id in lines if id in wanted and id not in done]
    if not new:
        raise invalid("Nothing is left to fulfill among these lines.", "line_item_ids")
    return new


def _progress(ask: Ask, order: Json, done: list[str]) -> Json:
    if len(done) < len(order["line_items"]):
        return {"fulfillment_status": "partial"}
    return {"status": "fulfilled", "fulfillment_status": "fulfilled", "fulfilled_at": iso(ask.now_ms())}
