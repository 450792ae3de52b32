"""What becomes of an order: the showcase, which holds every case once, and the everyday mix."""

from __future__ import annotations

import random
from dataclasses import dataclass

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Plan:
    """`refunds` are statuses, one refund each; `payments` counts the sales, `declines` the attempts before them."""

    status: str
    fulfillment: str | None = "unfulfilled"
    lines: int = 0  # 0: a few
    payments: int = 1
    declines: int = 0
    refunds: tuple[str, ...] = ()
    currency: str = ""  # "": any
    guest: bool = False
    recurring: bool = False
    expired: bool = False
    free: bool = False
    huge: bool = False
    hostile: bool = False
    partners: bool = True  # whether Digital River and OrderProtection know it, once it is paid
    by_number: bool = False  # OrderProtection knows it by its number, with a hash sign
    breaks: str = ""  # how it does not add up (spoil.py)
    at_digital_river: str = ""  # what somebody did there alone: "shipped" or "canceled" all of it
    case: str = ""  # the name it can be found under


# From the newest to the oldest. Together they hold every status with every fulfillment status that can be.
SHOWCASE = (
    Plan("draft", case="draft"),
    Plan("pending", case="pending"),
    Plan("paid", case="paid"),
    Plan("draft", guest=True, case="draft_guest"),
    Plan("paid", lines=1, case="one_line"),
    Plan("partially_paid", case="partially_paid"),
    Plan("pending", declines=1, case="pending_declined"),
    Plan("paid", lines=60, case="sixty_lines"),
    Plan("draft", expired=True, case="draft_expired"),
    Plan("paid", hostile=True, case="hostile_texts"),
    Plan("paid", "partial", lines=4, case="paid_partial"),
    Plan("paid", huge=True, currency="eur", case="ten_million"),
    Plan("pending", None, case="pending_nothing_to_ship"),
    Plan("fulfilled", "fulfilled", case="fulfilled"),
    Plan("paid", breaks="lines", lines=3, case="lines_do_not_add_up"),
    Plan("partially_paid", breaks="due", lines=2, case="due_does_not_add_up"),
    Plan("paid", None, case="paid_nothing_to_ship"),
    Plan("draft", None, case="draft_nothing_to_ship"),
    Plan("paid", free=True, case="free"),
    Plan("paid", payments=3, declines=1, lines=3, case="three_payments"),
    Plan("partially_paid", payments=2, declines=2, case="two_part_payments"),
    Plan("paid", recurring=True, case="recurring"),
    Plan("paid", guest=True, case="paid_guest"),
    Plan("paid", currency="jpy", case="jpy"),
    Plan("paid", currency="kwd", case="kwd"),
    Plan("paid", currency="gbp", case="gbp"),
    Plan("paid", refunds=("succeeded",), case="part_refunded"),
    Plan("paid", refunds=("pending",), case="refund_pending"),
    Plan("paid", refunds=("processing",), case="refund_processing"),
    Plan("paid", refunds=("failed",), case="refund_failed"),
    Plan("paid", refunds=("canceled",), case="refund_canceled"),
    Plan("paid", "partial", lines=60, case="sixty_lines_partial"),
    Plan("partially_paid", None, case="partially_paid_nothing_to_ship"),
    Plan("fulfilled", "fulfilled", refunds=("succeeded", "succeeded"), case="fulfilled_part_refunded"),
    Plan("canceled", case="canceled"),
    Plan("canceled", None, case="canceled_nothing_to_ship"),
    Plan("refunded", refunds=("succeeded",), case="refunded"),
    Plan("refunded", None, refunds=("succeeded",), case="refunded_nothing_to_ship"),
    Plan("refunded", "partial", lines=3, refunds=("succeeded", "succeeded"), case="refunded_partial"),
    Plan("refunded", "fulfilled", refunds=("failed", "succeeded"), case="refunded_fulfilled"),
    Plan("refunded", "returned", refunds=("succeeded",), case="refunded_returned"),
    Plan("fulfilled", "returned", case="fulfilled_returned"),
    Plan("refunded", payments=2, refunds=("succeeded", "succeeded"), case="refunded_two_payments"),
    Plan("fulfilled", "fulfilled", recurring=True, case="recurring_fulfilled"),
    Plan("fulfilled", "fulfilled", guest=True, currency="eur", case="fulfilled_guest"),
    Plan("fulfilled", "fulfilled", lines=60, currency="usd", case="sixty_lines_fulfilled"),
    Plan("paid", lines=2, partners=False, case="paid_unknown_to_partners"),
    Plan("paid", lines=2, by_number=True, case="paid_hash_in_its_id"),
)

# In the places of some everyday ones: each breaks one rule of a review. The two that share an invoice come together.
TO_REVIEW = (
    Plan("paid", lines=2, at_digital_river="shipped", case="shipped_at_digital_river_alone"),
    Plan("paid", lines=2, at_digital_river="canceled", case="canceled_at_digital_river_alone"),
    Plan("paid", lines=2, breaks="lines_alone", partners=False, case="lines_alone_do_not_add_up"),
    Plan("pending", breaks="total", case="total_does_not_add_up"),
    Plan("paid", "fulfilled", refunds=("succeeded",), breaks="over_refunded", case="refunded_more_than_paid"),
    Plan("paid", None, breaks="canceled", partners=False, case="canceled_with_money"),
    Plan("paid", None, breaks="payments", partners=False, case="payments_do_not_match"),
    Plan("partially_paid", "fulfilled", case="fulfilled_and_not_paid"),
    Plan("pending", breaks="half_replaced", case="half_replaced"),
    Plan("paid", None, partners=False, case="shares_its_invoice"),
    Plan("pending", None, case="on_the_same_invoice"),
)
SHARING = ("shares_its_invoice", "on_the_same_invoice")

_FRESH = (
    (25, Plan("draft")), (22, Plan("pending")), (5, Plan("partially_paid")), (42, Plan("paid")),
    (4, Plan("pending", declines=1)), (2, Plan("paid", None)),
)  # fmt: skip
_RECENT = (
    (46, Plan("paid")), (12, Plan("pending")), (7, Plan("draft")), (4, Plan("partially_paid")),
    (20, Plan("fulfilled", "fulfilled")), (4, Plan("paid", "partial", lines=3)), (4, Plan("canceled")),
    (3, Plan("paid", None)),
)  # fmt: skip
_OLD = (
    (64, Plan("fulfilled", "fulfilled")), (5, Plan("paid", None)), (7, Plan("canceled")),
    (4, Plan("fulfilled", "fulfilled", recurring=True)), (4, Plan("fulfilled", "fulfilled", guest=True)),
    (3, Plan("refunded", "fulfilled", refunds=("succeeded",))), (2, Plan("refunded", refunds=("succeeded",))),
    (1, Plan("refunded", "returned", refunds=("succeeded",))), (1, Plan("fulfilled", "returned")),
    (3, Plan("fulfilled", "fulfilled", refunds=("succeeded",))), (2, Plan("draft", expired=True)),
    (2, Plan("partially_paid", payments=2)), (1, Plan("pending", declines=2)), (1, Plan("paid", "partial", lines=4)),
)  # fmt: skip


def everyday(rng: random.Random, age_ms: int) -> Plan:
    """What an order of this age has usually come to."""
    mix = _FRESH if age_ms < DAY_MS / 8 else _RECENT if age_ms < 4 * DAY_MS else _OLD
    return rng.choices([plan for _, plan in mix], [weight for weight, _ in mix])[0]
