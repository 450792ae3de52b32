"""A worker with nothing to do: the processor time that it takes, and how soon it begins what is new."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from bench.partner_updates import BEGIN, STORES, site, sold
from tests.support.emulation import Emulator
from tests.support.processes import ROOT, Site, postgres_server

QUIET_SECONDS = 30.0  # until it has asked for the names of a fresh installation and imported its orders
IDLE_SECONDS = 60.0
TIMES = 12

# Writes down one parcel after the other, and prints for each how many seconds later a worker was at it.
BEGUN = (
    BEGIN
    + """
import random, time
Connection.objects.exclude(provider="revkeen").update(active=True)
taken = []
for slug, mode, order_id, line_id, number in json.load(open(sys.argv[1])):
    time.sleep(random.uniform(1, 2))
    rows = [ship(slug, mode, order_id, 1, line_id, f"dri_{number}", 1)]
    keep(rows)
    where = {"merchant": merchants[slug], "mode": mode, "order_id": order_id, "partner_order_id": f"dro_{number}"}
    partner_update = PartnerUpdate.objects.create(shipment=rows[0][1], destination="digital_river", **where)
    committed = time.monotonic()
    while PartnerUpdate.objects.get(pk=partner_update.pk).state == "waiting":
        time.sleep(0.01)
    taken.append(time.monotonic() - committed)
print(json.dumps(sorted(taken)))
"""
)


def idle(folder: Path) -> Iterator[tuple[str, float, float, str]]:
    """(what, figure, bound, unit)."""
    servers = {"SQLite": "", **({"PostgreSQL": server} if (server := postgres_server()) else {})}
    with Emulator("--orders", "60") as emulator:
        for engine, server in servers.items():
            with site(folder, emulator, server) as ours:
                share, taken = _of_a_worker(folder, ours, emulator)
            median, longest = taken[len(taken) // 2], taken[-1]
            print(f"{engine}: idle {100 * share:.2f} % of a core; begun after {median:.2f} s, at most {longest:.2f} s")
            yield f"A worker with nothing to do, {engine}, share of a core", 100 * share, 0.5, "%"
            yield f"New work is begun after, {engine}, longest of {TIMES}", longest, 1, "s"


def _of_a_worker(folder: Path, ours: Site, emulator: Emulator) -> tuple[float, list[float]]:
    """The share of a core that an idle worker takes, and the seconds until it began each of some new partner
    updates.
    """
    process = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=ours.environment)
    try:
        time.sleep(QUIET_SECONDS)
        before = _processor_seconds(process.pid)
        time.sleep(IDLE_SECONDS)
        share = (_processor_seconds(process.pid) - before) / IDLE_SECONDS
        return share, _begun(folder, ours, emulator)
    finally:
        process.terminate()
        process.wait()


def _begun(folder: Path, ours: Site, emulator: Emulator) -> list[float]:
    orders = [[*STORES[number % len(STORES)], *sold(emulator, number, 1)] for number in range(TIMES)]
    file = folder / f"{uuid.uuid4()}.json"
    file.write_text(json.dumps(orders))
    taken: list[float] = ours.run(BEGUN, str(file), timeout=300)
    return taken


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
