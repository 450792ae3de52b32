"""The dashboard as processes that can be killed: gunicorn with two workers, two `manage.py worker`, one database."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from chaos import books
from chaos.books import Row
from scripts.stack import free_port
from tests.support.emulation import RunningEmulator
from tests.support.processes import ROOT, Site

READY_SECONDS = 60.0

SETTINGS = {
    "SECRET_KEY": "only-for-chaos-" + "x" * 40,
    "FIELD_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "ALLOWED_HOSTS": "127.0.0.1",
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "WARNING",
}
DEADLINES = ("REVKEEN_READ_SECONDS", "REVKEEN_CHANGE_SECONDS")


class Dashboard:
    """Started with the `with` block and ended with it. `server` is a PostgreSQL server's address, "" means SQLite.

    `seconds` is what a call to RevKeen may take: little, so that hangs do not dominate; None is as in production.
    `environment` goes before the settings here. `undo_seconds`: those in which what was fulfilled can be undone.
    """

    def __init__(
        self,
        folder: Path,
        emulator: RunningEmulator,
        *,
        server: str = "",
        settings: str = "tests.site_settings",
        workers: int = 2,
        threads: int = 16,
        reconcilers: int = 2,
        seconds: float | None = 1.0,
        environment: dict[str, str] | None = None,
        undo_seconds: int = 0,
    ) -> None:
        api = {
            "REVKEEN_LIVE_URL": emulator.api,
            "REVKEEN_TEST_URL": emulator.api,
            "DIGITAL_RIVER_URL": emulator.digital_river,
            "ORDER_PROTECTION_URL": emulator.order_protection,
        }
        short = {} if seconds is None else dict.fromkeys(DEADLINES, str(seconds))
        self.site = Site(
            folder, server, **SETTINGS | api | short | (environment or {}) | {"DJANGO_SETTINGS_MODULE": settings}
        )
        self.site.manage("seed_demo", f"--undo-seconds={undo_seconds}")
        self.folder, self.port, self._size = folder, free_port(), (workers, threads)
        self.killed = {"server": 0, "reconciler": 0}
        self._reconcilers: list[subprocess.Popen[bytes]] = []
        self._reconciler_count = reconcilers
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Dashboard":
        self._master = self._start("gunicorn", *self._gunicorn())
        self._reconcilers = [self._start_reconciler() for _ in range(self._reconciler_count)]
        until = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self._master.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The dashboard did not start:\n{self.log()[-3000:]}")
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(self.log()[-5000:])
        for process in (self._master, *self._reconcilers):
            process.terminate()
        for process in (self._master, *self._reconcilers):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.site.drop()

    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers that live now."""
        return _children(self._master.pid)

    def kill_server(self, rng: random.Random) -> None:
        """`kill -9` one of gunicorn's workers; gunicorn starts another."""
        workers = self.workers()
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(workers), signal.SIGKILL)
                self.killed["server"] += 1

    def kill_reconciler(self, rng: random.Random) -> None:
        """`kill -9` one `manage.py worker`, and start another, as a service manager does."""
        with self._lock:
            place = rng.randrange(len(self._reconcilers))
            self._reconcilers[place].kill()
            self._reconcilers[place].wait()
            self._reconcilers[place] = self._start_reconciler()
            self.killed["reconciler"] += 1

    def reconciled(self, seconds: float) -> list[Row]:
        """The journal once nothing is open that a machine may reconcile, or when the time for that is over."""
        until = time.monotonic() + seconds
        while books.is_open(self.site) and time.monotonic() < until:
            time.sleep(0.2)
        return books.read_journal(self.site)

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def _gunicorn(self) -> tuple[str, ...]:
        bind = ("-m", "gunicorn", "chaos.wsgi", "--bind", f"127.0.0.1:{self.port}", "--preload")
        workers, threads = self._size
        kind = ("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads))
        return (*bind, *kind, "--timeout", "60", "--no-control-socket", "--log-level", "critical")

    def _start_reconciler(self) -> subprocess.Popen[bytes]:
        return self._start("reconciler", "manage.py", "worker")

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self.site.environment, stdout=log, stderr=log
            )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in found.stdout.split()]
