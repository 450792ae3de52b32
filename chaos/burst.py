"""A thousand changes told by webhooks, twice and shuffled, while servers and workers are killed: all are applied.

RevKeen's events and lists are not read meanwhile, so that nothing else can have told of the changes.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from chaos.dashboard import Dashboard
from tests.support.emulation import Emulator

CHANGES = 1000
KILLED_EVERY = 2.0  # seconds
LONGEST = 300.0  # seconds for all of it
ORDERS = 60

IMPORTED = "SELECT COUNT(*) FROM orders_sweep WHERE kind = 'all' AND as_of IS NULL"
TO_READ = "SELECT COUNT(*) FROM orders_toread"
COPIES = """SELECT COUNT(*) FROM orders_ordercopy AS copy JOIN orders_merchant AS merchant ON merchant.id = merchant_id
    WHERE slug = 'northwind' AND mode = 'live'"""
TAKEN = "SELECT COUNT(*) FROM orders_webhookreceived"

LISTEN = """
import json
from datetime import timedelta
from django.db.models.functions import Now
from orders.models import Connection, IndexState, Sweep, User
from orders.services.webhooks import registration
print("ready"); input()
Sweep.objects.update(due_at=Now() + timedelta(days=1))
IndexState.objects.update(feed_due_at=Now() + timedelta(days=1))
key = Connection.objects.get(merchant__slug="northwind", mode="live", provider="revkeen", active=True)
registration.register(key, User.objects.get(email="both@example.com"))
print(json.dumps(None))
"""

COMPARE = """
import json, sys
from orders.models import Merchant
from tests.support.emulation import RunningEmulator
from tests.support.indexing import differing
print("ready"); input()
place = {"merchant": Merchant.objects.get(slug="northwind"), "mode": "live"}
print(json.dumps(differing(RunningEmulator(sys.argv[1]), **place)))
"""


@dataclass
class Burst:
    taken: int  # events, each of which was posted twice
    wrong: list[str]  # orders that RevKeen has otherwise than the copies, or that one of both lacks
    servers: int  # killed
    workers: int
    seconds: float  # from the first change until the last copy

    @property
    def good(self) -> bool:
        return self.taken == CHANGES and not self.wrong


def measure(folder: Path, *, server: str = "", seed: int = 1) -> Burst:
    """`server` is a PostgreSQL server's address, "" means SQLite."""
    rng = random.Random(seed)
    with Emulator("--orders", str(ORDERS)) as emulator, Dashboard(folder, emulator, server=server) as board:
        _until(lambda: not _count(board, IMPORTED))
        board.site.environment["PUBLIC_URL"] = board.address
        board.site.run(LISTEN)
        emulator.settings(webhook_doubled=True, webhook_order="random", webhook_retries="quick")
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            made = pool.map(lambda _: emulator.make_order(), range(CHANGES))
            _until(lambda: _applied(board), lambda: _kill(board, rng))
            assert len(list(made)) == CHANGES
        seconds = time.monotonic() - began
        wrong = board.site.run(COMPARE, emulator.address)
        return Burst(_count(board, TAKEN), wrong, board.killed["server"], board.killed["reconciler"], seconds)


def _applied(board: Dashboard) -> bool:
    return _count(board, COPIES) >= ORDERS + CHANGES and not _count(board, TO_READ)


def _kill(board: Dashboard, rng: random.Random) -> None:
    """Servers are killed while there is something to take, workers as long as there is something to read."""
    if _count(board, TAKEN) < CHANGES:
        board.kill_server(rng)
    elif rng.random() < 0.2:
        board.kill_reconciler(rng)
    time.sleep(KILLED_EVERY)


def _count(board: Dashboard, statement: str) -> int:
    return int(board.site.rows(statement)[0][0])


def _until(ended: Callable[[], bool], meanwhile: Callable[[], None] = lambda: time.sleep(0.5)) -> None:
    until = time.monotonic() + LONGEST
    while not ended() and time.monotonic() < until:
        meanwhile()
