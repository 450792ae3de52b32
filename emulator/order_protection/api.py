"""OrderProtection's API."""

from __future__ import annotations

from pathlib import Path

from emulator.app import World
from emulator.contract import Operation, Stopped
from emulator.keys import ApiKey
from emulator.messages import Headers, Request, Response
from emulator.order_protection import fulfillments, orders
from emulator.order_protection.asks import Ask
from emulator.order_protection.errors import Refusal, refusal_of
from emulator.plain_api import PlainApi


class OrderProtection(PlainApi):
    provider = "order_protection"
    prefix = "/order-protection"
    rates = "live=300/5,test=300/5"
    empty_list = b"[]"
    operations = {
        "orders_create": orders.create,
        "fulfillments_create": fulfillments.create,
        "fulfillments_list": fulfillments.list_all,
        "fulfillments_update_status": fulfillments.update_status,
    }

    def __init__(self, world: World) -> None:
        super().__init__(world, Path(__file__).with_name("openapi.json"))

    def failure(self, request: Request, status: int, code: str | None, message: str, headers: Headers) -> Response:
        return Refusal(status, message, headers=headers).response()

    def refusal_of(self, stopped: Stopped, request: Request) -> Refusal:
        return refusal_of(stopped, request)

    def read(self, request: Request, key: ApiKey, operation: Operation, ids: dict[str, str]) -> Ask:
        self.gate.check_scope(key, operation)
        query = self.gate.read_query(request, operation, ids)
        body = self.gate.read_json(request, operation)
        if self.world.settings["order_protection_lenient"]:
            body = fulfillments.fold(body)
        return Ask(self.world, key.account, request, ids, query, self.gate.check_body(operation, body))
