"""What does not add up about the orders that are made for a review: each breaks one rule, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.revkeen.seed.lives import Life

NOWHERE = "00000000-0000-4000-a000-0000000000ff"  # an order that nobody has


def _lines(life: Life) -> None:
    for name in ("subtotal", "total", "amount_paid"):
        life.order[name] += 500
    life.rows["transactions"][-1].doc["amount"] += 500


def _lines_and_payments(life: Life) -> None:
    for name in ("subtotal", "total", "amount_paid"):
        life.order[name] += 500


def _total(life: Life) -> None:
    for name in ("total", "amount_due"):
        life.order[name] += 300


def _due(life: Life) -> None:
    life.order["amount_due"] += 1000


def _over_refunded(life: Life) -> None:
    life.give_back(life.order["amount_paid"] - life.order["amount_refunded"] + 700)


def _canceled(life: Life) -> None:
    life.cancel()


def _payments(life: Life) -> None:
    life.rows["transactions"][-1].doc["amount"] -= 250


def _half_replaced(life: Life) -> None:
    life.order["metadata"] = {**life.order["metadata"], "replaces": NOWHERE}


SPOILERS: dict[str, Callable[[Life], None]] = {
    "": lambda life: None,
    "lines": _lines_and_payments,
    "lines_alone": _lines,
    "total": _total,
    "due": _due,
    "over_refunded": _over_refunded,
    "canceled": _canceled,
    "payments": _payments,
    "half_replaced": _half_replaced,
}
