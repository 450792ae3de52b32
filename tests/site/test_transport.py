"""The way out: what cannot be sent, what a connection is kept for, and who has to wait."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from orders.apis import gate, transport
from orders.apis.errors import Busy, NotSent, RateLimited, ScopeMissing
from orders.apis.gate import Gate
from orders.apis.revkeen import reads
from orders.apis.revkeen.client import Client
from tests.support.emulation import Emulator


def client(emulator: Emulator, key: str = "rk_live_northwind_demo") -> Client:
    return Client(emulator.api, key, "2026-05-01", Gate())


@pytest.mark.parametrize("key", ["rk_live_ключ", "rk_live_\r\nX-Evil: 1", "rk_live_\x00", "rk_live_😀"])
def test_a_key_that_is_no_header_is_not_sent(key: str, emulator: Emulator) -> None:
    emulator.forget_calls()
    assert isinstance(client(emulator, key).get(reads.products()).error, NotSent)
    assert emulator.calls() == []


def test_the_key_and_the_version_go_along(emulator: Emulator) -> None:
    emulator.forget_calls()
    assert client(emulator).get(reads.products()).error is None
    assert emulator.calls()[0]["status"] == 200


def test_a_scope_that_is_missing_is_named(emulator: Emulator) -> None:
    emulator.fault("error", status=403, code="permission_denied", message="No.")
    error = client(emulator).get(reads.products()).error
    assert isinstance(error, ScopeMissing)
    assert "products:read" in str(error)


def test_calls_of_one_round_run_side_by_side(emulator: Emulator) -> None:
    emulator.settings(latency="200")
    started = time.monotonic()
    gots = client(emulator).get_together(reads.products(), reads.customers(), reads.orders())
    assert time.monotonic() - started < 0.5
    assert [got.error for got in gots] == [None, None, None]


def test_what_was_said_of_the_key_comes_without_the_key(emulator: Emulator) -> None:
    key = "rk_live_no_such_key_anywhere"
    emulator.fault("error", status=400, message=f"{key} is bad")
    assert key not in str(client(emulator, key).get(reads.products()).error)


def test_the_deadline_is_the_whole_exchanges_not_each_reads(emulator: Emulator) -> None:
    client(emulator).get(reads.products())  # the first call of a process sets up its connections
    emulator.fault("drip", seconds=0.1, bytes=40)
    started = time.monotonic()
    headers = {"x-api-key": "rk_live_northwind_demo"}
    with pytest.raises(Exception, match="did not answer within"):
        transport.send("GET", f"{emulator.api}/orders?limit=1", headers=headers, deadline=started + 0.5)
    assert 0.4 < time.monotonic() - started < 0.8


# The gate


def hold(gate: Gate, entered: threading.Barrier, leave: threading.Event) -> None:
    with gate.page():
        entered.wait(5)
        leave.wait(5)


def test_so_many_pages_at_once_and_the_next_is_told_after_a_short_wait() -> None:
    narrow, leave = Gate(), threading.Event()
    entered = threading.Barrier(gate.PAGES_AT_ONCE + 1)
    with ThreadPoolExecutor(gate.PAGES_AT_ONCE) as people:
        for _ in range(gate.PAGES_AT_ONCE):
            people.submit(hold, narrow, entered, leave)
        entered.wait(5)
        started = time.monotonic()
        with pytest.raises(Busy), narrow.page():
            pass
        assert gate.WAIT_SECONDS <= time.monotonic() - started < gate.WAIT_SECONDS + 0.3
        with Gate().page():  # another merchant still gets in
            pass
        leave.set()
    with narrow.page():  # and here too, once there is room
        pass


def test_a_crowd_that_waits_is_turned_away_at_once() -> None:
    narrow, leave = Gate(), threading.Event()
    entered = threading.Barrier(gate.PAGES_AT_ONCE + 1)
    with ThreadPoolExecutor(gate.PAGES_AT_ONCE + 40) as people:
        for _ in range(gate.PAGES_AT_ONCE):
            people.submit(hold, narrow, entered, leave)
        entered.wait(5)
        waits = list(people.map(lambda _: seconds_until_turned_away(narrow), range(40)))
        leave.set()
    at_once = [wait for wait in waits if wait < gate.WAIT_SECONDS / 2]
    assert len(at_once) >= 40 - 2 * gate.WAITING_AT_ONCE


def seconds_until_turned_away(narrow: Gate) -> float:
    started = time.monotonic()
    with pytest.raises(Busy), narrow.page():
        pass
    return time.monotonic() - started


def test_after_a_row_of_failures_one_call_tries_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "OPEN_SECONDS", 0.1)
    closed = Gate()
    for _ in range(gate.FAILURES_TO_OPEN):
        closed.failed()
    with pytest.raises(NotSent):
        closed.before_call(time.monotonic() + 1)
    time.sleep(0.15)
    closed.before_call(time.monotonic() + 1)  # the one that tries
    with pytest.raises(NotSent):
        closed.before_call(time.monotonic() + 1)
    closed.answered()
    closed.before_call(time.monotonic() + 1)


def test_second_tries_are_a_tenth_of_the_calls() -> None:
    thrifty = Gate()
    second_tries = 0
    for _ in range(200):
        thrifty.before_call(time.monotonic() + 1)
        second_tries += thrifty.may_try_again()
    assert second_tries <= 200 * gate.SECOND_TRIES_PER_CALL + gate.SECOND_TRIES_SAVED


def test_a_long_wait_is_said_not_waited() -> None:
    asked = Gate()
    asked.asked_to_wait(3600)
    started = time.monotonic()
    with pytest.raises(RateLimited) as told:
        asked.before_call(started + 6)
    assert time.monotonic() - started < 0.1
    assert 3590 < told.value.wait <= 3600
