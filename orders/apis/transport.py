"""The only module that knows httpx: a total deadline, a cap on the answer, an error that says whether anything left.

httpx has neither a total time-out nor a size cap (a slow drip or a gzip bomb passes), so both are ours: the deadline
is applied to each step of the socket (streams.py), the cap while the body arrives and while it is unpacked.

Its transports are used and not its client, which keeps cookies for everybody and builds each redirect that it was told
not to follow, and may fail at that after the work was done.
"""

import hashlib
import os
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from urllib.parse import quote, urlencode

import httpcore
import httpx

from orders.apis import streams
from orders.apis.errors import ApiError, InDoubt, NotSent
from orders.apis.timing import note_call

CONNECT_SECONDS = 2.0
READ_SECONDS = 6.0
CHANGE_SECONDS = 25.0
MAX_BYTES = 5 * 1024 * 1024
KEPT_SECONDS = 30.0
KEPT_OF_A_KEY = 16
KEYS_COME_IN = ("x-api-key", "authorization")
ALWAYS_SENT = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "RevKeen-Admin"}

Params = Mapping[str, str | int | Sequence[str]]  # of several texts each goes out as a parameter of its own


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in small letters
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

    Raise `NotSent` when no byte of the request left, `InDoubt` when one did and no whole answer came back: whatever
    went wrong, it is that fact which decides.
    """
    started, exchange = time.monotonic(), streams.Exchange(deadline)
    token = streams.current.set(exchange)
    try:
        return _exchange(_written_down(method, url, params or {}, body, headers), exchange)
    except ApiError:
        raise
    except Exception as error:
        raise _named(error, exchange.began, time.monotonic() - started) from error
    finally:
        streams.current.reset(token)
        note_call(started, time.monotonic())


def _written_down(
    method: str, url: str, params: Params, body: bytes | None, headers: Mapping[str, str]
) -> httpx.Request:
    query = urlencode({**params}, doseq=True, quote_via=quote)
    seconds = httpx.Timeout(CHANGE_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS).as_dict()
    return httpx.Request(
        method,
        f"{url}?{query}" if query else url,
        content=body,
        headers={**ALWAYS_SENT, **headers},
        extensions={"timeout": seconds},
    )


def _exchange(request: httpx.Request, exchange: streams.Exchange) -> Answer:
    with connections().transport(request.method, request.headers) as transport:
        response = transport.handle_request(request)
        try:
            answer = _answer(response)
            if exchange.left_over(request.method):
                response.extensions["network_stream"].spoiled = True
            return answer
        finally:
            response.close()


def _named(error: Exception, began: bool, seconds: float) -> ApiError:
    if not began:
        late = isinstance(error, httpx.WriteTimeout)
        return NotSent("No time was left to ask {provider}." if late else "No connection to {provider}.")
    if isinstance(error, httpx.TimeoutException):
        return InDoubt(f"{{provider}} did not answer within {round(seconds)} s.")
    return InDoubt("{provider}’s answer broke off.")


def _answer(response: httpx.Response) -> Answer:
    if response.status_code < 200:
        raise InDoubt("{provider}’s answer broke off.")
    headers = {name.lower(): value for name, value in response.headers.items()}
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BYTES:
        raise InDoubt("{provider}’s answer is too large.")
    body = _unpack(response.iter_raw(), headers.get("content-encoding", "identity"))
    return Answer(response.status_code, headers, body)


def _unpack(pieces: Iterable[bytes], encoding: str) -> bytes:
    """Join the pieces of a body, unpacked, and stop at MAX_BYTES of either: a bomb never gets to grow.

    What follows the end of what was packed is no part of it, and however much comes, none of it is kept.
    """
    if encoding not in ("identity", "gzip"):
        raise InDoubt("{provider}’s answer is packed in a way we did not ask for.")
    gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    whole, came = bytearray(), 0
    for piece in pieces:
        came += len(piece)
        whole += gzip.decompress(piece, MAX_BYTES + 1 - len(whole)) if gzip else piece
        if max(len(whole), came) > MAX_BYTES:
            raise InDoubt("{provider}’s answer is too large.")
        if gzip and gzip.unused_data:
            raise InDoubt("{provider}’s answer goes on after its end.")
    if gzip and not gzip.eof:
        raise InDoubt("{provider}’s answer broke off.")
    return bytes(whole)


class Transport(httpx.HTTPTransport):
    """HTTP/1.1 without a proxy, over our own sockets. `at_rest` connections are kept for the next request."""

    def __init__(self, at_rest: int) -> None:
        super().__init__(verify=tls(), trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls(),
            max_connections=256,
            max_keepalive_connections=at_rest,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=streams.Backend(),
        )
        self.users, self.used_at = 0, time.monotonic()


class Connections:
    """For reads those at rest, each key's apart from all others; for changes a new one each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_keys: dict[str, Transport] = {}
        self._for_changes = Transport(at_rest=0)

    @contextmanager
    def transport(self, method: str, headers: Mapping[str, str]) -> Iterator[httpx.BaseTransport]:
        """One on which nothing but reads of the same key was ever answered, or nothing at all for a change."""
        if method != "GET":
            yield self._for_changes
            return
        with self._lock:
            self._sweep()
            mine = self._of_key(_key(headers))
            mine.users += 1
        try:
            yield mine
        finally:
            with self._lock:
                mine.users, mine.used_at = mine.users - 1, time.monotonic()

    def _of_key(self, key: str) -> Transport:
        if key not in self._of_keys:
            self._of_keys[key] = Transport(at_rest=KEPT_OF_A_KEY)
        return self._of_keys[key]

    def _sweep(self) -> None:
        """Close what no key has used for so long that none of its connections is of use any more."""
        before = time.monotonic() - KEPT_SECONDS
        for key, transport in list(self._of_keys.items()):
            if not transport.users and transport.used_at < before:
                self._of_keys.pop(key).close()


def _key(headers: Mapping[str, str]) -> str:
    return hashlib.blake2b(repr([headers.get(name) for name in KEYS_COME_IN]).encode()).hexdigest()


@cache
def tls() -> SSLContext:
    return httpx.create_ssl_context(trust_env=False)


@cache
def connections() -> Connections:
    """Those of this process: two on one connection would read each other's answers."""
    return Connections()


os.register_at_fork(after_in_child=connections.cache_clear)
