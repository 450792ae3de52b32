"""RevKeen's API: through the gate, to the answer of an earlier call with the same idempotency key, or to the work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path

from emulator.app import Call, World
from emulator.contract import Operation, Stopped
from emulator.delivery import Drop
from emulator.gate import Gate
from emulator.keys import ApiKey
from emulator.messages import Headers, Request, Response
from emulator.revkeen import orders, payments, reads, refunds
from emulator.revkeen.asks import Ask
from emulator.revkeen.documents import VERSION
from emulator.revkeen.errors import CODES, Refusal, conflict, error_family, invalid, refusal_of
from emulator.revkeen.idempotency import Idempotency, KeyReused, Place, Scope, StillRunning
from emulator.revkeen.webhooks import deliveries, endpoints
from emulator.revkeen.webhooks.sender import Sender

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
    "customers_invoices_list": reads.customers_invoices_list,
    "products_list": reads.products_list,
    "products_get": reads.products_get,
    "prices_list": reads.prices_list,
    "transactions_list": reads.transactions_list,
    "refunds_list": reads.refunds_list,
    "refunds_get": reads.refunds_get,
    "refunds_create": refunds.create,
    "invoices_get": reads.invoices_get,
    "events_list": reads.events_list,
    "webhook_endpoints_list": endpoints.endpoints_list,
    "webhook_endpoints_create": endpoints.create,
    "webhook_endpoints_get": endpoints.read,
    "webhook_endpoints_update": endpoints.update,
    "webhook_endpoints_delete": endpoints.delete,
    "webhook_endpoints_rotate_secret": endpoints.rotate_secret,
    "webhook_deliveries_list": deliveries.deliveries_list,
    "webhook_deliveries_retry": deliveries.retry,
}


class RevKeen:
    provider = "revkeen"
    prefix = "/revkeen/v2"
    rates = "live=1000/2000,test=100/200"
    empty_list = b'{"object":"list","data":[],"has_more":false}'

    def __init__(self, world: World) -> None:
        self._world = world
        self._gate = Gate(world, self.prefix, Path(__file__).with_name("openapi.json"))
        self._idempotency = Idempotency(world.store, world.clock.peek_ms)
        self.sender = Sender(world)

    def sent_key(self, request: Request) -> str | None:
        return request.headers.get("x-api-key")

    def failure(self, request: Request, status: int, code: str | None, message: str, headers: Headers) -> Response:
        family = error_family(status)
        refusal = Refusal(status, family, code or CODES.get(status, family), message, headers=headers)
        return _with_version(request, refusal.response(request.id))

    async def call(self, call: Call) -> Response:
        return _with_version(call.request, self._gate.document(call.request) or await self._call(call))

    # helpers

    async def _call(self, call: Call) -> Response:
        operation = None
        try:
            operation, ids = self._gate.route(call.request)
            key = self._gate.admit(call)
            kept = self._look_up(call.request, key, operation)
        except (Stopped, Refusal) as error:
            await call.pause()
            return _refused(error, call.request, operation)
        if isinstance(kept, Response):
            await call.pause()
            return kept
        with self._idempotency.running(kept):
            await call.pause()
            try:
                return self._work(call, key, operation, ids, kept)
            except payments.GatewayHangs:
                return await self._hang(call.request)

    def _look_up(self, request: Request, key: ApiKey, operation: Operation) -> Response | Place | None:
        """The stored answer of an earlier call with the same idempotency key, or the place for this one's."""
        text = request.headers.get("idempotency-key")
        if text is None or operation.method not in _CHANGES:
            return None
        if not 1 <= len(text) <= 255:
            raise invalid("An idempotency key has 1 to 255 characters.", "Idempotency-Key")
        try:
            return self._idempotency.find(Scope(key.key, request.method, request.path, text), request)
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
                    self._idempotency.keep(place, response, after_work=True)
                return response
        except (Stopped, Refusal, RecursionError) as error:
            refusal = invalid("The body is nested too deeply.") if isinstance(error, RecursionError) else error
            response = _with_version(call.request, _refused(refusal, call.request, operation))
            if place:
                self._idempotency.keep(place, response, after_work=False)
            return response

    def _read(self, request: Request, key: ApiKey, operation: Operation, ids: dict[str, str]) -> Ask:
        """Raises a 403 or a 400."""
        self._gate.check_scope(key, operation)
        if not _is_version(request.headers.get("revkeen-version", VERSION)):
            raise invalid("A version is a date as in 2026-05-01.", "RevKeen-Version")
        query = self._gate.read_query(request, operation, ids)
        body = self._gate.check_body(operation, self._gate.read_json(request, operation))
        return Ask(self._world, key.account, request, ids, query, body)

    async def _hang(self, request: Request) -> Response:
        """Silence until the caller hangs up; nothing was charged, and the idempotency key is free again then."""
        try:
            await asyncio.wait_for(request.gone.wait(), GATEWAY_PATIENCE_SECONDS)
        except TimeoutError:
            return Refusal(500, "api_error", "gateway_timeout", "The gateway did not answer.").response(request.id)
        return Response(500, delivery=Drop("close"))


def _refused(error: Stopped | Refusal, request: Request, operation: Operation | None) -> Response:
    refusal = refusal_of(error, request) if isinstance(error, Stopped) else error
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
