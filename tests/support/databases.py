"""Databases of their own, each a copy of one that was migrated: to migrate takes seconds, to copy does not."""

import atexit
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
MIGRATE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable", database="cache")
"""


class Database:
    """One for data and a file for the cache in `folder`. `server` is a PostgreSQL server's address, "" for SQLite."""

    def __init__(self, folder: Path, server: str) -> None:
        self._folder, self._server = folder, server
        self._name = f"site_{uuid.uuid4().hex}"

    @property
    def environment(self) -> dict[str, str]:
        """Where the site finds it."""
        data = f"sqlite:///{self._folder}/site.sqlite3"
        if self._server:
            data = urlsplit(self._server)._replace(path=f"/{self._name}").geturl()
        return {"DATABASE_URL": data, "CACHE_DATABASE_URL": f"sqlite:///{self._folder}/cache.sqlite3"}

    def migrate(self, environment: dict[str, str]) -> None:
        """Make it from nothing. `environment` holds the keys without which no command starts."""
        if self._server:
            self._tell_server(f"CREATE DATABASE {self._name}")
        started, env = [sys.executable, "-c", MIGRATE], environment | self.environment
        done = subprocess.run(started, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def copy(self, original: "Database") -> None:
        if self._server:
            self._tell_server(f"CREATE DATABASE {self._name} TEMPLATE {original._name}")
        for file in original._folder.glob("*.sqlite3"):
            shutil.copy(file, self._folder)

    def drop(self) -> None:
        if self._server:
            self._tell_server(f"DROP DATABASE {self._name} WITH (FORCE)")

    def _tell_server(self, statement: str) -> None:
        """By way of the database that each server has, as Django does."""
        server = urlsplit(self._server)._replace(path="/postgres").geturl()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(statement)


_originals: dict[str, Database] = {}


def copied(folder: Path, server: str, environment: dict[str, str]) -> Database:
    """A migrated database with nothing in it. What it is copied from is made once by each process, and ends with it."""
    if server not in _originals:
        kept = tempfile.mkdtemp(prefix="revkeen-admin-original-")
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        original = Database(Path(kept), server)
        original.migrate(environment | {"COUNTER_FILE": f"{kept}/journal-counter"})
        atexit.register(original.drop)
        _originals[server] = original
    database = Database(folder, server)
    database.copy(_originals[server])
    return database
