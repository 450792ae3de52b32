from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.emulator.driver import Driver, Json

LIVE, TEST = "rk_live_northwind_demo", "rk_sandbox_northwind_demo"
Connect = Callable[..., httpx.Client]
LINE = {"description": "Rope", "unit_price": 1000}


@pytest.fixture(scope="session")
def served_emulator() -> Iterator[Driver]:
    """One server for the whole run, on a free port."""
    with Driver("--orders", "60") as emulator:
        yield emulator


@pytest.fixture
def emulator(served_emulator: Driver) -> Driver:
    served_emulator.reset()
    return served_emulator


@pytest.fixture
def open_client() -> Iterator[Callable[..., httpx.Client]]:
    """Makes clients that are closed after the test."""
    with ExitStack() as clients:
        yield lambda **options: clients.enter_context(httpx.Client(trust_env=False, **options))


@pytest.fixture
def connect(emulator: Driver, open_client: Callable[..., httpx.Client]) -> Connect:
    """Makes a client with an API key; `None` sends none."""

    def connect(key: str | None = LIVE, timeout: float = 10) -> httpx.Client:
        return open_client(base_url=emulator.api, headers={"x-api-key": key} if key else {}, timeout=timeout)

    return connect


@pytest.fixture
def api(connect: Connect) -> httpx.Client:
    """Northwind, live."""
    return connect(LIVE)


@pytest.fixture
def cases(emulator: Driver) -> Json:
    return emulator.cases()


@pytest.fixture
def order(api: httpx.Client) -> Json:
    """A draft over 2500 minor units in three lines, for the customer whose first card approves."""
    lines = [{**LINE}, {"description": "Sling", "unit_price": 250, "quantity": 2}, {**LINE}]
    return draft(api, line_items=lines)


def draft(api: httpx.Client, **members: Any) -> Json:
    answer = api.post("/orders", json={"line_items": [LINE], **members})
    assert answer.status_code == 201, answer.text
    return answer.json()


def refusal(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json()["error"].get("param")


# creating
