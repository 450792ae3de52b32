"""How it starts, what it keeps in its state file, and how it ends."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.emulator.conftest import LIVE
from tests.emulator.driver import Driver
from tests.support.emulation import ROOT

ORDER = {"line_items": [{"description": "Rope", "unit_price": 1000}]}


def test_a_state_file_is_kept_over_a_restart_and_over_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    options = ("--orders", "5", "--state", str(state))
    with Driver(*options) as emulator:
        made = create(emulator, "k")
        emulator._process.kill()
    with Driver(*options, "--seed", "99") as emulator:
        replay = create(emulator, "k")
        assert replay.json() == made.json()
        assert replay.headers["Idempotency-Replayed"] == "true"
        assert [entry["effect"] for entry in emulator.ledger()] == ["order_created"]
        emulator.reset()
        assert emulator.ledger() == []
        assert made.json()["id"] not in [order["id"] for order in emulator.orders()]


def test_what_the_partners_were_told_is_kept_over_a_kill_and_forgotten_by_a_reset(tmp_path: Path) -> None:
    options = ("--orders", "60", "--state", str(tmp_path / "state.sqlite3"))
    river = {"Authorization": "Bearer sk_northwind_demo"}
    with Driver(*options) as emulator:
        order = emulator.get(f"/orders/{emulator.cases()['orders']['one_line']}")
        (line,) = order["line_items"]
        items = [{"itemId": line["metadata"]["dr_item_id"], "quantity": 1}]
        body = {"orderId": order["metadata"]["dr_order_id"], "items": items}
        made = httpx.post(f"{emulator.digital_river}/fulfillments", json=body, headers=river, trust_env=False).json()
        emulator._process.kill()
    with Driver(*options) as emulator:
        path = f"{emulator.digital_river}/fulfillments/{made['id']}"
        assert httpx.get(path, headers=river, trust_env=False).json()["createdTime"] == made["createdTime"]
        assert [entry["effect"] for entry in emulator.ledger()] == ["fulfillment", "capture"]
        emulator.reset()
        assert httpx.get(path, headers=river, trust_env=False).status_code == 404
        assert emulator.ledger() == []


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
            create(emulator, str(number))
    with sqlite3.connect(state) as db:
        counts = [
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("orders", "ledger", "idempotency")
        ]
    assert counts == [4 * 5 + 3, 3, 3]


def test_a_kill_in_the_middle_of_many_changes_loses_none_and_makes_none_twice(tmp_path: Path) -> None:
    options = ("--orders", "5", "--state", str(tmp_path / "state.sqlite3"))
    answered: list[str] = []

    def change(emulator: Driver, worker: int) -> None:
        for number in range(10_000):
            try:
                create(emulator, f"{worker}-{number}")
            except httpx.TransportError:
                return
            answered.append(f"{worker}-{number}")

    with Driver(*options) as emulator:
        workers = [threading.Thread(target=change, args=(emulator, worker)) for worker in range(4)]
        for worker in workers:
            worker.start()
        time.sleep(0.7)
        emulator._process.kill()
        for worker in workers:
            worker.join()
    with Driver(*options) as emulator:
        kept = [entry["idempotency_key"] for entry in emulator.ledger(effect="order_created")]
        assert set(answered) <= set(kept)
        assert len(kept) == len(set(kept))
        assert {create(emulator, key).headers["Idempotency-Replayed"] for key in kept[-10:]} == {"true"}
        assert len(emulator.ledger(effect="order_created")) == len(kept)


def test_a_seeding_that_is_interrupted_says_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    options = ("--orders", "20000", "--state", str(tmp_path / "state.sqlite3"))
    process = subprocess.Popen(
        command(*options), cwd=ROOT, stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts
    )
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said, list(tmp_path.iterdir())) == (130, "", [])


def hear_interrupts() -> None:
    """Tests that a shell started in the background ignore them, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_remains_of_a_deleted_state_file_do_not_spoil_the_next(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with Driver("--orders", "60", "--state", str(state)) as emulator:
        for number in range(20):
            create(emulator, str(number))
        emulator._process.kill()
    state.unlink()  # its -wal and -shm stay
    with Driver("--orders", "60", "--seed", "2", "--state", str(state)) as emulator:
        assert emulator.ledger() == []
        create(emulator, "k")
    with sqlite3.connect(state) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    state.touch()
    with Driver("--orders", "5", "--state", str(state)) as emulator:
        assert len(emulator.orders()) == 5


@pytest.mark.parametrize("filled", [True, False])
def test_a_second_emulator_on_the_same_state_file_is_refused(tmp_path: Path, filled: bool) -> None:
    state = tmp_path / "state.sqlite3"
    if filled:
        with Driver("--orders", "5", "--state", str(state)) as emulator:
            assert "another emulator" in refusal("--state", str(state))
            assert create(emulator, "k").status_code == 201
    else:
        filling = subprocess.Popen(command("--orders", "20000", "--state", str(state)), cwd=ROOT)
        while not list(tmp_path.iterdir()):
            time.sleep(0.01)
        time.sleep(0.2)
        assert "another emulator" in refusal("--state", str(state))
        filling.kill()
        filling.wait()


def test_the_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    state = tmp_path / "other.sqlite3"
    with sqlite3.connect(state) as db:
        db.execute("CREATE TABLE people (name TEXT)")
    before = state.read_bytes()
    assert "not made by" in refusal("--state", str(state))
    assert state.read_bytes() == before


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with Driver("--orders", "1", "--state", str(state)):
        pass
    with sqlite3.connect(state) as db:
        db.execute("UPDATE meta SET value = '{}' WHERE name = 'tables'")
    assert "another version" in refusal("--state", str(state))


def test_interrupt_and_terminate_end_it_cleanly() -> None:
    for number in (2, 15):
        emulator = Driver("--orders", "1")
        emulator._process.send_signal(number)
        assert emulator._process.wait(5) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--latency", "fast"), "latency"),
        (("--limits", "live=many"), "limits"),
        (("--port", "70000"), "port"),
        (("--port", "-1"), "port"),
        (("--orders", "0"), "orders"),
        (("--state", __file__), "not a database"),
        (("--state", "/nowhere/state.sqlite3"), "/nowhere/state.sqlite3"),
        (("--state", "/"), "directory"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_a_reason(options: tuple[str, ...], said: str) -> None:
    assert said in refusal(*options)


def test_a_port_that_is_taken_is_named(emulator: Driver) -> None:
    port = emulator.address.rpartition(":")[2]
    assert port in refusal("--port", port)


# helpers


def create(emulator: Driver, key: str) -> httpx.Response:
    headers = {"x-api-key": LIVE, "Idempotency-Key": key}
    return httpx.post(f"{emulator.api}/orders", json=ORDER, headers=headers, trust_env=False)


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "emulator", "--port", "0", *options]


def refusal(*options: str) -> str:
    """What an emulator that does not start says."""
    ended = subprocess.run(command("--orders", "1", *options), cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.returncode in (1, 2)
    assert "Traceback" not in ended.stderr
    return ended.stderr
