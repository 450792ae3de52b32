"""What stands before every API's own work: its paths, its keys, its limit, its contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from emulator.app import Call, World
from emulator.contract import Contract, Operation, Stopped
from emulator.keys import ApiKey
from emulator.messages import Json, Request, Response, parse


class KeyRefused(Stopped):
    def __init__(self, why: Literal["missing", "unknown", "revoked"]) -> None:
        super().__init__(why)
        self.why = why


class TooMany(Stopped):
    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class ScopeMissing(Stopped):
    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class NotJson(Stopped):
    """The message says why; `param` is the header at fault, if it is one."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class Gate:
    """The steps that a call has to pass. Every one raises a kind of Stopped."""

    def __init__(self, world: World, prefix: str, document: Path) -> None:
        self._world = world
        self._prefix = prefix
        self._contract = Contract(document)

    def document(self, request: Request) -> Response | None:
        """The answer to a call for the OpenAPI document itself."""
        return Response(200, self._contract.text) if request.path == f"{self._prefix}/openapi.json" else None

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """The operation, and the ids in its path."""
        return self._contract.match(request.method, request.path.removeprefix(self._prefix))

    def admit(self, call: Call) -> ApiKey:
        """The key, which is counted against its limit."""
        if not call.sent_key:
            raise KeyRefused("missing")
        if call.key is None:
            raise KeyRefused("unknown")
        if call.key.revoked:
            raise KeyRefused("revoked")
        if wait := self._world.limits.seconds_to_wait(call.key):
            raise TooMany(wait)
        return call.key

    def check_scope(self, key: ApiKey, operation: Operation) -> None:
        if not key.may(operation.scope):
            raise ScopeMissing(operation.scope)

    def read_query(self, request: Request, operation: Operation, ids: dict[str, str]) -> Json:
        self._contract.read_path(operation, ids)
        return self._contract.read_query(operation, request.query_pairs())

    def read_json(self, request: Request, operation: Operation) -> Any:
        """The body as it was sent; `{}` where the operation has none."""
        if operation.body is None:
            return {}
        if not request.body:
            if operation.body_required:
                raise NotJson("A JSON body is required.")
            return {}
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise NotJson("The body must be application/json.", "Content-Type")
        try:
            return parse(request.body, like_javascript=True)
        except ValueError as error:
            raise NotJson(f"The body is not JSON: {error}") from None

    def check_body(self, operation: Operation, body: Any) -> Json:
        return self._contract.read_body(operation, body) if operation.body else {}
