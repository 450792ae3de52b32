"""The rules of the finance review, in one registry: what each looks for, and by how much an order breaks it.

To add one, write a function of `Facts` and put it into `RULES`. What cannot be told is a finding too, of a rule that is
`unknown`: an order that nobody could check is never taken for one that is in order.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

from orders import amounts, replacing, states, units_worth
from orders.amounts import Mismatch, Part
from orders.apis.revkeen.objects import Order
from orders.models import OrderCopy
from orders.money import Money
from orders.replacing import REPLACED_BY, REPLACES
from orders.services.index import partner_rules
from orders.services.index.rule import Found, Rule, Waits
from orders.services.index.rule_facts import Facts

GIVEN_BACK = ("refunded",)  # statuses of an order of which nothing is owed any more
OVER = ("canceled", "refunded")


def found(facts: Facts, names: Collection[str]) -> dict[str, Found]:
    """Rule → what was found of the order. One that has gone, or cannot be read, is asked nothing else."""
    return {name: one for name, one in _found(facts, names).items() if name in names}


def _found(facts: Facts, names: Collection[str]) -> dict[str, Found]:
    if facts.copy.gone_at is not None:
        gone = _gone(facts.copy)
        return {"gone": gone} if gone else {}
    if facts.order is None:
        return {"unreadable": Found(0, (f"It cannot be read: {facts.copy.unreadable}",))}
    order = facts.order
    return {name: one for name in names if (one := RULES[name].ask(facts, order)) is not None}


def _amounts(part: Part, facts: Facts, order: Order) -> Found | None:
    return _apart([one for one in amounts.mismatches(order) if one.part is part])


def _apart(wrong: Iterable[Mismatch]) -> Found | None:
    every = list(wrong)
    if not every:
        return None
    seen = {one.rule: one.sent.minor for one in every} | {
        f"{one.rule}, calculated": one.expected.minor for one in every
    }
    return Found(sum(one.apart.minor for one in every), tuple(map(str, every)), dict(seen))


def _money_on_canceled(facts: Facts, order: Order) -> Found | None:
    if order.status != "canceled" or not order.net_received:
        return None
    kept = order.money(order.net_received)
    return Found(abs(kept.minor), (f"It is canceled, and {kept} of what was paid is not refunded.",))


def _shared_invoice(facts: Facts, order: Order) -> Found | None:
    """Of those that are not canceled: two orders share what is paid on the invoice, and RevKeen says of none whose."""
    others = [one for one in facts.beside if one.status != "canceled"]
    if order.status == "canceled" or not others:
        return None
    names = ", ".join(_name(one) for one in others[:5]) + (" and others" if len(others) > 5 else "")
    return Found(
        order.total, (f"Its invoice is also that of {names}.",), {"Orders on the invoice": str(len(others) + 1)}
    )


def _fulfilled_unpaid(facts: Facts, order: Order) -> Found | None:
    gone = sum(facts.left.values())
    says_so = order.fulfillment_status in ("fulfilled", "partial")
    owed = order.total - order.amount_paid
    if owed <= 0 or order.status in GIVEN_BACK or not (gone or says_so):
        return None
    units = f"{gone} unit{'s' * (gone != 1)} left from here" if gone else f"RevKeen calls it {order.fulfillment_status}"
    return Found(
        owed,
        (f"{units}, and {order.money(owed)} of {order.money(order.total)} is not paid.",),
        {"Units that left": str(gone)},
    )


def _paid_not_fulfilled(facts: Facts, order: Order) -> Found | None:
    left = facts.copy.units_left
    if not (states.ready_to_ship(order) and left and order.net_received > 0):
        return None
    units = "1 unit has" if left == 1 else f"{left} units have"
    words = f"{order.money(order.net_received)} was received, and {units} not left."
    return Found(
        order.net_received, (words,), {"Units left to ship": str(left)}, since=order.paid_at or order.created_at
    )


def _given_up(facts: Facts, order: Order) -> Found | None:
    """Refunds on their way count as given back."""
    worth = units_worth.paid_for(order, facts.given_up)
    back = order.amount_refunded + sum(one.amount for one in facts.refunds if one.status not in amounts.REFUND_ENDED)
    if worth <= back:
        return None
    count, money = sum(facts.given_up.values()), order.money
    units = f"{count} unit{'s' * (count != 1)} will never be shipped"
    words = f"{units}: {money(worth)} was paid for them, and {money(back)} is refunded or on its way."
    return Found(worth - back, (words,), {"Canceled units": str(count)})


def _half_replaced(facts: Facts, order: Order) -> Found | None:
    said = [*_half(facts, order, REPLACES, REPLACED_BY), *_half(facts, order, REPLACED_BY, REPLACES)]
    return Found(order.total, tuple(said)) if said else None


def _half(facts: Facts, order: Order, here: str, there: str) -> Iterable[str]:
    """What is missing on the other side of a link, and whether both can be paid."""
    other_id = replacing.other(order.metadata, here)
    if other_id is None:
        return
    words = "replaces" if here == REPLACES else "is replaced by"
    other = facts.pairs.get(other_id)
    if other is None:
        yield f"It {words} an order that RevKeen does not have: {other_id}."
    elif replacing.other(other.metadata, there) != order.id and "canceled" not in (order.status, other.status):
        yield f"It {words} {_name(other)}, which does not say so, and neither is canceled."
    elif here == REPLACED_BY and "canceled" not in (order.status, other.status):
        yield f"It {words} {_name(other)}, and neither is canceled."


def _in_doubt(facts: Facts, order: Order) -> Found | None:
    if not facts.in_doubt:
        return None
    words = tuple(f"{one.get_kind_display()}: {one.summary[:200]}." for one in facts.in_doubt)
    moved = sum(_moved(one.body) for one in facts.in_doubt)
    return Found(moved, words, {f"{one.kind} {one.pk}": one.state for one in facts.in_doubt})


def _moved(body: object) -> int:
    """Minor units that a payment or a refund asks for; a change of anything else moves none."""
    asked = body if isinstance(body, dict) else {}
    amount = asked.get("amount", asked.get("amount_minor"))
    return amount if isinstance(amount, int) else 0


def _three_way(facts: Facts, order: Order) -> Found | None:
    """The order against the payments of its invoice, and these against the refunds that RevKeen calls succeeded."""
    if order.invoice_id is None or facts.unclear:
        return None
    wrong = [one for one in amounts.mismatches(order, facts.money) if one.part is Part.PAYMENTS]
    wrong += amounts.refund_mismatches(order, facts.money, facts.refunds)
    found = _apart(wrong)
    return replace(found, since=_last_moved(facts)) if found else None


def _unmatched(facts: Facts, order: Order) -> Found | None:
    if order.invoice_id is None:
        if not (order.amount_paid or order.amount_refunded):
            return None
        said = "RevKeen names no invoice of it, so its payments cannot be looked up."
    elif facts.unclear:
        said = "Nobody knows which of the payments on its invoice are its own."
    else:
        return None
    return Found(max(order.amount_paid, order.amount_refunded), (said,), since=_last_moved(facts))


def _last_moved(facts: Facts) -> datetime:
    """What is newer than the copies of payments is not held against them yet."""
    return max([facts.copy.updated_at, *(one.moved_at for one in (*facts.money, *facts.refunds))])


def _gone(copy: OrderCopy) -> Found | None:
    if not copy.amount_paid:
        return None
    paid = Money(copy.amount_paid, copy.currency)
    return Found(abs(paid.minor), (f"RevKeen does not have it any more; {paid} was paid for it.",))


def _no_lines(facts: Facts, order: Order) -> Found | None:
    said = "RevKeen sends no line items of it, so its subtotal cannot be checked."
    return Found(order.total, (said,)) if order.line_items is None else None


def _unknown_status(facts: Facts, order: Order) -> Found | None:
    said = []
    if order.status not in states.STATUSES:
        said.append(f"RevKeen calls it “{order.status[:40]}”, which we do not know.")
    if not states.known_fulfillment(order):
        said.append(f"RevKeen calls its fulfillment “{str(order.fulfillment_status)[:40]}”, which we do not know.")
    return Found(order.total, tuple(said)) if said else None


def _never(facts: Facts, order: Order) -> Found | None:
    """Of orders that could not be read, which `found` says itself."""
    return None


def _name(copy: OrderCopy) -> str:
    return copy.public_id[:40] or f"{str(copy.order_id)[:8]}…"


PAYMENTS, SHIPMENTS, LINKED = "#h-pay", "#shipments", "#h-link"

RULES: dict[str, Rule] = {
    "lines": Rule("Line items and subtotal", "Each line and the sums of the lines.", partial(_amounts, Part.LINES)),
    "total": Rule("Subtotal and total", "Subtotal − discount + tax is the total.", partial(_amounts, Part.TOTAL)),
    "due": Rule("Total, paid and due", "Total − paid is what is due.", partial(_amounts, Part.DUE)),
    "over_refunded": Rule(
        "Refunded more than paid", "At most what was paid is refunded.", partial(_amounts, Part.REFUNDED), PAYMENTS
    ),
    "canceled_paid": Rule("Money on a canceled order", "Nothing of it is kept.", _money_on_canceled, PAYMENTS),
    "shared_invoice": Rule("Orders that share an invoice", "An invoice is of one order.", _shared_invoice, LINKED),
    "fulfilled_unpaid": Rule("Fulfilled and not paid", "What has left is paid.", _fulfilled_unpaid, SHIPMENTS),
    "late": Rule(
        "Paid and not fulfilled", "What is paid leaves soon.", _paid_not_fulfilled, SHIPMENTS, waits=Waits.DAYS
    ),
    "given_up": Rule("Canceled units not refunded", "What will never ship is given back.", _given_up, SHIPMENTS),
    "half_replaced": Rule(
        "Half of a replacement", "Both orders name each other, and one is canceled.", _half_replaced, LINKED
    ),
    "three_way": Rule(
        "Payments do not match",
        "Paid and refunded are what the invoice’s payments and refunds come to.",
        _three_way,
        PAYMENTS,
        waits=Waits.PAYMENTS,
    ),
    "in_doubt": Rule("Change in doubt", "It is known what became of every change.", _in_doubt, PAYMENTS),
    "captured": Rule(
        "Captured at Digital River, not paid",
        "What was captured there is paid here.",
        partner_rules.captured,
        SHIPMENTS,
    ),
    "unaccounted": Rule(
        "Shipped at Digital River, not here",
        "What Digital River has of an order is a shipment of ours.",
        partner_rules.unaccounted,
        SHIPMENTS,
    ),
    "unreadable": Rule("Order not readable", "RevKeen sends it in a form we do not know.", _never, "", unknown=True),
    "gone": Rule(
        "Order gone at RevKeen", "RevKeen has every order for which money was paid.", _never, "", unknown=True
    ),
    "no_lines": Rule("No line items sent", "Without them the subtotal cannot be checked.", _no_lines, unknown=True),
    "unmatched": Rule(
        "Payments not known",
        "It is known which payments are its own.",
        _unmatched,
        PAYMENTS,
        unknown=True,
        waits=Waits.PAYMENTS,
    ),
    "unknown_status": Rule("Unknown status", "Its status is one that we know.", _unknown_status, unknown=True),
}
OF_SHIPMENTS = ("fulfilled_unpaid", "late", "given_up", "captured", "unaccounted")  # what our own shipments decide
