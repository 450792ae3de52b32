"""Whatever is asked, in whatever order, an order's amounts agree with each other, its transactions and the ledger."""

from __future__ import annotations

from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.conftest import LIVE
from tests.emulator.driver import Driver, Json
from tests.emulator.test_seed import adds_up

LINES = st.lists(
    st.fixed_dictionaries(
        {"description": st.just("x"), "unit_price": st.integers(0, 5000)}, optional={"quantity": st.integers(1, 9)}
    ),
    min_size=1,
    max_size=4,
)
AMOUNTS = st.one_of(st.none(), st.integers(1, 9000))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), AMOUNTS, st.sampled_from(["approve", "decline", "expired"])),
        st.tuples(st.just("refund"), AMOUNTS, st.integers(0, 3)),
        st.tuples(st.just("fulfill"), st.integers(0, 4), st.none()),
        st.tuples(st.sampled_from(["cancel", "update", "again"]), st.none(), st.none()),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(lines=LINES, steps=STEPS, refund_status=st.sampled_from(["succeeded", "pending", "failed"]))
def test_money_adds_up_after_any_sequence_of_calls(
    served_emulator: Driver, lines: list[Json], steps: list[tuple[Any, Any, Any]], refund_status: str
) -> None:
    served_emulator.reset()
    served_emulator.settings(refund_status=refund_status)
    with httpx.Client(base_url=served_emulator.api, headers={"x-api-key": LIVE}, trust_env=False) as api:
        order = api.post("/orders", json={"line_items": lines}).json()
        for number, step in enumerate(steps):
            take(api, order, number, *step)
            check(served_emulator, api, order["id"])


def take(api: httpx.Client, order: Json, number: int, step: str, amount: int | None, extra: Any) -> None:
    """One step; a refusal is as good as anything else, a failure is not."""
    path = f"/orders/{order['id']}"
    given_amount = {} if amount is None else {"amount": amount}
    if step == "pay":
        answer = api.post(f"{path}/pay", json={"payment_token": f"tok_{extra}_{number}", **given_amount})
    elif step == "refund":
        sales = money(api, api.get(path).json(), "sale")
        if not sales:
            return
        body = {"payment_id": sales[extra % len(sales)]["id"], **({"amount_minor": amount} if amount else {})}
        answer = api.post("/refunds", json=body)
    elif step == "fulfill":
        ids = [line["id"] for line in order["line_items"]][:amount]
        answer = api.post(f"{path}/fulfill", json={"line_item_ids": ids})
    elif step == "cancel":
        answer = api.post(f"{path}/cancel")
    elif step == "update":
        answer = api.patch(path, json={"notes": str(number)})
    else:  # the same key twice
        for _ in range(2):
            headers = {"Idempotency-Key": f"again-{number}"}
            answer = api.post(
                f"{path}/pay", json={"payment_token": f"tok_approve_{number}", "amount": 1}, headers=headers
            )
    assert answer.status_code in (200, 201, 400), answer.text


def check(emulator: Driver, api: httpx.Client, id: str) -> None:
    order = api.get(f"/orders/{id}").json()
    assert adds_up(order)
    sales = [t for t in money(api, order, "sale") if t["status"] in ("succeeded", "voided")]
    back = [t for kind in ("refund", "void") for t in money(api, order, kind)]
    ledger = emulator.ledger(order_id=id)
    assert order["amount_paid"] == total(sales) == total(e for e in ledger if e["effect"] == "payment")
    assert order["amount_refunded"] == total(back) == sum(sale["amount_refunded"] for sale in sales)
    assert all(sale["amount_refunded"] <= sale["amount"] for sale in sales)
    check_status(order)


def check_status(order: Json) -> None:
    paid, due = order["amount_paid"], order["amount_due"]
    expected = {
        "draft": paid == 0,
        "canceled": paid == 0,
        "partially_paid": paid > 0 and due > 0,
        "paid": due == 0 and order["paid_at"] is not None,
        "fulfilled": due == 0 and order["fulfillment_status"] == "fulfilled",
        "refunded": 0 < paid == order["amount_refunded"],
    }
    assert expected[order["status"]], order


def money(api: httpx.Client, order: Json, kind: str) -> list[Json]:
    if order["invoice_id"] is None:
        return []
    return api.get("/transactions", params={"invoice_id": order["invoice_id"], "type": kind, "limit": 100}).json()[
        "data"
    ]


def total(rows: Any) -> int:
    return sum(row["amount"] for row in rows)
