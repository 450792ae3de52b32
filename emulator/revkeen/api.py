"""The gate of RevKeen's API: key, limit, scope, idempotency, contract; then the operation itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path

from emulator.app import Call, World
from emulator.contract import Contract, Invalid, NoMethod, NoRoute, Operation
from emulator.delivery import Drop
from emulator.idempotency import KeyReused, Place, Scope, StillRunning
from emulator.keys import ApiKey
from emulator.messages import Headers, Request, Response, parse
from emulator.revkeen import orders, payments, reads, refunds
from emulator.revkeen.asks import Ask
from emulator.revkeen.documents import VERSION
from emulator.revkeen.errors import Refusal, conflict, error_family, invalid, missing_scope, too_many, unauthenticated

GATEWAY_PATIENCE_SECONDS = 120.0
_CHANGES = ("POST", "PATCH", "PUT")

OPERATIONS: dict[str, Callable[[Ask], Response]] = {
    "orders_list": reads.orders_list,
    "orders_get": reads.orders_get,
    "orders_create": orders.create,
    "orders_update": orders.update,
    "orders_pay": payments.pay,
    "orders_cancel": orders.cancel,
    "orders_fulfill": orders.fulfill,
    "customers_list": reads.customers_list,
    "customers_get": reads.customers_get,
    "customers_payment_methods_list": reads.customers_payment_methods_list,
    "products_list": reads.products_list,
    "products_get": reads.products_get,
    "prices_list": reads.prices_list,
    "transactions_list": reads.transactions_list,
    "refunds_list": reads.refunds_list,
    "refunds_get": reads.refunds_get,
    "refunds_create": refunds.create,
    "invoices_get": reads.invoices_get,
    "events_list": reads.events_list,
}


class RevKeen:
    provider = "revkeen"
    prefix = "/revkeen/v2"

    def __init__(self, world: World) -> None:
        self._world = world
        self._contract = Contract(Path(__file__).with_name("openapi.json"))

    def caller(self, request: Request) -> ApiKey | None:
        return self._world.keys.find(request.headers.get("x-api-key", ""), self.provider)

    def failure(self, request: Request, status: int, code: str, message: str, headers: Headers) -> Response:
        refusal = Refusal(status, error_family(status), code, message, headers=headers)
        return _with_version(request, refusal.response(request.id))

    async def call(self, call: Call) -> Response:
        if call.request.path == f"{self.prefix}/openapi.json":
            return _with_version(call.request, Response(200, self._contract.text))
        return _with_version(call.request, await self._call(call))

    # helpers

    async def _call(self, call: Call) -> Response:
        operation = None
        try:
            operation, ids = self._route(call.request)
            key = self._authenticate(call)
            kept = self._look_up(call.request, key, operation)
        except Refusal as refusal:
            await call.pause()
            return _refused(refusal, call.request, operation)
        if isinstance(kept, Response):
            await call.pause()
            return kept
        with self._world.idempotency.running(kept):
            await call.pause()
            try:
                return self._work(call, key, operation, ids, kept)
            except payments.GatewayHangs:
                return await self._hang(call.request)

    def _authenticate(self, call: Call) -> ApiKey:
        sent, key = call.request.headers.get("x-api-key"), call.key
        if not sent:
            raise unauthenticated("No API key: send it in the x-api-key header.")
        if key is None:
            raise unauthenticated("This API key does not exist.")
        if key.revoked:
            raise unauthenticated("This API key was revoked.")
        if wait := self._world.limits.seconds_to_wait(key.key, key.account.mode):
            raise too_many(wait)
        return key

    def _route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        path = request.path.removeprefix(self.prefix)
        try:
            return self._contract.match(request.method, path)
        except NoMethod as error:
            allowed = ", ".join(error.allowed)
            message = f"{request.method} is not possible here, only {allowed}."
            raise Refusal(
                405, "invalid_request_error", "method_not_allowed", message, headers=(("Allow", allowed),)
            ) from None
        except NoRoute:
            message = f"The emulator has no route {request.method} {path[:200]}"
            raise Refusal(404, "invalid_request_error", "resource_missing", message) from None

    def _look_up(self, request: Request, key: ApiKey, operation: Operation) -> Response | Place | None:
        """The stored answer of an earlier call with the same idempotency key, or the place for this one's."""
        text = request.headers.get("idempotency-key")
        if text is None or operation.method not in _CHANGES:
            return None
        if not 1 <= len(text) <= 255:
            raise invalid("An idempotency key has 1 to 255 characters.", "Idempotency-Key")
        try:
            return self._world.idempotency.find(Scope(key.key, request.method, request.path, text), request)
        except KeyReused:
            raise conflict("idempotency_conflict", "This idempotency key was used with another body.") from None
        except StillRunning:
            raise conflict(
                "idempotency_in_progress", "The first call with this idempotency key is still running."
            ) from None

    def _work(
        self, call: Call, key: ApiKey, operation: Operation, ids: dict[str, str], place: Place | None
    ) -> Response:
        """Do it and store the answer, in one transaction."""
        world = self._world
        try:
            ask = self._read(call.request, key, operation, ids)
            if operation.method == "GET":
                return call.failure or OPERATIONS[operation.id](ask)
            with world.store.transaction():
                response = OPERATIONS[operation.id](ask)
                response = _with_version(call.request, call.failure or response)
                if place:
                    world.idempotency.keep(place, response, after_work=True)
                return response
        except (Refusal, RecursionError) as error:
            refusal = error if isinstance(error, Refusal) else invalid("The body is nested too deeply.")
            response = _with_version(call.request, _refused(refusal, call.request, operation))
            if place:
                world.idempotency.keep(place, response, after_work=False)
            return response

    def _read(self, request: Request, key: ApiKey, operation: Operation, ids: dict[str, str]) -> Ask:
        """Raises a 403 or a 400."""
        if not key.may(operation.scope):
            raise missing_scope(operation.scope)
        if not _is_version(request.headers.get("revkeen-version", VERSION)):
            raise invalid("A version is a date as in 2026-05-01.", "RevKeen-Version")
        try:
            self._contract.read_path(operation, ids)
            query = self._contract.read_query(operation, request.query_pairs())
            body = self._contract.read_body(operation, _json(request, operation)) if operation.body else {}
        except Invalid as error:
            raise _as_refusal(error) from None
        return Ask(self._world, key.account, request, ids, query, body)

    async def _hang(self, request: Request) -> Response:
        """Silence until the caller hangs up; nothing was charged, and the idempotency key is free again then."""
        try:
            await asyncio.wait_for(request.gone.wait(), GATEWAY_PATIENCE_SECONDS)
        except TimeoutError:
            return Refusal(500, "api_error", "gateway_timeout", "The gateway did not answer.").response(request.id)
        return Response(500, delivery=Drop("close"))


def _json(request: Request, operation: Operation) -> object:
    if not request.body:
        if operation.body_required:
            raise invalid("A JSON body is required.")
        return {}
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise invalid("The body must be application/json.", "Content-Type")
    try:
        return parse(request.body, like_javascript=True)
    except ValueError as error:
        raise invalid(f"The body is not JSON: {error}") from None


def _as_refusal(error: Invalid) -> Refusal:
    param, texts = next(iter(error.problems.items()))
    message = f"{param or 'The body'} {texts[0]}."
    return invalid(message, param or None, fields=error.problems)


def _refused(refusal: Refusal, request: Request, operation: Operation | None) -> Response:
    bare = operation is not None and operation.responses.get(refusal.status) == "ProductError"
    return refusal.response(request.id, bare=bare)


def _with_version(request: Request, response: Response) -> Response:
    """Every answer says which version served it: the one asked for, or the default. A stored one has said it."""
    if "RevKeen-Version" not in dict(response.headers):
        asked = request.headers.get("revkeen-version", VERSION)
        response.headers = (*response.headers, ("RevKeen-Version", asked if _is_version(asked) else VERSION))
    return response


def _is_version(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
