"""Where an order stands, by RevKeen's statuses and amounts alone: what is plainly next, or that nothing is."""

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


def plain_state(order: Order) -> Condition | None:
    """The one of these that holds; a mixture of statuses that makes no sense is said to be that.

    None where nothing can be told from a status that we do not know (services/conditions.py says so).
    """
    due = order.money(order.amount_due)
    if order.status == "canceled":
        return Condition("Canceled.", "Nothing is left to do.", done=True)
    if order.status == "refunded":
        return Condition("Refunded in full.", "Nothing is left to do.", done=True)
    if states.costs_nothing(order):
        said = "Complete it without a charge, then it can be fulfilled."
        return Condition(f"Nothing is to be paid: it comes to {due}.", said, page="order_pay")
    if order.status == "draft":
        return Condition("A draft in RevKeen.", f"{due} will be due; paying it makes it an order.", page="order_pay")
    if order.status not in states.STATUSES:
        return None
    if order.amount_due > 0:
        paid = f"{order.money(order.amount_paid)} of {order.money(order.total)} is paid."
        said = paid if order.amount_paid else "Nothing is paid yet."
        return Condition(f"{due} is still due.", said, page="order_pay")
    if states.ready_to_ship(order):
        part = order.fulfillment_status == "partial"
        words = "Some lines are not shipped yet." if part else "Nothing is shipped yet."
        return Condition(f"Paid. {words}", page="order_fulfill")
    if states.finished(order):
        return Condition("Finished.", "Paid, and nothing is left to ship.", done=True)
    return _contradiction(order) if states.known_fulfillment(order) else None


def _contradiction(order: Order) -> Condition:
    status = states.STATUSES[order.status].lower()
    shipped = states.fulfillment_state(order).word.lower()
    said = f"Status “{status}”, fulfillment “{shipped}”, {order.money(order.amount_due)} due."
    words = "What RevKeen says of this order does not fit together."
    return Condition(words, f"{said} Look at the order in RevKeen.", "wait")
