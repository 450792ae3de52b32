"""Giving money back: a payment in full or in part, several times up to its amount."""

from __future__ import annotations

from emulator.asks import answer, new_id
from emulator.clock import iso
from emulator.messages import Json, Response, parse
from emulator.revkeen import documents
from emulator.revkeen.asks import Ask
from emulator.revkeen.errors import invalid
from emulator.revkeen.orders import change

_SPENT = ("succeeded", "pending", "processing")


def create(ask: Ask) -> Response:
    """201 and the refund. What status it gets is a setting of the emulator."""
    sale = ask.world.store.get("transactions", ask.account.id, ask.body["payment_id"].lower())
    if sale is None or sale["type"] != "sale" or sale["status"] not in ("succeeded", "voided"):
        raise invalid("There is no such payment.", "payment_id")
    amount = _amount(ask, sale)
    order = _order_of(ask, sale)
    now, status = ask.now_ms(), ask.world.settings["refund_status"]
    why = {name: ask.body[name] for name in ("reason", "reason_details") if name in ask.body}
    refund = documents.refund(new_id(), order, sale, amount, status, now, **why)
    ask.add("refunds", refund, now)
    ask.write_down("refund", order, amount=amount, payment_id=sale["id"], refund_id=refund["id"], status=status)
    ask.happened("refund.created", refund, order)
    _carry_out(ask, refund, sale, order)
    return answer({"data": refund}, 201)


def settle(ask: Ask, status: str) -> Json:
    """Bring a pending refund to its end: the control side's way to let time pass. Raises a 404 or a 400."""
    refund = ask.find("refunds", "refund", ask.id)
    if refund["status"] not in ("pending", "processing"):
        raise invalid(f"A refund that is {refund['status']} is settled.")
    sale = ask.find("transactions", "transaction", refund["payment_id"])
    order = _order_of(ask, sale)
    ended = documents.refund(refund["id"], order, sale, refund["amount_minor"], status, ask.now_ms())
    refund.update({name: ended[name] for name in ("status", "failure_reason", "failure_code", "gateway_refund_id")})
    refund["processed_at"] = ended["processed_at"]
    ask.world.store.save("refunds", refund["id"], refund)
    _carry_out(ask, refund, sale, order)
    return refund


# helpers


def _amount(ask: Ask, sale: Json) -> int:
    """Minor units to give back now: those asked for, or all that remains."""
    rows = ask.world.store.slice("refunds", ask.account.id, [("payment_id = ?", sale["id"])], 10_000, 0)
    spent = sum(refund["amount_minor"] for refund in map(parse, rows) if refund["status"] in _SPENT)
    left: int = sale["amount"] - spent
    if left <= 0:
        raise invalid("This payment has been refunded in full.", "payment_id")
    amount: int = ask.body.get("amount_minor", left)
    if amount > left:
        raise invalid(f"Only {left} of this payment can still be refunded.", "amount_minor")
    return amount


def _order_of(ask: Ask, sale: Json) -> Json:
    """Of several orders on one invoice the one whose payment it is, as its events tell."""
    rows = ask.world.store.slice("orders", ask.account.id, [("invoice_id = ?", sale["invoice_id"])], 100, 0)
    orders: list[Json] = [parse(row) for row in rows]
    if not orders:
        raise invalid("There is no such payment.", "payment_id")
    return next((order for order in orders if len(orders) > 1 and _tells_of(ask, order, sale)), orders[0])


def _tells_of(ask: Ask, order: Json, sale: Json) -> bool:
    events = ask.world.store.slice("events", ask.account.id, [("order_id = ?", order["id"])], 1000, 0)
    return any(parse(event)["data"]["object"]["id"] == sale["id"] for event in events)


def _carry_out(ask: Ask, refund: Json, sale: Json, order: Json) -> None:
    """The money moves when the refund succeeds, not before."""
    if refund["status"] == "failed":
        ask.happened("refund.failed", refund, order)
    if refund["status"] != "succeeded":
        return
    amount = refund["amount_minor"]
    _move_back(ask, sale, order, amount)
    members: Json = {"amount_refunded": order["amount_refunded"] + amount}
    if members["amount_refunded"] == order["amount_paid"]:
        members["status"] = "refunded"
    before = change(ask, order, **members)
    ask.happened("refund.succeeded", refund, order)
    ask.happened("payment.refunded", sale, order)
    ask.happened("order.updated", order, order, before)


def _move_back(ask: Ask, sale: Json, order: Json, amount: int) -> None:
    """A refund transaction, or a void where the whole payment goes back on the day it came."""
    now = ask.now_ms()
    is_void = amount == sale["amount"] and sale["created_at"][:10] == iso(now)[:10]
    like_the_sale = {name: sale[name] for name in ("payment_method_type", "card_brand", "card_last_four")}
    back = documents.transaction(
        new_id(), "void" if is_void else "refund", "succeeded", order, amount, now,
        parent_transaction_id=sale["id"], **like_the_sale,
    )  # fmt: skip
    ask.add("transactions", back, now)
    sale.update(amount_refunded=sale["amount_refunded"] + amount, updated_at=iso(now))
    if is_void:
        sale["status"] = "voided"
    ask.world.store.save("transactions", sale["id"], sale)
