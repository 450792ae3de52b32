"""What can be done next with an order, and why the rest cannot: the status machine in words.

The rules are RevKeen's where it states them (only what is neither paid nor fulfilled can be canceled) and our reading
of its status texts elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

from orders import states
from orders.apis.revkeen.objects import Order
from orders.services.orders.plain_state import Condition
from orders.states import UNKNOWN_FULFILLMENT, UNKNOWN_STATUS

UNPAID = ("draft", "pending", "partially_paid")


@dataclass(frozen=True)
class Step:
    """Something that is done with orders, on the page of that name; `reason` says why it cannot be done now."""

    name: str
    page: str
    icon: str
    reason: str = ""

    @property
    def possible(self) -> bool:
        return not self.reason


@dataclass(frozen=True)
class NextSteps:
    """`worst` stands first, what else is open below it. `primary` is the one thing to do next, None when nothing is.

    The others are in the order of the menu.
    """

    worst: Condition
    also: list[Condition]
    primary: Step | None
    others: list[Step]


def next_steps(order: Order, conditions: list[Condition]) -> NextSteps:
    """`conditions`: what is open about the order, the worst first, as services/orders/conditions.py finds it."""
    steps = [step(order, page) for page in STEPS]
    worst, *also = conditions
    primary = next((step for step in steps if step.page == worst.page and step.possible), None)
    return NextSteps(worst, also, primary, [step for step in steps if step is not primary])


def step(order: Order, page: str) -> Step:
    """Whether this page's step can be taken with the order now."""
    if page == "order_pay" and states.costs_nothing(order):
        return Step("Complete without a charge", page, "circle-check")
    name, icon, blocked_reason = STEPS[page]
    return Step(name, page, icon, blocked_reason(order))


def _no_payment(order: Order) -> str:
    if order.status not in states.STATUSES:
        return UNKNOWN_STATUS
    if order.status in ("canceled", "refunded"):
        return f"the order is {order.status}."
    return "" if order.amount_due > 0 else "nothing is due."


def _no_fulfillment(order: Order) -> str:
    if order.status not in states.STATUSES:
        return UNKNOWN_STATUS
    if not states.known_fulfillment(order):
        return UNKNOWN_FULFILLMENT
    if order.fulfillment_status is None:
        return "nothing in it needs shipping."
    if order.fulfillment_status in ("fulfilled", "returned"):
        return f"everything is {order.fulfillment_status}."
    if states.ready_to_ship(order):
        return ""
    if states.costs_nothing(order):
        return "complete it first; nothing is charged."
    return "it is not paid in full." if order.status in UNPAID else f"the order is {order.status}."


def _no_refund(order: Order) -> str:
    """By the amounts alone: whatever its status, what was received can be given back."""
    if order.amount_paid <= 0:
        return "nothing was paid."
    return "" if order.net_received > 0 else "everything paid was refunded."


def _no_change_of_lines(order: Order) -> str:
    if order.status not in states.STATUSES:
        return UNKNOWN_STATUS
    if order.status in ("draft", "pending"):
        return ""
    return "money was received; refund it and create a new order." if order.amount_paid else "it is closed."


def _no_edit(order: Order) -> str:
    if order.status not in states.STATUSES:
        return UNKNOWN_STATUS
    if not states.known_fulfillment(order):
        return UNKNOWN_FULFILLMENT
    if order.status in ("canceled", "refunded", "fulfilled"):
        return f"the order is {order.status}."
    return "some lines are fulfilled." if order.fulfillment_status in ("partial", "fulfilled", "returned") else ""


def _never(order: Order) -> str:
    """Always possible."""
    return ""


def _no_cancel(order: Order) -> str:
    if order.status in ("canceled", "refunded"):
        return f"it is {order.status}."
    if order.amount_paid > 0:
        return "money was received; refund it first."
    if order.status not in states.STATUSES:
        return UNKNOWN_STATUS
    return f"it is {order.status}." if order.status in ("paid", "fulfilled") else ""


# Page: its name, its icon, and why it cannot be done. The safe ones first, the destructive one last.
STEPS: dict[str, tuple[str, str, Callable[[Order], str]]] = {
    "order_pay": ("Take payment", "credit-card", _no_payment),
    "order_fulfill": ("Fulfill", "truck-delivery", _no_fulfillment),
    "order_refund": ("Refund", "arrow-back-up", _no_refund),
    "draft_revise": ("Edit line items", "replace", _no_change_of_lines),
    "order_edit": ("Edit customer, notes, metadata", "edit", _no_edit),
    "draft_copy": ("Copy into a draft", "copy", _never),
    "order_cancel": ("Cancel order", "ban", _no_cancel),
}
