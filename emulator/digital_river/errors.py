"""Digital River's error answers: an envelope with the class of the status and, in practice, one entry."""

from __future__ import annotations

from emulator import plain_api
from emulator.contract import Invalid, NoMethod, NoRoute, Problem, Stopped
from emulator.gate import KeyRefused, NotJson, ScopeMissing, TooMany
from emulator.messages import Headers, Json, Request, Response, json_response

TYPES = {
    400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 408: "request_timeout", 409: "conflict", 429: "too_many_requests",
    500: "internal_server_error", 502: "bad_gateway", 503: "service_unavailable", 504: "gateway_timeout",
}  # fmt: skip
_MAY_NOT_BE_EMPTY = ("orderId", "items", "itemId")
_QUANTITIES = ("quantity", "cancelQuantity")
# Of several faults the first of these is told.
_ORDER = ("unknown_parameter", "missing_parameter", "invalid_integer", "invalid_quantity_amount")
_LAST = ("invalid_metadata_key", "invalid_metadata_value")


class Refusal(plain_api.Refusal):
    """A call that Digital River refuses, as the answer that says so."""

    def __init__(
        self, status: int, code: str | None, message: str, *, parameter: str | None = None, headers: Headers = ()
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers
        family = TYPES.get(status, TYPES[500 if status >= 500 else 400])
        error = {"code": code or family, "parameter": parameter, "message": message}
        self.content: Json = {"type": family, "errors": [{name: text for name, text in error.items() if text}]}

    def response(self) -> Response:
        return json_response(self.status, self.content, self.headers)


def invalid(message: str, parameter: str | None = None, *, code: str = "invalid_parameter") -> Refusal:
    return Refusal(400, code, message, parameter=parameter)


def missing(what: str, id: str) -> Refusal:
    return Refusal(404, "not_found", f"{what} '{id[:60]}' not found.", parameter="id")


def conflict(code: str, parameter: str, message: str) -> Refusal:
    return Refusal(409, code, message, parameter=parameter)


def authorization_failed() -> Refusal:
    """The one example of it has no type, and another name for the message."""
    message = "The authorization behind this order has expired."
    refusal = conflict("payment_authorization_failed", "orderId", message)
    error = {"code": "payment_authorization_failed", "description": message, "parameter": "orderId"}
    refusal.content = {"errors": [error]}
    return refusal


def refusal_of(stopped: Stopped, request: Request) -> Refusal:
    """What Digital River says to a call that the gate has stopped."""
    match stopped:
        case KeyRefused():
            code = "api_key_expired" if stopped.why == "revoked" else "unauthorized"
            return Refusal(401, code, f"The API key is {stopped.why}.")
        case ScopeMissing():
            return Refusal(403, None, f"This API key lacks the right {stopped.scope}.")
        case TooMany():
            wait = (("Retry-After", str(stopped.seconds)),)
            return Refusal(429, None, "Too many requests with this API key.", headers=wait)
        case NoMethod():
            allowed = (("Allow", ", ".join(stopped.allowed)),)
            return Refusal(405, None, f"{request.method} is not possible here.", headers=allowed)
        case NoRoute():
            return Refusal(404, None, f"The emulator has no route {request.method} {request.path[:200]}")
        case NotJson():
            return invalid(str(stopped), stopped.param, code="invalid_format")
        case Invalid():
            return _broken_contract(stopped)
    raise TypeError(stopped)


# helpers


def _broken_contract(error: Invalid) -> Refusal:
    found = [(path, problem) for path, problems in error.problems.items() for problem in problems]
    path, problem = min(found, key=lambda one: _rank(_code(*one)))
    head, *rest = path.split(".")
    parameter = "metadata" if head == "metadata" else "".join([head, *map(_step, rest)])
    return invalid(f"{parameter or 'The body'} {problem.text}.", parameter, code=_code(path, problem))


def _step(name: str) -> str:
    return f"[{name}]" if name.isdigit() else f".{name}"


def _rank(code: str) -> int:
    if code in _LAST:
        return len(_ORDER) + 1
    return _ORDER.index(code) if code in _ORDER else len(_ORDER)


def _code(path: str, problem: Problem) -> str:
    name = path.rpartition(".")[2]
    if path.partition(".")[0] == "metadata" and problem.rule in ("maxProperties", "propertyNames"):
        return "invalid_metadata_key"
    if path.startswith("metadata."):
        return "invalid_metadata_value"
    if problem.rule == "additionalProperties":
        return "unknown_parameter"
    if problem.rule == "required" or (problem.rule.startswith("min") and name in _MAY_NOT_BE_EMPTY):
        return "missing_parameter"
    if name in _QUANTITIES:
        return "invalid_quantity_amount" if problem.rule == "minimum" else "invalid_integer"
    by_rule = {"minLength": "invalid_string_empty", "pattern": "invalid_currency"}
    return (
        "invalid_integer"
        if (name, problem.rule) == ("limit", "type")
        else by_rule.get(problem.rule, "invalid_parameter")
    )
