"""Faults on demand: which calls go wrong, and what the caller then gets."""

from __future__ import annotations

import base64
import gzip
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from emulator.delivery import HANG_SECONDS, Cut, Drip, Drop, Flood, Hang, Raw
from emulator.messages import Json, Request, Response, dump, json_response, parse

MIB = 1_048_576
_HTML = (
    b"<html><head><title>502 Bad Gateway</title></head>"
    b"<body><h1>Bad Gateway</h1><script>alert(1)</script></body></html>"
)

# What a provider's error looks like: status, code, message, headers.
Failure = Callable[[int, str, str, tuple[tuple[str, str], ...]], Response]
Shape = Callable[["Fault", Response, Failure], Response]


@dataclass(eq=False)
class Fault:
    """`after_work` says whether the work is done. `times` calls are hit, or each with `probability`."""

    id: int
    kind: str
    method: str
    path: re.Pattern[str]
    key: str | None
    times: int | None
    probability: float | None
    after_work: bool
    parameters: Json
    rng: random.Random
    hits: int = 0

    def matches(self, request: Request, key: str | None) -> bool:
        return (
            self.method in ("*", request.method)
            and self.key in (None, key)
            and self.path.search(request.path) is not None
        )

    def shape(self, response: Response, failure: Failure) -> Response:
        """What the caller gets instead of `response`."""
        return KINDS[self.kind].shape(self, response, failure)

    def describe(self) -> Json:
        shown = ("id", "kind", "method", "times", "probability", "after_work", "hits")
        return {**{name: getattr(self, name) for name in shown}, "path": self.path.pattern, **self.parameters}


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._made = 0

    def add(self, wanted: Json) -> Fault:
        """Raises ValueError, which says what is wrong."""
        self._made += 1
        fault = _read(self._made, dict(wanted))
        self._faults.append(fault)
        return fault

    def take(self, request: Request, key: str | None) -> Fault | None:
        """The fault that hits this call, counted; the oldest first."""
        for fault in self._faults:
            if not fault.matches(request, key):
                continue
            if fault.probability is not None and fault.rng.random() >= fault.probability:
                continue
            fault.hits += 1
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self._faults.remove(fault)
            return fault
        return None

    def clear(self) -> None:
        self._faults.clear()

    def describe(self) -> list[Json]:
        return [fault.describe() for fault in self._faults]


def _read(id: int, wanted: Json) -> Fault:
    kind = KINDS.get(wanted.pop("kind", ""))
    if kind is None:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    probability = wanted.pop("probability", None)
    times = wanted.pop("times", 1 if probability is None else None)
    fault = Fault(
        id=id, kind=kind.name, method=wanted.pop("method", "*").upper(), path=re.compile(wanted.pop("path", "")),
        key=wanted.pop("key", None), times=times, probability=probability,
        after_work=wanted.pop("after_work", kind.after_work), parameters=dict(kind.parameters),
        rng=random.Random(wanted.pop("seed", 0)),
    )  # fmt: skip
    if unknown := set(wanted) - set(kind.parameters):
        raise ValueError(
            f"{kind.name} does not take {', '.join(sorted(unknown))}; it takes {', '.join(kind.parameters)}"
        )
    if (times is not None and times < 1) or (probability is not None and not 0 < probability <= 1):
        raise ValueError("times is at least 1, probability above 0 and at most 1")
    if kind.always is not None and fault.after_work != kind.always:
        raise ValueError(f"{kind.name} has after_work {kind.always}")
    fault.parameters.update(wanted)
    return fault


# The shapes. Each gets the real answer, or an empty list where the work was not done.


def _as_it_is(fault: Fault, response: Response, failure: Failure) -> Response:
    return response


def _error(fault: Fault, response: Response, failure: Failure) -> Response:
    p = fault.parameters
    return failure(p["status"], p["code"], p["message"], ())


def _rate_limited(fault: Fault, response: Response, failure: Failure) -> Response:
    wait = fault.parameters["retry_after"]
    headers = () if wait is None else (("Retry-After", str(wait)),)
    return failure(429, "rate_limit_exceeded", "Too many requests.", headers)


def _bad_gateway(fault: Fault, response: Response, failure: Failure) -> Response:
    return Response(fault.parameters["status"], _HTML, content_type="text/html; charset=utf-8")


def _html(fault: Fault, response: Response, failure: Failure) -> Response:
    return replace(response, status=200, body=_HTML, content_type="text/html; charset=utf-8")


def _empty(fault: Fault, response: Response, failure: Failure) -> Response:
    return replace(response, status=fault.parameters["status"], body=b"")


def _truncated(fault: Fault, response: Response, failure: Failure) -> Response:
    return replace(response, body=response.body[: len(response.body) * 2 // 3])


def _respond(fault: Fault, response: Response, failure: Failure) -> Response:
    p = fault.parameters
    body = dump(p["body"]) if p["text"] is None else p["text"].encode()
    headers = tuple((str(name), str(value)) for name, value in p["headers"].items())
    return Response(p["status"], body, headers, p["content_type"])


def _alter(fault: Fault, response: Response, failure: Failure) -> Response:
    content = parse(response.body)
    for path, value in fault.parameters["set"].items():
        _put(content, path.split("."), value)
    return replace(response, body=dump(content))


def _gzip_bomb(fault: Fault, response: Response, failure: Failure) -> Response:
    headers = (*response.headers, ("Content-Encoding", "gzip"))
    return replace(response, status=200, body=_bomb(fault.parameters["size"]), headers=headers)


def _huge_body(fault: Fault, response: Response, failure: Failure) -> Response:
    return replace(response, status=200, body=b"", delivery=Flood(fault.parameters["size"]))


def _deep_json(fault: Fault, response: Response, failure: Failure) -> Response:
    depth = fault.parameters["depth"]
    return replace(response, status=200, body=b"[" * depth + b"]" * depth)


def _huge_header(fault: Fault, response: Response, failure: Failure) -> Response:
    return replace(response, headers=(*response.headers, ("X-Filler", "x" * fault.parameters["size"])))


def _disconnect(fault: Fault, response: Response, failure: Failure) -> Response:
    return replace(response, delivery=Drop(fault.parameters["how"]))


def _cut(fault: Fault, response: Response, failure: Failure) -> Response:
    return replace(response, delivery=Cut(fault.parameters["how"]))


def _hang(fault: Fault, response: Response, failure: Failure) -> Response:
    return replace(response, delivery=Hang(fault.parameters["seconds"]))


def _drip(fault: Fault, response: Response, failure: Failure) -> Response:
    p = fault.parameters
    return replace(response, delivery=Drip(p["seconds"], p["bytes"], p["headers"]))


def _raw(fault: Fault, response: Response, failure: Failure) -> Response:
    p = fault.parameters
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
        Kind("gzip_bomb", _gzip_bomb, {"size": 50 * MIB}),
        Kind("huge_body", _huge_body, {"size": 100 * MIB}),
        Kind("deep_json", _deep_json, {"depth": 100_000}),
        Kind("huge_header", _huge_header, {"size": MIB}),
        Kind("disconnect", _disconnect, {"how": "close"}),
        Kind("cut", _cut, {"how": "close"}, after_work=True),
        Kind("hang", _hang, {"seconds": HANG_SECONDS}),
        Kind("raw", _raw, {"text": "", "base64": None, "how": "close"}),
    )
}

NOTHING_DONE = json_response(200, {"object": "list", "data": [], "has_more": False})


@lru_cache(maxsize=4)
def _bomb(size: int) -> bytes:
    return gzip.compress(b'{"data":"' + b"A" * size + b'"}', compresslevel=9)


def _put(content: Any, steps: list[str], value: Any) -> None:
    """Set a value inside JSON by its dotted path; a number is a place in a list."""
    for step in steps[:-1]:
        content = content[int(step)] if isinstance(content, list) else content[step]
    if isinstance(content, list):
        content[int(steps[-1])] = value
    else:
        content[steps[-1]] = value
