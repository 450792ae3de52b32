"""`kill -9` at random moments of an import: after each that came to its end, every row is held against RevKeen's."""

from dataclasses import dataclass
from pathlib import Path

from bench.partner_updates import site
from tests.support.emulation import Emulator

ORDERS = 3000
PAGES = ORDERS // 100
ALLOWED = 1.2  # times those pages, and two more for each kill: the one that is written, and the one read ahead

# A child imports, its parent kills it: what it had not committed is gone, and its lease runs out, which is not
# waited for here.
KILL = """
import json, os, random, signal, sys, time
from django.conf import settings
from django.db import connection, connections
from orders.models import Connection, IndexState, Merchant, OrderCopy, OrderLineCopy, Sweep
from orders.services.index import forgetting
from orders.services.sync import feed, turns, work
from tests.support.emulation import RunningEmulator
from tests.support.indexing import derived_otherwise, differing
print("ready"); input()
kills, seed, address = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
settings.REVKEEN_CALLS_A_MINUTE = {"live": 10_000_000, "test": 10_000_000}
place = {"merchant": Merchant.objects.get(slug="northwind"), "mode": "live"}
Connection.objects.exclude(**place).delete()
rng, emulator = random.Random(seed), RunningEmulator(address)
imports, compared, wrong, killed = 0, 0, [], 0
turns.begin_new()

def child():
    while (state := turns.claim()) is not None and Sweep.objects.get(kind="all", **place).as_of is None:
        work.work(state, time.sleep)
    os._exit(0)

def compare():
    global imports, compared
    imports += 1
    compared += OrderCopy.objects.filter(**place).count()
    wrong.extend(differing(emulator, **place) + derived_otherwise(**place))

while killed < kills:
    IndexState.objects.update(lease_until=None, wait_until=None)
    if Sweep.objects.get(kind="all", **place).as_of is not None:
        compare()
        forgetting.forget(**place)
        turns.begin_new()
    connections.close_all()
    if connection.vendor == "postgresql":
        connection.close_pool()  # else parent and child speak on the same sockets
    pid = os.fork()
    if pid == 0:
        try:
            child()
        finally:
            os._exit(1)
    time.sleep(rng.uniform(0.02, 1.0))
    os.kill(pid, signal.SIGKILL)
    killed += os.WIFSIGNALED(os.waitpid(pid, 0)[1])
IndexState.objects.update(lease_until=None, wait_until=None)
while Sweep.objects.get(kind="all", **place).as_of is None:
    state = turns.claim()
    work.work(state, time.sleep)
compare()
print(json.dumps([killed, imports, compared, wrong[:20]]))
"""


@dataclass
class Imports:
    killed: int
    imports: int
    compared: int  # rows
    wrong: list[
        str
    ]  # ids of orders that were missing, doubled, other than RevKeen's, or not to be found by their terms
    calls: int  # pages of orders asked for

    @property
    def allowed(self) -> float:
        return ALLOWED * PAGES * self.imports + 2 * self.killed

    @property
    def good(self) -> bool:
        return not self.wrong and self.imports > 0 and self.calls <= self.allowed


def measure(folder: Path, kills: int, *, server: str = "", seed: int = 1) -> Imports:
    """`server` is a PostgreSQL server's address, "" means SQLite."""
    with Emulator("--orders", str(ORDERS)) as emulator, site(folder, emulator, server) as ours:
        emulator.forget_calls()
        found = ours.run(KILL, str(kills), str(seed), emulator.address, timeout=3600)
        own = [call for call in emulator.calls() if _is_a_page(call)]
        compared = found[1] * (PAGES + 1)  # pages that the comparison asked for
        return Imports(*found, calls=len(own) - compared)


def _is_a_page(call: dict[str, object]) -> bool:
    return call["method"] == "GET" and str(call["path"]).split("?")[0].endswith("/orders")
