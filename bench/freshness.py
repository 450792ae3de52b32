"""How soon a change made elsewhere is in the copies: told by webhook, by the feed alone, and by neither.

The intervals are the real ones, so it takes minutes: two, and with BENCH_SWEEPS=1 another nine, in which changes are
found that nothing tells of. All three are measured at the same time, each with a key of its own.
"""

import os
import random
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.partner_updates import site
from tests.support.emulation import Emulator
from tests.support.processes import ROOT, Site, served

TOLD_SECONDS = 120.0  # during which changes are made that something tells of
UNTOLD_SECONDS = 300.0  # likewise that nothing tells of: as long as one round of passes
LONGEST = 400.0  # until a change counts as missed
CHANGES = 60  # of each way, each of another order
API_MS = 50
SWEEPS = os.environ.get("BENCH_SWEEPS") == "1"
SCOPES = ["orders:read", "customers:read", "payments:read", "refunds:read", "invoices:read", "products:read"]

SET_UP = """
import json, sys
from orders.models import Connection, User
from orders.services.webhooks import registration
print("ready"); input()
Connection.objects.filter(merchant__slug="kestrel", mode="test").update(active=False)
key = Connection.objects.get(merchant__slug="northwind", mode="live", provider="revkeen", active=True)
registration.register(key, User.objects.get(email="both@example.com"))
print(json.dumps(None))
"""
IMPORTED = "SELECT COUNT(*) FROM orders_sweep WHERE kind = 'payments' AND as_of IS NOT NULL"
FOUND = "SELECT notes FROM orders_ordercopy WHERE notes IN ({})"


@dataclass
class Way:
    """One way to hear of changes, with the key of the shop where they are made."""

    words: str
    key: str
    bound: float  # seconds, the published p95
    seconds: float
    told: bool
    made: dict[str, float] = field(default_factory=dict)  # note → when it was written
    found: dict[str, float] = field(default_factory=dict)  # note → seconds until it was in the copy
    orders: list[str] = field(default_factory=list)  # to be changed


WAYS = [
    Way("told by webhook", "rk_live_northwind_demo", 15, TOLD_SECONDS, told=True),
    Way("told by the feed alone", "rk_live_kestrel_demo", 40, TOLD_SECONDS, told=True),
    Way("told by nothing", "rk_sandbox_northwind_demo", 360, UNTOLD_SECONDS, told=False),
]


def freshness(folder: Path) -> Iterator[tuple[str, float, float, str, bool]]:
    """(what, figure, bound, unit, whether at least so much)."""
    ways = [way for way in WAYS if way.told or SWEEPS]
    with Emulator("--orders", "300") as emulator, site(folder, emulator) as ours, served(ours) as port:
        ours.environment["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        for way in ways:
            way.orders = [emulator.make_order(way.key)["id"] for _ in range(CHANGES)]
        emulator.settings(latency=str(API_MS))
        emulator.set_scopes("rk_sandbox_northwind_demo", SCOPES)
        ours.run(SET_UP)
        worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=ours.environment)
        try:
            _wait_for_imports(ours)
            _measure(emulator, ours, ways)
        finally:
            worker.terminate()
            worker.wait()
    for way in ways:
        yield from _figures(way)


def _wait_for_imports(ours: Site) -> None:
    until = time.monotonic() + LONGEST
    while ours.rows(IMPORTED)[0][0] < len(WAYS) and time.monotonic() < until:
        time.sleep(0.5)


def _measure(emulator: Emulator, ours: Site, ways: list[Way]) -> None:
    changers = [threading.Thread(target=_change, args=(emulator, way)) for way in ways]
    for changer in changers:
        changer.start()
    until = time.monotonic() + LONGEST + max(way.seconds for way in ways)
    while time.monotonic() < until and (any(changer.is_alive() for changer in changers) or _open(ways)):
        _look(ours, ways)
        time.sleep(0.1)


def _change(emulator: Emulator, way: Way) -> None:
    """One order after another, at random moments."""
    rng = random.Random(7)
    for order_id in way.orders:
        time.sleep(rng.uniform(0, 2 * way.seconds / CHANGES))
        note = str(uuid.uuid4())
        if way.told:
            emulator.send(f"/orders/{order_id}", {"notes": note}, way.key, method="PATCH")
        else:
            emulator.patch("orders", order_id, notes=note)
        way.made[note] = time.monotonic()


def _open(ways: list[Way]) -> list[str]:
    return [note for way in ways for note in list(way.made) if note not in way.found]


def _look(ours: Site, ways: list[Way]) -> None:
    wanted = _open(ways)
    if not wanted:
        return
    notes = {row[0] for row in ours.rows(FOUND.format(", ".join(f"'{note}'" for note in wanted)))}
    now = time.monotonic()
    for way in ways:
        way.found |= {note: now - way.made[note] for note in notes & way.made.keys() if note not in way.found}


def _figures(way: Way) -> Iterator[tuple[str, float, float, str, bool]]:
    seconds = sorted(way.found.get(note, LONGEST) for note in way.made)
    p95 = seconds[min(len(seconds) - 1, len(seconds) * 95 // 100)]
    print(f"{way.words}: {len(seconds)} changes, p50 {statistics.median(seconds):.1f} s, worst {seconds[-1]:.1f} s")
    yield f"A change elsewhere in the copies, {way.words}, p95", p95, way.bound, "s", False
