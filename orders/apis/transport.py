"""The only module that knows httpx: one client per process, total deadlines, a size cap, errors by name.

httpx has neither a total time-out nor a size cap (a slow drip or a gzip bomb passes), so both are ours: the deadline
is applied to each read and write of the socket, the cap while the body arrives and while it is unpacked.
"""

import os
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from orders.apis.errors import NotSent, Unknown
from orders.services.timing import note_call

CONNECT_SECONDS = 2.0
READ_SECONDS = 6.0
CHANGE_SECONDS = 25.0
MAX_BYTES = 5 * 1024 * 1024

Params = Mapping[str, str | int | Sequence[str]]  # of several texts each goes out as a parameter of its own

_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))  # of the monotonic clock


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def send(
    method: str,
    url: str,
    *,
    params: Params | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str],
    deadline: float,
) -> Answer:
    """Send once and read the whole answer, by `deadline` (of `time.monotonic`).

    Raise `NotSent` when nothing can have arrived there, `Unknown` when no whole answer came back.
    """
    started = time.monotonic()
    token = _deadline.set(deadline)
    try:
        return _exchange(method, url, params, body, headers)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotSent("No connection to {provider}.") from error
    except (httpx.LocalProtocolError, httpx.InvalidURL, UnicodeEncodeError) as error:
        raise NotSent("The call could not be written down as HTTP, so it was not sent.") from error
    except httpx.TimeoutException as error:
        raise Unknown(f"{{provider}} did not answer within {round(time.monotonic() - started)} s.") from error
    except (httpx.HTTPError, zlib.error) as error:
        raise Unknown("{provider}’s answer broke off.") from error
    finally:
        _deadline.reset(token)
        note_call(started, time.monotonic())


def _exchange(
    method: str,
    url: str,
    params: Params | None,
    body: bytes | None,
    headers: Mapping[str, str],
) -> Answer:
    with _client().stream(method, url, params=params, content=body, headers=dict(headers)) as response:
        declared = response.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > MAX_BYTES:
            raise Unknown("{provider}’s answer is too large.")
        unpacked = _unpack(response.iter_raw(), response.headers.get("content-encoding", "identity"))
        return Answer(response.status_code, response.headers, unpacked)


def _unpack(pieces: Iterable[bytes], encoding: str) -> bytes:
    """Join the pieces of a body, unpacked, and stop at MAX_BYTES: a bomb never gets to grow."""
    if encoding not in ("identity", "gzip"):
        raise Unknown("{provider}’s answer is packed in a way we did not ask for.")
    gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    whole = bytearray()
    for piece in pieces:
        whole += gzip.decompress(piece, MAX_BYTES + 1 - len(whole)) if gzip else piece
        if len(whole) > MAX_BYTES:
            raise Unknown("{provider}’s answer is too large.")
    if gzip and not gzip.eof:
        raise Unknown("{provider}’s answer broke off.")
    return bytes(whole)


@cache
def _client() -> httpx.Client:
    """One per process: a new one costs more than a whole page. HTTP/1.1, because threads share it."""
    return httpx.Client(
        transport=_Transport(),
        timeout=httpx.Timeout(CHANGE_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
        headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "RevKeen-Admin"},
    )


os.register_at_fork(after_in_child=_client.cache_clear)


class _Transport(httpx.HTTPTransport):
    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=256,
            max_keepalive_connections=64,
            keepalive_expiry=30,
            network_backend=_DeadlineBackend(),
        )


class _DeadlineBackend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(super().connect_tcp(host, port, left, local_address, socket_options))


class _DeadlineStream(httpcore.NetworkStream):
    """Gives each step of an exchange only what is left of the whole exchange's time."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> Any:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, expired: type[Exception]) -> float:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise expired("The deadline has passed.")
    return left if timeout is None else min(timeout, left)
