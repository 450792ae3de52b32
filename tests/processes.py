"""Processes of their own on a database of their own: what only shows when several of them work at once."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "import django; django.setup()\n"
PASSWORD = "a good password"


class Site:
    """A freshly migrated database, on PostgreSQL where the tests run there, and a shared cache in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._server = os.environ.get("TEST_DATABASE_URL", "")
        self._name = f"site_{uuid.uuid4().hex}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.site_settings",
            "DATABASE_URL": self._make_database(folder),
            "CACHE_URL": "",
            "CACHE_DATABASE_URL": f"sqlite:///{folder}/cache.sqlite3",
            "EMAIL_URL": "dummymail://",
            "PLAIN_HTTP": "1",
            "LOG_LEVEL": "ERROR",
        }
        self.manage("migrate", "-v0")
        self.manage("createcachetable", "--database=cache")

    def drop(self) -> None:
        if self._server:
            self._tell_server(f"DROP DATABASE {self._name} WITH (FORCE)")

    def add_admin(self, email: str) -> None:
        person = (f"--email={email}", "--name=Somebody", "--merchant=X")
        self.manage("create_admin", "--no-input", *person, ADMIN_PASSWORD=PASSWORD)

    def manage(self, *arguments: str, **environment: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        env = self.environment | environment
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, script: str, *arguments: str) -> Any:
        """What `script` prints as JSON."""
        return self.run_together(script, [arguments])[0]

    def run_together(self, script: str, arguments: list[tuple[str, ...]]) -> list[Any]:
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
        return [json.loads(process.communicate(timeout=60)[0]) for process in processes]

    def _make_database(self, folder: Path) -> str:
        if not self._server:
            return f"sqlite:///{folder}/site.sqlite3"
        self._tell_server(f"CREATE DATABASE {self._name}")
        return urlsplit(self._server)._replace(path=f"/{self._name}").geturl()

    def _tell_server(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)


# At the beginning of a script, after its imports: wait until all the others are ready too.
READY = "import sys; print('ready', flush=True); sys.stdin.readline()\n"
