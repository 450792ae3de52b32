"""`make chaos`: prints what it did and measured, writes it to a file, and fails when anything was done twice or lost.

    python -m chaos [part …] [--trials 2000] [--job-rows 1000] [--seed 1] [--report FILE]

Parts: sqlite, postgres, naive, partners-sqlite, partners-postgres, accounting-sqlite, accounting-postgres, approvals,
jobs, machine, reconcile-time, heavy-answers, full-disk, slow-merchant. Without any, all.
PostgreSQL is the server that TEST_POSTGRES_URL names, or one that answers at its usual place.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chaos import accounting, approvals, burst, full_disk, heavy_answers, imports, jobs, partners, slow_merchant, trials
from chaos import reconcile_time as reconciling
from chaos.report import (
    Report,
    accounting_of,
    approvals_of,
    beside_of,
    burst_of,
    filled_of,
    growth_of,
    imports_of,
    index_machine_of,
    jobs_of,
    machine_of,
    partners_of,
    table_of,
    waits_of,
)
from tests.support.processes import postgres_server

MACHINE_RUNS, MACHINE_STEPS = 500, 50
INDEX_RUNS, INDEX_STEPS = 200, 50
SHIPMENTS, KILLS = 300, 100
IMPORT_KILLS = 200
ACCOUNTING_KILLS = 200
APPROVALS = 200
JOB_ROWS = 1_000  # a tenth of them bad, and a worker killed for each twentieth


def main() -> int:
    options = _options()
    report = Report()
    for name in options.parts or PARTS:
        print(f"\n{name} …", flush=True)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            PARTS[name](Path(folder), options, report)
        print(f"{name} took {time.monotonic() - started:.0f} s")
    if options.report:
        options.report.write_text(report.text)
    print(f"\n{report.verdict}")
    return 0 if report.good else 1


def sqlite(folder: Path, options: argparse.Namespace, report: Report) -> None:
    report.add(table_of("SQLite", trials.run(folder, options.trials, seed=options.seed)))


def postgres(folder: Path, options: argparse.Namespace, report: Report) -> None:
    server = postgres_server()
    if server:
        report.add(table_of("PostgreSQL", trials.run(folder, options.trials, server=server, seed=options.seed)))
    else:
        report.skip("PostgreSQL: there is no server; TEST_POSTGRES_URL names one")


def naive(folder: Path, options: argparse.Namespace, report: Report) -> None:
    run = trials.run(folder, options.naive_trials, seed=options.seed, naive=True)
    report.add(table_of("A fresh key for each attempt, no lock", run, naive=True))


def partners_sqlite(folder: Path, options: argparse.Namespace, report: Report) -> None:
    report.add(partners_of("Three systems, SQLite", partners.run(folder, SHIPMENTS, KILLS, seed=options.seed)))


def partners_postgres(folder: Path, options: argparse.Namespace, report: Report) -> None:
    server = postgres_server()
    if server:
        run = partners.run(folder, SHIPMENTS, KILLS, server=server, seed=options.seed)
        report.add(partners_of("Three systems, PostgreSQL", run))
    else:
        report.skip("Three systems, PostgreSQL: there is no server; TEST_POSTGRES_URL names one")


def accounting_sqlite(folder: Path, options: argparse.Namespace, report: Report) -> None:
    report.add(
        accounting_of("The accounting feed, SQLite", accounting.run(folder, ACCOUNTING_KILLS, seed=options.seed))
    )


def accounting_postgres(folder: Path, options: argparse.Namespace, report: Report) -> None:
    server = postgres_server()
    if server:
        run = accounting.run(folder, ACCOUNTING_KILLS, server=server, seed=options.seed)
        report.add(accounting_of("The accounting feed, PostgreSQL", run))
    else:
        report.skip("The accounting feed, PostgreSQL: there is no server; TEST_POSTGRES_URL names one")


def reconcile_time(folder: Path, options: argparse.Namespace, report: Report) -> None:
    for words, outage in reconciling.OUTAGES.items():
        inner = folder / words.replace(" ", "-")
        inner.mkdir()
        report.add(waits_of(words, reconciling.measure(inner, outage)))


def heavy(folder: Path, options: argparse.Namespace, report: Report) -> None:
    report.add(growth_of(*heavy_answers.measure(folder)))


def disk(folder: Path, options: argparse.Namespace, report: Report) -> None:
    report.add(filled_of(*full_disk.measure(folder)))


def slow(folder: Path, options: argparse.Namespace, report: Report) -> None:
    report.add(beside_of(slow_merchant.measure(folder)))


def machine(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """In two processes, each with half of the runs and a seed of its own."""
    runs = {"STATE_MACHINE_RUNS": str(MACHINE_RUNS // 2), "STATE_MACHINE_STEPS": str(MACHINE_STEPS)}
    command = [sys.executable, "-m", "pytest", "-q", "--show-capture=no", "tests/changes/test_state_machine.py"]
    halves = [
        subprocess.Popen([*command, f"--hypothesis-seed={options.seed + half}"], env=os.environ | runs)
        for half in range(2)
    ]
    report.add(machine_of(MACHINE_RUNS, MACHINE_STEPS, [half.wait() for half in halves]))


def index(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """On each engine that there is: imports that are killed, and a burst of webhooks."""
    servers = {"SQLite": "", **({"PostgreSQL": postgres_server()} if postgres_server() else {})}
    for engine, server in servers.items():
        for part in ("imports", "burst"):
            (folder / f"{engine}-{part}").mkdir()
        found = imports.measure(folder / f"{engine}-imports", IMPORT_KILLS, server=server, seed=options.seed)
        report.add(imports_of(engine, found))
        report.add(burst_of(engine, burst.measure(folder / f"{engine}-burst", server=server, seed=options.seed)))


def above_a_limit(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """On each engine that there is."""
    servers = {"SQLite": "", **({"PostgreSQL": postgres_server()} if postgres_server() else {})}
    for engine, server in servers.items():
        (folder / engine).mkdir()
        found = approvals.run(folder / engine, APPROVALS, server=server, seed=options.seed)
        report.add(approvals_of(f"Approvals, {engine}", found))


def many_at_once(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """On each engine that there is, with workers killed; and once with none, for its time."""
    servers = {"SQLite": "", **({"PostgreSQL": postgres_server()} if postgres_server() else {})}
    rows = options.job_rows
    for engine, server in servers.items():
        (folder / engine).mkdir()
        found = jobs.run(folder / engine, rows, rows // 10, rows // 20, server=server, seed=options.seed)
        report.add(jobs_of(f"A job, {engine}", found))
    (folder / "time").mkdir()
    report.add(jobs_of("A job, nobody killed", jobs.run(folder / "time", rows, rows // 10, 0, seed=options.seed)))


def index_machine(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """In two processes with a seed each, the second on PostgreSQL where there is a server."""
    runs = {"INDEX_MACHINE_RUNS": str(INDEX_RUNS // 2), "INDEX_MACHINE_STEPS": str(INDEX_STEPS)}
    command = [sys.executable, "-m", "pytest", "-q", "--show-capture=no", "tests/index/test_any_order.py"]
    server = postgres_server()
    own = f"{server.rsplit('/', 1)[0]}/chaos_index_{os.getpid()}" if server else ""
    places = [{}, {"TEST_DATABASE_URL": own} if own else {}]
    halves = [
        subprocess.Popen([*command, f"--hypothesis-seed={options.seed + half}"], env=os.environ | runs | place)
        for half, place in enumerate(places)
    ]
    report.add(index_machine_of(INDEX_RUNS, INDEX_STEPS, [half.wait() for half in halves]))


PARTS: dict[str, Callable[[Path, argparse.Namespace, Report], None]] = {
    "sqlite": sqlite,
    "postgres": postgres,
    "naive": naive,
    "partners-sqlite": partners_sqlite,
    "partners-postgres": partners_postgres,
    "accounting-sqlite": accounting_sqlite,
    "accounting-postgres": accounting_postgres,
    "approvals": above_a_limit,
    "jobs": many_at_once,
    "machine": machine,
    "index": index,
    "index-machine": index_machine,
    "reconcile-time": reconcile_time,
    "heavy-answers": heavy,
    "full-disk": disk,
    "slow-merchant": slow,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("chaos", description="Kill it, fail it, fill it; then compare the books.")
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--naive-trials", type=int, default=150)
    parser.add_argument("--job-rows", type=int, default=JOB_ROWS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
