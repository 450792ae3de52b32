"""The words for states, and what can be done next, as the table of the look says."""

from typing import Any

import pytest

from orders import states
from orders.services.orders.conditions import conditions
from orders.services.orders.facts import Facts
from orders.services.orders.next_steps import next_steps
from tests.support.samples import an_order

PAID = {"status": "paid", "amount_paid": 2090, "amount_due": 0}


@pytest.mark.parametrize(
    ("fields", "word", "tone"),
    [
        ({"status": "canceled"}, "Canceled", ""),
        ({"status": "draft"}, "Draft", ""),
        ({"total": 0, "amount_due": 0, "status": "paid"}, "Nothing to pay", ""),
        ({}, "Payment due", "wait"),
        ({"status": "partially_paid", "amount_paid": 90, "amount_due": 2000}, "Part paid", "wait"),
        (PAID | {"amount_refunded": 2090, "status": "refunded"}, "Refunded", ""),
        (PAID | {"amount_refunded": 90}, "Part refunded", ""),
        (PAID, "Paid", "good"),
        ({"status": "fulfilled"}, "Payment due", "wait"),
        ({"status": "on_hold"}, "on_hold", ""),
    ],
)
def test_payment_is_told_from_the_amounts(fields: dict[str, Any], word: str, tone: str) -> None:
    state = states.payment_state(an_order(**fields))
    assert (state.word, state.tone) == (word, tone)


@pytest.mark.parametrize(
    ("fields", "word", "tone"),
    [
        ({"fulfillment_status": None}, "Nothing to ship", ""),
        ({"fulfillment_status": "returned"}, "Returned", ""),
        ({"fulfillment_status": "fulfilled"}, "Fulfilled", "good"),
        ({"fulfillment_status": "partial"}, "Part fulfilled", "wait"),
        (PAID | {"fulfillment_status": "unfulfilled"}, "Unfulfilled", "wait"),
        ({"fulfillment_status": "unfulfilled"}, "Unfulfilled", ""),
        ({"fulfillment_status": "teleported"}, "teleported", ""),
    ],
)
def test_fulfillment_has_its_own_word(fields: dict[str, Any], word: str, tone: str) -> None:
    state = states.fulfillment_state(an_order(**fields))
    assert (state.word, state.tone) == (word, tone)


@pytest.mark.parametrize(
    ("fields", "finished"),
    [
        ({"status": "canceled"}, True),
        (PAID | {"fulfillment_status": "fulfilled"}, True),
        (PAID | {"fulfillment_status": None}, True),
        (PAID | {"fulfillment_status": "unfulfilled"}, False),
        ({"status": "fulfilled", "fulfillment_status": "fulfilled"}, False),  # shipped, and still unpaid
    ],
)
def test_a_row_is_quiet_when_nobody_has_anything_left_to_do(fields: dict[str, Any], finished: bool) -> None:
    assert states.finished(an_order(**fields)) is finished


# What the status machine allows, by status; the step that advances the order first. A copy can be made of any order.
ALLOWED = {
    "draft": ({}, "order_pay, draft_revise, order_edit, draft_copy, order_cancel"),
    "pending": ({}, "order_pay, draft_revise, order_edit, draft_copy, order_cancel"),
    "partially_paid": ({"amount_paid": 90, "amount_due": 2000}, "order_pay, order_refund, order_edit, draft_copy"),
    "paid": (PAID, "order_fulfill, order_refund, order_edit, draft_copy"),
    "fulfilled": (PAID | {"fulfillment_status": "fulfilled"}, "order_refund, draft_copy"),
    "refunded": (PAID | {"amount_refunded": 2090}, "draft_copy"),
    "canceled": ({}, "draft_copy"),
}


@pytest.mark.parametrize("status", ALLOWED)
def test_each_status_allows_what_it_allows_and_says_why_not_the_rest(status: str) -> None:
    fields, allowed = ALLOWED[status]
    order = an_order(**{"fulfillment_status": "unfulfilled", **fields, "status": status})
    found = next_steps(order, conditions(Facts(order, order.created_at)))
    steps = [step for step in (found.primary, *found.others) if step is not None]
    assert ", ".join(step.page for step in steps if step.possible) == allowed
    assert all(step.reason.endswith(".") for step in steps if not step.possible)
