"""Paying an order. Which tokens and cards approve or decline is ours, not RevKeen's: it documents none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from emulator.asks import answer, new_id
from emulator.clock import iso
from emulator.delivery import PLAIN, Drop
from emulator.messages import Json, Response, parse
from emulator.revkeen import documents
from emulator.revkeen.asks import Ask
from emulator.revkeen.errors import invalid
from emulator.revkeen.orders import change, wrong_state

_PAYABLE = ("draft", "pending", "partially_paid")


class GatewayHangs(Exception):
    """The gateway never answers; nothing is charged."""


@dataclass(frozen=True)
class Outcome:
    """What the gateway makes of a charge. `code` is that of the refusal."""

    response_code: str = "100"
    response_text: str = "Approved"
    code: str | None = None
    hangs: bool = False
    hangs_up: bool = False


APPROVE = Outcome()
DECLINE = Outcome("200", "Declined", "generic_decline")
NO_FUNDS = Outcome("202", "Insufficient funds", "insufficient_funds")
EXPIRED = Outcome("223", "Expired card", "expired_card")
HANG = Outcome(hangs=True)
CHARGE_THEN_HANG_UP = Outcome(hangs_up=True)

BY_TOKEN = {
    "approve": APPROVE,
    "decline": DECLINE,
    "insufficient_funds": NO_FUNDS,
    "expired": EXPIRED,
    "hang": HANG,
    "charge_then_hang_up": CHARGE_THEN_HANG_UP,
}
BY_LAST_FOUR = {
    "0002": DECLINE,
    "9995": NO_FUNDS,
    "0069": EXPIRED,
    "0408": HANG,
    "0502": CHARGE_THEN_HANG_UP,
}
_TOKEN = re.compile(rf"tok_({'|'.join(BY_TOKEN)})_[!-~]+")


@dataclass(frozen=True)
class Instrument:
    outcome: Outcome
    param: str
    payment_method_type: str = "card"
    card_brand: str | None = "visa"
    card_last_four: str | None = "1111"
    token: str | None = None


def pay(ask: Ask) -> Response:
    """Charge all that is due, or less. An invoice is made with the first attempt, also with one that is declined."""
    order = ask.find("orders", "order", ask.id)
    if order["status"] not in _PAYABLE:
        raise wrong_state(order, "paid")
    if order["amount_due"] == 0 and not ask.body:
        return answer(_settle_for_nothing(ask, order))
    due: int = order["amount_due"]
    amount = ask.body.get("amount", due)
    if not 1 <= amount <= due:
        raise invalid(f"The amount must be between 1 and what is due, {order['amount_due']}.", "amount")
    instrument = _instrument(ask, order)
    if instrument.outcome.hangs:
        raise GatewayHangs
    _use_up(ask, instrument)
    if instrument.outcome.code:
        return _declined(ask, order, amount, instrument)
    _charged(ask, order, amount, instrument)
    response = answer(order)
    response.delivery = Drop("close") if instrument.outcome.hangs_up else PLAIN
    return response


def _charged(ask: Ask, order: Json, amount: int, instrument: Instrument) -> None:
    paid, due = order["amount_paid"] + amount, order["amount_due"] - amount
    members: Json = {"amount_paid": paid, "amount_due": due, "status": "partially_paid"}
    if due == 0:
        members.update(status="paid", paid_at=iso(ask.now_ms()))
    before = change(ask, order, **members, invoice_id=_invoice(ask, order, settled=due == 0))
    sale = _transaction(ask, order, amount, instrument, "succeeded")
    ask.write_down("payment", order, amount=amount, payment_id=sale["id"])
    ask.happened("payment.succeeded", sale, order)
    ask.happened("order.paid" if due == 0 else "order.updated", order, order, before)


def _declined(ask: Ask, order: Json, amount: int, instrument: Instrument) -> Response:
    """The attempt leaves a failed transaction and an open invoice; the order's status stays."""
    change(ask, order, invoice_id=_invoice(ask, order, settled=False))
    attempt = _transaction(ask, order, amount, instrument, "failed")
    code = instrument.outcome.code
    ask.write_down("decline", order, amount=amount, payment_id=attempt["id"], code=code)
    ask.happened("payment.failed", attempt, order)
    message = f"The payment was refused: {instrument.outcome.response_text.lower()}."
    return invalid(message, instrument.param, code=str(code)).response(ask.request.id)


def _settle_for_nothing(ask: Ask, order: Json) -> Json:
    """An order over nothing becomes paid without a charge, or it could never be fulfilled."""
    invoice_id = _invoice(ask, order, settled=True)
    before = change(ask, order, status="paid", paid_at=iso(ask.now_ms()), invoice_id=invoice_id)
    ask.write_down("payment", order, amount=0, payment_id=None)
    ask.happened("order.paid", order, order, before)
    return order


def _instrument(ask: Ask, order: Json) -> Instrument:
    """The saved method or token of the call, else the customer's default method."""
    method_id, token = ask.body.get("payment_method_id"), ask.body.get("payment_token")
    if method_id and token is not None:
        raise invalid("Send payment_method_id or payment_token, not both.", "payment_token")
    if token is not None:
        return _from_token(ask, token)
    if order["customer_id"] is None:
        raise invalid("An order without a customer needs a payment_token.", "payment_token")
    for method in _methods(ask, order["customer_id"]):
        if method["id"] == method_id.lower() if method_id else method["is_default"]:
            return _from_method(method)
    problem = "This is not a payment method of the order's customer." if method_id else "There is no default method."
    raise invalid(problem, "payment_method_id")


def _from_token(ask: Ask, token: str) -> Instrument:
    named = _TOKEN.fullmatch(token)
    if not named:
        raise invalid("This payment token does not exist.", "payment_token")
    used = ask.world.store.db.execute(
        "SELECT 1 FROM used_tokens WHERE account = ? AND token = ?", (ask.account.id, token)
    ).fetchone()
    if used:
        raise invalid("This payment token was used before.", "payment_token")
    return Instrument(BY_TOKEN[named[1]], "payment_token", token=token)


def _from_method(method: Json) -> Instrument:
    card, bank = method["card"], method["us_bank_account"]
    last_four = (card or bank or {}).get("last4")
    outcome = BY_LAST_FOUR.get(last_four or "", APPROVE)
    if method["status"] != "active":
        outcome = replace(EXPIRED, response_text=f"Payment method {method['status']}")
    brand = card["brand"] if card else None
    return Instrument(outcome, "payment_method_id", method["type"], brand, last_four if card else None)


def _methods(ask: Ask, customer_id: str) -> list[Any]:
    rows = ask.world.store.slice("payment_methods", ask.account.id, [("customer_id = ?", customer_id)], 1000, 0)
    return [parse(row) for row in rows]


def _use_up(ask: Ask, instrument: Instrument) -> None:
    if instrument.token:
        ask.world.store.db.execute("INSERT INTO used_tokens VALUES (?, ?)", (ask.account.id, instrument.token))


def _invoice(ask: Ask, order: Json, *, settled: bool) -> str:
    """The id of the order's invoice, made if there is none, and paid once the order is."""
    now, status = ask.now_ms(), "paid" if settled else "open"
    store = ask.world.store
    if order["invoice_id"] is None:
        invoice = documents.invoice(new_id(), "INV-" + order["public_id"], order, status, now, now)
        ask.add("invoices", invoice, now)
    else:
        invoice = store.get("invoices", ask.account.id, order["invoice_id"]) or {"id": order["invoice_id"]}
        store.save("invoices", invoice["id"], {**invoice, "status": status, "updated_at": iso(now)})
    id: str = invoice["id"]
    return id


def _transaction(ask: Ask, order: Json, amount: int, instrument: Instrument, status: str) -> Json:
    now = ask.now_ms()
    sale = documents.transaction(
        new_id(), "sale", status, order, amount, now,
        gateway_response_code=instrument.outcome.response_code,
        gateway_response_text=instrument.outcome.response_text,
        payment_method_type=instrument.payment_method_type,
        card_brand=instrument.card_brand, card_last_four=instrument.card_last_four,
    )  # fmt: skip
    ask.add("transactions", sale, now)
    return sale
