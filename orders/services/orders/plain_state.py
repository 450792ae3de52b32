"""Where an order stands, by RevKeen's statuses and amounts alone: what is plainly next, or that nothing is."""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from orders import states
from orders.apis.revkeen.objects import Order


@dataclass(frozen=True)
class Condition:
    """Something to know about an order before all else.

    `tone`: "bad" (somebody must act), "wait" (look before going on), or "" for a plain fact. `page`: the step that
    helps, as in `next_steps.STEPS`. `anchor`: where on the order's page more of it stands. `done`: nothing is left to
    do. `moment`: since when, where that matters.
    """

    headline: str
    detail: str = ""
    tone: str = ""
    page: str = ""
    anchor: str = ""
    done: bool = False
    moment: datetime | None = None

    @property
    def icon(self) -> str:
        return {"bad": "alert-triangle", "wait": "clock"}.get(self.tone, "")


def plain_state(order: Order, gone: Counter[uuid.UUID] | None = None) -> Condition | None:
    """The one of these that holds; a mixture of statuses that makes no sense is said to be that.

    None where nothing can be told from a status that we do not know (services/orders/conditions.py says so).
    `gone`: line item id → units that left from here, of which RevKeen may not have heard.
    """
    due = order.money(order.amount_due)
    if order.status in ("canceled", "refunded"):
        return _closed(order)
    if states.costs_nothing(order):
        said = "Complete it without a charge to make it ready to fulfill."
        return Condition(f"Nothing to pay: the total is {due}.", said, page="order_pay")
    if order.status == "draft":
        return Condition("A draft in RevKeen.", f"{due} will be due; paying turns it into an order.", page="order_pay")
    if order.status not in states.STATUSES:
        return None
    if order.amount_due > 0:
        paid = f"{order.money(order.amount_paid)} of {order.money(order.total)} is paid."
        said = paid + _went_back(order) if order.amount_paid else "Nothing is paid yet."
        return Condition(f"{due} is still due.", said, page="order_pay")
    if states.ready_to_ship(order) and not _all_refunded(order):
        return _to_ship(order, gone or Counter())
    if states.finished(order):
        said = f"{_paid(order)}, and nothing is left to ship.{_went_back(order)}"
        return Condition("Finished.", said, done=True)
    return _contradiction(order) if states.known_fulfillment(order) else None


def _closed(order: Order) -> Condition:
    """Canceled or refunded; over only where no money of it is still here."""
    left = order.money(order.net_received)
    if order.status == "refunded":
        in_full = Condition("Refunded in full.", "Nothing is left to do.", done=True)
        return _contradiction(order) if left.minor > 0 else in_full
    if left.minor > 0:
        return Condition("Canceled.", f"{left} was received and is not refunded.", "wait", "order_refund")
    return Condition("Canceled.", "Nothing is left to do.", done=True)


def _to_ship(order: Order, gone: Counter[uuid.UUID]) -> Condition:
    """RevKeen hears of whole lines only: what it calls unshipped may have left in part, or wholly."""
    if order.lines and all(gone[line.id] >= line.quantity for line in order.lines):
        shipped = states.fulfillment_state(order).word.lower()
        said = f"RevKeen calls it {shipped}.{_went_back(order)}"
        return Condition(f"{_paid(order)}. Everything shipped from here.", said)
    if order.fulfillment_status == "partial":
        words = "Some lines are not shipped yet."
    else:
        words = "Some units are not shipped yet." if gone.total() else "Nothing is shipped yet."
    return Condition(f"{_paid(order)}. {words}", _went_back(order).strip(), page="order_fulfill")


def _paid(order: Order) -> str:
    return "Paid" if order.total else "Nothing to pay"


def _contradiction(order: Order) -> Condition:
    status = states.STATUSES[order.status].lower()
    shipped = states.fulfillment_state(order).word.lower()
    money = f"{order.money(order.amount_due)} due"
    if order.amount_refunded:
        money += f", {order.money(order.amount_refunded)} of {order.money(order.amount_paid)} refunded"
    words = "RevKeen’s data for this order is contradictory."
    said = f"Status “{status}”, fulfillment “{shipped}”, {money}. Check the order in RevKeen."
    return Condition(words, said, "wait")


def _went_back(order: Order) -> str:
    """What went back of what was paid, as a sentence behind another; "" where nothing did."""
    if order.amount_refunded <= 0:
        return ""
    if _all_refunded(order):
        return " Everything paid was refunded."
    return f" {order.money(order.amount_refunded)} was refunded."


def _all_refunded(order: Order) -> bool:
    return order.amount_paid > 0 and order.net_received <= 0
