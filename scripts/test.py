"""`make test`: style, types and the tests; once more on PostgreSQL what depends on the database, if there is one.

Of large products of parameters it runs each value; `make test-full` (`--full`) runs all of it, what is marked `full`
too. TEST_POSTGRES_URL names the server, e.g. postgres://user:password@127.0.0.1:5432/postgres. REQUIRE_POSTGRES=1,
REQUIRE_BROWSER=1 and REQUIRE_NODE=1 turn a missing server, Chromium or npm from a skip into a failure.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.support import databases

BIN = Path(sys.executable).parent

ON_ALL_CORES = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
PYTEST = [str(BIN / "pytest"), *ON_ALL_CORES]
CHECKS = (
    [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    [str(BIN / "ruff"), "check", "--quiet", "."],
    [str(BIN / "mypy"), "--no-error-summary"],
)
# Each of many processes would compile the project's modules, and pytest all that it rewrites, anew.
KEPT_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}


def main() -> int:
    full = "--full" in sys.argv[1:]
    url = os.environ.get("TEST_POSTGRES_URL", "")
    if not _checked_and_prepared(url) or _failed([*PYTEST, *([] if full else ["-m", "not full"])]):
        return 1
    if url:
        return int(_failed([*PYTEST, "-m", "database" if full else "database and not full", *_marked()], url))
    print("\nNot run on PostgreSQL: TEST_POSTGRES_URL is not set.")
    return int(os.environ.get("REQUIRE_POSTGRES") == "1")


def _checked_and_prepared(url: str) -> bool:
    """Style and types take one processor, what the tests need first another one."""
    databases.begin()
    command = [sys.executable, "-m", "tests.support.prepared", *filter(None, [url])]
    with subprocess.Popen(command, env=os.environ | KEPT_COMPILED) as preparing:
        failed = any(map(_failed, CHECKS))
        return preparing.wait() == 0 and not failed


def _marked() -> list[str]:
    """The files that hold a test for PostgreSQL."""
    return [str(path) for path in sorted(Path("tests").rglob("test_*.py")) if databases.asks_for_postgres(path)]


def _failed(command: list[str], url: str = "") -> bool:
    files = sum(argument.endswith(".py") for argument in command)
    shown = [argument for argument in command[1:] if not argument.endswith(".py")]
    print(f"\n$ {Path(command[0]).name} {' '.join(shown)}{f' ({files} files)' if files else ''}", flush=True)
    began = time.monotonic()
    on = {"TEST_DATABASE_URL": url} if url else {}
    failed = subprocess.run(command, env=os.environ | KEPT_COMPILED | on).returncode != 0
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
