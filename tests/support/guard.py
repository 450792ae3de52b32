"""Ends with a test run what the run has started, also when pytest itself was killed and could not.

Every process of a run has the run's name in its environment, however it was started and whoever its parent is by now.
A small process beside pytest waits until pytest is gone, by the end of a pipe, and then ends what has that name.
"""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

NAMES = "REVKEEN_ADMIN_TEST_RUNS"  # with commas between: a test may start a run of its own
SECONDS_TO_GO_BY_THEMSELVES = 3.0

_kept: list["subprocess.Popen[bytes]"] = []  # the pipe ends with them


def begin(name: str = "") -> None:
    """Watch over what this process starts. A part of a run that is watched needs that only with a name of its own."""
    names = os.environ.get(NAMES, "")
    if (names and not name) or not Path("/proc/self/environ").exists():
        return
    name = name or uuid.uuid4().hex
    os.environ[NAMES] = f"{names},{name}"
    command = [sys.executable, "-I", __file__, name]
    nothing = subprocess.DEVNULL  # or whoever reads what pytest prints would wait for the guard too
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nothing, stderr=nothing, start_new_session=True)
    _kept.append(guard)


def running(name: str) -> list[int]:
    """The processes that the run of that name has started, without this one."""
    found = map(int, filter(str.isdigit, os.listdir("/proc")))
    return [pid for pid in found if pid != os.getpid() and name in _names(pid)]


def _names(pid: int) -> list[str]:
    """Of the runs that a process belongs to; none of one that has ended, or is somebody else's."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
    mine = next((entry for entry in environment if entry.startswith(f"{NAMES}=".encode())), b"")
    return mine.decode().partition("=")[2].split(",")


def main(name: str) -> None:
    sys.stdin.read()
    until = time.monotonic() + SECONDS_TO_GO_BY_THEMSELVES
    while (left := running(name)) and time.monotonic() < until:
        time.sleep(0.1)
    while left:  # again and again: one that is ended late may have started another
        for pid in left:
            _end(pid)
        time.sleep(0.1)
        left = running(name)


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main(sys.argv[1])
