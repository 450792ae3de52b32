"""The shapes of faults: each makes of the true answer, or of an empty list where no work was done, what is sent."""

from __future__ import annotations

import base64
import gzip
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from emulator.delivery import HANG_SECONDS, Cut, Drip, Drop, Flood, Hang, Raw, Twice
from emulator.messages import Json, Response, dump, parse

MIB = 1_048_576
_HTML = (
    b"<html><head><title>502 Bad Gateway</title></head>"
    b"<body><h1>Bad Gateway</h1><script>alert(1)</script></body></html>"
)

# What a provider's error looks like: status, code (None: its own for this status), message, headers.
Failure = Callable[[int, str | None, str, tuple[tuple[str, str], ...]], Response]
Shape = Callable[[Json, Response, Failure], Response]  # of a fault's parameters


def _as_it_is(p: Json, response: Response, failure: Failure) -> Response:
    return response


def _error(p: Json, response: Response, failure: Failure) -> Response:
    return failure(p["status"], p["code"], p["message"], ())


def _rate_limited(p: Json, response: Response, failure: Failure) -> Response:
    wait = p["retry_after"]
    headers = () if wait is None else (("Retry-After", str(wait)),)
    return failure(429, None, "Too many requests.", headers)


def _bad_gateway(p: Json, response: Response, failure: Failure) -> Response:
    return Response(p["status"], _HTML, content_type="text/html; charset=utf-8")


def _html(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, status=200, body=_HTML, content_type="text/html; charset=utf-8")


def _empty(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, status=p["status"], body=b"")


def _truncated(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, body=response.body[: len(response.body) * 2 // 3])


def _respond(p: Json, response: Response, failure: Failure) -> Response:
    body = dump(p["body"]) if p["text"] is None else p["text"].encode()
    headers = tuple((str(name), str(value)) for name, value in p["headers"].items())
    return Response(p["status"], body, headers, p["content_type"])


def _alter(p: Json, response: Response, failure: Failure) -> Response:
    content = parse(response.body)
    for path, value in p["set"].items():
        _put(content, path.split("."), value)
    return replace(response, body=dump(content))


def _many_rows(p: Json, response: Response, failure: Failure) -> Response:
    content = parse(response.body)
    row = content["data"][0] if p["row"] is None else p["row"]
    named = isinstance(row, dict) and "id" in row
    content["data"] = [{**row, "id": str(UUID(int=number))} if named else row for number in range(p["rows"])]
    return replace(response, body=dump(content))


def _gzip_bomb(p: Json, response: Response, failure: Failure) -> Response:
    headers = (*response.headers, ("Content-Encoding", "gzip"))
    return replace(response, status=200, body=_bomb(p["size"]), headers=headers)


def _huge_body(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, status=200, body=b"", delivery=Flood(p["size"]))


def _deep_json(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, status=200, body=b"[" * p["depth"] + b"]" * p["depth"])


def _huge_header(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, headers=(*response.headers, ("X-Filler", "x" * p["size"])))


def _disconnect(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, delivery=Drop(p["how"]))


def _cut(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, delivery=Cut(p["how"]))


def _hang(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, delivery=Hang(p["seconds"]))


def _twice(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, delivery=Twice())


def _drip(p: Json, response: Response, failure: Failure) -> Response:
    return replace(response, delivery=Drip(p["seconds"], p["bytes"], p["headers"]))


def _raw(p: Json, response: Response, failure: Failure) -> Response:
    data = base64.b64decode(p["base64"]) if p["base64"] is not None else p["text"].encode()
    return replace(response, delivery=Raw(data, p["how"]))


@dataclass(frozen=True)
class Kind:
    """`after_work` is the default, `always` the only value that makes sense for some."""

    name: str
    shape: Shape
    parameters: Json
    after_work: bool = False
    always: bool | None = None

    def check(self, given: Json) -> None:
        """Raises ValueError, which says what is wrong."""
        if unknown := set(given) - set(self.parameters):
            takes = ", ".join(self.parameters) or "no parameters"
            raise ValueError(f"{self.name} does not take {', '.join(sorted(unknown))}; it takes {takes}")
        for name, value in given.items():
            if not self._fits(name, value):
                raise ValueError(f"{name} cannot be {value!r:.60}")

    def _fits(self, name: str, value: Any) -> bool:
        default = self.parameters[name]
        if name == "headers" and isinstance(default, dict):
            return _are_headers(value)
        return _FITS[name](value) if name in _FITS else type(value) is type(default)


# What a parameter may be, where it is not enough that it is of its default's type.
_FITS: dict[str, Callable[[Any], bool]] = {
    "seconds": lambda value: _is_number(value) and 0 <= value < math.inf,
    "bytes": lambda value: type(value) is int and value >= 1,
    "size": lambda value: type(value) is int and value >= 1,
    "depth": lambda value: type(value) is int and value >= 1,
    "status": lambda value: type(value) is int and 100 <= value <= 599,
    "how": lambda value: value in ("close", "reset"),
    "retry_after": lambda value: value is None or isinstance(value, str) or _is_number(value),
    "rows": lambda value: type(value) is int and value >= 1,
    "row": lambda value: True,
    "body": lambda value: True,
    "text": lambda value: value is None or isinstance(value, str),
    "base64": lambda value: value is None or _is_base64(value),
}

KINDS = {
    kind.name: kind
    for kind in (
        Kind("delay", _as_it_is, {"seconds": 1.0}),
        Kind("drip", _drip, {"seconds": 0.5, "bytes": 16, "headers": False}, after_work=True),
        Kind("rate_limited", _rate_limited, {"retry_after": "1"}),
        Kind(
            "error",
            _error,
            {"status": 500, "code": "internal_error", "message": "Something went wrong on our side."},
        ),
        Kind("bad_gateway", _bad_gateway, {"status": 502}),
        Kind("truncated", _truncated, {}, after_work=True),
        Kind("html", _html, {}),
        Kind("empty", _empty, {"status": 200}),
        Kind(
            "respond",
            _respond,
            {"status": 200, "headers": {}, "body": {}, "text": None, "content_type": "application/json"},
        ),
        Kind("alter", _alter, {"set": {}}, after_work=True, always=True),
        Kind("many_rows", _many_rows, {"row": None, "rows": 1000}, after_work=True, always=True),
        Kind("gzip_bomb", _gzip_bomb, {"size": 50 * MIB}),
        Kind("huge_body", _huge_body, {"size": 100 * MIB}),
        Kind("deep_json", _deep_json, {"depth": 100_000}),
        Kind("huge_header", _huge_header, {"size": MIB}),
        Kind("disconnect", _disconnect, {"how": "close"}),
        Kind("cut", _cut, {"how": "close"}, after_work=True),
        Kind("twice", _twice, {}, after_work=True, always=True),
        Kind("hang", _hang, {"seconds": HANG_SECONDS}),
        Kind("raw", _raw, {"text": "", "base64": None, "how": "close"}),
    )
}


@lru_cache(maxsize=4)
def _bomb(size: int) -> bytes:
    return gzip.compress(b'{"data":"' + b"A" * size + b'"}', compresslevel=9)


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _is_base64(text: object) -> bool:
    try:
        base64.b64decode(str(text), validate=True)
    except ValueError:
        return False
    return isinstance(text, str)


def _are_headers(value: object) -> bool:
    return isinstance(value, dict) and not re.search(r"[\r\n\0]", "".join(f"{n}{v}" for n, v in value.items()))


def _put(content: Any, steps: list[str], value: Any) -> None:
    """Set a value inside JSON by its dotted path; a number is a place in a list."""
    for step in steps[:-1]:
        content = content[int(step)] if isinstance(content, list) else content[step]
    if isinstance(content, list):
        content[int(steps[-1])] = value
    else:
        content[steps[-1]] = value
