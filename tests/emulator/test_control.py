from __future__ import annotations

import threading
import time

import httpx
import pytest

from tests.emulator.conftest import LIVE, Connect
from tests.emulator.driver import Driver, Json

ORDER = {"line_items": [{"description": "Rope", "unit_price": 1000}]}


def test_a_reset_puts_everything_back(api: httpx.Client, emulator: Driver) -> None:
    before = api.get("/orders?limit=100").json()
    for id in (before["data"][0]["id"], before["data"][1]["id"]):
        emulator.patch("orders", id, notes="planted")
    api.post("/orders", json=ORDER, headers={"Idempotency-Key": "k"})
    emulator.revoke(LIVE)
    emulator.fault("error", times=50)
    emulator.settings(latency="500", total_count=False, limits="live=1/1")
    emulator.advance(3600)
    emulator.reset()
    assert api.get("/orders?limit=100").json() == before
    assert emulator.ledger() == emulator.faults() == []
    assert [call["path"] for call in emulator.requests()] == ["/revkeen/v2/orders"]
    assert api.post("/orders", json=ORDER, headers={"Idempotency-Key": "k"}).status_code == 201


def test_the_log_tells_which_calls_ran_side_by_side(emulator: Driver, connect: Connect) -> None:
    emulator.settings(latency="300")
    calls = [threading.Thread(target=connect(LIVE).get, args=(path,)) for path in ("/orders", "/customers")]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    connect(LIVE).get("/products")
    first, second, third = emulator.requests()
    assert second["started_ms"] < first["ended_ms"]
    assert third["started_ms"] > max(first["ended_ms"], second["ended_ms"])


def test_the_log_can_be_filtered_and_cleared(api: httpx.Client, emulator: Driver, connect: Connect) -> None:
    api.get("/orders?limit=1")
    connect("rk_sandbox_kestrel_demo").post("/orders", json=ORDER, headers={"Idempotency-Key": "k"})
    assert [call["query"] for call in emulator.requests(method="GET")] == ["limit=1"]
    found = emulator.requests(merchant="kestrel", mode="test", path="/orders$", status=201)
    assert [(call["idempotency_key"], call["provider"]) for call in found] == [("k", "revkeen")]
    assert emulator.requests(after=found[0]["id"]) == []
    emulator.forget_calls()
    assert emulator.requests() == []


def test_latency_is_set_for_all_and_for_one_merchant(emulator: Driver, api: httpx.Client, connect: Connect) -> None:
    def seconds(client: httpx.Client) -> float:
        began = time.monotonic()
        client.get("/orders?limit=1")
        return time.monotonic() - began

    emulator.settings(latency="60", latency_of={"kestrel/live": "1000"})
    assert 0.06 <= seconds(api) < 1
    assert seconds(connect("rk_live_kestrel_demo")) >= 1
    assert seconds(connect("rk_sandbox_kestrel_demo")) < 1


def test_latency_can_be_that_of_one_provider(emulator: Driver, api: httpx.Client) -> None:
    emulator.settings(latency_of={"order_protection": "300"})
    began = time.monotonic()
    httpx.get(f"{emulator.order_protection}/v1/orders/x/fulfillments", trust_env=False)
    assert time.monotonic() - began >= 0.3
    began = time.monotonic()
    api.get("/orders?limit=1")
    assert time.monotonic() - began < 0.3


def test_the_log_tells_the_providers_apart_and_masks_their_keys(emulator: Driver, api: httpx.Client) -> None:
    api.get("/orders?limit=1")
    for address, key in ((emulator.digital_river, "sk_test_northwind_demo"), (emulator.order_protection, "op_unknown")):
        httpx.get(f"{address}/fulfillments", headers={"Authorization": f"Bearer {key}"}, trust_env=False)
    told = [(call["provider"], call["key"], call["mode"], call["status"]) for call in emulator.requests()]
    assert told == [
        ("revkeen", "rk_live_…demo", "live", 200),
        ("digital_river", "sk_test_…demo", "test", 200),
        ("order_protection", "…nown", None, 404),
    ]
    assert len(emulator.requests(provider="digital_river")) == 1


def test_latency_can_be_spread_out(emulator: Driver, api: httpx.Client) -> None:
    emulator.settings(latency="p50=5,p99=60")
    took = []
    for _ in range(60):
        began = time.monotonic()
        api.get("/orders?limit=1")
        took.append(time.monotonic() - began)
    assert sorted(took)[30] > 0.005
    assert max(took) > 2 * min(took)


@pytest.mark.parametrize(
    "wrong",
    [
        {"latency": "fast"},
        {"latency": "-1"},
        {"latency_of": 5},
        {"limits": "x"},
        {"limits": "live=1"},
        {"limits": 5},
        {"total_count": "no"},
        {"refund_status": "lost"},
        {"digital_river_capture": "lost"},
        {"order_protection_lenient": "yes"},
        {"order_protection_lenient": 1},
        {"color": "red"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_and_changes_nothing(emulator: Driver, wrong: dict) -> None:
    before = emulator.control("GET", "settings")
    with pytest.raises(ValueError, match="error"):
        emulator.settings(**wrong)
    assert emulator.control("GET", "settings") == before


def test_anything_can_be_planted_in_an_object(emulator: Driver, api: httpx.Client) -> None:
    id = emulator.cases()["orders"]["paid"]
    emulator.patch("orders", id, total="12", amount_due=None, currency="qqq", notes="\ud800", status="odd")
    order = api.get(f"/orders/{id}").json()
    assert [order[name] for name in ("total", "amount_due", "currency", "notes", "status")] == [
        "12",
        None,
        "qqq",
        "\ud800",
        "odd",
    ]
    emulator.control("PATCH", f"objects/orders/{id}", {"$remove": ["line_items"]})
    assert "line_items" not in api.get(f"/orders/{id}").json()
    assert emulator.control("GET", f"objects/orders/{id}")["object"]["currency"] == "qqq"


def test_an_unknown_route_or_object_is_named(emulator: Driver) -> None:
    for path in ("nothing", "objects/orders/x", "objects/spoons/x", "cases?merchant=x&mode=live"):
        with pytest.raises(ValueError, match="error"):
            emulator.control("GET", path)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", {"advance": "long"}),
        ("clock", {"advance": 1e300}),
        ("keys", {"key": 5, "merchant": "kestrel", "mode": "live"}),
        ("keys", {"key": "", "merchant": "kestrel", "mode": "live"}),
        ("keys", {"key": "rk_live_x", "merchant": "kestrel", "mode": "staging"}),
        ("keys", {"key": "rk_live_x", "merchant": "kestrel", "mode": "live", "scopes": "orders:read"}),
        ("keys", {"key": "rk_live_x", "merchant": "kestrel", "mode": "live", "provider": "digitalriver"}),
        ("keys/scopes", {"key": LIVE, "scopes": "orders:read"}),
        ("keys/revoke", {"key": LIVE, "revoked": "no"}),
        ("keys/revoke", {"key": "rk_live_unknown"}),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_and_changes_nothing(emulator: Driver, path: str, body: Json) -> None:
    before = emulator.control("GET", "keys")
    with pytest.raises(ValueError, match="error") as refused:
        emulator.control("POST", path, body)
    assert "itself failed" not in str(refused.value)
    assert emulator.control("GET", "keys") == before


def test_a_filter_the_log_does_not_have_is_refused_rather_than_finding_nothing(emulator: Driver) -> None:
    for wrong in ({"color": "red"}, {"after": "x"}, {"path": "("}):
        with pytest.raises(ValueError, match="error"):
            emulator.requests(**wrong)
    with pytest.raises(ValueError, match="error"):
        emulator.ledger(effects="payment")


def test_a_shop_tells_its_partners_of_a_new_order(emulator: Driver) -> None:
    lines = [{"description": "Tea", "unit_price": 900, "quantity": 2, "metadata": {"dr_item_id": "dri_1"}}]
    order = emulator.make_order(line_items=lines, metadata={"dr_order_id": "dr_new", "op_order_id": "#NEW"})
    emulator.send(f"/orders/{order['id']}/pay", {"payment_token": "tok_approve_new"})
    assert emulator.tell_partners(order["id"]) == {"digital_river": "dr_new", "order_protection": "#NEW"}
