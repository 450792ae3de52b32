"""Real processes on a real database: two servers, workers that reconcile, people who press twice; killed and
stopped.
"""

import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest

from chaos.books import Row, compare
from chaos.browser import BROKEN, Browser, Page
from chaos.dashboard import Dashboard
from chaos.shop import Open, Place, Shop
from tests.faults import crashes
from tests.support.actions import ACTIONS, Action, press
from tests.support.emulation import Emulator
from tests.support.matrix import survives
from tests.support.reliability import says_done, says_nothing, says_open, words

pytestmark = pytest.mark.database

PLACE = Place("northwind", "live")
SECONDS = 1.5  # that a call may take
LEASE_SECONDS = 5 + 4 * SECONDS  # of one change and three reads, and a little
RECONCILED_SECONDS = 60.0  # a lease, and a few looks
SERVER = os.environ.get("TEST_DATABASE_URL", "")


class Played:
    """One change that was played: its form, what came back, and later what became of it."""

    def __init__(self, house: "Servers", action: Action) -> None:
        self.house, self.action = house, action
        self.subject = action.prepare(house.shop, house.browser.patient)
        form = action.open(house.shop, house.browser.patient, self.subject)
        assert form is not None
        self.form: Open = form
        self.pages: list[Page] = []
        self.row: Row = {}

    def press(self) -> Page:
        page = press(self.house.browser, self.form)
        self.pages.append(page)
        return page

    def look(self) -> Page:
        """The form's page anew; a draft that is being created leads to its operation."""
        page = self.house.browser.patient.get(self.action.path(PLACE, self.subject))
        return self.house.browser.patient.get(page.location) if page.location else page

    @property
    def seconds(self) -> float:
        """From the click to the end."""
        began, ended = (datetime.fromisoformat(self.row[name]) for name in ("created_at", "ended_at"))
        return (ended - began).total_seconds()

    def effects(self) -> list[Row]:
        ledger = self.house.emulator.ledger()
        return self.action.effects(ledger, {self.row["id"]})

    def calls(self) -> list[Row]:
        return [call for call in self.house.emulator.calls() if call["idempotency_key"] == self.row["id"]]

    def assert_done_once(self) -> None:
        """Journal and ledger agree, nobody was told another thing, and no call was made while another was under way."""
        assert self.row["state"] == "done", self.row
        assert len(self.effects()) == 1
        assert compare([self.row], self.effects()).violations == []
        calls = sorted(self.calls(), key=lambda call: call["started_ms"])
        at_once = [two for one, two in pairwise(calls) if two["started_ms"] < one["ended_ms"]]
        assert at_once == []
        page = self.press()
        assert page.status == 303, words(page)
        page = self.house.browser.patient.get(page.location)
        assert says_done(page), words(page)
        assert PLACE.key not in page.text
        assert "Traceback" not in page.text


class Servers:
    """Two gunicorn workers and three that reconcile, over one database and an emulator of their own."""

    def __init__(self, folder: Path, emulator: Emulator, board: Dashboard) -> None:
        self.folder, self.emulator, self.board = folder, emulator, board
        self.shop = Shop(emulator, PLACE)
        self.browser = Browser(board.address).sign_in("admin@northwind.example")

    def play(self, what: Callable[[Played], None], *, together: bool = False) -> dict[str, Played]:
        """Each kind of change in turn, or all at once, and then what became of them, by letter."""
        played = [Played(self, action) for action in ACTIONS]
        with ThreadPoolExecutor(len(played) if together else 1) as pool:
            list(pool.map(what, played))
        return {one.action.letter: one for one in self.reconciled(played)}

    def reconciled(self, played: list[Played]) -> list[Played]:
        journal = self.board.reconciled(RECONCILED_SECONDS)
        for one in played:
            found = [row for row in journal if one.subject in (row["order_id"], row["draft_id"])]
            assert len(found) == 1, (one.action.name, found)
            one.row = found[0]
        return played

    def crash(self, point: str) -> None:
        Path(self.board.site.environment["CRASH_FILE"]).write_text(point)

    def fail(self, action: Action, kind: str, **fault: Any) -> None:
        method, path = action.call
        self.emulator.fault(kind, path, method=method, key=PLACE.key, **fault)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    os.environ["CRASH_FILE"] = str(folder / "crash")
    options: dict[str, Any] = {"server": SERVER, "settings": "tests.faults.crash_settings", "seconds": SECONDS}
    with Emulator("--orders", "60") as emulator, Dashboard(folder, emulator, **options, reconcilers=3) as board:
        yield Servers(folder, emulator, board)
        assert PLACE.key not in board.log()


# Twice at once, with nobody there to see, with a database that is locked, and with servers that are told to stop


@pytest.fixture(scope="module")
def doubled(servers: Servers) -> dict[str, Played]:
    def twice(played: Played) -> None:
        presses = [threading.Thread(target=played.press) for _ in range(2)]
        for one in presses:
            one.start()
        for one in presses:
            one.join()

    return servers.play(twice)


@survives(1)
def test_a_double_click_is_one_operation(action: Action, doubled: dict[str, Played]) -> None:
    played = doubled[action.letter]
    assert len({page.location for page in played.pages}) == 1
    assert [page.status for page in played.pages] == [303, 303]
    assert len(played.calls()) == 1
    played.assert_done_once()


@pytest.fixture(scope="module")
def unseen(servers: Servers) -> dict[str, Played]:
    def send_and_close(played: Played) -> None:
        servers.fail(played.action, "delay", seconds=0.3)
        send_and_hang_up(servers, played.form)
        time.sleep(0.1)

    return servers.play(send_and_close)


def send_and_hang_up(servers: Servers, form: Open) -> None:
    """As a browser that is killed: the whole request goes out, and nobody reads the answer."""
    body = urlencode(form.sent)
    head = [
        f"POST {form.path} HTTP/1.1",
        f"Host: 127.0.0.1:{servers.board.port}",
        f"Cookie: {servers.browser.cookies}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]
    with socket.create_connection(("127.0.0.1", servers.board.port)) as browser:
        browser.sendall(("\r\n".join(head) + f"\r\n\r\n{body}").encode())
        time.sleep(0.1)


@survives(5)
def test_a_browser_that_is_killed_loses_nothing(action: Action, unseen: dict[str, Played]) -> None:
    played = unseen[action.letter]
    assert (played.row["attempts"], played.row["looks"]) == (1, 0)
    played.assert_done_once()


LOCKED_SECONDS = 3.0


@contextmanager
def locked(servers: Servers) -> Iterator[None]:
    address = urlsplit(servers.board.site.environment["DATABASE_URL"])
    if address.scheme == "sqlite":
        holder: Any = sqlite3.connect(address.path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    else:
        holder = psycopg.connect(address.geturl())
        holder.execute("LOCK TABLE orders_operation IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        holder.rollback()
        holder.close()


@pytest.fixture(scope="module")
def waited(servers: Servers) -> dict[str, Played]:
    played = [Played(servers, action) for action in ACTIONS]
    last = servers.emulator.calls()[-1]["id"]
    with ThreadPoolExecutor(len(played)) as pool, locked(servers):
        pages = [pool.submit(one.press) for one in played]
        time.sleep(LOCKED_SECONDS)
        assert not [page for page in pages if page.done()]
        assert {call["method"] for call in servers.emulator.calls() if call["id"] > last} <= {"GET"}
    return {one.action.letter: one for one in servers.reconciled(played)}


@survives(34)
def test_a_database_that_is_locked_is_waited_for(action: Action, waited: dict[str, Played]) -> None:
    played = waited[action.letter]
    assert [page.status for page in played.pages] == [303]
    played.assert_done_once()


@pytest.fixture(scope="module")
def stopped(servers: Servers) -> dict[str, Played]:
    """All servers are told to end while all kinds of change are under way; others take their place."""
    played = [Played(servers, action) for action in ACTIONS]
    for action in ACTIONS:
        servers.fail(action, "delay", seconds=0.5)
    with ThreadPoolExecutor(len(played)) as pool:
        pages = [pool.submit(one.press) for one in played]
        time.sleep(0.25)
        for worker in servers.board.workers():
            os.kill(worker, signal.SIGTERM)
    assert len(pages) == len(played)
    return {one.action.letter: one for one in servers.reconciled(played)}


@survives(10)
def test_servers_that_are_told_to_end_lose_nothing(action: Action, stopped: dict[str, Played]) -> None:
    stopped[action.letter].assert_done_once()


# Killed


@pytest.fixture(scope="module")
def killed(servers: Servers) -> dict[tuple[str, str], Played]:
    """By point and letter: a server is killed at the point, and the order's form opened while nobody knows."""
    found = {}
    for point in (crashes.BEFORE_THE_CALL, crashes.AFTER_THE_CALL, crashes.AFTER_THE_OUTCOME):
        for action in ACTIONS:
            played = found[point, action.letter] = Played(servers, action)
            servers.crash(point)
            assert played.press().status == BROKEN
            played.pages.append(played.look())
    servers.reconciled(list(found.values()))
    return found


def assert_nobody_was_misled(played: Played) -> None:
    """While it was open there was no button to do it again, and no word that it was done or not."""
    page = played.pages[1]
    assert says_open(page), words(page)
    assert 'name="form_token"' not in page.text
    assert not says_done(page)
    assert not says_nothing(page)


@survives(6)
def test_killed_before_the_call_it_is_sent_once(action: Action, killed: dict[tuple[str, str], Played]) -> None:
    played = killed[crashes.BEFORE_THE_CALL, action.letter]
    assert_nobody_was_misled(played)
    assert len(played.calls()) == 1
    played.assert_done_once()
    assert played.seconds >= LEASE_SECONDS  # nobody else takes it while the killed one might be at it


@survives(7)
def test_killed_between_the_call_and_its_outcome_it_is_found_to_be_done(
    action: Action, killed: dict[tuple[str, str], Played]
) -> None:
    played = killed[crashes.AFTER_THE_CALL, action.letter]
    assert_nobody_was_misled(played)
    played.assert_done_once()


@survives(8)
def test_killed_after_the_outcome_the_same_form_shows_it(action: Action, killed: dict[tuple[str, str], Played]) -> None:
    played = killed[crashes.AFTER_THE_OUTCOME, action.letter]
    played.assert_done_once()
    assert len(played.calls()) == 1
    assert played.row["looks"] == 0


@pytest.fixture(scope="module")
def reconcilers_killed(servers: Servers, killed: object) -> dict[tuple[str, str], Played]:
    """By point and letter: a worker is killed at the point while it reconciles what got no answer."""
    found = {}
    for point in (crashes.RECONCILER_BEFORE_IT_READS, crashes.RECONCILER_AFTER_THE_CALL):
        servers.crash(point)
        for action in ACTIONS:
            played = found[point, action.letter] = Played(servers, action)
            servers.fail(action, "disconnect")
            played.press()
    servers.reconciled(list(found.values()))
    assert not Path(servers.board.site.environment["CRASH_FILE"]).exists()
    return found


@pytest.mark.parametrize("point", [crashes.RECONCILER_BEFORE_IT_READS, crashes.RECONCILER_AFTER_THE_CALL])
@survives(9)
def test_when_a_worker_is_killed_another_takes_over(
    action: Action, point: str, reconcilers_killed: dict[tuple[str, str], Played]
) -> None:
    reconcilers_killed[point, action.letter].assert_done_once()
