"""Processes of their own on a database of their own: what only shows when several of them work at once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "import django; django.setup()\n"


class Site:
    """A freshly migrated database and a shared cache in `folder`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.database = folder / "site.sqlite3"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.site_settings",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "CACHE_URL": "",
            "CACHE_DATABASE_URL": f"sqlite:///{folder}/cache.sqlite3",
            "LOG_LEVEL": "ERROR",
            **environment,
        }
        self.manage("migrate", "-v0")
        self.manage("createcachetable", "--database=cache")

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


# At the beginning of a script, after its imports: wait until all the others are ready too.
READY = "import sys; print('ready', flush=True); sys.stdin.readline()\n"
