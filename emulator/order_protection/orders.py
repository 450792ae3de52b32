"""Orders: known from the shop's seed, or made known by a call."""

from __future__ import annotations

from emulator.asks import answer
from emulator.messages import Response
from emulator.order_protection.asks import Ask, row_id
from emulator.order_protection.errors import Refusal
from emulator.order_protection.kinds import ORDERS


def create(ask: Ask) -> Response:
    """Once; what is known already is a 409."""
    source_id = ask.body["sourceOrderId"]
    id = row_id(ask.account, source_id)
    if ask.world.store.get(ORDERS, ask.account.id, id):
        raise Refusal(409, f"order {source_id[:60]} exists")
    ask.add(ORDERS, ask.body, ask.now_ms(), id=id)
    ask.record("order_created", source_id)
    return answer({"status": "ok"}, 201)
