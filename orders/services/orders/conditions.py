"""What is open about an order, the worst first: one list of conditions, one function that asks them all.

To add one, write a function of `Facts` and put it into `CONDITIONS`, at the place of its harm. What is plainly next
with an order about which nothing is wrong comes last (services/orders/plain_state.py).
"""

from collections.abc import Callable, Iterable

from orders import shipped_units, states, units_worth
from orders.apis.revkeen.objects import Order, Refund
from orders.models import Operation, Shipment
from orders.services.orders import partner_conditions
from orders.services.orders.facts import AMOUNTS, HANDLING, PAYABLE, PAYMENTS, SHIPMENTS, Facts
from orders.services.orders.plain_state import Condition, plain_state


def conditions(facts: Facts) -> list[Condition]:
    """All that hold, the worst first; never empty. That nothing is left to do is said only where nothing else holds."""
    found = [condition for ask in CONDITIONS if (condition := ask(facts)) is not None]
    plain = plain_state(facts.order, facts.gone)
    return found if plain is None or (found and plain.done) else [*found, plain]


def not_taken(shipments: Iterable[Shipment], order: Order) -> list[Shipment]:
    """The shipments that RevKeen did not take and that were not made good: units of their lines are still left."""
    every = list(shipments)
    taken = shipped_units.taken(one for one in every if one.state in Shipment.COUNTED)
    left = {line.id for line in order.lines if line.quantity > taken[line.id]}
    gone = order.status in ("canceled", "refunded") or order.fulfillment_status in ("fulfilled", "returned")
    refused = [one for one in every if one.state == Shipment.State.REFUSED]
    return [] if gone else [one for one in refused if any(item.line_item_id in left for item in one.items.all())]


def _in_doubt(facts: Facts) -> Condition | None:
    """Nothing else can be done with the order until it has ended; the page shows who holds it."""
    operation = facts.holder
    if operation is None:
        return None
    words = f"{operation.get_kind_display()}, {operation.summary}"
    if operation.state == Operation.State.STARTED:
        return Condition(f"On its way: {words}.", tone="wait")
    return Condition(f"In doubt: {words}.", tone="bad")


def _decision_contradicted(facts: Facts) -> Condition | None:
    """Money may have moved twice, or not at all, on somebody's word; until somebody says what explains it."""
    if not facts.contradicted:
        return None
    found = facts.contradicted[-1]
    words = "it happened" if found.operation.state == Operation.State.DONE else "it did not happen"
    about = f"{found.operation.get_kind_display()}, {found.operation.summary}, was decided: {words}."
    said = f"{about} {found.seen} View in the journal under “Needs review”."
    return Condition("RevKeen contradicts a decision about money.", said, "bad", "", PAYMENTS)


def _unknown_status(facts: Facts) -> Condition | None:
    if facts.order.status in states.STATUSES:
        return None
    said = f"It says “{facts.order.status[:40]}”. Check the order in RevKeen."
    return Condition(states.UNKNOWN_STATUS, said, "bad")


def _does_not_add_up(facts: Facts) -> Condition | None:
    if facts.check is None or not facts.check.mismatches:
        return None
    return Condition("The amounts do not add up.", str(facts.check.mismatches[0]), "bad", anchor=AMOUNTS)


def _parcels_not_taken(facts: Facts) -> Condition | None:
    refused = not_taken(facts.shipments, facts.order)
    if not refused:
        return None
    newest = refused[-1]
    said = newest.operation.message if newest.operation else "An earlier shipment was not accepted either."
    by_revkeen = newest.operation is not None and newest.operation.state == Operation.State.REFUSED
    words = "RevKeen refused" if by_revkeen else "RevKeen was not notified about"
    others = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    return Condition(f"{words} shipment {newest.number}{others}.", said, "bad", "order_fulfill", SHIPMENTS)


def _revkeen_not_told(facts: Facts) -> Condition | None:
    """Parcels that left though RevKeen refused them, until RevKeen has heard of them
    (services/fulfillment/unreported.py).
    """
    unreported = [shipment for shipment in facts.shipments if shipment.unreported_since is not None]
    if not unreported:
        return None
    names = ", ".join(f"shipment {shipment.number}" for shipment in unreported)
    return Condition(
        f"RevKeen was not notified about {names}.", "It shipped anyway. Notify RevKeen.", "bad", "", SHIPMENTS
    )


def _refund_failed(facts: Facts) -> Condition | None:
    return _refund_without_money(facts, "failed", "A refund failed")


def _refund_canceled(facts: Facts) -> Condition | None:
    return _refund_without_money(facts, "canceled", "A refund was canceled")


def _refund_without_money(facts: Facts, status: str, headline: str) -> Condition | None:
    """Until as much of its payment goes back later, or is on its way."""
    ended = [one for one in facts.refunds if one.status == status and not _made_good(one, facts.refunds)]
    if not ended or facts.order.net_received <= 0:
        return None
    amount = facts.order.money(sum(refund.amount_minor for refund in ended))
    why = f" {ended[-1].failure_reason.rstrip('.')}." if ended[-1].failure_reason else ""
    return Condition(f"{headline}: {amount}.", f"The money did not move.{why}", "bad", "order_refund", PAYMENTS)


def _made_good(failed: Refund, refunds: Iterable[Refund]) -> bool:
    """Whether as much of the payment went back later, or is on its way."""
    of_payment = [one for one in refunds if one.payment_id == failed.payment_id and one.spent]
    later = [one for one in of_payment if one.created_at and failed.created_at and one.created_at > failed.created_at]
    return sum(one.amount_minor for one in later) >= failed.amount_minor


def _refund_unknown(facts: Facts) -> Condition | None:
    unknown = [one for one in facts.refunds if one.status not in states.REFUND_STATES]
    if not unknown:
        return None
    amount = facts.order.money(sum(refund.amount_minor for refund in unknown))
    said = f"{amount}. It says “{unknown[-1].status[:40]}”. Treat the money as on its way."
    return Condition("RevKeen returned a refund status we do not know.", said, "wait", "", PAYMENTS)


def _refund_on_its_way(facts: Facts) -> Condition | None:
    pending = [one for one in facts.refunds if one.status in ("pending", "processing")]
    if not pending:
        return None
    amount = facts.order.money(sum(refund.amount_minor for refund in pending))
    return Condition(f"A refund is on its way: {amount}.", "The money has not moved yet.", "wait", "", PAYMENTS)


def _payment_not_known(facts: Facts) -> Condition | None:
    open_sales = [row for row in facts.sales if row.status not in ("succeeded", "failed", "voided")]
    if not open_sales:
        return None
    newest = open_sales[-1]
    amount = f"{facts.order.money(newest.amount)} from {newest.method}"
    if newest.status == "pending":
        return Condition(
            f"A payment is on its way: {amount}.", "Wait for it before you take another.", "wait", "", PAYMENTS
        )
    said = f"{amount}. It says “{newest.status[:40]}”. Check the order in RevKeen."
    return Condition("RevKeen returned a payment status we do not know.", said, "wait", "", PAYMENTS)


def _declined(facts: Facts) -> Condition | None:
    """The last attempt, while something is due and nothing went through since."""
    last = facts.sales[-1] if facts.sales else None
    if last is None or last.status != "failed" or facts.order.amount_due <= 0 or facts.order.status not in PAYABLE:
        return None
    why = f" {last.gateway_response_text.rstrip('.')}." if last.gateway_response_text else ""
    said = f"{facts.order.money(last.amount)} from {last.method}.{why}"
    if facts.expired:
        return Condition("The last payment was declined.", said, "wait", "", PAYMENTS)
    said = f"{said} Try another method."
    return Condition("The last payment was declined.", said, "wait", "order_pay", PAYMENTS)


def _expired(facts: Facts) -> Condition | None:
    """RevKeen does not say what this means for paying it; so it is not proposed."""
    if not facts.expired:
        return None
    said = "Ask the customer before you take a payment, or cancel it and make a new one."
    return Condition("Expired.", said, "wait", moment=facts.order.expires_at)


def _given_up_and_paid(facts: Facts) -> Condition | None:
    """Units that will never be shipped are paid for, and not given back: at their share of their line's total."""
    order = facts.order
    canceled = [one for one in facts.shipments if one.kind == Shipment.Kind.CANCELLATION]
    units = shipped_units.taken(one for one in canceled if one.state in Shipment.COUNTED)
    worth = units_worth.paid_for(order, units)
    back = order.amount_refunded + sum(one.amount_minor for one in facts.refunds if one.spent and not one.final)
    if worth <= back:
        return None
    count = sum(units.values())
    paid, refunded = order.money(worth), order.money(back)
    said = f"{paid} was paid for them, and {refunded} is refunded or on its way. Finance can refund the rest."
    return Condition(f"{count} unit{'s' * (count > 1)} will never be shipped.", said, "wait", "order_refund", SHIPMENTS)


def _on_hold(facts: Facts) -> Condition | None:
    """Staff said that it is not to be shipped now; of what has left, or never will, that says nothing."""
    over = facts.order.status in ("canceled", "refunded") or facts.order.fulfillment_status in ("fulfilled", "returned")
    if facts.hold is None or over:
        return None
    return Condition(f"On hold: {facts.hold.words}.", f"By {facts.hold.user}.", "wait", "", HANDLING)


def _unknown_fulfillment(facts: Facts) -> Condition | None:
    if states.known_fulfillment(facts.order):
        return None
    said = f"It says “{str(facts.order.fulfillment_status)[:40]}”. Check the order in RevKeen."
    return Condition(states.UNKNOWN_FULFILLMENT, said, "wait")


def _not_read(facts: Facts) -> Condition | None:
    if not facts.unread:
        return None
    said = "This order may have open issues that are not shown here."
    return Condition(f"Its {' and '.join(facts.unread)} could not be read.", said, "wait")


CONDITIONS: tuple[Callable[[Facts], Condition | None], ...] = (
    _in_doubt,
    _decision_contradicted,
    _unknown_status,
    _does_not_add_up,
    _parcels_not_taken,
    _revkeen_not_told,
    partner_conditions.failed,
    _refund_failed,
    _refund_canceled,
    _refund_unknown,
    partner_conditions.in_doubt,
    partner_conditions.blocked,
    partner_conditions.missed,
    _on_hold,
    _refund_on_its_way,
    _payment_not_known,
    _expired,
    _declined,
    _given_up_and_paid,
    _unknown_fulfillment,
    _not_read,
)


def before_paying(facts: Facts) -> list[Condition]:
    """Those that speak against taking another payment, the worst first: its form says them too."""
    found = [ask(facts) for ask in (_payment_not_known, _expired, _not_read)]
    return [condition for condition in found if condition is not None]
