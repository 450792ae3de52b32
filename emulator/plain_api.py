"""An API without idempotency keys: through the gate to the work, which is done as often as it is sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emulator.app import Call, World
from emulator.asks import Ask
from emulator.contract import Operation, Stopped
from emulator.gate import Gate, NotJson
from emulator.keys import ApiKey
from emulator.messages import Request, Response


class Refusal(Exception, ABC):
    """A call that the API itself refuses, as the answer that says so."""

    @abstractmethod
    def response(self) -> Response: ...


class PlainApi(ABC):
    prefix: str
    operations: Mapping[str, Callable[[Any], Response]]

    def __init__(self, world: World, document: Path) -> None:
        self.world = world
        self.gate = Gate(world, self.prefix, document)

    @abstractmethod
    def read(self, request: Request, key: ApiKey, operation: Operation, ids: dict[str, str]) -> Ask:
        """Raises Refusal, Stopped."""

    @abstractmethod
    def refusal_of(self, stopped: Stopped, request: Request) -> Refusal: ...

    def sent_key(self, request: Request) -> str | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else None

    async def call(self, call: Call) -> Response:
        if document := self.gate.document(call.request):
            return document
        try:
            operation, ids = self.gate.route(call.request)
            key = self.gate.admit(call)
        except Stopped as stopped:
            await call.pause()
            return self.refusal_of(stopped, call.request).response()
        await call.pause()
        return self._work(call, key, operation, ids)

    # helpers

    def _work(self, call: Call, key: ApiKey, operation: Operation, ids: dict[str, str]) -> Response:
        """Do it, with its entries in the ledger, in one transaction."""
        try:
            ask = self.read(call.request, key, operation, ids)
            with self.world.store.transaction():
                response = self.operations[operation.id](ask)
            return call.failure or response
        except Refusal as refusal:
            return refusal.response()
        except Stopped as stopped:
            return self.refusal_of(stopped, call.request).response()
        except UnicodeEncodeError:
            return self.refusal_of(NotJson("A text in it has half of a character."), call.request).response()
