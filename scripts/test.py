"""`make test`: style, types and all tests; once more on PostgreSQL what depends on the database, if there is one.

TEST_POSTGRES_URL names the server, e.g. postgres://user:password@127.0.0.1:5432/postgres. REQUIRE_POSTGRES=1,
REQUIRE_BROWSER=1 and REQUIRE_NODE=1 turn a missing server, Chromium or npm from a skip into a failure.
"""

import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent

ON_ALL_CORES = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
CHECKS = (
    [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    [str(BIN / "ruff"), "check", "--quiet", "."],
    [str(BIN / "mypy"), "--no-error-summary"],
    [str(BIN / "pytest"), *ON_ALL_CORES],
)
ON_POSTGRES = [str(BIN / "pytest"), *ON_ALL_CORES, "-m", "database"]


def main() -> int:
    for command in CHECKS:
        if _failed(command, {}):
            return 1
    url = os.environ.get("TEST_POSTGRES_URL")
    if url:
        return _failed(ON_POSTGRES, {"TEST_DATABASE_URL": url})
    print("\nNot run on PostgreSQL: TEST_POSTGRES_URL is not set.")
    return int(os.environ.get("REQUIRE_POSTGRES") == "1")


def _failed(command: list[str], environment: dict[str, str]) -> int:
    print(f"\n$ {Path(command[0]).name} {' '.join(command[1:])}", flush=True)
    return int(subprocess.run(command, env=os.environ | environment).returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
