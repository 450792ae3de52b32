from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from tests.emulator.driver import Driver

UNKNOWN = "00000000-0000-4000-8000-00000000ffff"


def test_orders_are_listed_newest_first_twenty_at_a_time(api: httpx.Client) -> None:
    answer = api.get("/orders").json()
    times = [order["created_at"] for order in answer["data"]]
    assert answer["object"] == "list"
    assert len(times) == 20
    assert times == sorted(times, reverse=True)
    assert answer["has_more"] is True
    assert answer["total_count"] == 60


def test_following_starting_after_meets_every_order_once(api: httpx.Client) -> None:
    seen: list[str] = []
    query = {"limit": "7"}
    while True:
        answer = api.get("/orders", params=query).json()
        seen += [order["id"] for order in answer["data"]]
        if not answer["has_more"]:
            break
        query["starting_after"] = seen[-1]
    assert len(seen) == len(set(seen)) == 60


def test_ending_before_gives_the_rows_just_newer_still_newest_first(api: httpx.Client) -> None:
    everything = [order["id"] for order in api.get("/orders", params={"limit": 100}).json()["data"]]
    answer = api.get("/orders", params={"limit": 5, "ending_before": everything[30]}).json()
    assert [order["id"] for order in answer["data"]] == everything[25:30]
    assert answer["has_more"] is True
    last = api.get("/orders", params={"limit": 5, "ending_before": everything[3]}).json()
    assert [order["id"] for order in last["data"]] == everything[:3]
    assert last["has_more"] is False


def test_the_total_counts_what_fits_the_filter_whatever_the_cursor(api: httpx.Client) -> None:
    first = api.get("/orders", params={"status": "paid", "limit": 2}).json()
    second = api.get("/orders", params={"status": "paid", "limit": 2, "starting_after": first["data"][-1]["id"]}).json()
    assert first["total_count"] == second["total_count"] == len(_all(api, status="paid"))


def test_the_total_can_be_switched_off(emulator: Driver, api: httpx.Client) -> None:
    emulator.settings(total_count=False)
    assert "total_count" not in api.get("/orders").json()


@pytest.mark.parametrize("status", ["draft", "pending", "paid", "partially_paid", "refunded", "canceled", "fulfilled"])
def test_there_are_orders_in_every_status_and_the_filter_finds_only_those(api: httpx.Client, status: str) -> None:
    orders = _all(api, status=status)
    assert orders
    assert {order["status"] for order in orders} == {status}


def test_orders_can_be_filtered_by_customer_and_billing_type(api: httpx.Client) -> None:
    customer = next(order["customer_id"] for order in _all(api) if order["customer_id"])
    assert {order["customer_id"] for order in _all(api, customer_id=customer.upper())} == {customer}
    assert {order["billing_type"] for order in _all(api, billing_type="recurring")} == {"recurring"}


def test_the_creation_filter_is_inclusive_to_the_second_at_both_ends(api: httpx.Client) -> None:
    order = _all(api)[10]
    second = int(datetime.fromisoformat(order["created_at"]).timestamp())
    assert order in _all(api, created_gte=second, created_lte=second)
    assert order not in _all(api, created_gte=second + 1)
    assert order not in _all(api, created_lte=second - 1)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "101"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "shipped"}, "status"),
        ({"customer_id": "x"}, "customer_id"),
        ({"offset": "10"}, "offset"),
        ({"created_gte": "yesterday"}, "created_gte"),
        ({"created_gte": "NaN"}, "created_gte"),
        ({"created_gte": "1_000"}, "created_gte"),
        ({"created_gte": "٣"}, "created_gte"),
        ({"starting_after": UNKNOWN}, "starting_after"),
        ({"ending_before": UNKNOWN}, "ending_before"),
        ({"starting_after": UNKNOWN, "ending_before": UNKNOWN}, "ending_before"),
    ],
)
def test_a_wrong_query_is_refused_by_name(api: httpx.Client, query: dict[str, str], param: str) -> None:
    answer = api.get("/orders", params=query)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_parameter_given_twice_is_refused(api: httpx.Client) -> None:
    assert api.get("/orders?limit=1&limit=2").status_code == 400


def test_an_order_is_sent_bare_with_its_lines(emulator: Driver, api: httpx.Client) -> None:
    order = api.get(f"/orders/{emulator.cases()['orders']['sixty_lines']}").json()
    assert order["object"] == "order"
    assert len(order["line_items"]) == 60
    assert order["public_id"].startswith("NW-")


def test_an_unknown_order_is_a_404_and_a_malformed_id_a_400(api: httpx.Client) -> None:
    unknown = api.get(f"/orders/{UNKNOWN}")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "resource_missing")
    assert unknown.json()["error"]["request_id"].startswith("req_")
    malformed = api.get("/orders/NW-10001")
    assert (malformed.status_code, malformed.json()["error"]["param"]) == (400, "id")


def test_customers_are_paged_by_offset_and_searched(api: httpx.Client) -> None:
    first = api.get("/customers", params={"limit": 5}).json()
    second = api.get("/customers", params={"limit": 5, "offset": 5}).json()
    assert first["pagination"] == {"limit": 5, "offset": 0, "total": 60}
    assert not {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]}
    found = api.get("/customers", params={"search": "СВЯТОСЛАВ"}).json()["data"]
    assert [customer["name"] for customer in found] == ["Святослав Доброхотов"]


def test_a_customer_is_wrapped_and_has_payment_methods(emulator: Driver, api: httpx.Client) -> None:
    wallet = emulator.cases()["customers"]["wallet_0"]
    assert api.get(f"/customers/{wallet['id']}").json()["data"]["email"]
    methods = api.get(f"/customers/{wallet['id']}/payment-methods").json()
    assert set(methods) == {"data"}
    last_fours = [(m["card"] or m["us_bank_account"])["last4"] for m in methods["data"]]
    assert last_fours == ["1111", "0002", "9995", "0069", "6789"]
    assert [m["is_default"] for m in methods["data"]] == [True, False, False, False, False]


def test_products_are_paged_by_number_and_their_errors_are_bare_texts(api: httpx.Client) -> None:
    answer = api.get("/products", params={"limit": 25, "page": 3}).json()
    assert answer["pagination"] == {"kind": "offset", "page": 3, "limit": 25, "total": 60, "totalPages": 3}
    assert len(answer["data"]) == 10
    product = answer["data"][0]
    assert api.get(f"/products/{product['id']}").json() == {"data": product}
    assert isinstance(api.get(f"/products/{UNKNOWN}").json()["error"], str)
    assert isinstance(api.get("/products?limit=500").json()["error"], str)


def test_prices_are_filtered_as_texts(api: httpx.Client) -> None:
    prices = api.get("/prices", params={"active": "false", "currency": "USD", "limit": 100}).json()
    assert prices["data"]
    assert {(price["active"], price["currency"]) for price in prices["data"]} == {(False, "usd")}
    product_id = prices["data"][0]["product_id"]
    currencies = {price["currency"] for price in api.get("/prices", params={"product_id": product_id}).json()["data"]}
    assert currencies == {"usd", "eur", "gbp", "jpy", "kwd"}


def test_the_payments_of_an_order_are_found_by_its_invoice(emulator: Driver, api: httpx.Client) -> None:
    order = api.get(f"/orders/{emulator.cases()['orders']['three_payments']}").json()
    sales = api.get("/transactions", params={"invoice_id": order["invoice_id"], "type": "sale"}).json()["data"]
    assert sorted(sale["status"] for sale in sales) == ["failed", "succeeded", "succeeded", "succeeded"]
    assert sum(sale["amount"] for sale in sales if sale["status"] == "succeeded") == order["amount_paid"]
    invoice = api.get(f"/invoices/{order['invoice_id']}").json()
    assert (invoice["data"]["total_minor"], invoice["data"]["status"]) == (order["total"], "paid")
    assert invoice["requestId"].startswith("req_")


@pytest.mark.parametrize("status", ["pending", "processing", "succeeded", "failed", "canceled"])
def test_there_are_refunds_in_every_status(api: httpx.Client, status: str) -> None:
    answer = api.get("/refunds", params={"status": status, "limit": 100}).json()
    assert answer["data"]
    assert answer["meta"]["total"] == len(answer["data"])
    assert {refund["status"] for refund in answer["data"]} == {status}


def test_a_refund_is_found_by_its_uuid_and_by_its_public_id(api: httpx.Client) -> None:
    refund = api.get("/refunds", params={"limit": 1}).json()["data"][0]
    assert api.get(f"/refunds/{refund['id']}").json() == {"data": refund}
    assert api.get(f"/refunds/{refund['public_id']}").json() == {"data": refund}
    assert api.get("/refunds/ref_nothing").status_code == 404


def test_refunds_are_filtered_by_time_as_iso_text(api: httpx.Client) -> None:
    refund = api.get("/refunds", params={"limit": 1, "offset": 3}).json()["data"][0]
    later = api.get("/refunds", params={"created_after": refund["created_at"]}).json()
    assert later["meta"]["total"] == 4
    assert api.get("/refunds", params={"created_before": "long ago"}).json()["error"]["param"] == "created_before"


def test_events_tell_the_life_of_an_order(emulator: Driver, api: httpx.Client) -> None:
    order_id = emulator.cases()["orders"]["fulfilled"]
    events = api.get("/events", params={"order_id": order_id}).json()["data"]
    assert [event["type"] for event in events] == [
        "order.fulfilled", "order.paid", "payment.succeeded", "order.created",
    ]  # fmt: skip
    assert {event["request"]["idempotency_key"] for event in events} == {None}
    assert {event["livemode"] for event in events} == {True}
    some = api.get("/events", params={"order_id": order_id, "types": "order.paid,order.created"}).json()["data"]
    assert [event["type"] for event in some] == ["order.paid", "order.created"]


def test_a_path_that_is_not_served_is_named_and_a_wrong_method_too(api: httpx.Client) -> None:
    assert "GET /subscriptions" in api.get("/subscriptions").json()["error"]["message"]
    wrong = api.delete("/orders")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, POST")


def test_the_version_is_echoed_on_every_answer(api: httpx.Client) -> None:
    assert api.get("/orders").headers["RevKeen-Version"] == "2026-05-01"
    assert api.get("/nothing").headers["RevKeen-Version"] == "2026-05-01"
    pinned = api.get("/orders", headers={"RevKeen-Version": "2026-08-01"})
    assert pinned.headers["RevKeen-Version"] == "2026-08-01"
    assert api.get("/orders", headers={"RevKeen-Version": "newest"}).status_code == 400


def test_the_openapi_document_is_served(api: httpx.Client) -> None:
    assert api.get("/openapi.json").json()["openapi"] == "3.1.0"


def _all(api: httpx.Client, **query: object) -> list[dict]:
    answer = api.get("/orders", params={"limit": 100, **query}).json()  # type: ignore[dict-item]
    assert answer["has_more"] is False
    return answer["data"]


@pytest.mark.parametrize("path", ["/orders/", "//orders", "/orders//", "/Orders", "/orders/x/y/z", "/"])
def test_a_path_that_is_not_quite_right_is_not_served(api: httpx.Client, emulator: Driver, path: str) -> None:
    answer = httpx.get(emulator.api + path, headers=api.headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "resource_missing")


def test_the_document_too_comes_with_the_version(emulator: Driver) -> None:
    answer = httpx.get(f"{emulator.api}/openapi.json", headers={"RevKeen-Version": "2026-01-01"})
    assert answer.headers["RevKeen-Version"] == "2026-01-01"


def test_a_version_that_is_no_date_is_refused(api: httpx.Client) -> None:
    answer = api.get("/orders", headers={"RevKeen-Version": "2026-13-01"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "RevKeen-Version")
    assert answer.headers["RevKeen-Version"] == "2026-05-01"
