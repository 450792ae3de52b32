"""Databases of their own, each a copy of one that was migrated: to migrate takes seconds, to copy does not."""

import atexit
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
ORIGINALS = "REVKEEN_ADMIN_TEST_ORIGINALS"  # names the folder that all processes of a run have them in
ASKS_FOR_POSTGRES = re.compile(r"mark\.database|@survives\(|@for_each_partner\(")  # these two mark one of their kinds
MIGRATE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable", database="cache")
"""


class Database:
    """One for data and a file for the cache in `folder`. `server` is a PostgreSQL server's address, "" for SQLite."""

    def __init__(self, folder: Path, server: str, name: str) -> None:
        self._folder, self._server, self.name = folder, server, name

    @property
    def environment(self) -> dict[str, str]:
        """Where the site finds it."""
        data = f"sqlite:///{self._folder}/site.sqlite3"
        if self._server:
            data = urlsplit(self._server)._replace(path=f"/{self.name}").geturl()
        return {"DATABASE_URL": data, "CACHE_DATABASE_URL": f"sqlite:///{self._folder}/cache.sqlite3"}

    def migrate(self, environment: dict[str, str]) -> None:
        """Make it from nothing. `environment` holds the keys without which no command starts."""
        if self._server:
            self._tell_server(f"CREATE DATABASE {self.name}")
        started, env = [sys.executable, "-c", MIGRATE], environment | self.environment
        done = subprocess.run(started, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def copy(self, original: "Database") -> None:
        if self._server:
            self._tell_server(f"CREATE DATABASE {self.name} TEMPLATE {original.name}")
        for file in original._folder.glob("*.sqlite3"):
            shutil.copy(file, self._folder)

    def drop(self) -> None:
        if self._server:
            self._tell_server(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def _tell_server(self, statement: str) -> None:
        """By way of the database that each server has, as Django does."""
        server = urlsplit(self._server)._replace(path="/postgres").geturl()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(statement)


def begin() -> None:
    """Have all processes of a run share what they copy; the first one, which starts the others, ends it too."""
    if ORIGINALS not in os.environ:
        os.environ[ORIGINALS] = tempfile.mkdtemp(prefix="revkeen-admin-originals-")
        atexit.register(_end, Path(os.environ[ORIGINALS]))


def _end(originals: Path) -> None:
    for name in originals.glob("*/server"):
        Database(name.parent, name.read_text(), _name_of(name.parent)).drop()
    shutil.rmtree(originals, ignore_errors=True)


def _name_of(kept: Path) -> str:
    return f"original_{kept.parent.name[-8:]}_{kept.name}".lower()


def copied(folder: Path, server: str, environment: dict[str, str]) -> Database:
    """A migrated database with nothing in it."""
    database = Database(folder, server, f"site_{uuid.uuid4().hex}")
    database.copy(original(server, environment))
    return database


def original(server: str, environment: dict[str, str]) -> Database:
    """What is copied: made by whichever process of the run needs one first."""
    begin()
    kept = Path(os.environ[ORIGINALS]) / (hashlib.sha256(server.encode()).hexdigest()[:16] if server else "sqlite")
    kept.mkdir(exist_ok=True)
    database = Database(kept, server, _name_of(kept))
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (kept / "made").exists():
            if server:
                (kept / "server").write_text(server)
            database.migrate(environment | {"COUNTER_FILE": f"{kept}/journal-counter"})
            (kept / "made").touch()
    return database


def asks_for_postgres(path: Path) -> bool:
    """Whether a file of tests may hold one that is marked `database`: others need not be read for PostgreSQL's part."""
    return bool(ASKS_FOR_POSTGRES.search(path.read_text()))
