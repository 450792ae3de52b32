"""No way out to RevKeen, no database, no cache, and many people who press again while RevKeen is down."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import caches
from django.db import OperationalError, connection

from orders.models import Operation
from tests.support.actions import Action
from tests.support.fresh import forget_gates
from tests.support.matrix import survives
from tests.support.reliability import Case, House, words

pytestmark = pytest.mark.database

State = Operation.State


@pytest.fixture
def black_hole() -> Iterator[str]:
    """A server that never takes up a connection: its queue is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for caller in waiting:
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for caller in waiting:
            caller.close()


@pytest.fixture
def nowhere(why: str, house: House, black_hole: str) -> str:
    """An address where there is no RevKeen."""
    addresses = {
        "refused": "http://127.0.0.1:1",
        "unknown name": "http://revkeen.invalid",
        "no TLS": house.emulator.address.replace("http:", "https:"),
        "never taken up": black_hole,
    }
    return addresses[why]


@survives(11, why=["refused", "unknown name", "no TLS", "never taken up"])
def test_without_a_connection_nothing_is_sent_and_a_new_click_is_a_new_operation(
    action: Action, why: str, house: House, nowhere: str, settings: LazySettings
) -> None:
    case = Case(house, action)
    everywhere = settings.REVKEEN_URLS
    settings.REVKEEN_URLS = {"live": nowhere, "test": nowhere}
    settings.REVKEEN_READ_SECONDS = settings.REVKEEN_CHANGE_SECONDS = 0.3
    page = case.press()
    assert "Nothing was sent" in page.text, words(page)
    assert case.state == State.NOT_SENT
    assert case.effects() == []
    settings.REVKEEN_URLS = everywhere
    settings.REVKEEN_READ_SECONDS = settings.REVKEEN_CHANGE_SECONDS = 3.0
    forget_gates()
    case.reconcile()
    assert case.calls() == []
    case.press(case.open())
    case.assert_invariants(State.NOT_SENT, State.DONE)


def failing(refuses: Callable[[str], bool]) -> Any:
    def fail(execute: Any, sql: str, *given: Any) -> Any:
        if refuses(sql):
            raise OperationalError("the database has gone")
        return execute(sql, *given)

    return connection.execute_wrapper(fail)


@survives(36)
def test_without_the_database_there_is_no_call(action: Action, house: House) -> None:
    case = Case(house, action)
    with failing(lambda sql: True):
        page = house.tab.post(case.form.path, case.form.sent)
    assert page.status >= 500
    case.watch(page)
    assert house.emulator.calls() == []
    assert case.operations == []


@survives(36)
def test_without_a_row_in_the_journal_there_is_no_call_and_what_was_typed_stays(action: Action, house: House) -> None:
    case = Case(house, action)
    with failing(lambda sql: sql.startswith("INSERT INTO") and "orders_operation" in sql):
        page = case.press()
    assert page.status == 503
    assert "The journal cannot be written." in page.text
    assert case.calls() == []
    case.press(case.open())
    case.assert_invariants(State.DONE)


@survives(36)
def test_without_the_cache_it_is_done_once_all_the_same(action: Action, house: House, settings: LazySettings) -> None:
    case = Case(house, action)
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = caches.settings | {"default": gone, "copies": gone}
    case.press()
    case.press()
    case.assert_invariants(State.DONE)


PRESSES, LOOKS = 12, 12


@survives(38)
def test_a_storm_of_clicks_while_revkeen_is_down_is_no_storm_of_calls(action: Action, house: House) -> None:
    case = Case(house, action)
    forms = [case.open() for _ in range(PRESSES)]
    house.emulator.forget_calls()
    for method in ("GET", "POST", "PATCH"):
        case.house.emulator.fault("disconnect", method=method, times=10_000)
    for form in forms:
        house.tab.post(form.path, form.sent)
    assert len(house.emulator.calls()) <= 1.1 * PRESSES
    house.emulator.forget_calls()
    case.look_in_vain(LOOKS)
    assert len(house.emulator.calls()) <= 1.1 * LOOKS
    forget_gates()
    case.recover()
    case.assert_invariants()
    assert len(case.effects()) <= 1
