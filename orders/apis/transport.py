"""One call over the wire: a total deadline, a cap on the answer, and an error that says whether anything left.

Connections are `wire`'s; here is what becomes of an exchange. A read goes out on a connection that rests, if its key
has one; a change goes out on one of its own, so that no answer to anything else can be taken for its answer.
"""

import hashlib
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from orders.apis.errors import ApiError, NotSent, Unknown
from orders.apis.resting import resting
from orders.apis.wire import Line, Place, connect
from orders.services.timing import note_call

READ_SECONDS = 6.0
CHANGE_SECONDS = 25.0
MAX_BYTES = 5 * 1024 * 1024
ALWAYS_SENT = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "RevKeen-Admin"}
KEYS_COME_IN = ("x-api-key", "Authorization")
PORTS = {"http": 80, "https": 443}
NOT_HTTP = "The call could not be written down as HTTP, so it was not sent."

Params = Mapping[str, str | int | Sequence[str]]  # of several texts each goes out as a parameter of its own


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in small letters
    body: bytes


@dataclass(frozen=True)
class _Request:
    method: str
    place: Place
    target: str
    headers: list[tuple[bytes, bytes]]
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

    Raise `NotSent` when no byte of the request left, `Unknown` when one did and no whole answer came back: whatever
    went wrong, it is that fact which decides.
    """
    started = time.monotonic()
    try:
        request = _written_down(method, url, params or {}, body, headers)
        return _exchanged(request, _line(request, deadline), deadline)
    finally:
        note_call(started, time.monotonic())


def _written_down(method: str, url: str, params: Params, body: bytes | None, headers: Mapping[str, str]) -> _Request:
    """The request as it goes over the wire. Raise `NotSent` for one that is no HTTP."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
        key = hashlib.blake2b(repr([headers.get(name) for name in KEYS_COME_IN]).encode()).hexdigest()
        query = urlencode({**params}, doseq=True, quote_via=quote)
        sent = {"Host": parts.netloc, **ALWAYS_SENT, **headers}
        if body is not None or method != "GET":
            sent["Content-Length"] = str(len(body or b""))
        return _Request(
            method,
            Place(parts.scheme, parts.hostname or "", port, key),
            f"{parts.path}?{query}" if query else parts.path,
            [(name.encode("ascii"), value.encode("ascii")) for name, value in sent.items()],
            body or b"",
        )
    except (ValueError, KeyError) as error:
        raise NotSent(NOT_HTTP) from error


def _line(request: _Request, deadline: float) -> Line:
    """A connection for this request. Raise `NotSent`, whatever goes wrong: nothing has left."""
    try:
        at_rest = resting().take(request.place) if request.method == "GET" else None
        return at_rest or connect(request.place, deadline)
    except Exception as error:
        raise NotSent("No connection to {provider}.") from error


def _exchanged(request: _Request, line: Line, deadline: float) -> Answer:
    """The answer. The connection is kept for the next read of this key where nothing is left on it, else closed."""
    started, kept = time.monotonic(), False
    try:
        answer = _answer(request, line, deadline)
        kept = request.method == "GET" and line.rest()
        return answer
    except ApiError:
        raise
    except Exception as error:
        raise _named(error, line.began, time.monotonic() - started) from error
    finally:
        if kept:
            resting().put(request.place, line)
        else:
            line.close()


def _named(error: Exception, began: bool, seconds: float) -> ApiError:
    late = isinstance(error, TimeoutError)
    if not began:
        return NotSent("No time was left to ask {provider}." if late else NOT_HTTP)
    return Unknown(
        f"{{provider}} did not answer within {round(seconds)} s." if late else "{provider}’s answer broke off."
    )


def _answer(request: _Request, line: Line, deadline: float) -> Answer:
    response = line.ask(request.method, request.target, request.headers, request.body, deadline)
    headers: dict[str, str] = {}
    for name, value in response.headers:
        known, text = name.decode("ascii"), value.decode("latin-1")
        headers[known] = f"{headers[known]}, {text}" if known in headers else text
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BYTES:
        raise Unknown("{provider}’s answer is too large.")
    body = _unpack(line.body(deadline), headers.get("content-encoding", "identity"))
    return Answer(response.status_code, headers, body)


def _unpack(pieces: Iterable[bytes], encoding: str) -> bytes:
    """Join the pieces of a body, unpacked, and stop at MAX_BYTES of either: a bomb never gets to grow.

    What follows the end of what was packed is no part of it, and however much comes, none of it is kept.
    """
    if encoding not in ("identity", "gzip"):
        raise Unknown("{provider}’s answer is packed in a way we did not ask for.")
    gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    whole, came = bytearray(), 0
    for piece in pieces:
        came += len(piece)
        whole += gzip.decompress(piece, MAX_BYTES + 1 - len(whole)) if gzip else piece
        if max(len(whole), came) > MAX_BYTES:
            raise Unknown("{provider}’s answer is too large.")
        if gzip and gzip.unused_data:
            raise Unknown("{provider}’s answer goes on after its end.")
    if gzip and not gzip.eof:
        raise Unknown("{provider}’s answer broke off.")
    return bytes(whole)
