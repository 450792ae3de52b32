"""Emulator, dashboard and worker together, in one folder: for the demo, the browser tests and the benchmarks.

A folder holds an `env` file with random keys, both databases and the static files. It is made under another name and
renamed when complete, so that its parts always belong together.
"""

import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
AFTER_PAGES = ("nice", "-n", "5")  # whoever waits for a page goes before what is done in the background
STOP_SECONDS = 15.0


class NotStarted(Exception):
    """One of the processes ended or did not answer in time; the text holds its last words."""


@dataclass
class Stack:
    folder: Path
    port: int
    emulator_port: int
    emulator_options: Sequence[str] = ("--limits", "off")
    workers: int = 2
    undo_seconds: int = 10  # seconds in which what was fulfilled can be undone
    seed_options: Sequence[str] = ()  # of seed_demo, what it makes beside people and keys
    settings: str = "revkeen_admin.settings"
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """With a name, because passkeys refuse bare addresses."""
        return f"http://localhost:{self.port}"

    @property
    def emulator_address(self) -> str:
        return f"http://127.0.0.1:{self.emulator_port}"

    def make(self) -> None:
        """Make the folder, unless it is there. What is made halfway is thrown away."""
        if self.folder.exists():
            self._check_whole()
            return
        making = Path(tempfile.mkdtemp(prefix=f"{self.folder.name}-", dir=self.folder.parent))
        try:
            _write_env(making / "env")
            parts = replace(self, folder=making, processes={})
            try:
                parts.start_emulator()
                seed = ["seed_demo", f"--undo-seconds={self.undo_seconds}", *self.seed_options]
                for command in (["migrate"], ["createcachetable", "--database", "cache"], seed):
                    parts.manage(*command)
            finally:
                parts.stop()
            making.rename(self.folder)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise

    def start(self) -> None:
        """Start all three; return when the dashboard may be given requests."""
        self.start_emulator()
        self.manage("migrate")
        self.manage("collectstatic", "--no-input")
        self.start_dashboard()
        self._run("worker", [*AFTER_PAGES, sys.executable, "manage.py", "worker"])

    def start_emulator(self) -> None:
        state = self.folder / "emulator.sqlite3"
        command = [sys.executable, "-m", "emulator", "--port", str(self.emulator_port), "--state", str(state)]
        self._run("emulator", [*command, *self.emulator_options])
        self._wait_for("emulator", f"{self.emulator_address}/_emulator/settings")

    def start_dashboard(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "revkeen_admin.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        options = ["--worker-class", "gthread", "--workers", str(self.workers), "--threads", "32", "--timeout", "60"]
        self._run("dashboard", [*command, *options, "--no-control-socket", "--log-level", "warning"])
        self._wait_for("dashboard", f"http://127.0.0.1:{self.port}/readyz")

    def manage(self, *command: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self.environment, capture_output=True
        )
        if done.returncode != 0:
            raise SystemExit(f"manage.py {command[0]} failed:\n{done.stdout.decode()}{done.stderr.decode()}")

    def watch(self) -> str:
        """Wait until one of the processes ends, and say which."""
        while True:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    return name
            time.sleep(0.2)

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    @property
    def environment(self) -> dict[str, str]:
        api = f"{self.emulator_address}/revkeen/v2"
        return (
            os.environ
            | _read_env(self.folder / "env")
            | {
                "DATABASE_URL": os.environ.get("STACK_DATABASE_URL", f"sqlite:///{self.folder}/dashboard.sqlite3"),
                "CACHE_DATABASE_URL": f"sqlite:///{self.folder}/cache.sqlite3",
                "COUNTER_FILE": str(self.folder / "journal-counter"),
                "CACHE_URL": "",
                "STATIC_ROOT": str(self.folder / "static"),
                "ALLOWED_HOSTS": "localhost,127.0.0.1",
                "PUBLIC_URL": self.address,
                "PLAIN_HTTP": "1",
                "REVKEEN_LIVE_URL": api,
                "REVKEEN_TEST_URL": api,
                "DIGITAL_RIVER_URL": f"{self.emulator_address}/digital-river",
                "ORDER_PROTECTION_URL": f"{self.emulator_address}/order-protection",
                "DJANGO_SETTINGS_MODULE": self.settings,
            }
        )

    def _check_whole(self) -> None:
        parts = ["env", "emulator.sqlite3"]
        if "STACK_DATABASE_URL" not in os.environ:
            parts.append("dashboard.sqlite3")
        missing = [part for part in parts if not (self.folder / part).exists()]
        if missing:
            name = self.folder.name
            raise SystemExit(f"{name} is not whole: {missing[0]} is missing. `make demo-reset` forgets it.")

    def _run(self, name: str, command: list[str]) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        # A session of its own: an interrupt in the terminal reaches us alone, and we stop them in order.
        self.processes[name] = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        log.close()

    def _wait_for(self, name: str, url: str) -> None:
        until = time.monotonic() + READY_SECONDS
        while not _answers(url):
            if self.processes[name].poll() is not None or time.monotonic() > until:
                tail = (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]
                self.stop()
                raise NotStarted(f"The {name} did not start:\n{tail}")
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  (our own address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _write_env(path: Path) -> None:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    path.touch(mode=0o600)
    path.write_text(f"SECRET_KEY={secrets.token_urlsafe(50)}\nFIELD_ENCRYPTION_KEYS={key}\n")


def _read_env(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line)
