from __future__ import annotations

import httpx
import pytest

from tests.emulator.conftest import LIVE, TEST, Connect
from tests.emulator.driver import Driver

DEMO_KEYS = [
    f"rk_{mode}_{merchant}_{suffix}"
    for mode in ("live", "sandbox")
    for merchant in ("northwind", "kestrel")
    for suffix in ("demo", "demo2")
]


@pytest.mark.parametrize("key", DEMO_KEYS)
def test_every_promised_key_reads_the_orders_of_its_own_merchant_and_mode(connect: Connect, key: str) -> None:
    order = connect(key).get("/orders?limit=1").json()["data"][0]
    assert order["public_id"].startswith("NW-" if "northwind" in key else "KO-")
    assert int(order["public_id"][3:]) < 20_000 if "live" in key else int(order["public_id"][3:]) > 70_000


def test_the_second_key_of_a_merchant_sees_the_same_orders(connect: Connect) -> None:
    assert connect(LIVE).get("/orders").json() == connect(LIVE + "2").get("/orders").json()


def test_an_order_of_the_other_mode_or_merchant_does_not_exist(api: httpx.Client, connect: Connect) -> None:
    id = api.get("/orders?limit=1").json()["data"][0]["id"]
    assert connect(TEST).get(f"/orders/{id}").status_code == 404
    assert connect("rk_live_kestrel_demo").get(f"/orders/{id}").status_code == 404


@pytest.mark.parametrize("key", [None, "rk_live_unknown", "rk_sandbox_revoked_demo", LIVE + "x", LIVE[:-1]])
def test_a_missing_unknown_or_revoked_key_is_refused(connect: Connect, key: str | None) -> None:
    answer = connect(key).get("/orders")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthenticated"


def test_a_key_that_may_only_read_is_refused_changes_and_told_the_scope(connect: Connect) -> None:
    readonly = connect("rk_sandbox_readonly_demo")
    assert readonly.get("/orders").status_code == 200
    answer = readonly.post("/orders", json={"line_items": [{"description": "x", "unit_price": 1}]})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "permission_denied"
    assert "orders:write" in answer.json()["error"]["message"]


def test_a_key_can_be_revoked_and_its_scopes_taken_while_work_goes_on(emulator: Driver, api: httpx.Client) -> None:
    emulator.change_scopes(LIVE, "orders:read")
    assert api.get("/orders").status_code == 200
    assert api.get("/customers").status_code == 403
    emulator.change_scopes(LIVE, "customers:*")
    assert api.get("/customers").status_code == 200
    emulator.revoke(LIVE)
    assert api.get("/customers").status_code == 401
    assert httpx.get(f"{emulator.api}/orders", headers={"x-api-key": LIVE + "2"}).status_code == 200


def test_a_new_key_can_be_added(emulator: Driver, connect: Connect) -> None:
    emulator.add_key("rk_live_CANARY_0123456789", "kestrel", "live")
    assert connect("rk_live_CANARY_0123456789").get("/orders?limit=1").json()["data"][0]["public_id"].startswith("KO-")


def test_above_the_limit_a_key_is_told_when_to_come_back(emulator: Driver, api: httpx.Client, connect: Connect) -> None:
    emulator.settings(limits="live=60/3")
    answers = [api.get("/orders?limit=1") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["Retry-After"] == "1"
    assert connect(TEST).get("/orders?limit=1").status_code == 200
    emulator.advance(1)
    assert api.get("/orders?limit=1").status_code == 200
    assert api.get("/orders?limit=1").status_code == 429


def test_the_log_and_the_errors_never_hold_a_whole_key(emulator: Driver, connect: Connect) -> None:
    key = "rk_live_CANARY_0123456789"
    connect(key).get("/orders")
    emulator.add_key(key, "kestrel", "live")
    connect(key).get("/orders")
    log = emulator.requests()
    assert key not in str(log)
    assert key not in str(emulator.control("GET", "keys"))
    assert [entry["key"] for entry in log] == ["rk_live_…6789", "rk_live_…6789"]
    assert len(emulator.requests(merchant="kestrel", mode="live")) == 1
