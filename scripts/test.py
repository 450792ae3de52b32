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

BIN = Path(sys.executable).parent

ON_ALL_CORES = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
PYTEST = [str(BIN / "pytest"), *ON_ALL_CORES]
NO_DATABASE = ["--ignore=tests/browser", "--ignore=tests/emulator"]  # need not even be collected for it
CHECKS = (
    [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    [str(BIN / "ruff"), "check", "--quiet", "."],
    [str(BIN / "mypy"), "--no-error-summary"],
)
# Each of many processes would compile the project's modules, and pytest all that it rewrites, anew.
KEPT_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}


def main() -> int:
    full = "--full" in sys.argv[1:]
    everywhere = [*PYTEST, *([] if full else ["-m", "not full"])]
    if any(_failed(command, {}) for command in (*CHECKS, everywhere)):
        return 1
    url = os.environ.get("TEST_POSTGRES_URL")
    if url:
        on_postgres = [*PYTEST, *NO_DATABASE, "-m", "database" if full else "database and not full"]
        return int(_failed(on_postgres, {"TEST_DATABASE_URL": url}))
    print("\nNot run on PostgreSQL: TEST_POSTGRES_URL is not set.")
    return int(os.environ.get("REQUIRE_POSTGRES") == "1")


def _failed(command: list[str], environment: dict[str, str]) -> bool:
    print(f"\n$ {Path(command[0]).name} {' '.join(command[1:])}", flush=True)
    began = time.monotonic()
    failed = subprocess.run(command, env=os.environ | KEPT_COMPILED | environment).returncode != 0
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
