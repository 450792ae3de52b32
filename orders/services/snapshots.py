"""What was seen of an order at one time, and what is different at another."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from orders.apis.revkeen.objects import Listing, Order, Refund
from orders.models import Merchant
from orders.moments import in_zone

AMOUNTS = {"total": "Total", "amount_paid": "Paid", "amount_refunded": "Refunded", "amount_due": "Due"}
STATES = {"status": "Status", "fulfillment_status": "Fulfilment"}


@dataclass(frozen=True)
class Difference:
    what: str
    before: str
    now: str


def snapshot(order: Order) -> dict[str, Any]:
    """As a form carries it and the journal keeps it; amounts in minor units."""
    return {
        **{name: getattr(order, name) for name in (*AMOUNTS, *STATES)},
        "currency": order.currency_code,
        "updated_at": order.updated_at.isoformat(),
    }


def differences(
    seen: dict[str, Any], order: Order, merchant: Merchant, *, only_money_and_status: bool = False
) -> list[Difference]:
    """What of `seen` no longer holds, in words and in the merchant's time; empty when the order is as it was."""
    now = snapshot(order)
    if seen["currency"] != now["currency"]:  # the amounts cannot be compared
        return [Difference("Currency", seen["currency"], now["currency"])]
    found = [
        Difference(words, str(order.money(seen[name])), str(order.money(now[name])))
        for name, words in AMOUNTS.items()
        if seen[name] != now[name]
    ]
    found += [
        Difference(words, _word(seen[name]), _word(now[name]))
        for name, words in STATES.items()
        if seen[name] != now[name]
    ]
    if not found and not only_money_and_status and seen["updated_at"] != now["updated_at"]:
        before, after = (_time(state["updated_at"], merchant.zone) for state in (seen, now))
        found.append(Difference("Last changed", before, after))
    return found


def spent(refunds: Listing[Refund]) -> int | None:
    """What is gone of a payment, in minor units: given back or on its way. None when not every refund is known."""
    if refunds.unreadable or refunds.has_more:
        return None
    return sum(refund.amount_minor for refund in refunds.rows if refund.spent)


def _word(state: str | None) -> str:
    return str(state or "none").replace("_", " ")


def _time(iso: str, zone: tzinfo) -> str:
    local = in_zone(datetime.fromisoformat(iso), zone)
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}"
