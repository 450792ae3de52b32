"""Paying orders, and giving the money back."""

from __future__ import annotations

import httpx
import pytest

from tests.emulator.conftest import LIVE, Connect, draft, refusal
from tests.emulator.driver import Driver, Json


def test_part_payments_add_up_to_a_paid_order(api: httpx.Client, order: Json) -> None:
    path = f"/orders/{order['id']}"
    part = api.post(f"{path}/pay", json={"payment_token": "tok_approve_1", "amount": 1000}).json()
    assert (part["status"], part["amount_paid"], part["amount_due"], part["paid_at"]) == (
        "partially_paid",
        1000,
        1500,
        None,
    )
    assert api.get(f"/invoices/{part['invoice_id']}").json()["data"]["status"] == "open"
    rest = api.post(f"{path}/pay", json={"payment_token": "tok_approve_2"}).json()
    assert (rest["status"], rest["amount_paid"], rest["amount_due"]) == ("paid", 2500, 0)
    assert rest["paid_at"]
    assert rest["invoice_id"] == part["invoice_id"]
    assert api.get(f"/invoices/{part['invoice_id']}").json()["data"]["status"] == "paid"
    sales = api.get("/transactions", params={"invoice_id": rest["invoice_id"]}).json()["data"]
    assert [sale["amount"] for sale in sales] == [1500, 1000]


DECLINES = [
    ("tok_decline_1", "0002", "generic_decline"),
    ("tok_insufficient_funds_1", "9995", "insufficient_funds"),
    ("tok_expired_1", "0069", "expired_card"),
]


@pytest.mark.parametrize(("token", "last_four", "code"), DECLINES)
def test_a_decline_is_a_400_that_leaves_a_failed_transaction(
    api: httpx.Client, emulator: Driver, cases: Json, token: str, last_four: str, code: str
) -> None:
    wallet = cases["customers"]["wallet_0"]
    made = draft(api, customer_id=wallet["id"])
    for body in ({"payment_token": token}, {"payment_method_id": wallet[last_four]}):
        answer = api.post(f"/orders/{made['id']}/pay", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    after = api.get(f"/orders/{made['id']}").json()
    assert (after["status"], after["amount_paid"], after["amount_due"]) == ("draft", 0, 1000)
    attempts = api.get("/transactions", params={"invoice_id": after["invoice_id"]}).json()["data"]
    assert [(attempt["status"], attempt["amount"]) for attempt in attempts] == [("failed", 1000)] * 2
    assert [entry["effect"] for entry in emulator.ledger(order_id=made["id"])] == [
        "order_created",
        "decline",
        "decline",
    ]


def test_a_saved_card_ending_in_1111_approves_and_is_the_default(api: httpx.Client, cases: Json) -> None:
    made = draft(api, customer_id=cases["customers"]["wallet_0"]["id"])
    assert api.post(f"/orders/{made['id']}/pay").json()["status"] == "paid"
    invoice_id = api.get(f"/orders/{made['id']}").json()["invoice_id"]
    sale = api.get("/transactions", params={"invoice_id": invoice_id}).json()["data"][0]
    assert (sale["card_brand"], sale["card_last_four"]) == ("visa", "1111")


def test_a_token_can_be_used_once_also_when_it_was_declined(api: httpx.Client) -> None:
    for token in ("tok_approve_once", "tok_decline_once"):
        api.post(f"/orders/{draft(api)['id']}/pay", json={"payment_token": token})
        again = api.post(f"/orders/{draft(api)['id']}/pay", json={"payment_token": token})
        assert refusal(again) == (400, "payment_token")
        assert "used before" in again.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"payment_token": "tok_unheard_of"}, "payment_token"),
        ({"payment_token": "tok_approve_1", "amount": 2501}, "amount"),
        ({"payment_token": "tok_approve_1", "amount": 0}, "amount"),
        (
            {"payment_token": "tok_approve_1", "payment_method_id": "00000000-0000-4000-8000-000000000000"},
            "payment_token",
        ),
        ({"payment_method_id": "pm_123"}, "payment_method_id"),
        ({}, "payment_token"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(
    api: httpx.Client, emulator: Driver, order: Json, body: Json, param: str
) -> None:
    assert refusal(api.post(f"/orders/{order['id']}/pay", json=body)) == (400, param)
    assert emulator.ledger(effect="payment") == []


def test_a_method_of_another_customer_is_refused_and_so_is_having_none(api: httpx.Client, cases: Json) -> None:
    customers = cases["customers"]
    made = draft(api, customer_id=customers["wallet_8"]["id"])
    answer = api.post(f"/orders/{made['id']}/pay", json={"payment_method_id": customers["wallet_0"]["1111"]})
    assert refusal(answer) == (400, "payment_method_id")
    assert refusal(api.post(f"/orders/{made['id']}/pay")) == (400, "payment_method_id")


def test_a_card_past_its_date_is_declined_as_expired(api: httpx.Client, cases: Json) -> None:
    made = draft(api, customer_id=cases["customers"]["wallet_7"]["id"])
    assert api.post(f"/orders/{made['id']}/pay").json()["error"]["code"] == "expired_card"


def test_an_order_over_nothing_is_settled_without_a_charge(api: httpx.Client) -> None:
    made = draft(api, line_items=[{"description": "Sample", "unit_price": 0}])
    paid = api.post(f"/orders/{made['id']}/pay").json()
    assert paid["status"] == "paid"
    assert api.get("/transactions", params={"invoice_id": paid["invoice_id"]}).json()["data"] == []


@pytest.mark.parametrize("how", ["token", "card"])
def test_a_gateway_that_hangs_charges_nothing(
    api: httpx.Client, emulator: Driver, connect: Connect, cases: Json, how: str
) -> None:
    wallet = cases["customers"]["wallet_4"]
    made = draft(api, customer_id=wallet["id"])
    body = {"payment_token": "tok_hang_1"} if how == "token" else {"payment_method_id": wallet["0408"]}
    headers = {"Idempotency-Key": "k"}
    with pytest.raises(httpx.ReadTimeout):
        connect(LIVE, timeout=0.3).post(f"/orders/{made['id']}/pay", json=body, headers=headers)
    assert api.get(f"/orders/{made['id']}").json() == made
    assert emulator.ledger(effect="payment") == []


@pytest.mark.parametrize("how", ["token", "card"])
def test_a_gateway_that_charges_and_hangs_up_has_charged_and_replays_that(
    api: httpx.Client, emulator: Driver, cases: Json, how: str
) -> None:
    wallet = cases["customers"]["wallet_5"]
    made = draft(api, customer_id=wallet["id"])
    body = {"payment_token": "tok_charge_then_hang_up_1"} if how == "token" else {"payment_method_id": wallet["0502"]}
    headers = {"Idempotency-Key": "k"}
    with pytest.raises(httpx.RemoteProtocolError):
        api.post(f"/orders/{made['id']}/pay", json=body, headers=headers)
    assert len(emulator.ledger(effect="payment", order_id=made["id"])) == 1
    replay = api.post(f"/orders/{made['id']}/pay", json=body, headers=headers)
    assert (replay.json()["status"], replay.headers["Idempotency-Replayed"]) == ("paid", "true")
    assert len(emulator.ledger(effect="payment", order_id=made["id"])) == 1


# refunding


def sale_of(api: httpx.Client, order: Json) -> Json:
    return api.get("/transactions", params={"invoice_id": order["invoice_id"], "type": "sale"}).json()["data"][0]


@pytest.fixture
def paid(api: httpx.Client, order: Json) -> Json:
    return api.post(f"/orders/{order['id']}/pay", json={"payment_token": "tok_approve_1"}).json()


def test_part_refunds_end_in_a_refunded_order(api: httpx.Client, paid: Json) -> None:
    sale = sale_of(api, paid)
    part = api.post("/refunds", json={"payment_id": sale["id"], "amount_minor": 1000, "reason": "duplicate"})
    assert part.status_code == 201
    assert (part.json()["data"]["status"], part.json()["data"]["order_id"]) == ("succeeded", paid["id"])
    after = api.get(f"/orders/{paid['id']}").json()
    assert (after["status"], after["amount_refunded"], after["amount_due"]) == ("paid", 1000, 0)
    assert refusal(api.post("/refunds", json={"payment_id": sale["id"], "amount_minor": 1501})) == (400, "amount_minor")
    rest = api.post("/refunds", json={"payment_id": sale["id"]}).json()["data"]
    assert rest["amount_minor"] == 1500
    after = api.get(f"/orders/{paid['id']}").json()
    assert (after["status"], after["amount_refunded"]) == ("refunded", 2500)
    assert refusal(api.post("/refunds", json={"payment_id": sale["id"]})) == (400, "payment_id")
    assert sale_of(api, paid)["amount_refunded"] == 2500


def test_a_whole_payment_given_back_on_its_own_day_is_a_void_and_later_a_refund(
    api: httpx.Client, emulator: Driver, paid: Json
) -> None:
    api.post("/refunds", json={"payment_id": sale_of(api, paid)["id"]})
    assert sale_of(api, paid)["status"] == "voided"
    kinds = [row["type"] for row in api.get("/transactions", params={"invoice_id": paid["invoice_id"]}).json()["data"]]
    assert kinds == ["void", "sale"]
    other = api.post(f"/orders/{draft(api)['id']}/pay", json={"payment_token": "tok_approve_2"}).json()
    emulator.advance(24 * 3600)
    api.post("/refunds", json={"payment_id": sale_of(api, other)["id"]})
    kinds = [row["type"] for row in api.get("/transactions", params={"invoice_id": other["invoice_id"]}).json()["data"]]
    assert kinds == ["refund", "sale"]


def test_a_pending_refund_is_spent_but_moves_no_money_until_it_succeeds(
    api: httpx.Client, emulator: Driver, paid: Json
) -> None:
    emulator.settings(refund_status="pending")
    sale = sale_of(api, paid)
    refund = api.post("/refunds", json={"payment_id": sale["id"], "amount_minor": 2000}).json()["data"]
    assert refund["status"] == "pending"
    assert api.get(f"/orders/{paid['id']}").json()["amount_refunded"] == 0
    assert refusal(api.post("/refunds", json={"payment_id": sale["id"], "amount_minor": 501})) == (400, "amount_minor")
    emulator.settle_refund(refund["id"], "succeeded")
    assert api.get(f"/orders/{paid['id']}").json()["amount_refunded"] == 2000
    assert api.get(f"/refunds/{refund['id']}").json()["data"]["status"] == "succeeded"


def test_a_failed_refund_gives_the_amount_free_again(api: httpx.Client, emulator: Driver, paid: Json) -> None:
    emulator.settings(refund_status="processing")
    sale = sale_of(api, paid)
    refund = api.post("/refunds", json={"payment_id": sale["id"]}).json()["data"]
    emulator.settle_refund(refund["id"], "failed")
    assert api.get(f"/refunds/{refund['id']}").json()["data"]["failure_code"] == "refund_declined"
    assert api.get(f"/orders/{paid['id']}").json()["status"] == "paid"
    assert api.post("/refunds", json={"payment_id": sale["id"]}).status_code == 201


@pytest.mark.parametrize("case", ["pending_declined", "refunded"])
def test_what_is_no_payment_cannot_be_refunded(api: httpx.Client, cases: Json, case: str) -> None:
    order = api.get(f"/orders/{cases['orders'][case]}").json()
    attempt = sale_of(api, order)["id"]
    assert refusal(api.post("/refunds", json={"payment_id": attempt})) == (400, "payment_id")


def test_a_token_with_half_a_character_does_not_exist(api: httpx.Client) -> None:
    order = api.post("/orders", json={"line_items": [{"description": "Rope", "unit_price": 1}]}).json()
    body = '{"payment_token": "tok_approve_\\ud800"}'
    answer = api.post(f"/orders/{order['id']}/pay", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "payment_token")
