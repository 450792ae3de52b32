"""Answers that say what they said the last time, to the byte, need not be taken apart again: pages that refresh
themselves get little else. Nothing is answered from here: every read goes out, and its own answer decides.
"""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from orders.apis.revkeen.reads import Read

T = TypeVar("T")

KEPT = 64  # answers of a process, with what was made of them
LARGEST = 256 * 1024  # bytes


class Unchanged:
    """What was made of the last answers, each under the connection that got it and the call that it answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[uuid.UUID, str], tuple[bytes, Any]] = OrderedDict()

    def taken_apart(
        self, connection_id: uuid.UUID, read: Read[T], body: bytes, decode: Callable[[Read[T], bytes], T]
    ) -> T:
        """What `decode` makes of the body; the very same object while it is the very same body."""
        key = (connection_id, read.call)
        with self._lock:
            before, value = self._kept.get(key, (b"", None))
        if value is None or before != body:
            value = decode(read, body)
        if len(body) <= LARGEST:
            self._keep(key, body, value)
        made: T = value
        return made

    def _keep(self, key: tuple[uuid.UUID, str], body: bytes, value: object) -> None:
        with self._lock:
            self._kept[key] = (body, value)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


of_this_process = Unchanged()
