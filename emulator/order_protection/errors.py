"""OrderProtection's error answers. It documents none: the shape is ours."""

from __future__ import annotations

from http import HTTPStatus

from emulator import plain_api
from emulator.contract import Invalid, NoMethod, NoRoute, Stopped
from emulator.gate import KeyRefused, NotJson, ScopeMissing, TooMany
from emulator.messages import Headers, Request, Response, json_response


class Refusal(plain_api.Refusal):
    """A call that OrderProtection refuses, as the answer that says so."""

    def __init__(self, status: int, *messages: str, headers: Headers = ()) -> None:
        super().__init__(*messages)
        self.status, self.messages, self.headers = status, messages, headers

    def response(self) -> Response:
        content = {"statusCode": self.status, "message": list(self.messages), "error": _phrase(self.status)}
        return json_response(self.status, content, self.headers)


def refusal_of(stopped: Stopped, request: Request) -> Refusal:
    """What OrderProtection says to a call that the gate has stopped."""
    match stopped:
        case KeyRefused():
            return Refusal(401, f"the token is {stopped.why}")
        case ScopeMissing():
            return Refusal(403, f"the token lacks the scope {stopped.scope}")
        case TooMany():
            return Refusal(429, "too many requests", headers=(("Retry-After", str(stopped.seconds)),))
        case NoMethod():
            return Refusal(405, f"cannot {request.method} here", headers=(("Allow", ", ".join(stopped.allowed)),))
        case NoRoute():
            return Refusal(404, f"cannot {request.method} {request.path[:200]}")
        case NotJson():
            return Refusal(400, str(stopped))
        case Invalid():
            found = [f"{path or 'body'} {one.text}" for path, some in stopped.problems.items() for one in some]
            return Refusal(400, *found)
    raise TypeError(stopped)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
