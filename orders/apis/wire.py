"""One connection to an API, by a deadline: opening it, one exchange at a time on it, and whether it may be kept.

Written over h11, the only module that knows it, because three facts have to be known and not guessed from the name of
an exception: whether the first byte of a request has left, whether anything is unread after an answer, and whose key a
connection has served. Nothing here keeps a cookie, follows a redirect or goes through a proxy: there is no code for it.
"""

import ipaddress
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import certifi
import h11

CONNECT_SECONDS = 2.0
MOST_HEAD_BYTES = 100 * 1024
MOST_INTERIM_ANSWERS = 10  # of 1xx
MOST_ADDRESSES = 4
MOST_LOOKUPS = 16  # at once; a name server that is silent holds a thread of ours for as long as it likes
PIECE = 64 * 1024

_lookups = threading.BoundedSemaphore(MOST_LOOKUPS)


class BrokeOff(Exception):
    """The connection ended, or what came is not HTTP, before the answer was whole."""


@dataclass(frozen=True)
class Place:
    """Where a connection leads, and whose key it serves: connections are never shared across either."""

    scheme: str
    host: str
    port: int
    key: str


class Line:
    """A connection. `began` says whether a byte of the request under way, or of one before it, may have left."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD_BYTES)
        self.began = False
        self.rested_since = 0.0

    def ask(
        self, method: str, target: str, headers: Sequence[tuple[bytes, bytes]], body: bytes, deadline: float
    ) -> h11.Response:
        """Send one request and read the head of its answer."""
        self.began = False
        request = h11.Request(method=method, target=target, headers=list(headers))
        sent = (self._http.send(request), self._http.send(h11.Data(data=body)), self._http.send(h11.EndOfMessage()))
        with suppress(BrokenPipeError, ConnectionResetError):  # who refuses a long body has answered, and hung up
            self._write(b"".join(part or b"" for part in sent), deadline)
        for _ in range(MOST_INTERIM_ANSWERS):
            event = self._next(deadline)
            if isinstance(event, h11.Response):
                return event
        raise BrokeOff

    def body(self, deadline: float) -> Iterator[bytes]:
        """The pieces of the answer's body, as they come."""
        while not isinstance(event := self._next(deadline), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise BrokeOff
            yield bytes(event.data)

    def rest(self) -> bool:
        """Make ready for the next exchange; False where the other side ended it, or sent more than the answer."""
        both = (self._http.our_state, self._http.their_state)
        if both != (h11.DONE, h11.DONE) or self._http.trailing_data[0] or not self.quiet:
            return False
        self._http.start_next_cycle()
        self.rested_since = time.monotonic()
        return True

    @property
    def quiet(self) -> bool:
        """Whether nothing waits to be read, the end of the connection included."""
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return False
        poll = select.poll()
        poll.register(self._sock, select.POLLIN | select.POLLHUP)
        return not poll.poll(0)

    def close(self) -> None:
        self._sock.close()

    def _next(self, deadline: float) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._sock.settimeout(_left(deadline))
            self._http.receive_data(self._sock.recv(PIECE))
        if isinstance(event, h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage):
            return event
        raise BrokeOff

    def _write(self, data: bytes, deadline: float) -> None:
        left = memoryview(data)
        self._sock.settimeout(_left(deadline))
        self.began = True
        while left:
            left = left[self._sock.send(left) :]
            self._sock.settimeout(_left(deadline))


def connect(place: Place, deadline: float) -> Line:
    """Open a connection, at one of the host's addresses. Whatever this raises, nothing of a request has left."""
    deadline = min(deadline, time.monotonic() + CONNECT_SECONDS)
    sock = _reached(_addresses(place.host, place.port, deadline), deadline)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if place.scheme == "https":
            sock.settimeout(_left(deadline))
            sock = _tls().wrap_socket(sock, server_hostname=place.host)
    except BaseException:
        sock.close()
        raise
    return Line(sock)


def _reached(addresses: Sequence[Any], deadline: float) -> socket.socket:
    """A socket to the first address that takes it; each gets its share of the time that is left."""
    error: OSError = OSError("The host has no address.")
    for tried, (family, address) in enumerate(addresses):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(_left(deadline) / (len(addresses) - tried))
            sock.connect(address)
            return sock
        except OSError as failed:
            sock.close()
            error = failed
    raise error


def _addresses(host: str, port: int, deadline: float) -> Sequence[Any]:
    """The host's addresses. Looked up in a thread, because a look-up cannot be told to end."""
    if _is_address(host):
        return _look_up(host, port)
    if not _lookups.acquire(timeout=_left(deadline)):
        raise TimeoutError("Too many names are being looked up.")
    found: queue.SimpleQueue[Sequence[Any] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(_look_up(host, port))
        except Exception as error:
            found.put(error)
        finally:
            _lookups.release()

    threading.Thread(target=look_up, name="name", daemon=True).start()
    try:
        answer = found.get(timeout=_left(deadline))
    except queue.Empty:
        raise TimeoutError("The name server did not answer.") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _look_up(host: str, port: int) -> Sequence[Any]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found[:MOST_ADDRESSES]]


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def _left(deadline: float) -> float:
    """The seconds that are left. Raise `TimeoutError` when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("The deadline has passed.")
    return left
