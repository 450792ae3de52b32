"""What comes in and what goes out: one request, one response, and JSON as text."""

from __future__ import annotations

import asyncio
import json
import math
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from emulator.delivery import PLAIN, Delivery

Json = dict[str, Any]
Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    gone: asyncio.Event  # set when the caller has hung up
    id: str = field(default_factory=lambda: "req_" + secrets.token_hex(12))

    def json(self) -> Any:
        """The body as JSON, `{}` where there is none. Raises ValueError for anything that is not JSON."""
        if not self.body:
            return {}
        return parse(self.body)

    def query_pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: Headers = ()
    content_type: str = "application/json"
    delivery: Delivery = PLAIN
    replayed: bool = False

    def head(self) -> bytes:
        """Status line and headers as they go over the wire."""
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        if self.body or self.status not in (204, 304):
            lines += [f"Content-Type: {self.content_type}", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def json_response(status: int, content: Any, headers: Iterable[tuple[str, str]] = ()) -> Response:
    return Response(status, dump(content), tuple(headers))


def dump(content: Any) -> bytes:
    """JSON as UTF-8; escaped where a planted string has no UTF-8 form (half a surrogate pair)."""
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(content, separators=(",", ":")).encode()


def parse(text: bytes, *, like_javascript: bool = False) -> Any:
    """JSON as the standard has it. Raises ValueError, also for NaN, Infinity and endless nesting.

    JavaScript, in which RevKeen is written, knows no difference between 12.0 and 12.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_number if like_javascript else _float)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _number(text: str) -> float:
    number = _float(text)
    return int(number) if number.is_integer() else number


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
