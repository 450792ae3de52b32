from __future__ import annotations

import httpx
import pytest

from tests.emulator.conftest import LINE, draft, refusal
from tests.emulator.driver import Driver, Json


def test_a_new_order_is_a_draft_with_the_sums_of_its_lines(order: Json) -> None:
    assert (order["status"], order["fulfillment_status"], order["currency"]) == ("draft", "unfulfilled", "usd")
    assert [line["position"] for line in order["line_items"]] == [0, 1, 2]
    assert (order["subtotal"], order["total"], order["amount_due"], order["amount_paid"]) == (2500, 2500, 2500, 0)
    assert order["created_at"] == order["updated_at"]


def test_a_new_order_gets_the_next_number_and_comes_first_in_the_list(api: httpx.Client) -> None:
    first, second = draft(api), draft(api)
    assert int(second["public_id"][3:]) == int(first["public_id"][3:]) + 1
    assert api.get("/orders?limit=1").json()["data"] == [second]


def test_an_order_keeps_what_it_was_given(api: httpx.Client, cases: Json) -> None:
    product = api.get("/products?limit=1").json()["data"][0]
    given = {
        "customer_id": cases["customers"]["wallet_0"]["id"],
        "currency": "EUR",
        "billing_type": "recurring",
        "metadata": {"campaign": "autumn", "nested": {"list": [1, None]}},
        "notes": "Ring twice.",
        "expires_at": "2027-01-01T00:00:00Z",
    }
    made = draft(api, **given, line_items=[{**LINE, "product_id": product["id"], "metadata": {"sku": "R"}}])
    assert {name: made[name] for name in given} == {**given, "currency": "eur"}
    assert made["line_items"][0]["product_id"] == product["id"]
    assert made["line_items"][0]["metadata"] == {"sku": "R"}
    assert api.get(f"/orders/{made['id']}").json() == made


def test_an_order_of_digital_products_only_has_nothing_to_ship(api: httpx.Client) -> None:
    products = api.get("/products?limit=100").json()["data"]
    digital = next(product for product in products if product["fulfillment_type"] == "digital")
    assert draft(api, line_items=[{**LINE, "product_id": digital["id"]}])["fulfillment_status"] is None


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "line_items"),
        ({"line_items": []}, "line_items"),
        ({"line_items": [{"unit_price": 1}]}, "line_items.0.description"),
        ({"line_items": [LINE, {"description": "x"}]}, "line_items.1.unit_price"),
        ({"line_items": [{**LINE, "unit_price": -1}]}, "line_items.0.unit_price"),
        ({"line_items": [{**LINE, "unit_price": 12.5}]}, "line_items.0.unit_price"),
        ({"line_items": [{**LINE, "unit_price": "12"}]}, "line_items.0.unit_price"),
        ({"line_items": [{**LINE, "unit_price": True}]}, "line_items.0.unit_price"),
        ({"line_items": [{**LINE, "unit_price": 10**30}]}, "line_items"),
        ({"line_items": [{**LINE, "quantity": 0}]}, "line_items.0.quantity"),
        ({"line_items": [{**LINE, "description": "x" * 501}]}, "line_items.0.description"),
        ({"line_items": [{**LINE, "discount": 1}]}, "line_items.0.discount"),
        ({"line_items": [LINE], "notes": "x" * 1001}, "notes"),
        ({"line_items": [LINE], "notes": None}, "notes"),
        ({"line_items": [LINE], "currency": "US"}, "currency"),
        ({"line_items": [LINE], "currency": "U$D"}, "currency"),
        ({"line_items": [LINE], "status": "paid"}, "status"),
        ({"line_items": [LINE], "expires_at": "tomorrow"}, "expires_at"),
    ],
)
def test_a_wrong_order_is_refused_by_the_name_of_its_fault(api: httpx.Client, body: Json, param: str) -> None:
    answer = api.post("/orders", json=body)
    assert refusal(answer) == (400, param)
    assert api.get("/orders").json()["total_count"] == 60


@pytest.mark.parametrize("name", ["customer_id", "invoice_id", "subscription_id"])
def test_an_unknown_link_is_a_404_that_names_it(api: httpx.Client, name: str) -> None:
    answer = api.post("/orders", json={"line_items": [LINE], name: "00000000-0000-4000-8000-000000000000"})
    assert refusal(answer) == (404, name)


def test_what_is_no_json_is_refused(api: httpx.Client) -> None:
    for content in (b"", b"{", b"[]", b'{"line_items": NaN}', b"[" * 100_000):
        answer = api.post("/orders", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, content[:20]


# updating


def test_metadata_is_replaced_as_a_whole_and_notes_can_be_cleared(api: httpx.Client, order: Json) -> None:
    path = f"/orders/{order['id']}"
    api.patch(path, json={"metadata": {"a": 1}, "notes": "x"})
    changed = api.patch(path, json={"metadata": {"b": 2}, "notes": None}).json()
    assert (changed["metadata"], changed["notes"]) == ({"b": 2}, None)
    assert changed["updated_at"] > order["updated_at"]


def test_lines_cannot_be_changed(api: httpx.Client, order: Json) -> None:
    assert refusal(api.patch(f"/orders/{order['id']}", json={"line_items": [LINE]})) == (400, "line_items")


def test_a_customer_can_be_given_and_taken_away(api: httpx.Client, order: Json, cases: Json) -> None:
    path, customer_id = f"/orders/{order['id']}", cases["customers"]["wallet_1"]["id"]
    assert api.patch(path, json={"customer_id": customer_id}).json()["customer_id"] == customer_id
    assert order["id"] in [row["id"] for row in api.get("/orders", params={"customer_id": customer_id}).json()["data"]]
    assert api.patch(path, json={"customer_id": None}).json()["customer_id"] is None


# which status allows what

REFUSED = {
    "update": ("paid_partial", "fulfilled", "canceled", "refunded", "fulfilled_returned"),
    "pay": ("paid", "paid_partial", "fulfilled", "canceled", "refunded", "paid_nothing_to_ship"),
    "cancel": ("partially_paid", "paid", "fulfilled", "canceled", "refunded"),
    "fulfill": ("draft", "pending", "partially_paid", "fulfilled", "canceled", "refunded", "paid_nothing_to_ship"),
}
ALLOWED = {
    "update": ("draft", "pending", "partially_paid", "paid", "paid_nothing_to_ship"),
    "pay": ("draft_guest", "pending", "partially_paid"),
    "cancel": ("draft", "pending", "pending_declined", "draft_expired"),
    "fulfill": ("paid", "paid_partial", "free", "part_refunded", "sixty_lines"),
}
BODIES = {"update": {"notes": "x"}, "pay": {"payment_token": "tok_approve_1"}, "cancel": {}, "fulfill": {}}


def act(api: httpx.Client, action: str, id: str, body: Json | None = None) -> httpx.Response:
    body = BODIES[action] if body is None else body
    return (
        api.patch(f"/orders/{id}", json=body) if action == "update" else api.post(f"/orders/{id}/{action}", json=body)
    )


@pytest.mark.parametrize(("action", "case"), [(a, case) for a in REFUSED for case in REFUSED[a]])
def test_a_status_that_does_not_allow_it_refuses_and_stays(
    api: httpx.Client, emulator: Driver, cases: Json, action: str, case: str
) -> None:
    id = cases["orders"][case]
    before = api.get(f"/orders/{id}").json()
    answer = act(api, action, id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert api.get(f"/orders/{id}").json() == before
    assert emulator.ledger() == []


@pytest.mark.parametrize(("action", "case"), [(a, case) for a in ALLOWED for case in ALLOWED[a]])
def test_a_status_that_allows_it_does_it(api: httpx.Client, cases: Json, action: str, case: str) -> None:
    answer = act(api, action, cases["orders"][case])
    assert answer.status_code == 200, answer.text
    assert answer.json() == api.get(f"/orders/{cases['orders'][case]}").json()


# cancelling and fulfilling


def test_a_cancelled_order_has_its_time_and_the_reason_stays_in_the_ledger(
    api: httpx.Client, emulator: Driver, order: Json
) -> None:
    answer = api.post(f"/orders/{order['id']}/cancel", json={"reason": "Twice"}).json()
    assert (answer["status"], answer["canceled_at"] is not None) == ("canceled", True)
    assert "Twice" not in str(answer)
    assert emulator.ledger(effect="cancel")[0]["reason"] == "Twice"


def test_lines_are_fulfilled_in_parts_until_the_last_one(api: httpx.Client, emulator: Driver, order: Json) -> None:
    path = f"/orders/{order['id']}"
    api.post(f"{path}/pay", json={"payment_token": "tok_approve_1"})
    a, b, c = (line["id"] for line in order["line_items"])
    first = api.post(f"{path}/fulfill", json={"line_item_ids": [b], "carrier": "ups", "tracking_number": "1Z"}).json()
    assert (first["status"], first["fulfillment_status"], first["fulfilled_at"]) == ("paid", "partial", None)
    again = api.post(f"{path}/fulfill", json={"line_item_ids": [b]})
    assert refusal(again) == (400, "line_item_ids")
    last = api.post(f"{path}/fulfill", json={"notify_customer": False}).json()
    assert (last["status"], last["fulfillment_status"]) == ("fulfilled", "fulfilled")
    assert last["fulfilled_at"]
    shipped = [
        (entry["line_item_ids"], entry["notified"], entry["carrier"]) for entry in emulator.ledger(effect="fulfillment")
    ]
    assert shipped == [([b], True, "ups"), ([a, c], False, None)]


def test_a_line_of_another_order_is_refused(api: httpx.Client, cases: Json) -> None:
    foreign = api.get(f"/orders/{cases['orders']['one_line']}").json()["line_items"][0]["id"]
    answer = api.post(f"/orders/{cases['orders']['paid']}/fulfill", json={"line_item_ids": [foreign]})
    assert refusal(answer) == (400, "line_item_ids.0")


def test_events_carry_the_idempotency_key_and_request_of_the_call_that_caused_them(
    api: httpx.Client, emulator: Driver, order: Json
) -> None:
    path = f"/orders/{order['id']}"
    api.post(f"{path}/pay", json={"payment_token": "tok_approve_1"}, headers={"Idempotency-Key": "pay-1"})
    api.post(f"{path}/fulfill", json={}, headers={"Idempotency-Key": "ship-1"})
    events = api.get("/events", params={"order_id": order["id"]}).json()["data"]
    assert [(event["type"], event["request"]["idempotency_key"]) for event in events] == [
        ("order.fulfilled", "ship-1"),
        ("order.paid", "pay-1"),
        ("payment.succeeded", "pay-1"),
        ("order.created", None),
    ]
    assert events[1]["data"]["previous_attributes"]["status"] == "draft"
    calls = {call["request_id"]: call["path"] for call in emulator.requests()}
    assert calls[events[1]["request"]["id"]].endswith("/pay")
    entry = emulator.ledger(effect="payment")[0]
    assert (entry["idempotency_key"], entry["request_id"]) == ("pay-1", events[1]["request"]["id"])
    assert (entry["amount"], entry["currency"], entry["merchant"], entry["mode"]) == (2500, "usd", "northwind", "live")


@pytest.mark.parametrize("metadata", ['{"a": 1e999}', '{"a": NaN}', '{"a": -Infinity}'])
def test_a_number_that_json_cannot_hold_is_refused(api: httpx.Client, metadata: str) -> None:
    body = f'{{"line_items": [{{"description": "Rope", "unit_price": 1}}], "metadata": {metadata}}}'
    answer = api.post("/orders", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_nesting_is_stored_or_refused_however_deep_it_is(api: httpx.Client) -> None:
    statuses = []
    for depth in range(900, 1000, 3):
        nested = "[" * depth + "]" * depth
        body = f'{{"line_items": [{{"description": "Rope", "unit_price": 1}}], "metadata": {{"a": {nested}}}}}'
        answer = api.post("/orders", content=body, headers={"Content-Type": "application/json"})
        statuses.append(answer.status_code)
    assert set(statuses) == {201, 400}
