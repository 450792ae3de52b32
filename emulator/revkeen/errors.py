"""RevKeen's error answers. https://docs.revkeen.com/fundamentals/errors"""

from __future__ import annotations

from emulator.messages import Json, Response, json_response


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


def unauthenticated(message: str) -> Refusal:
    return Refusal(401, "authentication_error", "unauthenticated", message)


def missing_scope(scope: str) -> Refusal:
    return Refusal(403, "permission_error", "permission_denied", f"This API key lacks the scope {scope}.")


def missing(what: str, id: str, param: str = "id") -> Refusal:
    return Refusal(404, "invalid_request_error", "resource_missing", f"No such {what}: {id[:60]}", param=param)


def conflict(code: str, message: str) -> Refusal:
    return Refusal(409, "invalid_request_error", code, message)


def too_many(seconds: int) -> Refusal:
    message = f"Too many requests with this API key. Try again in {seconds} s."
    return Refusal(429, "rate_limit_error", "rate_limit_exceeded", message, headers=(("Retry-After", str(seconds)),))
