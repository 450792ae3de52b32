"""Not collected by itself: what test_guard.py kills in the middle."""

import subprocess
import sys
import time

from tests.support.emulation import Emulator


def test_that_never_ends(running_emulator: Emulator) -> None:
    """An emulator, and a process whose parent has gone and that has a session of its own."""
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    start = f"import subprocess; subprocess.Popen({sleeps!r}, start_new_session=True)"
    subprocess.run([sys.executable, "-c", start], check=True)
    time.sleep(600)
