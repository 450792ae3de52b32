"""Webhooks: endpoints and their secrets, signed deliveries that come again, and the switches that spoil them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import TEST, Connect, draft, refusal
from tests.emulator.driver import Driver, Json
from tests.emulator.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def endpoint(api: httpx.Client, receiver: Receiver) -> Json:
    return register(api, receiver.url)


def register(api: httpx.Client, url: str, *types: str) -> Json:
    """The endpoint with its secret, for `types` or all of them."""
    answer = api.post("/webhook-endpoints", json={"url": url, "enabled_events": types or ["*"]})
    assert answer.status_code == 201, answer.text
    endpoint: Json = answer.json()["data"]
    return endpoint


def deliveries(api: httpx.Client, **query: Any) -> list[Json]:
    found: list[Json] = api.get("/webhook-deliveries", params=query).json()["data"]
    return found


def wait_until(holds: Callable[[], object]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


# endpoints


def test_only_creating_and_rotating_tell_the_secret(api: httpx.Client, endpoint: Json) -> None:
    path = f"/webhook-endpoints/{endpoint['id']}"
    assert endpoint["secret"].startswith("rk_wh_")
    assert "secret" not in api.get(path).json()["data"]
    assert "secret" not in api.get("/webhook-endpoints").json()["data"][0]
    assert "secret" not in api.patch(path, json={"description": "Ours"}).json()["data"]
    rotated = api.post(f"{path}/rotate-secret").json()["data"]
    assert rotated["secret"] != endpoint["secret"]


def test_an_endpoint_is_listed_changed_and_deleted(api: httpx.Client, endpoint: Json) -> None:
    path = f"/webhook-endpoints/{endpoint['id']}"
    changed = api.patch(path, json={"enabled_events": ["order.*"], "enabled": False}).json()["data"]
    assert (changed["enabled_events"], changed["status"]) == (["order.*"], "disabled")
    listed = api.get("/webhook-endpoints", params={"status": "disabled"}).json()
    assert (listed["data"], listed["meta"]["total"]) == ([changed], 1)
    assert api.delete(path).status_code == 200
    assert api.get(path).status_code == 404


def test_endpoints_belong_to_their_account_and_need_their_scope(
    emulator: Driver, connect: Connect, endpoint: Json
) -> None:
    other = connect(TEST)
    assert other.get(f"/webhook-endpoints/{endpoint['id']}").status_code == 404
    emulator.change_scopes(TEST, "webhooks:read")
    refused = other.post("/webhook-endpoints", json={"url": "http://localhost/", "enabled_events": ["*"]})
    assert refused.status_code == 403


@pytest.mark.parametrize("url", ["https://shop.example/hook", "http://10.0.0.1/", "ftp://localhost/", "localhost"])
def test_made_up_data_is_posted_to_this_machine_only(api: httpx.Client, url: str) -> None:
    answer = api.post("/webhook-endpoints", json={"url": url, "enabled_events": ["*"]})
    assert refusal(answer) == (400, "url")


# deliveries


def test_a_change_is_posted_signed_with_the_secret_of_the_endpoint(
    api: httpx.Client, endpoint: Json, receiver: Receiver
) -> None:
    order = draft(api)
    (posted,) = receiver.wait_for(1)
    event = api.get("/events", params={"order_id": order["id"]}).json()["data"][0]
    assert posted.is_signed_with(endpoint["secret"])
    assert abs(posted.seconds - time.time()) < 10
    assert posted.event == {**event, "account": posted.headers["x-revkeen-account"]}
    assert posted.headers["x-revkeen-event-id"] == event["id"]
    wait_until(lambda: deliveries(api, status="succeeded"))
    (delivery,) = deliveries(api, endpoint_id=endpoint["id"])
    assert (delivery["event_id"], delivery["attempts"], delivery["last_status_code"]) == (event["id"], 1, 204)
    told = api.get(f"/webhook-endpoints/{endpoint['id']}").json()["data"]
    assert (told["total_deliveries"], told["successful_deliveries"], told["failed_deliveries"]) == (1, 1, 0)


def test_an_endpoint_hears_of_the_types_it_named_and_only_while_it_is_enabled(
    api: httpx.Client, receiver: Receiver
) -> None:
    endpoint = register(api, receiver.url, "order.canceled", "payment.*")
    order = draft(api)
    api.post(f"/orders/{order['id']}/cancel")
    assert [posted.event["type"] for posted in receiver.wait_for(1)] == ["order.canceled"]
    api.patch(f"/webhook-endpoints/{endpoint['id']}", json={"enabled": False})
    api.post(f"/orders/{draft(api)['id']}/cancel")
    assert len(deliveries(api)) == 1


def test_what_fails_comes_again_six_times_over_its_clock_with_the_same_id_and_a_new_signature(
    emulator: Driver, api: httpx.Client, endpoint: Json, receiver: Receiver
) -> None:
    receiver.status = 500
    draft(api)
    for attempt, seconds in enumerate((5 * 60, 30 * 60, 2 * 3600, 8 * 3600, 24 * 3600), start=1):
        receiver.wait_for(attempt)
        wait_until(lambda attempt=attempt: deliveries(api)[0]["attempts"] == attempt)
        emulator.advance(seconds - 60)
        time.sleep(0.1)
        assert len(receiver.posted) == attempt
        emulator.advance(60)
    posted = receiver.wait_for(6)
    wait_until(lambda: deliveries(api, status="dead_lettered"))
    assert len({each.event["id"] for each in posted}) == 1
    assert posted[5].seconds - posted[0].seconds >= 124_500 - 10
    assert all(each.is_signed_with(endpoint["secret"]) for each in posted)


def test_one_that_was_given_up_can_be_retried_once(api: httpx.Client, emulator: Driver, receiver: Receiver) -> None:
    register(api, receiver.url)
    receiver.status = 400
    draft(api)
    for attempt in range(1, 7):
        wait_until(lambda attempt=attempt: deliveries(api)[0]["attempts"] == attempt)
        emulator.advance(86_400)
    path = f"/webhook-deliveries/{deliveries(api)[0]['id']}/retry"
    assert api.post(path).status_code == 200
    wait_until(lambda: deliveries(api)[0]["attempts"] == 7 and deliveries(api, status="dead_lettered"))
    assert api.post(path).status_code == 400


def test_the_breaker_opens_after_ten_failures_and_closes_when_one_succeeds(
    api: httpx.Client, emulator: Driver, endpoint: Json, receiver: Receiver
) -> None:
    def state() -> str:
        return str(api.get(f"/webhook-endpoints/{endpoint['id']}").json()["data"]["circuit_breaker_state"])

    receiver.status = 302
    for _ in range(10):
        draft(api)
    wait_until(lambda: state() == "open")
    draft(api)
    time.sleep(0.1)
    assert len(receiver.posted) == 10
    receiver.status = 200
    emulator.advance(61)
    receiver.wait_for(11)
    wait_until(lambda: state() == "closed")


def test_deleting_an_endpoint_gives_up_what_waits_for_it(
    api: httpx.Client, emulator: Driver, endpoint: Json, receiver: Receiver
) -> None:
    emulator.settings(webhook_delay=3600)
    draft(api)
    api.delete(f"/webhook-endpoints/{endpoint['id']}")
    assert [each["status"] for each in deliveries(api)] == ["dead_lettered"]


def test_nothing_is_posted_after_a_reset(api: httpx.Client, emulator: Driver, receiver: Receiver) -> None:
    register(api, receiver.url)
    emulator.reset()
    draft(api)
    assert deliveries(api) == []


# switches


def test_the_catalogue_knows_no_updates_and_cancels_and_all_knows_part_fulfillments(
    emulator: Driver, api: httpx.Client
) -> None:
    def types(order_id: str) -> set[str]:
        events = api.get("/events", params={"order_id": order_id, "limit": 100}).json()["data"]
        return {event["type"] for event in events}

    emulator.settings(webhook_events="catalogue")
    order = draft(api)
    api.patch(f"/orders/{order['id']}", json={"notes": "Leave it at the door"})
    api.post(f"/orders/{order['id']}/cancel")
    assert types(order["id"]) == {"order.created"}
    emulator.settings(webhook_events="all")
    paid = next(
        order
        for order in api.get("/orders?status=paid&limit=100").json()["data"]
        if order["fulfillment_status"] == "unfulfilled" and len(order["line_items"]) > 1
    )
    api.post(f"/orders/{paid['id']}/fulfill", json={"line_item_ids": [paid["line_items"][0]["id"]]})
    assert "order.partially_fulfilled" in types(paid["id"])


def test_deliveries_can_be_doubled_delayed_and_shuffled(
    emulator: Driver, api: httpx.Client, endpoint: Json, receiver: Receiver
) -> None:
    emulator.settings(webhook_doubled=True, webhook_delay=600, webhook_order="random")
    orders = [draft(api)["id"] for _ in range(12)]
    emulator.advance(590)
    time.sleep(0.1)
    assert receiver.posted == []
    emulator.advance(20)
    came = [posted.event["data"]["object"]["id"] for posted in receiver.wait_for(24)]
    assert sorted(came) == sorted(orders * 2)
    assert came != [id for id in orders for _ in range(2)]


def test_payloads_can_be_samples_under_other_ids_without_a_mode(
    emulator: Driver, api: httpx.Client, endpoint: Json, receiver: Receiver
) -> None:
    emulator.settings(webhook_payload="samples", webhook_event_ids="other", webhook_livemode=False)
    order = draft(api)
    event = receiver.wait_for(1)[0].event
    assert event["id"].startswith("evt_")
    assert "livemode" not in event
    assert event["data"]["object"] == {
        "id": f"ord_{order['id'][:8]}", "customer_id": None, "invoice_id": None, "status": "draft", "paid_at": None,
        "fulfilled_at": None, "items": [{"product_id": None, "quantity": 1, "unit_amount": 1000}],
    }  # fmt: skip


def test_retries_can_carry_the_signature_of_the_first_attempt(
    emulator: Driver, api: httpx.Client, endpoint: Json, receiver: Receiver
) -> None:
    emulator.settings(webhook_resign_retries=False)
    receiver.status = 503
    draft(api)
    wait_until(lambda: deliveries(api) and deliveries(api)[0]["attempts"] == 1)
    emulator.advance(300)
    first, second = receiver.wait_for(2)
    assert first.headers["x-revkeen-signature"] == second.headers["x-revkeen-signature"]


def test_the_feed_can_lag_behind_what_happened(emulator: Driver, api: httpx.Client) -> None:
    def told(order: Json) -> bool:
        return bool(api.get("/events", params={"order_id": order["id"]}).json()["data"])

    emulator.settings(feed_lag=60)
    late = draft(api)
    emulator.settings(feed_lag=0)
    prompt = draft(api)
    assert (told(late), told(prompt)) == (False, True)
    emulator.advance(61)
    (event,) = api.get("/events", params={"order_id": late["id"]}).json()["data"]
    assert event["created"] <= time.time() + 1


def test_orders_of_one_moment_are_all_listed_unless_ties_are_skipped(emulator: Driver, api: httpx.Client) -> None:
    def listed() -> set[str]:
        found: set[str] = set()
        query: dict[str, Any] = {"limit": 10}
        while True:
            page = api.get("/orders", params=query).json()
            found |= {order["id"] for order in page["data"]}
            if not page["has_more"]:
                return found
            query["starting_after"] = page["data"][-1]["id"]

    emulator.settings(whole_seconds=True)
    emulator.advance(60)
    made = {draft(api)["id"] for _ in range(35)}
    moments = {order["created_at"] for order in api.get("/orders?limit=35").json()["data"]}
    assert len(moments) <= 3
    assert made <= listed()
    emulator.settings(list_ties="skip")
    assert not made <= listed()
