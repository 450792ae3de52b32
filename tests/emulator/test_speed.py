"""Bounds, not measurements: processor time, so that a busy machine does not decide. Figures stand in the README."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from emulator.seeding import KINDS, Seeding, fill
from emulator.store import MEMORY, Store
from tests.emulator.conftest import LIVE
from tests.emulator.driver import Driver

CALLS = 400


@pytest.fixture(scope="module")
def large_emulator() -> Iterator[Driver]:
    with Driver("--orders", "800") as emulator:
        yield emulator


@pytest.mark.parametrize("path", ["/orders?limit=50", "/orders?limit=50&status=paid", "/customers?limit=50"])
def test_a_call_costs_the_emulator_about_half_a_millisecond(path: str, large_emulator: Driver) -> None:
    connection = http.client.HTTPConnection(urlsplit(large_emulator.address).netloc)
    ask(connection, path)
    before = processor_seconds(large_emulator)
    for _ in range(CALLS):
        ask(connection, path)
    assert (processor_seconds(large_emulator) - before) / CALLS < 0.0015
    connection.close()


def test_a_reset_is_quick_enough_for_every_test(emulator: Driver) -> None:
    before = processor_seconds(emulator)
    for _ in range(10):
        emulator.reset()
    assert (processor_seconds(emulator) - before) / 10 < 0.05


def test_a_hundred_thousand_orders_for_each_account_would_be_seeded_within_a_minute() -> None:
    few, many = 1500, 4000  # from 1000 on they are copies
    per_order = (seconds_to_seed(many) - seconds_to_seed(few)) / (4 * (many - few))
    assert per_order * 4 * 100_000 < 60


def ask(connection: http.client.HTTPConnection, path: str) -> None:
    connection.request("GET", "/revkeen/v2" + path, headers={"x-api-key": LIVE})
    answer = connection.getresponse()
    assert answer.status == 200
    answer.read()


def processor_seconds(emulator: Driver) -> float:
    with open(f"/proc/{emulator._process.pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seconds_to_seed(orders: int) -> float:
    began = time.process_time()
    store = Store(MEMORY, KINDS)
    fill(store, Seeding(orders, 1, 1_772_366_400_000))
    store.close()
    return time.process_time() - began
