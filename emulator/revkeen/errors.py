"""RevKeen's error answers. https://docs.revkeen.com/fundamentals/errors"""

from __future__ import annotations

from emulator.contract import Invalid, NoMethod, NoRoute, Stopped
from emulator.gate import KeyRefused, NotJson, ScopeMissing, TooMany
from emulator.messages import Json, Request, Response, json_response

CODES = {429: "rate_limit_exceeded"}  # of those that come without a reason of their own
_WHY_NOT = {
    "missing": "No API key: send it in the x-api-key header.",
    "unknown": "This API key does not exist.",
    "revoked": "This API key was revoked.",
}


class Refusal(Exception):
    """A call that RevKeen refuses, as the answer that says so."""

    def __init__(
        self,
        status: int,
        type: str,
        code: str,
        message: str,
        *,
        param: str | None = None,
        fields: dict[str, list[str]] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.error: Json = {"type": type, "code": code, "message": message}
        if param is not None:
            self.error["param"] = param
        if fields is not None:
            self.error["details"] = {"fields": fields}

    def response(self, request_id: str, *, bare: bool = False) -> Response:
        """`bare` is the older form that some product calls have: the error is only a text."""
        if bare:
            return json_response(self.status, {"error": self.error["message"]}, self.headers)
        return json_response(self.status, {"error": {**self.error, "request_id": request_id}}, self.headers)


def error_family(status: int) -> str:
    """The error type that goes with a status."""
    families = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    return families.get(status, "api_error" if status >= 500 else "invalid_request_error")


def invalid(
    message: str,
    param: str | None = None,
    *,
    code: str = "invalid_request",
    fields: dict[str, list[str]] | None = None,
) -> Refusal:
    return Refusal(400, "invalid_request_error", code, message, param=param, fields=fields)


def refusal_of(stopped: Stopped, request: Request) -> Refusal:
    """What RevKeen says to a call that the gate has stopped."""
    match stopped:
        case KeyRefused():
            return Refusal(401, "authentication_error", "unauthenticated", _WHY_NOT[stopped.why])
        case ScopeMissing():
            message = f"This API key lacks the scope {stopped.scope}."
            return Refusal(403, "permission_error", "permission_denied", message)
        case TooMany():
            return too_many(stopped.seconds)
        case NoMethod():
            return _no_method(request, ", ".join(stopped.allowed))
        case NoRoute():
            path = request.path.removeprefix("/revkeen/v2")
            message = f"The emulator has no route {request.method} {path[:200]}"
            return Refusal(404, "invalid_request_error", "resource_missing", message)
        case NotJson():
            return invalid(str(stopped), stopped.param)
        case Invalid():
            return _broken_contract(stopped)
    raise TypeError(stopped)


def missing(what: str, id: str, param: str = "id") -> Refusal:
    return Refusal(404, "invalid_request_error", "resource_missing", f"No such {what}: {id[:60]}", param=param)


def conflict(code: str, message: str) -> Refusal:
    return Refusal(409, "invalid_request_error", code, message)


def too_many(seconds: int) -> Refusal:
    message = f"Too many requests with this API key. Try again in {seconds} s."
    return Refusal(429, "rate_limit_error", CODES[429], message, headers=(("Retry-After", str(seconds)),))


# helpers


def _no_method(request: Request, allowed: str) -> Refusal:
    message = f"{request.method} is not possible here, only {allowed}."
    return Refusal(405, "invalid_request_error", "method_not_allowed", message, headers=(("Allow", allowed),))


def _broken_contract(error: Invalid) -> Refusal:
    param, problems = next(iter(error.problems.items()))
    message = f"{param or 'The body'} {problems[0].text}."
    fields = {name: [problem.text for problem in found] for name, found in error.problems.items()}
    return invalid(message, param or None, fields=fields)
