"""OrderProtection: one record for each shipment id, and how strict it is about what it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.emulator.driver import Driver, Json

LIVE = "op_northwind_live_demo"
STATUSES = (
    "DELIVERED FULFILLED UNFULFILLED PARTIALLY_FULFILLED AWAITING_SHIPMENT SCHEDULED ON_HOLD ATTEMPTED_DELIVERY "
    "CARRIER_PICKED_UP CONFIRMED DELAYED FAILURE IN_TRANSIT LABEL_PRINTED LABEL_PURCHASED OUT_FOR_DELIVERY PICKED_UP "
    "READY_FOR_PICKUP"
).split()
Connect = Callable[..., httpx.Client]


@pytest.fixture
def connect(emulator: Driver, open_client: Callable[..., httpx.Client]) -> Connect:
    def connect(token: str | None = LIVE, timeout: float = 10) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return open_client(base_url=emulator.order_protection, headers=headers, timeout=timeout)

    return connect


@pytest.fixture
def api(connect: Connect) -> httpx.Client:
    """Northwind, live."""
    return connect(LIVE)


@pytest.fixture
def order(emulator: Driver) -> Json:
    """As RevKeen has it: three lines."""
    return emulator.get(f"/orders/{emulator.cases()['order_protection']['three_payments']}")


@pytest.fixture
def path(order: Json) -> str:
    return path_of(order["id"])


def path_of(order_id: str, fulfillment_id: str = "") -> str:
    below = f"/{quote(fulfillment_id, safe='')}" if fulfillment_id else ""
    return f"/v1/orders/{quote(order_id, safe='')}/fulfillments{below}"


def body(order: Json, **members: Any) -> Json:
    line = order["line_items"][0]
    return {
        "sourceItemIds": [{"sourceItemId": line["id"], "quantity": line["quantity"]}],
        "fulfillmentStatus": "FULFILLED",
        "sourceFulfillmentId": "SHP-1042",
        **members,
    }


def effects(emulator: Driver) -> list[str]:
    return [entry["effect"] for entry in emulator.ledger(provider="order_protection")]


# creating and reading back


def test_a_shipment_with_two_parcels_is_one_record_with_both_numbers_and_addresses(
    api: httpx.Client, emulator: Driver, order: Json, path: str
) -> None:
    given = body(
        order,
        trackingCompany="UPS",
        trackingNumber=["1Z1", "1Z2"],
        trackingUrl=["https://ups.example/1", "https://ups.example/2"],
        createdAt="2026-06-03T10:15:00Z",
        updatedAt="2026-06-03T10:16:00Z",
    )
    answer = api.post(path, json=given)
    assert (answer.status_code, answer.json()) == (201, {"status": "ok"})
    assert api.get(path).json() == [given]
    entry = emulator.ledger(provider="order_protection")[0]
    assert (entry["effect"], entry["fulfillment_id"], entry["status"]) == ("fulfillment", "SHP-1042", "FULFILLED")
    assert (entry["order_id"], entry["tracking_numbers"]) == (order["id"], ["1Z1", "1Z2"])


@pytest.mark.parametrize("status", STATUSES)
def test_every_one_of_the_eighteen_statuses_is_taken(api: httpx.Client, order: Json, path: str, status: str) -> None:
    assert api.post(path, json=body(order, fulfillmentStatus=status)).status_code == 201
    assert api.get(path).json()[0]["fulfillmentStatus"] == status


def test_times_that_are_null_or_absent_are_filled_in(api: httpx.Client, order: Json, path: str) -> None:
    api.post(path, json=body(order, createdAt=None))
    told = api.get(path).json()[0]
    assert told["createdAt"] == told["updatedAt"]
    assert told["createdAt"].endswith("Z")


def test_an_order_whose_id_has_a_hash_sign_is_reached_when_it_is_encoded(api: httpx.Client, emulator: Driver) -> None:
    id, rk_id = emulator.cases()["order_protection"]["paid_hash_in_its_id"], emulator.cases()["orders"]
    order = emulator.get(f"/orders/{rk_id['paid_hash_in_its_id']}")
    assert order["metadata"]["op_order_id"] == id == f"#{order['public_id']}"
    assert api.post(path_of(id), json=body(order)).status_code == 201
    assert emulator.requests(path="%23NW-")[0]["status"] == 201


# the same shipment again


def test_the_same_shipment_again_replaces_the_record_and_leaves_one(
    api: httpx.Client, emulator: Driver, order: Json, path: str
) -> None:
    api.post(path, json=body(order, trackingNumber=["1Z1"], trackingCompany="UPS"))
    first = api.get(path).json()[0]
    again = api.post(path, json=body(order, trackingNumber=["1Z2"], fulfillmentStatus="IN_TRANSIT"))
    assert (again.status_code, again.json()) == (201, {"status": "ok"})
    (record,) = api.get(path).json()
    assert (record["trackingNumber"], record["fulfillmentStatus"]) == (["1Z2"], "IN_TRANSIT")
    assert "trackingCompany" not in record
    assert record["createdAt"] == first["createdAt"] < record["updatedAt"]
    assert effects(emulator) == ["fulfillment", "fulfillment_replaced"]


def test_two_orders_may_use_the_same_shipment_id(api: httpx.Client, emulator: Driver, order: Json, path: str) -> None:
    other = emulator.get(f"/orders/{emulator.cases()['order_protection']['one_line']}")
    for one in (order, other):
        assert api.post(path_of(one["id"]), json=body(one)).status_code == 201
    assert [len(api.get(path_of(one["id"])).json()) for one in (order, other)] == [1, 1]
    assert effects(emulator) == ["fulfillment", "fulfillment"]


def test_the_same_shipment_again_can_be_set_to_be_a_409_and_its_status_still_changes(
    api: httpx.Client, emulator: Driver, order: Json, path: str
) -> None:
    emulator.settings(order_protection_repeats="refuse")
    assert [api.post(path, json=body(order)).status_code for _ in range(2)] == [201, 409]
    answer = api.put(path_of(order["id"], "SHP-1042"), json={"status": "DELIVERED"})
    assert answer.status_code == 200
    assert effects(emulator) == ["fulfillment", "fulfillment_status"]


def test_shipments_are_listed_in_the_order_in_which_they_came(api: httpx.Client, order: Json, path: str) -> None:
    for id in ("b", "a", "c", "b"):
        api.post(path, json=body(order, sourceFulfillmentId=id))
    assert [record["sourceFulfillmentId"] for record in api.get(path).json()] == ["b", "a", "c"]


# the status


def test_the_status_alone_can_be_changed(api: httpx.Client, order: Json, path: str) -> None:
    api.post(path, json=body(order, trackingNumber=["1Z1"], sourceFulfillmentId="SHP/1#2"))
    answer = api.put(path_of(order["id"], "SHP/1#2"), json={"status": "OUT_FOR_DELIVERY"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    (record,) = api.get(path).json()
    assert (record["fulfillmentStatus"], record["trackingNumber"]) == ("OUT_FOR_DELIVERY", ["1Z1"])
    assert record["updatedAt"] > record["createdAt"]


def test_the_status_of_an_unknown_shipment_is_a_404(api: httpx.Client, order: Json) -> None:
    assert api.put(path_of(order["id"], "SHP-9"), json={"status": "DELIVERED"}).status_code == 404


@pytest.mark.parametrize("wrong", [{"fulfillmentStatus": "DELIVERED"}, {"status": "delivered"}, {"status": None}, {}])
def test_a_change_of_status_names_it_status_and_in_capitals(
    api: httpx.Client, order: Json, path: str, wrong: Json
) -> None:
    api.post(path, json=body(order))
    assert api.put(path_of(order["id"], "SHP-1042"), json=wrong).status_code == 400


# how strict it is

SLIPS: list[Json] = [
    {"fulfillmentStatus": "Fulfilled"},
    {"fulfillmentStatus": "shipped"},
    {"fulfillmentStatus": "NOT_DELIVERED"},
    {"sourceFulfillmentId": ""},
    {"sourceFulfillmentId": 5},
    {"sourceItemIds": []},
    {"sourceItemIds": ["line"]},
    {"sourceItemIds": [{"sourceItemId": "line", "quantity": 0}]},
    {"sourceItemIds": [{"sourceItemId": "line", "quantity": "1"}]},
    {"sourceItemIds": [{"sourceItemId": "of no order", "quantity": 1}]},
    {"trackingNumber": "1Z1"},
    {"trackingNumber": ["1Z1", "1Z2"], "trackingUrl": ["https://ups.example/1"]},
    {"trackingUrl": [None]},
    {"createdAt": "yesterday"},
    {"status": "FULFILLED"},
    {"notify": True},
]


@pytest.mark.parametrize("slip", SLIPS, ids=str)
def test_a_slip_is_a_400_that_says_what_is_wrong_and_nothing_is_kept(
    api: httpx.Client, emulator: Driver, order: Json, path: str, slip: Json
) -> None:
    answer = api.post(path, json=body(order, **slip))
    assert answer.status_code == 400
    assert (answer.json()["statusCode"], answer.json()["error"]) == (400, "Bad Request")
    assert all(isinstance(message, str) for message in answer.json()["message"])
    assert api.get(path).json() == []
    assert emulator.ledger() == []


def test_more_units_than_were_ordered_and_a_line_twice_are_slips(api: httpx.Client, order: Json, path: str) -> None:
    (item,) = body(order)["sourceItemIds"]
    for items in ([{**item, "quantity": item["quantity"] + 1}], [item, item]):
        assert api.post(path, json=body(order, sourceItemIds=items)).status_code == 400


def test_what_is_no_json_is_a_400(api: httpx.Client, path: str) -> None:
    for content in (b"", b"{", b"[]", b'"\xff"'):
        answer = api.post(path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, content


def test_set_to_be_lenient_it_folds_the_status_and_takes_items_it_does_not_know(
    api: httpx.Client, emulator: Driver, order: Json, path: str
) -> None:
    emulator.settings(order_protection_lenient=True)
    items = [{"sourceItemId": "of no order", "quantity": 99}]
    assert (
        api.post(path, json=body(order, fulfillmentStatus=" out-for delivery", sourceItemIds=items)).status_code == 201
    )
    assert api.get(path).json()[0]["fulfillmentStatus"] == "OUT_FOR_DELIVERY"
    assert api.put(path_of(order["id"], "SHP-1042"), json={"status": "Delivered"}).status_code == 200
    assert api.post(path, json=body(order, fulfillmentStatus="shipped")).status_code == 400


def test_it_can_be_set_to_tell_statuses_in_mixed_case(
    api: httpx.Client, emulator: Driver, order: Json, path: str
) -> None:
    emulator.settings(order_protection_mixed_case=True)
    api.post(path, json=body(order, fulfillmentStatus="IN_TRANSIT"))
    assert api.get(path).json()[0]["fulfillmentStatus"] == "In_Transit"


# orders and tokens


def test_an_order_it_does_not_know_is_a_404_for_every_call(api: httpx.Client, emulator: Driver, order: Json) -> None:
    unknown = emulator.cases()["orders"]["paid_unknown_to_partners"]
    answer = api.post(path_of(unknown), json=body(order))
    assert (answer.status_code, answer.json()["error"]) == (404, "Not Found")
    assert api.get(path_of(unknown)).status_code == 404
    assert api.put(path_of(unknown, "SHP-1"), json={"status": "DELIVERED"}).status_code == 404
    assert emulator.ledger() == []


@pytest.mark.parametrize("merchant", ["northwind", "kestrel"])
@pytest.mark.parametrize("mode", ["live", "test"])
def test_the_token_decides_whose_orders_there_are(emulator: Driver, connect: Connect, merchant: str, mode: str) -> None:
    id = emulator.cases(merchant, mode)["order_protection"]["fulfilled"]
    (record,) = connect(f"op_{merchant}_{mode}_demo").get(path_of(id)).json()
    assert record["fulfillmentStatus"] == "DELIVERED"
    other = "kestrel" if merchant == "northwind" else "northwind"
    assert connect(f"op_{other}_{mode}_demo").get(path_of(id)).status_code == 404


@pytest.mark.parametrize("token", [None, "op_unknown", "sk_northwind_demo", "rk_live_northwind_demo"])
def test_a_missing_or_foreign_token_is_a_401(connect: Connect, path: str, token: str | None) -> None:
    answer = connect(token).get(path)
    assert (answer.status_code, answer.json()["statusCode"]) == (401, 401)


def test_a_token_that_may_only_read_is_refused_changes(
    emulator: Driver, api: httpx.Client, order: Json, path: str
) -> None:
    emulator.change_scopes(LIVE, "orders:read")
    assert api.get(path).status_code == 200
    assert api.post(path, json=body(order)).status_code == 403
    emulator.revoke(LIVE)
    assert api.get(path).status_code == 401


def test_more_than_five_calls_at_once_have_to_wait(emulator: Driver, api: httpx.Client, path: str) -> None:
    emulator.settings(limits="own")
    answers = [api.get(path) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == "1"


def test_what_is_not_served_is_a_404_or_a_405(api: httpx.Client, path: str) -> None:
    assert api.get("/v1/claims").status_code == 404
    assert api.delete(path).status_code == 405


# making an order known


def test_an_order_it_does_not_know_can_be_made_known_and_then_be_shipped(
    api: httpx.Client, emulator: Driver, connect: Connect
) -> None:
    order = emulator.get(f"/orders/{emulator.cases()['orders']['paid_unknown_to_partners']}")
    assert api.post(path_of(order["id"]), json=body(order)).status_code == 404
    answer = api.post("/v1/orders", json=known(order))
    assert (answer.status_code, answer.json()) == (201, {"status": "ok"})
    assert api.post(path_of(order["id"]), json=body(order)).status_code == 201
    assert connect("op_kestrel_live_demo").get(path_of(order["id"])).status_code == 404
    assert effects(emulator) == ["order_created", "fulfillment"]


def test_an_order_is_made_known_once_and_by_every_shop_for_itself(
    api: httpx.Client, emulator: Driver, connect: Connect, order: Json
) -> None:
    assert api.post("/v1/orders", json=known(order)).status_code == 409
    assert connect("op_kestrel_live_demo").post("/v1/orders", json=known(order)).status_code == 201
    assert effects(emulator) == ["order_created"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"sourceOrderId": ""},
        {"orderItems": []},
        {"orderItems": [{"sourceItemId": "x"}]},
        {"platformId": "revkeen"},
        {"sourceCreatedAt": "yesterday"},
        {"tags": ["a", "b"]},
        {"color": "red"},
    ],
    ids=str,
)
def test_a_malformed_order_is_a_400(api: httpx.Client, order: Json, wrong: Json) -> None:
    assert api.post("/v1/orders", json={**known(order), **wrong}).status_code == 400


def known(order: Json) -> Json:
    items = [
        {"sourceItemId": line["id"], "quantity": line["quantity"], "productName": line["description"], "price": "1.00"}
        for line in order["line_items"]
    ]
    return {
        "sourceOrderId": order["id"],
        "sourceOrderNumber": order["public_id"],
        "sourceCreatedAt": order["created_at"],
        "platformId": "api",
        "currency": order["currency"].upper(),
        "orderItems": items,
    }
