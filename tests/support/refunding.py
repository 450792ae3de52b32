"""The form that refunds as a browser sends it, and what really went back."""

import re
from functools import partial
from typing import Any

from django.test import Client

from tests.support import pages
from tests.support.emulation import Emulator
from tests.support.pages import form_token_in, order_path

address = partial(order_path, "refund/")


def paid_order(emulator: Emulator, *amounts: int, currency: str = "usd", **body: Any) -> dict[str, Any]:
    wallet = emulator.cases()["customers"]["wallet_0"]
    lines = [{"description": "Ridgeline 2 tent", "unit_price": sum(amounts), "quantity": 1}]
    order = emulator.make_order(currency=currency, customer_id=wallet["id"], **{"line_items": lines, **body})
    for amount in amounts:
        order = emulator.send(f"/orders/{order['id']}/pay", {"amount": amount, "payment_method_id": wallet["1111"]})
    return order


def sales(emulator: Emulator, order: dict[str, Any]) -> list[str]:
    """The ids of the payments of an order, the oldest first."""
    rows = emulator.get(f"/transactions?invoice_id={order['invoice_id']}&type=sale")["data"]
    return [row["id"] for row in reversed(rows) if row["status"] != "failed"]


def form_token(client: Client, order: dict[str, Any]) -> str:
    return form_token_in(client.get(address(order)).content.decode())


def refund(client: Client, order: dict[str, Any], amounts: dict[str, str], **more: Any) -> Any:
    """Send the form with these amounts by payment id, as typed; the button names them."""
    named = " ".join(f"{payment}:{re.sub('[.,]', '', amount)}" for payment, amount in amounts.items() if amount)
    sent = {
        "form_token": more.pop("form_token", None) or form_token(client, order),
        **{f"amount_{payment}": amount for payment, amount in amounts.items()},
        "reason": "customer_request",
        "details": "",
        "refunding": named,
        "confirmed": "on",
        **more,
    }
    return client.post(address(order), sent)


def refunds(emulator: Emulator, order: dict[str, Any]) -> list[int]:
    """What really went back, in minor units."""
    return [row["amount"] for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == "refund"]


def asked_for(emulator: Emulator) -> int:
    """How many calls for a refund reached RevKeen."""
    return len([call for call in emulator.calls() if call["method"] == "POST" and call["path"].endswith("/refunds")])


def refund_elsewhere(emulator: Emulator, payment: str, amount: int) -> dict[str, Any]:
    body = {"payment_id": payment, "amount_minor": amount, "reason": "other"}
    made: dict[str, Any] = emulator.send("/refunds", body)["data"]
    return made


def text(client: Client, path: str) -> str:
    """A page as one reads it, without its markup and the navigation."""
    return pages.text(pages.main(client.get(path).content.decode()))
