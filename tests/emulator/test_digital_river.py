"""Digital River: what each call captures and releases, what it refuses and how it says so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.driver import Driver, Json

LIVE, TEST = "sk_northwind_demo", "sk_test_northwind_demo"
ORDERS = "digital_river_orders"
Connect = Callable[..., httpx.Client]


@pytest.fixture
def connect(emulator: Driver, open_client: Callable[..., httpx.Client]) -> Connect:
    def connect(key: str | None = LIVE, timeout: float = 10) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return open_client(base_url=emulator.digital_river, headers=headers, timeout=timeout)

    return connect


@pytest.fixture
def api(connect: Connect) -> httpx.Client:
    """Northwind, live."""
    return connect(LIVE)


@pytest.fixture
def order(emulator: Driver) -> Json:
    return with_two_lines(emulator)


def with_two_lines(emulator: Driver) -> Json:
    """Accepted: one line of four units over 10.01 and one of a single unit over 5.00, in euros."""
    id = emulator.cases()["digital_river"]["three_payments"]
    lines = {
        "line-1": {"total": 1001, "quantity": 4, "fulfilled": 0, "cancelled": 0},
        "line-2": {"total": 500, "quantity": 1, "fulfilled": 0, "cancelled": 0},
    }
    items = [
        {"id": "line-1", "skuId": "NW-1", "quantity": 4, "state": "created"},
        {"id": "line-2", "quantity": 1, "state": "created"},
    ]
    hidden = {"lines": lines, "operations": []}
    members = {"currency": "EUR", "totalAmount": 15.01, "items": items, "$hidden": hidden}
    return emulator.plant("digital_river_orders", id, members)


def body(order: Json, *items: Json, **members: Any) -> Json:
    return {"orderId": order["id"], "items": list(items), **members}


def units(item_id: str = "line-1", quantity: int | None = None, cancel: int | None = None) -> Json:
    counts = {"quantity": quantity, "cancelQuantity": cancel}
    return {"itemId": item_id, **{name: count for name, count in counts.items() if count is not None}}


def details(api: httpx.Client, fulfillment: Json) -> Json:
    return api.get(f"/fulfillments/{fulfillment['id']}").json()["orderDetails"]


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["errors"][0]
    return answer.status_code, error["code"], error.get("parameter")


def money(emulator: Driver) -> list[tuple[str, int]]:
    return [(entry["effect"], entry["amount"]) for entry in emulator.ledger() if "amount" in entry]


# creating


def test_a_fulfillment_tells_what_it_was_given_and_leaves_out_what_it_was_not(api: httpx.Client, order: Json) -> None:
    given = {
        "trackingCompany": "UPS",
        "trackingNumber": "1Z999AA10123456784",
        "trackingUrl": "https://www.ups.com/track?tracknum=1Z999AA10123456784",
        "metadata": {"shipmentRef": "SHP-1", "boxes": 2, "fragile": True},
    }
    answer = api.post("/fulfillments", json=body(order, units(quantity=2), **given))
    made = answer.json()
    assert answer.status_code == 201
    assert {name: made[name] for name in given} == given
    assert made["items"] == [{"itemId": "line-1", "skuId": "NW-1", "quantity": 2, "cancelQuantity": 0}]
    assert (made["orderId"], made["liveMode"], made["id"][:4]) == (order["id"], True, "ful_")
    assert made["createdTime"].endswith("Z")
    assert len(made["createdTime"]) == 20
    assert set(made) == {"id", "createdTime", "orderId", "items", "liveMode", *given}
    assert answer.headers["x-dr-requestid"]


def test_each_unit_captures_its_share_and_the_last_one_the_rest(
    api: httpx.Client, emulator: Driver, order: Json
) -> None:
    for quantity in (1, 2, 1):
        assert api.post("/fulfillments", json=body(order, units(quantity=quantity))).status_code == 201
    assert money(emulator) == [("capture", 250), ("capture", 500), ("capture", 251)]


def test_a_create_that_is_sent_twice_captures_twice_and_the_ledger_shows_it(
    api: httpx.Client, emulator: Driver, order: Json
) -> None:
    wanted = body(order, units(quantity=1), metadata={"shipmentRef": "SHP-1"})
    first, second = (
        api.post("/fulfillments", json=wanted, headers={"Idempotency-Key": "k", "upstream-id": "k"}) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    assert [entry["effect"] for entry in emulator.ledger()] == ["fulfillment", "capture"] * 2
    assert money(emulator) == [("capture", 250), ("capture", 250)]
    kept = emulator.ledger(provider="digital_river", effect="fulfillment")
    assert [entry["metadata"]["shipmentRef"] for entry in kept] == ["SHP-1", "SHP-1"]
    assert len(api.get("/fulfillments", params={"orderId": order["id"]}).json()["data"]) == 2


def test_an_answer_that_is_lost_after_the_work_has_captured(emulator: Driver, connect: Connect, order: Json) -> None:
    emulator.fault("disconnect", "/fulfillments$", provider="digital_river", method="POST", after_work=True)
    with pytest.raises(httpx.RemoteProtocolError):
        connect().post("/fulfillments", json=body(order, units(quantity=1)))
    assert money(emulator) == [("capture", 250)]
    assert len(connect().get("/fulfillments", params={"orderId": order["id"]}).json()["data"]) == 1


def test_a_504_can_come_after_the_work(api: httpx.Client, emulator: Driver, order: Json) -> None:
    emulator.fault("error", provider="digital_river", status=504, code="gateway_timeout", after_work=True)
    answer = api.post("/fulfillments", json=body(order, units(quantity=1)))
    assert (answer.status_code, answer.json()["type"]) == (504, "gateway_timeout")
    assert money(emulator) == [("capture", 250)]


def test_units_can_be_cancelled_beside_those_that_are_fulfilled(
    api: httpx.Client, emulator: Driver, order: Json
) -> None:
    made = api.post("/fulfillments", json=body(order, units(quantity=3, cancel=1))).json()
    assert (made["items"][0]["quantity"], made["items"][0]["cancelQuantity"]) == (3, 1)
    assert money(emulator) == [("capture", 750), ("release", 251)]


def test_digits_as_a_text_are_taken_and_told_as_a_number(api: httpx.Client, order: Json) -> None:
    answer = api.post("/fulfillments", json=body(order, {"itemId": "line-1", "quantity": "2", "cancelQuantity": None}))
    assert answer.status_code == 201
    assert answer.json()["items"][0]["quantity"] == 2


def test_of_several_lines_all_are_done_or_none(api: httpx.Client, emulator: Driver, order: Json) -> None:
    answer = api.post("/fulfillments", json=body(order, units(quantity=1), units("line-2", quantity=2)))
    assert refusal(answer) == (409, "quantity_too_large", "quantity")
    assert emulator.ledger() == []
    assert api.get("/fulfillments", params={"orderId": order["id"]}).json()["data"] == []


# the order's state


def test_an_order_is_accepted_then_fulfilled_then_complete_when_all_is_captured(
    api: httpx.Client, emulator: Driver, order: Json
) -> None:
    part = api.post("/fulfillments", json=body(order, units(quantity=4))).json()
    assert details(api, part)["state"] == "accepted"
    assert [item["state"] for item in details(api, part)["items"]] == ["fulfilled", "created"]
    emulator.advance(60)
    assert (details(api, part)["state"], details(api, part)["capturedAmount"]) == ("accepted", 10.01)
    rest = api.post("/fulfillments", json=body(order, units("line-2", quantity=1))).json()
    assert (details(api, rest)["state"], details(api, rest)["capturedAmount"]) == ("fulfilled", 10.01)
    emulator.advance(60)
    told = details(api, rest)
    assert (told["state"], told["capturedAmount"], told["cancelledAmount"]) == ("complete", 15.01, 0)
    assert {"accepted", "fulfilled", "complete"} <= set(told["stateTransitions"])
    assert told["totalAmount"] == order["totalAmount"]


def test_an_order_of_which_everything_is_cancelled_is_cancelled(
    api: httpx.Client, emulator: Driver, order: Json
) -> None:
    made = api.post("/fulfillments", json=body(order, units(cancel=4), units("line-2", cancel=1))).json()
    emulator.advance(60)
    told = details(api, made)
    assert (told["state"], told["capturedAmount"], told["cancelledAmount"]) == ("cancelled", 0, 15.01)
    assert {item["state"] for item in told["items"]} == {"cancelled"}


def test_an_order_that_is_part_fulfilled_and_the_rest_cancelled_is_fulfilled(api: httpx.Client, order: Json) -> None:
    made = api.post("/fulfillments", json=body(order, units(quantity=4), units("line-2", cancel=1))).json()
    assert details(api, made)["state"] == "fulfilled"


def test_a_capture_can_fail_and_the_order_never_completes(api: httpx.Client, emulator: Driver, order: Json) -> None:
    emulator.settings(digital_river_capture="failed")
    made = api.post("/fulfillments", json=body(order, units(quantity=4), units("line-2", quantity=1))).json()
    emulator.advance(86_400)
    assert (details(api, made)["state"], details(api, made)["capturedAmount"]) == ("fulfilled", 0)
    assert {entry["status"] for entry in emulator.ledger(effect="capture")} == {"failed"}


def test_a_capture_can_stay_pending_until_it_is_settled(api: httpx.Client, emulator: Driver, order: Json) -> None:
    emulator.settings(digital_river_capture="pending")
    made = api.post("/fulfillments", json=body(order, units(quantity=4), units("line-2", quantity=1))).json()
    emulator.advance(86_400)
    assert details(api, made)["state"] == "fulfilled"
    assert emulator.control("POST", f"captures/{order['id']}", {"status": "complete"})["state"] == "complete"
    assert (details(api, made)["state"], details(api, made)["capturedAmount"]) == ("complete", 15.01)
    for wrong in (("captures/unknown", "complete"), (f"captures/{order['id']}", "lost")):
        with pytest.raises(ValueError, match="error"):
            emulator.control("POST", wrong[0], {"status": wrong[1]})


def test_the_single_read_names_the_operations_it_began_and_no_other_answer_does(api: httpx.Client, order: Json) -> None:
    made = api.post("/fulfillments", json=body(order, units(quantity=1, cancel=1))).json()
    read = api.get(f"/fulfillments/{made['id']}").json()
    assert len(set(read.pop("chargeOperationIds"))) == 2
    assert read.pop("orderDetails")["id"] == order["id"]
    assert read == made == api.get("/fulfillments", params={"ids": made["id"]}).json()["data"][0]


# refusals

MALFORMED: list[tuple[Json, str, str | None]] = [
    ({}, "missing_parameter", "orderId"),
    ({"orderId": ""}, "missing_parameter", "orderId"),
    ({"items": []}, "missing_parameter", "items"),
    ({"items": [{"quantity": 1}]}, "missing_parameter", "items[0].itemId"),
    ({"items": [units(quantity=1), units("")]}, "missing_parameter", "items[1].itemId"),
    ({"items": [units()]}, "missing_parameter", "items[0].quantity"),
    ({"items": [{**units(), "quantity": None, "cancelQuantity": None}]}, "missing_parameter", "items[0].quantity"),
    ({"items": [units(quantity=0, cancel=0)]}, "invalid_quantity_amount", "items[0].quantity"),
    ({"items": [units(quantity=-1)]}, "invalid_quantity_amount", "items[0].quantity"),
    ({"items": [units(quantity=1, cancel=-1)]}, "invalid_quantity_amount", "items[0].cancelQuantity"),
    ({"items": [{**units(), "quantity": 1.5}]}, "invalid_integer", "items[0].quantity"),
    ({"items": [{**units(), "quantity": "two"}]}, "invalid_integer", "items[0].quantity"),
    ({"items": [{**units(), "quantity": True}]}, "invalid_integer", "items[0].quantity"),
    ({"upstreamId": "x"}, "unknown_parameter", "upstreamId"),
    ({"items": [{**units(quantity=1), "skuId": "NW-1"}]}, "unknown_parameter", "items[0].skuId"),
    ({"items": [{**units(quantity=1), "notify": True}], "metadata": 5}, "unknown_parameter", "items[0].notify"),
    ({"items": [{**units(quantity=1), "shippingCost": 5}]}, "missing_parameter", "currency"),
    ({"items": [{**units(quantity=1), "shippingCost": -5}], "currency": "EUR"}, "invalid_parameter",
     "items[0].shippingCost"),
    ({"currency": "euro"}, "invalid_currency", "currency"),
    ({"metadata": {"x" * 41: "a"}}, "invalid_metadata_key", "metadata"),
    ({"metadata": {str(number): "a" for number in range(21)}}, "invalid_metadata_key", "metadata"),
    ({"metadata": {"a": "x" * 501}}, "invalid_metadata_value", "metadata"),
    ({"metadata": {"a": {"b": 1}}}, "invalid_metadata_value", "metadata"),
    ({"trackingNumber": ["1Z"]}, "invalid_parameter", "trackingNumber"),
    ({"trackingNumber": ""}, "invalid_string_empty", "trackingNumber"),
    ({"trackingUrl": "x" * 501}, "invalid_parameter", "trackingUrl"),
]  # fmt: skip


@pytest.mark.parametrize(("members", "code", "parameter"), MALFORMED)
def test_a_malformed_create_is_refused_by_its_code_and_does_nothing(
    api: httpx.Client, emulator: Driver, order: Json, members: Json, code: str, parameter: str | None
) -> None:
    wanted = {**body(order, units(quantity=1)), **members} if members else {"items": [units(quantity=1)]}
    answer = api.post("/fulfillments", json=wanted)
    assert refusal(answer) == (400, code, parameter)
    assert answer.json()["type"] == "bad_request"
    assert len(answer.json()["errors"]) == 1
    assert emulator.ledger() == []


def test_what_is_no_json_has_an_invalid_format(api: httpx.Client) -> None:
    for content in (b"", b"{", b'{"orderId": NaN}'):
        answer = api.post("/fulfillments", content=content, headers={"Content-Type": "application/json"})
        assert refusal(answer)[:2] == (400, "invalid_format"), content
    assert refusal(api.post("/fulfillments", content=b"{}"))[:2] == (400, "invalid_format")


def test_half_of_a_character_is_no_text(api: httpx.Client, emulator: Driver, order: Json) -> None:
    for name in ("orderId", "trackingNumber"):
        content = json.dumps({**body(order, units(quantity=1)), name: "\ud800"})
        answer = api.post("/fulfillments", content=content, headers={"Content-Type": "application/json"})
        assert refusal(answer)[:2] == (400, "invalid_format")
    assert emulator.ledger() == []


def test_an_unknown_order_is_a_404(api: httpx.Client) -> None:
    answer = api.post("/fulfillments", json={"orderId": "100200300", "items": [units(quantity=1)]})
    assert refusal(answer) == (404, "not_found", "id")
    assert answer.json()["type"] == "not_found"


def test_a_line_of_another_order_and_a_line_named_twice_are_refused(api: httpx.Client, order: Json) -> None:
    answer = api.post("/fulfillments", json=body(order, units(quantity=1), units("line-9", quantity=1)))
    assert refusal(answer) == (400, "invalid_parameter", "items[1].itemId")
    answer = api.post("/fulfillments", json=body(order, units(quantity=1), units(quantity=1)))
    assert refusal(answer) == (400, "invalid_parameter", "items[1].itemId")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("complete", "order_complete"),
        ("fulfilled", "order_fulfilled"),
        ("cancelled", "order_cancelled"),
        ("dispute", "order_not_submitted"),
        ("pending_payment", "order_not_submitted"),
        ("in_review", "order_not_submitted"),
        ("blocked", "order_not_submitted"),
        ("returned", "order_not_submitted"),
    ],
)
def test_an_order_that_is_not_accepted_is_a_conflict_by_its_state(
    api: httpx.Client, emulator: Driver, order: Json, state: str, code: str
) -> None:
    emulator.plant(ORDERS, order["id"], {"state": state})
    answer = api.post("/fulfillments", json=body(order, units(quantity=1)))
    assert refusal(answer) == (409, code, "orderId")
    assert answer.json()["type"] == "conflict"
    assert emulator.ledger() == []


def test_a_line_that_is_done_and_too_many_units_are_conflicts(api: httpx.Client, order: Json) -> None:
    assert refusal(api.post("/fulfillments", json=body(order, units(quantity=5))))[1] == "quantity_too_large"
    assert refusal(api.post("/fulfillments", json=body(order, units(quantity=3, cancel=2))))[1] == "quantity_too_large"
    api.post("/fulfillments", json=body(order, units(quantity=4)))
    again = api.post("/fulfillments", json=body(order, units(quantity=1)))
    assert refusal(again) == (409, "item_fulfilled", "itemId")


def test_a_line_that_is_cancelled_is_a_conflict_of_its_own(api: httpx.Client, order: Json) -> None:
    api.post("/fulfillments", json=body(order, units("line-2", cancel=1)))
    again = api.post("/fulfillments", json=body(order, units("line-2", quantity=1)))
    assert refusal(again) == (409, "item_cancelled", "itemId")


def test_an_expired_authorisation_stops_what_would_capture_and_nothing_else(
    api: httpx.Client, emulator: Driver, order: Json
) -> None:
    emulator.settings(digital_river_authorization="expired")
    answer = api.post("/fulfillments", json=body(order, units(quantity=1)))
    assert refusal(answer) == (409, "payment_authorization_failed", "orderId")
    assert "type" not in answer.json()
    assert "message" not in answer.json()["errors"][0]
    assert emulator.ledger() == []
    assert api.post("/fulfillments", json=body(order, units(cancel=1))).status_code == 201


# updating


def test_tracking_can_be_changed_and_metadata_is_merged(api: httpx.Client, emulator: Driver, order: Json) -> None:
    made = api.post("/fulfillments", json=body(order, units(quantity=1), metadata={"a": "1", "b": "2"})).json()
    changes = {
        "trackingNumber": "1Z",
        "items": [{"itemId": "line-1", "trackingCompany": "UPS"}],
        "metadata": {"b": "3"},
    }
    answer = api.post(f"/fulfillments/{made['id']}", json=changes)
    assert answer.status_code == 200
    assert (answer.json()["trackingNumber"], answer.json()["metadata"]) == ("1Z", {"a": "1", "b": "3"})
    assert answer.json()["items"] == [{**made["items"][0], "trackingCompany": "UPS"}]
    assert emulator.ledger()[-1]["effect"] == "fulfillment_updated"
    assert api.get("/fulfillments", params={"trackingNumber": "1Z"}).json()["data"] == [answer.json()]
    assert money(emulator) == [("capture", 250)]


def test_quantities_cannot_be_changed(api: httpx.Client, order: Json) -> None:
    made = api.post("/fulfillments", json=body(order, units(quantity=1))).json()
    path = f"/fulfillments/{made['id']}"
    answer = api.post(path, json={"items": [units(quantity=2)]})
    assert refusal(answer) == (400, "unknown_parameter", "items[0].quantity")
    assert refusal(api.post(path, json={"items": [units("line-2")]}))[2] == "items[0].itemId"
    assert refusal(api.post(path, json={"metadata": {str(n): "" for n in range(21)}}))[1] == "invalid_metadata_key"
    assert refusal(api.post("/fulfillments/ful_0", json={})) == (404, "not_found", "id")


# the list


def test_the_list_has_newest_first_and_both_cursors_lead_through_it(api: httpx.Client) -> None:
    ids = [row["id"] for row in api.get("/fulfillments", params={"limit": 100}).json()["data"]]
    times = [row["createdTime"] for row in api.get("/fulfillments", params={"limit": 100}).json()["data"]]
    assert times == sorted(times, reverse=True)
    first = api.get("/fulfillments").json()
    assert ([row["id"] for row in first["data"]], first["hasMore"]) == (ids[:10], True)
    older = api.get("/fulfillments", params={"startingAfter": ids[9], "limit": 5}).json()
    assert ([row["id"] for row in older["data"]], older["hasMore"]) == (ids[10:15], True)
    newer = api.get("/fulfillments", params={"endingBefore": ids[10], "limit": 5}).json()
    assert ([row["id"] for row in newer["data"]], newer["hasMore"]) == (ids[5:10], True)
    both = api.get("/fulfillments", params={"endingBefore": ids[3], "startingAfter": ids[9]}).json()
    assert ([row["id"] for row in both["data"]], both["hasMore"]) == (ids[:3], False)
    for name in ("startingAfter", "endingBefore"):
        assert refusal(api.get("/fulfillments", params={name: "ful_0"})) == (400, "invalid_parameter", name)


def test_every_filter_finds_what_it_names_and_all_together_find_the_one(
    api: httpx.Client, emulator: Driver, order: Json
) -> None:
    other = api.post("/fulfillments", json=body(order, units("line-2", quantity=1))).json()
    emulator.advance(5)
    wanted = body(order, units(quantity=1), trackingCompany="Royal Mail", trackingNumber="RR123456785GB")
    made = api.post("/fulfillments", json=wanted).json()

    def found(**params: Any) -> list[str]:
        answer = api.get("/fulfillments", params={"limit": 100, **params})
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["data"]]

    assert found(orderId=order["id"]) == [made["id"], other["id"]]
    assert found(skuId="NW-1") == found(trackingCompany="Royal Mail") == found(trackingNumber="RR123456785GB")
    assert found(trackingNumber="RR123456785GB") == [made["id"]]
    assert found(trackingNumber="RR1234567") == found(skuId="NW") == found(trackingCompany="royal mail") == []
    assert found(ids=[other["id"], made["id"]]) == [made["id"], other["id"]]
    assert found(ids=f"{other['id']},{made['id']}") == [made["id"], other["id"]]
    time = made["createdTime"]
    assert found(createdTime=time) == found(**{"createdTime[gte]": time}) == [made["id"]]
    assert found(**{"createdTime[gt]": time}) == []
    assert found(orderId=order["id"], **{"createdTime[lt]": time}) == [other["id"]]
    assert found(orderId=order["id"], **{"createdTime[lte]": time, "createdTime[gt]": other["createdTime"]}) == [
        made["id"]
    ]
    assert found(orderId=order["id"], trackingCompany="UPS") == []


@pytest.mark.parametrize(
    ("query", "code", "parameter"),
    [
        ("limit=0", "invalid_parameter", "limit"),
        ("limit=101", "invalid_parameter", "limit"),
        ("limit=ten", "invalid_integer", "limit"),
        ("limit=1&limit=2", "invalid_parameter", "limit"),
        ("createdTime=yesterday", "invalid_parameter", "createdTime"),
        ("createdTime[eq]=2024-06-03T10:15:30Z", "unknown_parameter", "createdTime[eq]"),
        ("state=accepted", "unknown_parameter", "state"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(api: httpx.Client, query: str, code: str, parameter: str) -> None:
    assert refusal(api.get(f"/fulfillments?{query}")) == (400, code, parameter)


# keys, versions, limits


@pytest.mark.parametrize("merchant", ["northwind", "kestrel"])
@pytest.mark.parametrize(("prefix", "live"), [("sk", True), ("sk_test", False)])
def test_the_key_decides_the_mode_and_every_object_says_it(
    connect: Connect, emulator: Driver, merchant: str, prefix: str, live: bool
) -> None:
    api = connect(f"{prefix}_{merchant}_demo")
    rows = api.get("/fulfillments", params={"limit": 100}).json()["data"]
    known = emulator.cases(merchant, "live" if live else "test")["digital_river"]["fulfilled"]
    assert known in {row["orderId"] for row in rows}
    assert {row["liveMode"] for row in rows} == {live}
    assert details(api, rows[0])["liveMode"] == live
    foreign = connect("sk_test_northwind_demo" if live else "sk_northwind_demo")
    assert foreign.get(f"/fulfillments/{rows[0]['id']}").status_code == 404


@pytest.mark.parametrize("key", [None, "sk_unknown", "rk_live_northwind_demo", "op_northwind_live_demo"])
def test_a_missing_or_foreign_key_is_unauthorized(connect: Connect, key: str | None) -> None:
    answer = connect(key).get("/fulfillments")
    assert (refusal(answer)[:2], answer.json()["type"]) == ((401, "unauthorized"), "unauthorized")
    assert answer.headers["x-dr-requestid"]


def test_a_key_with_fewer_rights_is_forbidden_and_a_revoked_one_expired(
    emulator: Driver, api: httpx.Client, order: Json
) -> None:
    emulator.change_scopes(LIVE, "fulfillments:read")
    assert api.get("/fulfillments").status_code == 200
    answer = api.post("/fulfillments", json=body(order, units(quantity=1)))
    assert (refusal(answer)[:2], answer.json()["type"]) == ((403, "forbidden"), "forbidden")
    emulator.revoke(LIVE)
    assert refusal(api.get("/fulfillments"))[:2] == (401, "api_key_expired")


def test_the_version_is_the_latest_and_another_is_refused(api: httpx.Client) -> None:
    for version, status in (("2021-12-13", 200), ("2020-01-07", 400), ("latest", 400)):
        assert api.get("/fulfillments", headers={"DigitalRiver-Version": version}).status_code == status
    answer = api.get("/fulfillments", headers={"DigitalRiver-Version": "2020-01-07"})
    assert refusal(answer) == (400, "invalid_parameter", "DigitalRiver-Version")


def test_a_test_key_may_ask_25_times_a_second_and_a_live_key_250_times(emulator: Driver, connect: Connect) -> None:
    emulator.settings(limits="own")
    api = connect(TEST)
    answers = [api.get("/fulfillments?limit=1") for _ in range(40)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert (refused[0].json()["type"], refused[0].headers["Retry-After"]) == ("too_many_requests", "1")
    assert {connect(LIVE).get("/fulfillments?limit=1").status_code for _ in range(40)} == {200}
    emulator.advance(1)
    assert api.get("/fulfillments?limit=1").status_code == 200


def test_what_is_not_served_is_said_in_the_same_envelope(api: httpx.Client) -> None:
    assert refusal(api.get("/orders"))[:2] == (404, "not_found")
    answer = api.delete("/fulfillments/ful_0")
    assert (refusal(answer)[:2], answer.headers["Allow"]) == ((405, "method_not_allowed"), "GET, POST")


# money, whatever is asked

ITEMS = st.lists(
    st.fixed_dictionaries(
        {"itemId": st.sampled_from(["line-1", "line-2"])},
        optional={"quantity": st.integers(0, 5), "cancelQuantity": st.integers(0, 5)},
    ),
    min_size=1,
    max_size=2,
)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(steps=st.lists(ITEMS, max_size=8))
def test_no_unit_is_ever_captured_or_released_twice(served_emulator: Driver, steps: list[list[Json]]) -> None:
    served_emulator.reset()
    order = with_two_lines(served_emulator)
    headers = {"Authorization": f"Bearer {LIVE}"}
    with httpx.Client(base_url=served_emulator.digital_river, headers=headers, trust_env=False) as api:
        for items in steps:
            assert api.post("/fulfillments", json=body(order, *items)).status_code in (201, 400, 409)
        made = api.get("/fulfillments", params={"orderId": order["id"], "limit": 100}).json()["data"]
        moved = sum(amount for _, amount in money(served_emulator))
        counts = Counter[str]()
        for item in (item for fulfillment in made for item in fulfillment["items"]):
            counts[item["itemId"]] += item["quantity"] + item["cancelQuantity"]
        assert counts["line-1"] <= 4
        assert counts["line-2"] <= 1
        assert moved <= 1501
        served_emulator.advance(60)
        is_done = counts == {"line-1": 4, "line-2": 1}
        assert (moved == 1501) == is_done
        if made:
            assert (details(api, made[0])["state"] in ("complete", "cancelled")) == is_done
