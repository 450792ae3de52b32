"""`make test`: style and the tests; beside them types, and once more on PostgreSQL what depends on the database.

Of large products of parameters it runs each value; `make test-full` (`--full`) runs all of it, what is marked `full`
too. TEST_POSTGRES_URL names the server, e.g. postgres://user:password@127.0.0.1:5432/postgres. REQUIRE_POSTGRES=1,
REQUIRE_BROWSER=1 and REQUIRE_NODE=1 turn a missing server, Chromium or npm from a skip into a failure.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent

PYTEST = [str(BIN / "pytest"), "--dist=loadfile", "--no-loadscope-reorder"]
ON_ALL_CORES = ["--numprocesses=auto", "--maxprocesses=4"]
ON_HALF = [f"--numprocesses={min(max((os.cpu_count() or 1) // 2, 1), 2)}"]
NO_DATABASE = ["--ignore=tests/browser", "--ignore=tests/emulator"]  # need not even be collected for it
MEMORY, ROOM = Path("/dev/shm"), 8 * 2**30  # noqa: S108  (the folder made there is nobody else's)
STYLE = (
    [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    [str(BIN / "ruff"), "check", "--quiet", "."],
)
TYPES = [str(BIN / "mypy"), "--no-error-summary"]
# Each of many processes would compile the project's modules, and pytest all that it rewrites, anew.
KEPT_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}


def main() -> int:
    full = "--full" in sys.argv[1:]
    if any(_failed(command) for command in STYLE):
        return 1
    with _files_in_memory() as folder, ThreadPoolExecutor(1) as beside:
        others = beside.submit(_others, full, folder)
        failed = _failed([*PYTEST, *ON_ALL_CORES, *_which(full)], **folder)
        return int(others.result() or failed)


def _others(full: bool, environment: dict[str, str]) -> bool:
    """What goes on beside the long run, in the time in which that waits for clocks, browsers and servers."""
    if _failed_in_silence(TYPES):
        return True
    server = os.environ.get("TEST_POSTGRES_URL")
    if server:
        on_postgres = [*PYTEST, *ON_HALF, *NO_DATABASE, *_which(full, "database")]
        return _failed_in_silence(on_postgres, TEST_DATABASE_URL=server, **environment)
    print("\nNot run on PostgreSQL: TEST_POSTGRES_URL is not set.")
    return os.environ.get("REQUIRE_POSTGRES") == "1"


def _which(full: bool, *marks: str) -> list[str]:
    wanted = " and ".join([*marks, *([] if full else ["not full"])])
    return ["-m", wanted] if wanted else []


def _failed(command: list[str], **environment: str) -> bool:
    print(f"\n{_named(command)}", flush=True)
    began = time.monotonic()
    failed = subprocess.run(command, env=os.environ | KEPT_COMPILED | environment).returncode != 0
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return failed


def _failed_in_silence(command: list[str], **environment: str) -> bool:
    """The same of what runs beside: all that it said is printed when it has ended."""
    began, env = time.monotonic(), os.environ | KEPT_COMPILED | environment
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
    print(f"\n\n{_named(command)}\n{done.stdout}{time.monotonic() - began:.0f} s\n", flush=True)
    return done.returncode != 0


def _named(command: list[str]) -> str:
    return f"$ {Path(command[0]).name} {' '.join(command[1:])}"


@contextmanager
def _files_in_memory() -> Iterator[dict[str, str]]:
    """Names a folder for temporary files that no disk writes, where there is a large one.

    Each change that a test makes waits for the disk otherwise, as it shall in production.
    """
    if not _takes_files(MEMORY):
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="revkeen-admin-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield {"TMPDIR": folder}


def _takes_files(folder: Path) -> bool:
    """Room for what tests write, and programs may be run from there, as npm's packages are."""
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC


if __name__ == "__main__":
    sys.exit(main())
