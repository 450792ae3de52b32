"""Between the wire and the APIs: faults, latency, the log; and what a reset puts back."""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from emulator.clock import Clock
from emulator.delivery import Wire
from emulator.faults import Fault, Faults
from emulator.keys import ApiKey, ApiKeys
from emulator.ledger import Ledger
from emulator.limits import Limits, read_rates
from emulator.messages import Headers, Request, Response, json_response
from emulator.request_log import RequestLog
from emulator.settings import Settings
from emulator.store import Store


@dataclass
class Call:
    """One call on its way through an API. `key` is the one that was sent, if it exists."""

    request: Request
    sent_key: str | None
    key: ApiKey | None
    wait_seconds: float
    failure: Response | None = None  # to be answered, and stored, once the work is done

    async def pause(self) -> None:
        """The time the remote side takes. An API holds the idempotency key meanwhile."""
        if self.wait_seconds > 0:
            await asyncio.sleep(self.wait_seconds)


class Api(Protocol):
    provider: str
    prefix: str
    rates: str  # its provider's own limits, as `--limits` has them
    empty_list: bytes  # what some faults send where no work was done

    def sent_key(self, request: Request) -> str | None:
        """The text that the call carries as its key."""

    def failure(self, request: Request, status: int, code: str | None, message: str, headers: Headers) -> Response:
        """An error in the form this API gives it; without a code, under the one that goes with the status."""

    async def call(self, call: Call) -> Response: ...


class World:
    """What all APIs share."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.clock = Clock()
        self.keys = ApiKeys(store)
        self.ledger = Ledger(store)
        self.limits = Limits(self.clock.peek_ms)
        self.under_way: set[asyncio.Task[None]] = set()  # broken off by a reset


class App:
    def __init__(
        self,
        world: World,
        apis: list[Api],
        control: Control,
        fresh: Callable[[], bytes],
        background: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        """`fresh` gives a snapshot of the state as it was seeded; `background` runs for as long as it is served."""
        self.world = world
        self.providers = [api.provider for api in apis]
        self.faults = Faults(self.providers)
        self.log = RequestLog()
        self._apis = apis
        self._control = control
        self._fresh = fresh
        self.background = background
        self._rng = random.Random(1)
        self._fill_buckets()

    async def exchange(self, request: Request, wire: Wire) -> None:
        """Answer one request on its connection."""
        api = next((api for api in self._apis if request.path.startswith(api.prefix + "/")), None)
        try:
            if api is not None:
                await self._exchange_with(api, request, wire)
                return
            response = await self._answer_itself(request)
        except Exception as error:  # a fault of the emulator's own must not look like one that was asked for
            traceback.print_exc()
            response = json_response(500, {"error": f"The emulator itself failed: {error!r}"})
        await _send(request, response, wire)

    async def reset(self) -> None:
        """Back to the freshly seeded state; calls under way are broken off."""
        await self.break_off()
        world = self.world
        world.store.load(self._fresh())
        world.keys.reload()
        world.clock.reset()
        self.faults.clear()
        self.log.clear()
        world.settings.reset()
        self._fill_buckets()

    async def break_off(self) -> None:
        """End the calls under way, as a server that is killed would."""
        under_way = list(self.world.under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def set(self, **changes: object) -> None:
        """Change settings. Raises ValueError; nothing is changed then."""
        self.world.settings.change(changes)
        self._fill_buckets()

    # helpers

    async def _answer_itself(self, request: Request) -> Response:
        if request.path.startswith("/_emulator"):
            return await self._control(self, request)
        return json_response(404, {"error": f"Nothing is served at {request.path}"})

    async def _exchange_with(self, api: Api, request: Request, wire: Wire) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (for mypy)
        call = self._receive(api, request)
        fault = self.faults.take(api.provider, request, call.key.key if call.key else None)
        entry = self.log.begin(
            api.provider, request, call.sent_key, call.key, fault.kind if fault else None, self.world.clock.peek_ms()
        )
        self.world.under_way.add(task)
        response = None
        try:
            response = await self._answer(api, call, fault)
            entry.status = response.status
            await _send(request, response, wire)
        finally:
            self.world.under_way.discard(task)
            self.log.end(entry, response)

    def _receive(self, api: Api, request: Request) -> Call:
        sent_key = api.sent_key(request)
        key = self.world.keys.find(sent_key, api.provider) if sent_key else None
        names = (key.key, str(key.account), key.account.merchant, api.provider) if key else (api.provider,)
        return Call(request, sent_key, key, self.world.settings.latency_for(names).seconds(self._rng))

    async def _answer(self, api: Api, call: Call, fault: Fault | None) -> Response:
        failure, nothing_done = partial(api.failure, call.request), Response(200, api.empty_list)
        if fault is None:
            return await api.call(call)
        if fault.kind == "delay":
            return await self._delayed(api, call, fault)
        if not fault.after_work:
            await call.pause()
            return fault.shape(nothing_done, failure)
        if fault.kind == "error":  # the API itself fails, so it also stores that answer
            call.failure = fault.shape(nothing_done, failure)
            return await api.call(call)
        return fault.shape(await api.call(call), failure)

    async def _delayed(self, api: Api, call: Call, fault: Fault) -> Response:
        seconds = float(fault.parameters["seconds"])
        if not fault.after_work:
            call.wait_seconds += seconds
            return await api.call(call)
        response = await api.call(call)
        await asyncio.sleep(seconds)
        return response

    def _fill_buckets(self) -> None:
        text = self.world.settings["limits"]
        self.world.limits.set({api.provider: read_rates(text, api.rates) for api in self._apis})


async def _send(request: Request, response: Response, wire: Wire) -> None:
    if request.method == "HEAD":  # has no body, and one would be read as the next answer
        response.body = b""
    await response.delivery.send(response, wire)


class Control(Protocol):
    async def __call__(self, app: App, request: Request) -> Response: ...
