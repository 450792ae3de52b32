from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.emulation import ROOT
from tests.emulator.conftest import LIVE, Connect
from tests.emulator.driver import Driver

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


def test_latency_can_be_spread_out(emulator: Driver, api: httpx.Client) -> None:
    emulator.settings(latency="p50=5,p99=60")
    took = []
    for _ in range(60):
        began = time.monotonic()
        api.get("/orders?limit=1")
        took.append(time.monotonic() - began)
    assert sorted(took)[30] > 0.005
    assert max(took) > 2 * min(took)


@pytest.mark.parametrize("wrong", [{"latency": "fast"}, {"latency": "-1"}, {"limits": "x"}, {"colour": "red"}])
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


def test_a_state_file_is_kept_over_a_restart_and_over_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    options = ("--orders", "5", "--state", str(state))
    with Driver(*options) as emulator:
        made = _create(emulator, "k")
        emulator._process.kill()
    with Driver(*options, "--seed", "99") as emulator:
        replay = _create(emulator, "k")
        assert replay.json() == made.json()
        assert replay.headers["Idempotency-Replayed"] == "true"
        assert [entry["effect"] for entry in emulator.ledger()] == ["order_created"]
        emulator.reset()
        assert emulator.ledger() == []
        assert made.json()["id"] not in [order["id"] for order in emulator.orders()]


def test_a_seeding_that_is_killed_leaves_no_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    command = [sys.executable, "-m", "emulator", "--port", "0", "--orders", "20000", "--state", str(state)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    time.sleep(0.2)
    process.kill()
    process.wait()
    assert not state.exists()


def test_an_order_and_its_ledger_entry_are_one_transaction(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with Driver("--orders", "5", "--state", str(state)) as emulator:
        for number in range(3):
            _create(emulator, str(number))
    with sqlite3.connect(state) as db:
        counts = [
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("orders", "ledger", "idempotency")
        ]
    assert counts == [4 * 5 + 3, 3, 3]


def test_interrupt_and_terminate_end_it_cleanly() -> None:
    for number in (2, 15):
        emulator = Driver("--orders", "1")
        emulator._process.send_signal(number)
        assert emulator._process.wait(5) == 0


def _create(emulator: Driver, key: str) -> httpx.Response:
    headers = {"x-api-key": LIVE, "Idempotency-Key": key}
    return httpx.post(f"{emulator.api}/orders", json=ORDER, headers=headers, trust_env=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--latency", "fast"), "latency"),
        (("--limits", "live=many"), "limits"),
        (("--state", __file__), "not a database"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_a_reason(options: tuple[str, ...], said: str) -> None:
    command = [sys.executable, "-m", "emulator", "--port", "0", "--orders", "1", *options]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_and_a_state_of_another_version_are_named(emulator: Driver, tmp_path: Path) -> None:
    port = emulator.address.rpartition(":")[2]
    state = tmp_path / "state.sqlite3"
    with Driver("--orders", "1", "--state", str(state)):
        pass
    with sqlite3.connect(state) as db:
        db.execute("UPDATE meta SET value = '{}' WHERE name = 'tables'")
    for options, said in ((("--port", port), port), (("--state", str(state)), "another version")):
        command = [sys.executable, "-m", "emulator", "--port", "0", "--orders", "1", *options]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
        assert (ended.returncode, said in ended.stderr) == (1, True), ended.stderr


def test_requests_sent_ahead_and_head_keep_the_connection_in_step(emulator: Driver) -> None:
    host, _, port = emulator.address.removeprefix("http://").partition(":")
    ask = f" /revkeen/v2/orders?limit=1 HTTP/1.1\r\nHost: x\r\nx-api-key: {LIVE}\r\n"
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(f"HEAD{ask}\r\nGET{ask}\r\nGET{ask}Connection: close\r\n\r\n".encode())
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    assert received.startswith(b"HTTP/1.1 405")
    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_what_is_not_http_is_refused_and_others_are_served_on(emulator: Driver, api: httpx.Client) -> None:
    host, _, port = emulator.address.removeprefix("http://").partition(":")
    for sent in (
        b"\x16\x03\x01 hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n" * 3,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), 5) as connection:
            connection.sendall(sent)
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert api.get("/orders").status_code == 200


def test_a_body_beyond_a_mebibyte_is_refused(emulator: Driver) -> None:
    host, _, port = emulator.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(b"POST /revkeen/v2/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
        connection.sendall(b"x" * (1_048_576 + 1))
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
