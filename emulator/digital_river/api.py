"""Digital River's API."""

from __future__ import annotations

from pathlib import Path

from emulator.app import Call, World
from emulator.contract import Operation, Stopped
from emulator.digital_river import fulfillments
from emulator.digital_river.asks import Ask
from emulator.digital_river.errors import Refusal, invalid, refusal_of
from emulator.keys import ApiKey
from emulator.messages import Headers, Request, Response
from emulator.plain_api import PlainApi

VERSION = "2021-12-13"


class DigitalRiver(PlainApi):
    provider = "digital_river"
    prefix = "/digital-river"
    rates = "live=15000/250,test=1500/25"
    empty_list = b'{"hasMore":false,"data":[]}'
    operations = {
        "fulfillments_list": fulfillments.list_page,
        "fulfillments_create": fulfillments.create,
        "fulfillments_get": fulfillments.get,
        "fulfillments_update": fulfillments.update,
    }

    def __init__(self, world: World) -> None:
        super().__init__(world, Path(__file__).with_name("openapi.json"))

    def failure(self, request: Request, status: int, code: str | None, message: str, headers: Headers) -> Response:
        return _with_id(request, Refusal(status, code, message, headers=headers).response())

    def refusal_of(self, stopped: Stopped, request: Request) -> Refusal:
        return refusal_of(stopped, request)

    async def call(self, call: Call) -> Response:
        return _with_id(call.request, await super().call(call))

    def read(self, request: Request, key: ApiKey, operation: Operation, ids: dict[str, str]) -> Ask:
        self.gate.check_scope(key, operation)
        if request.headers.get("digitalriver-version", VERSION) != VERSION:
            raise invalid(f"The emulator has version {VERSION} only.", "DigitalRiver-Version")
        query = self.gate.read_query(request, operation, ids)
        body = self.gate.check_body(operation, self.gate.read_json(request, operation))
        return Ask(self.world, key.account, request, ids, query, body)


def _with_id(request: Request, response: Response) -> Response:
    if "x-dr-requestid" not in dict(response.headers):
        response.headers = (*response.headers, ("x-dr-requestid", request.id))
    return response
