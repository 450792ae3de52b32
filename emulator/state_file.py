"""The state file: one emulator at a time, and filled beside its place, so that a killed start leaves nothing half."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from emulator.store import MEMORY, Kind, OtherState, Store

Fill = Callable[[Store], None]


@contextmanager
def open_state(path: str, kinds: Iterable[Kind], fill: Fill) -> Iterator[Store]:
    """The store in this file, filled if it is new. Raises OtherState, OSError, sqlite3.DatabaseError."""
    kinds = tuple(kinds)
    if path == MEMORY:
        with closing(Store(path, kinds)) as store:
            fill(store)
            yield store
        return
    unfinished = f"{path}.tmp"
    is_new = _is_empty(path)
    with Path(unfinished if is_new else path).open("ab") as file:
        _reserve(file, path)  # a file that is renamed stays reserved
        if is_new:
            _make(unfinished, path, kinds, fill)
        with closing(Store(path, kinds)) as store:
            yield store


# helpers


def _is_empty(path: str) -> bool:
    return not Path(path).exists() or (Path(path).is_file() and Path(path).stat().st_size == 0)


def _reserve(file: IO[bytes], path: str) -> None:
    """Two emulators would not know of each other's idempotency keys that are in use."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OtherState(f"{path} is used by another emulator") from None


def _make(unfinished: str, path: str, kinds: tuple[Kind, ...], fill: Fill) -> None:
    if not _is_empty(path):
        raise OtherState(f"{path} was made by another emulator just now")
    Path(unfinished).write_bytes(b"")
    _forget_journals(unfinished)
    try:
        with closing(Store(unfinished, kinds)) as store:
            store.db.execute("PRAGMA journal_mode = OFF")
            fill(store)
    except BaseException:
        Path(unfinished).unlink()
        raise
    _forget_journals(path)
    Path(unfinished).rename(path)


def _forget_journals(path: str) -> None:
    """SQLite would play the journal of a deleted file into the new one."""
    for suffix in ("-wal", "-shm", "-journal"):
        Path(path + suffix).unlink(missing_ok=True)
