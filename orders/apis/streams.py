"""The sockets below httpx: each step has what is left of the exchange's time, and three facts are noted on the way.

Whether a byte of the request left, what came, and whether anything is unread: none of them can be told from the name of
an exception, or from an answer.
"""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import h11
import httpcore

from orders.apis.names import addresses_of


@dataclass
class Exchange:
    """One request and its answer, by `deadline` (of `time.monotonic`)."""

    deadline: float
    began: bool = False  # whether a byte of the request may have left
    came: list[bytes] = field(default_factory=list)  # of the answer, as it came

    def left_over(self, method: str) -> bool:
        """Whether more came than one answer; True too for what is no answer."""
        mirror = h11.Connection(h11.CLIENT)
        mirror.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        mirror.send(h11.EndOfMessage())
        try:
            mirror.receive_data(b"".join(self.came))
            while not isinstance(event := mirror.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    return True
        except h11.ProtocolError:
            return True
        return bool(mirror.trailing_data[0])


current: ContextVar[Exchange] = ContextVar("exchange")


class Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """To the first address that takes it; each gets its share of the time that is left."""
        ends = time.monotonic() + _left(timeout, httpcore.ConnectTimeout)
        addresses = addresses_of(host, port, ends - time.monotonic())
        error: Exception = httpcore.ConnectError("The host has no address.")
        for tried, address in enumerate(addresses):
            share = max((ends - time.monotonic()) / (len(addresses) - tried), 0.001)
            try:
                return Stream(super().connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error


class Stream(httpcore.NetworkStream):
    """`spoiled` says that something is left on it which no request asked for: it is never used again."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self.spoiled = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        piece = self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))
        current.get().came.append(piece)
        return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = _left(timeout, httpcore.WriteTimeout)
        current.get().began = True
        self._stream.write(buffer, left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> Any:
        left = _left(timeout, httpcore.ConnectTimeout)
        return Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        """`is_readable` is what httpcore asks of a connection at rest: one that is, is closed and not used again.

        TLS hides nothing from it: a read asks for more than a record holds, so that none is left half read.
        """
        if info == "is_readable":
            return self.spoiled or self._stream.get_extra_info(info)
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, expired: type[Exception]) -> float:
    left = current.get().deadline - time.monotonic()
    if left <= 0:
        raise expired("The deadline has passed.")
    return left if timeout is None else min(timeout, left)
