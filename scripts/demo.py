"""`make demo`: start everything, print where and as whom to sign in, stop everything on an interrupt."""

import fcntl
import os
import signal
import sys
from types import FrameType

from scripts.stack import ROOT, NotStarted, Stack, is_taken

WELCOME = """
RevKeen Admin runs at  {address}

Sign in as                         with the password  northwind-demo
  admin@northwind.example          everything, keys and members included
  support@northwind.example        writes drafts, creates and changes orders, takes payments, cancels
  finance@northwind.example        refunds, decides what is unclear, reads the whole journal
  operations@northwind.example     fulfills
  viewer@northwind.example         only looks
  both@example.com                 Northwind Trading and Kestrel Outdoor

RevKeen and both partners are stood in for by an emulator at {emulator_address} (see emulator/README.md).
What is fulfilled is held for 10 seconds, in which it can be undone; then all three hear of it.
Mails are printed to {folder}/dashboard.log. The data stays for the next start; `make demo-reset` forgets it.
Ctrl-C stops everything.
"""

# An interrupt, an end from outside, and a terminal that was closed: what we started does not end by itself.
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    pass


def main() -> int:
    for number in ENDINGS:
        signal.signal(number, _stop)
    lock = _lock()
    stack = Stack(ROOT / ".demo", _port("PORT"), _port("EMULATOR_PORT"), seed_options=["--at-work"])
    if not stack.folder.exists():
        print("Making the demo’s data, this takes a few seconds …", flush=True)
    try:
        stack.make()
        stack.start()
        folder = stack.folder.relative_to(ROOT)
        print(WELCOME.format(address=stack.address, emulator_address=stack.emulator_address, folder=folder), flush=True)
        ended = stack.watch()
        print(f"The {ended} ended; stopping the others. Its last words are in {folder}/{ended}.log.", file=sys.stderr)
        return 1
    except Stopped:
        print("\nStopped.")
        return 0
    except NotStarted as error:
        print(f"{error}\nIf the data is that of another version, `make demo-reset` forgets it.", file=sys.stderr)
        return 1
    finally:
        stack.stop()
        os.close(lock)


def _lock() -> int:
    """Only one at a time works on the folder; the system takes the lock back however this process ends."""
    lock = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SystemExit("The demo runs here already. Ctrl-C in its terminal stops it.") from error
    return lock


def _port(name: str) -> int:
    port = int(os.environ[name])
    if is_taken(port):
        raise SystemExit(f"Port {port} is taken. Choose another with {name}, as in: make demo {name}={port + 100}")
    return port


def _stop(number: int, frame: FrameType | None) -> None:
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
