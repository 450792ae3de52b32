"""Between the wire and the APIs: faults, latency, the log; and what a reset puts back."""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from emulator.clock import Clock
from emulator.delivery import Wire
from emulator.faults import Fault, Faults
from emulator.idempotency import Idempotency
from emulator.keys import ApiKey, ApiKeys
from emulator.latency import Latency
from emulator.ledger import Ledger
from emulator.limits import REAL, Limits
from emulator.messages import Headers, Request, Response, json_response
from emulator.request_log import RequestLog
from emulator.shapes import NOTHING_DONE
from emulator.store import Store

REFUND_STATUSES = ("succeeded", "pending", "processing", "failed")


@dataclass
class Settings:
    """What can be set while it runs. A reset brings back what the command line said."""

    latency: str = "0"
    latency_of: dict[str, str] = field(default_factory=dict)  # by merchant, merchant/mode or API key
    limits: str = REAL
    total_count: bool = True
    refund_status: str = "succeeded"  # what a new refund becomes

    def check(self) -> None:
        """Raises ValueError."""
        if type(self.total_count) is not bool:
            raise ValueError("total_count is true or false")
        if self.refund_status not in REFUND_STATUSES:
            raise ValueError(f"refund_status is one of {', '.join(REFUND_STATUSES)}")


@dataclass
class Call:
    """One call on its way through an API."""

    request: Request
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

    def caller(self, request: Request) -> ApiKey | None:
        """The key that the call carries, if it is one."""

    def failure(self, request: Request, status: int, code: str, message: str, headers: Headers) -> Response:
        """An error in the form this API gives it."""

    async def call(self, call: Call) -> Response: ...


class World:
    """What all APIs share."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.clock = Clock()
        self.keys = ApiKeys(store)
        self.ledger = Ledger(store)
        self.idempotency = Idempotency(store, self.clock.peek_ms)
        self.limits = Limits(settings.limits, self.clock.peek_ms)


class App:
    def __init__(self, world: World, apis: list[Api], control: Control, fresh: Callable[[], bytes]) -> None:
        """`fresh` gives a snapshot of the state as it was seeded."""
        self.world = world
        self.faults = Faults()
        self.log = RequestLog()
        self.providers = {api.provider for api in apis}
        self._apis = apis
        self._control = control
        self._fresh = fresh
        self._first_settings = Settings(**vars(world.settings))
        self._rng = random.Random(1)
        self._under_way: set[asyncio.Task[None]] = set()
        self._latencies: dict[str, Latency] = {}
        self.set()

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
        self.set(**vars(self._first_settings))

    async def break_off(self) -> None:
        """End the calls under way, as a server that is killed would."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def set(self, **changes: object) -> None:
        """Change settings. Raises ValueError; nothing is changed then."""
        new = Settings(**{**vars(self.world.settings), **changes})
        new.check()
        latencies = {name: Latency.read(str(text)) for name, text in {"": new.latency, **new.latency_of}.items()}
        self.world.limits.set(str(new.limits))
        self._latencies = latencies
        vars(self.world.settings).update(vars(new))

    # helpers

    async def _answer_itself(self, request: Request) -> Response:
        if request.path.startswith("/_emulator"):
            return await self._control(self, request)
        return json_response(404, {"error": f"Nothing is served at {request.path}"})

    async def _exchange_with(self, api: Api, request: Request, wire: Wire) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (for mypy)
        key = api.caller(request)
        fault = self.faults.take(request, key.key if key else None)
        entry = self.log.begin(api.provider, request, key, fault.kind if fault else None, self.world.clock.peek_ms())
        self._under_way.add(task)
        response = None
        try:
            response = await self._answer(api, request, key, fault)
            entry.status = response.status
            await _send(request, response, wire)
        finally:
            self._under_way.discard(task)
            self.log.end(entry, response)

    async def _answer(self, api: Api, request: Request, key: ApiKey | None, fault: Fault | None) -> Response:
        call = Call(request, key, self._wait_seconds(key))
        failure = partial(api.failure, request)
        if fault is None:
            return await api.call(call)
        if fault.kind == "delay":
            return await self._delayed(api, call, fault)
        if not fault.after_work:
            await call.pause()
            return fault.shape(NOTHING_DONE, failure)
        if fault.kind == "error":  # the API itself fails, so it also stores that answer
            call.failure = fault.shape(NOTHING_DONE, failure)
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

    def _wait_seconds(self, key: ApiKey | None) -> float:
        names = (key.key, str(key.account), key.account.merchant, "") if key else ("",)
        latency = next((self._latencies[name] for name in names if name in self._latencies), None)
        return latency.seconds(self._rng) if latency else 0.0


async def _send(request: Request, response: Response, wire: Wire) -> None:
    if request.method == "HEAD":  # has no body, and one would be read as the next answer
        response.body = b""
    await response.delivery.send(response, wire)


class Control(Protocol):
    async def __call__(self, app: App, request: Request) -> Response: ...
