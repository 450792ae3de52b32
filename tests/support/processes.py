"""Processes of their own on a database of their own: what only shows when several of them work at once."""

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.support.databases import ROOT, copied

BEGIN = "import django; django.setup()\n"
PASSWORD = "a good password"
ADD_ADMINS = """
import sys
from django.core.management import call_command
for email in sys.argv[1:]:
    call_command("create_admin", "--no-input", f"--email={email}", "--name=Somebody", "--merchant=X")
"""

USUAL_PLACE = "postgres://postgres@127.0.0.1:5432/postgres"


def postgres_server() -> str:
    """The PostgreSQL server that TEST_POSTGRES_URL names, or one that answers at its usual place; "" for none."""
    server = os.environ.get("TEST_POSTGRES_URL", USUAL_PLACE)
    try:
        psycopg.connect(server, connect_timeout=2).close()
    except psycopg.OperationalError:
        return ""
    return server


def site_environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.site_settings",
        "CACHE_URL": "",
        "COUNTER_FILE": f"{folder}/journal-counter",
        "EMAIL_URL": "dummymail://",
        "PAGES_PER_MINUTE": "1000000",
        "PLAIN_HTTP": "1",
        "LOG_LEVEL": "ERROR",
    }


class Site:
    """A freshly migrated database, on PostgreSQL where the tests run there, and a shared cache in `folder`.

    `server` is the address of a PostgreSQL server, "" for SQLite; `environment` goes before what stands here.
    """

    def __init__(self, folder: Path, server: str | None = None, **environment: str) -> None:
        environment = site_environment(folder) | environment
        server = os.environ.get("TEST_DATABASE_URL", "") if server is None else server
        self._database = copied(folder, server, environment)
        self.environment = environment | self._database.environment

    def drop(self) -> None:
        self._database.drop()

    def add_admins(self, *emails: str) -> None:
        """Of merchant X, in one process."""
        self._start("-c", BEGIN + ADD_ADMINS, *emails, ADMIN_PASSWORD=PASSWORD)

    def manage(self, *arguments: str) -> str:
        return self._start("manage.py", *arguments)

    def _start(self, *command: str, **environment: str) -> str:
        env = self.environment | environment
        started = [sys.executable, *command]
        done = subprocess.run(started, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database itself says: for what is asked again and again, since a process takes a second to start."""
        address = self.environment["DATABASE_URL"]
        if address.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(urlsplit(address).path)) as file:
                return file.execute(statement).fetchall()
        with psycopg.connect(address) as connection:
            return connection.execute(statement).fetchall()

    def run(self, script: str, *arguments: str, timeout: float = 60) -> Any:
        """What `script` prints as JSON."""
        return self.run_together(script, [arguments], timeout)[0]

    def run_together(self, script: str, arguments: list[tuple[str, ...]], timeout: float = 60) -> list[Any]:
        """Run one process for each of `arguments`; they begin together, as soon as all are ready."""
        command = [sys.executable, "-c", BEGIN + script]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        processes = [
            subprocess.Popen([*command, *given], cwd=ROOT, env=self.environment, **pipes) for given in arguments
        ]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        return [json.loads(process.communicate(timeout=timeout)[0]) for process in processes]


# At the beginning of a script, after its imports: wait until all the others are ready too.
READY = "import sys; print('ready', flush=True); sys.stdin.readline()\n"


@contextlib.contextmanager
def served(site: Site, *, workers: int = 2, threads: int = 32) -> Iterator[int]:
    """The dashboard under gunicorn, as in production; the port it answers at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "revkeen_admin.wsgi", "--bind", f"127.0.0.1:{port}"]
    size = ["--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads), "--timeout", "60"]
    options = [*size, "--graceful-timeout", "2", "--no-control-socket", "--log-level", "critical"]
    server = subprocess.Popen([*command, *options], cwd=ROOT, env=site.environment | {"ALLOWED_HOSTS": "127.0.0.1"})
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield port
    finally:
        server.terminate()
        server.wait(15)


def gunicorn_workers(port: int) -> list[int]:
    """The ids of the processes that answer at this port: children of the one that was started for it."""
    named = {int(path.parent.name): path for path in Path("/proc").glob("[0-9]*/stat")}
    ours = {pid: path.read_text().rpartition(")")[2].split() for pid, path in named.items() if _serves(pid, port)}
    return [pid for pid, facts in ours.items() if int(facts[1]) in ours]


def _serves(pid: int, port: int) -> bool:
    with contextlib.suppress(OSError):
        return f"127.0.0.1:{port}\0".encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            return urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
