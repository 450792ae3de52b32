"""A test run that is killed leaves no server behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import guard

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = """
import sys
import pytest
from tests.support import guard

guard.begin(sys.argv[1])
sys.exit(pytest.main(["tests/support/starts_servers.py", *sys.argv[2:]]))
"""


def until(reached: Callable[[], bool], seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := reached()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def commands(name: str) -> str:
    """The command lines of what runs, one a line."""
    lines = []
    for pid in guard.running(name):
        try:
            lines.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
        except OSError:  # it has ended meanwhile
            continue
    return "\n".join(lines)


@pytest.mark.parametrize("processes", [[], ["--numprocesses=1"]], ids=["alone", "with a process for the tests"])
def test_what_a_killed_run_has_started_ends_with_it(processes: list[str]) -> None:
    name = f"killed-{os.getpid()}-{time.monotonic_ns()}"
    run = subprocess.Popen([sys.executable, "-c", RUN, name, *processes], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        started = ("-m emulator", "time.sleep(600)")
        assert until(lambda: all(one in commands(name) for one in started)), commands(name)
    finally:
        run.kill()
        run.wait(30)
    assert until(lambda: guard.running(name) == []), commands(name)
