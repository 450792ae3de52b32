from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import LIVE, Connect
from tests.emulator.driver import Driver, Json

ORDER = {"line_items": [{"description": "Rope", "unit_price": 1000}]}
HOUR = 3600


def create(api: httpx.Client, key: str, body: Any = None) -> httpx.Response:
    return api.post("/orders", json=ORDER if body is None else body, headers={"Idempotency-Key": key})


def created(emulator: Driver) -> int:
    return len(emulator.ledger(effect="order_created"))


def test_the_same_call_again_gets_the_stored_answer_and_does_nothing(api: httpx.Client, emulator: Driver) -> None:
    first, second = create(api, "k"), create(api, "k")
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert created(emulator) == 1
    assert [call["replayed"] for call in emulator.requests()] == [False, True]


def test_the_order_of_members_in_the_body_does_not_matter(api: httpx.Client, emulator: Driver) -> None:
    create(api, "k", {"notes": "x", **ORDER})
    assert create(api, "k", {**ORDER, "notes": "x"}).headers["Idempotency-Replayed"] == "true"
    assert created(emulator) == 1


def test_12_and_12_point_0_are_the_same_body(api: httpx.Client, emulator: Driver) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    body = '{"line_items": [{"description": "Rope", "unit_price": %s}]}'
    answers = [api.post("/orders", content=body % price, headers=headers) for price in ("12", "12.0")]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert created(emulator) == 1


def test_the_headers_of_the_first_answer_are_replayed_too(api: httpx.Client) -> None:
    versions = [
        api.post("/orders", json=ORDER, headers={"Idempotency-Key": "k", "RevKeen-Version": version}).headers
        for version in ("2026-05-01", "2026-01-01")
    ]
    assert [headers["RevKeen-Version"] for headers in versions] == ["2026-05-01"] * 2
    assert versions[1]["Idempotency-Replayed"] == "true"


def test_a_replay_with_another_body_is_a_conflict(api: httpx.Client, emulator: Driver) -> None:
    create(api, "k")
    answer = create(api, "k", {**ORDER, "notes": "changed"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_conflict")
    assert created(emulator) == 1
    assert create(api, "k").status_code == 201


def test_the_key_belongs_to_the_api_key_the_method_and_the_path(
    api: httpx.Client, emulator: Driver, connect: Connect
) -> None:
    order = create(api, "k").json()
    assert create(connect(LIVE + "2"), "k").json()["id"] != order["id"]
    headers = {"Idempotency-Key": "k"}
    assert api.patch(f"/orders/{order['id']}", json={"notes": "x"}, headers=headers).json()["notes"] == "x"
    assert api.post(f"/orders/{order['id']}/cancel", json={}, headers=headers).json()["status"] == "canceled"


def test_a_key_on_a_read_is_ignored(api: httpx.Client) -> None:
    for _ in range(2):
        answer = api.get("/orders?limit=1", headers={"Idempotency-Key": "k"})
        assert "Idempotency-Replayed" not in answer.headers


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_1_to_255_characters(api: httpx.Client, key: str) -> None:
    answer = create(api, key)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "Idempotency-Key")


def test_a_refusal_is_stored_so_a_corrected_body_needs_a_new_key(api: httpx.Client, emulator: Driver) -> None:
    wrong: Json = {"line_items": []}
    assert create(api, "k", wrong).status_code == 400
    assert create(api, "k", wrong).headers["Idempotency-Replayed"] == "true"
    assert create(api, "k").json()["error"]["code"] == "idempotency_conflict"
    assert create(api, "k2").status_code == 201
    assert created(emulator) == 1


def test_a_missing_scope_and_a_missing_order_are_stored(api: httpx.Client, emulator: Driver) -> None:
    emulator.change_scopes(LIVE, "orders:read")
    assert create(api, "k").status_code == 403
    emulator.change_scopes(LIVE, "*")
    assert create(api, "k").status_code == 403
    path, headers = "/orders/00000000-0000-4000-8000-000000000000/cancel", {"Idempotency-Key": "k"}
    assert api.post(path, headers=headers).status_code == 404
    assert api.post(path, headers=headers).headers["Idempotency-Replayed"] == "true"


def test_a_decline_is_stored_and_not_tried_again(api: httpx.Client, emulator: Driver) -> None:
    id = create(api, "k").json()["id"]
    body, headers = {"payment_token": "tok_decline_1"}, {"Idempotency-Key": "pay"}
    answers = [api.post(f"/orders/{id}/pay", json=body, headers=headers) for _ in range(2)]
    assert [answer.json()["error"]["code"] for answer in answers] == ["generic_decline"] * 2
    assert len(emulator.ledger(effect="decline")) == 1


def test_refused_keys_and_limits_are_not_stored(api: httpx.Client, emulator: Driver) -> None:
    emulator.revoke(LIVE)
    assert create(api, "k").status_code == 401
    emulator.control("POST", "keys/revoke", {"key": LIVE, "revoked": False})
    emulator.settings(limits="live=1/1")
    api.get("/orders?limit=1")
    assert create(api, "k").status_code == 429
    emulator.settings(limits="off")
    assert create(api, "k").status_code == 201


def test_while_the_first_call_runs_the_second_is_told_so(api: httpx.Client, emulator: Driver, connect: Connect) -> None:
    emulator.fault("delay", method="POST", path="/orders$", seconds=0.4)
    answers: list[httpx.Response] = []
    running = threading.Thread(target=lambda: answers.append(create(connect(LIVE), "k")))
    running.start()
    while not emulator.requests(method="POST"):
        pass
    early = create(api, "k")
    other_body = create(api, "k", {**ORDER, "notes": "x"})
    running.join()
    assert (early.status_code, early.json()["error"]["code"]) == (409, "idempotency_in_progress")
    assert other_body.json()["error"]["code"] == "idempotency_conflict"
    assert answers[0].status_code == 201
    assert create(api, "k").content == answers[0].content


def test_after_a_day_the_key_is_forgotten(api: httpx.Client, emulator: Driver) -> None:
    first = create(api, "k").json()
    emulator.advance(24 * HOUR - 60)
    assert create(api, "k").json() == first
    emulator.advance(61)
    assert create(api, "k").json()["id"] != first["id"]
    assert created(emulator) == 2


def test_the_day_begins_with_the_call_not_with_its_answer(
    api: httpx.Client, emulator: Driver, connect: Connect
) -> None:
    emulator.fault("delay", method="POST", seconds=0.4)
    running = threading.Thread(target=create, args=(connect(LIVE), "k"))
    running.start()
    while not emulator.requests(method="POST"):
        pass
    emulator.advance(24 * HOUR)
    running.join()
    assert "Idempotency-Replayed" not in create(api, "k").headers
    assert created(emulator) == 2


def test_an_error_before_the_work_is_not_stored(api: httpx.Client, emulator: Driver) -> None:
    emulator.fault("error", method="POST")
    assert create(api, "k").status_code == 500
    assert created(emulator) == 0
    assert create(api, "k").status_code == 201
    assert created(emulator) == 1


@pytest.mark.parametrize("status", [500, 503, 409, 429])
def test_an_error_after_the_work_is_stored_and_replayed(api: httpx.Client, emulator: Driver, status: int) -> None:
    emulator.fault("error", method="POST", status=status, after_work=True)
    for _ in range(3):
        assert create(api, "k").status_code == status
    assert created(emulator) == 1
    events = api.get("/events", params={"types": "order.created", "limit": 1}).json()["data"]
    assert events[0]["request"]["idempotency_key"] == "k"


@pytest.mark.parametrize("kind", ["bad_gateway", "truncated", "html", "empty"])
def test_behind_a_broken_answer_the_true_one_is_stored(api: httpx.Client, emulator: Driver, kind: str) -> None:
    emulator.fault(kind, method="POST", after_work=True)
    create(api, "k")
    assert created(emulator) == 1
    replay = create(api, "k")
    assert (replay.status_code, replay.headers["Idempotency-Replayed"]) == (201, "true")
    assert created(emulator) == 1
