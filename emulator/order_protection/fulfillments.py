"""Fulfillments: one record for each of the shop's own shipment ids, replaced when it is sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from emulator.asks import answer
from emulator.clock import iso
from emulator.messages import Json, Response, parse
from emulator.order_protection.asks import Ask, row_id
from emulator.order_protection.errors import Refusal
from emulator.order_protection.kinds import FULFILLMENTS

_MOST = 10_000  # records of one order


def create(ask: Ask) -> Response:
    """No id comes back: the shop's own is the one that counts."""
    order, body, now = ask.order(), ask.body, ask.now_ms()
    if not ask.is_set("lenient"):
        _refuse_slips(order, body)
    id = row_id(ask.account, ask.order_id, body["sourceFulfillmentId"])
    kept = ask.world.store.get(FULFILLMENTS, ask.account.id, id)
    if kept is None:
        ask.add(FULFILLMENTS, _record(body, iso(now), iso(now)), now, id=id, order_id=ask.order_id)
    elif ask.world.settings["order_protection_repeats"] == "refuse":
        raise Refusal(409, f"fulfillment {body['sourceFulfillmentId'][:60]} exists")
    else:
        ask.world.store.save(FULFILLMENTS, id, _record(body, kept["createdAt"], iso(now)))
    _write_down(ask, "fulfillment_replaced" if kept else "fulfillment", body)
    return answer({"status": "ok"}, 201)


def update_status(ask: Ask) -> Response:
    """The status and nothing else; tracking can only be changed by creating again."""
    ask.order()
    fulfillment_id = ask.ids["sourceFulfillmentId"]
    id = row_id(ask.account, ask.order_id, fulfillment_id)
    kept = ask.world.store.get(FULFILLMENTS, ask.account.id, id)
    if kept is None:
        raise Refusal(404, f"there is no fulfillment {fulfillment_id[:60]}")
    status = ask.body["status"]
    ask.world.store.save(FULFILLMENTS, id, {**kept, "fulfillmentStatus": status, "updatedAt": iso(ask.now_ms())})
    ask.record("fulfillment_status", ask.order_id, fulfillment_id=fulfillment_id, status=status)
    return answer({"status": "ok"})


def list_all(ask: Ask) -> Response:
    """All of an order, in the order in which they came."""
    ask.order()
    rows = ask.world.store.slice(FULFILLMENTS, ask.account.id, [("order_id = ?", ask.order_id)], _MOST, 0)
    return answer([_told(ask, parse(row)) for row in reversed(rows)])


def fold(body: Any) -> Any:
    """The body with its status as the list of statuses has it: in capitals, words joined by underscores."""
    if not isinstance(body, dict):
        return body
    statuses = {name: body[name] for name in ("fulfillmentStatus", "status") if isinstance(body.get(name), str)}
    folded = {name: text.strip().upper().replace(" ", "_").replace("-", "_") for name, text in statuses.items()}
    return {**body, **folded}


# helpers


def _refuse_slips(order: Json, body: Json) -> None:
    """Raises a 400 that names all of them."""
    if slips := list(_slips(order, body)):
        raise Refusal(400, *slips)


def _slips(order: Json, body: Json) -> Iterator[str]:
    """What a caller should have noticed before sending."""
    ordered = {item["sourceItemId"]: item["quantity"] for item in order["orderItems"]}
    units: Counter[str] = Counter()
    for index, item in enumerate(body["sourceItemIds"]):
        id = item["sourceItemId"]
        if id in units:
            yield f"sourceItemIds.{index} names item {id[:60]} again"
        units[id] += item["quantity"]
        if id not in ordered:
            yield f"sourceItemIds.{index} names an item that the order does not have"
        elif units[id] > ordered[id]:
            yield f"sourceItemIds.{index} has more units than the {ordered[id]} ordered"
    numbers, urls = body.get("trackingNumber", []), body.get("trackingUrl", [])
    if numbers and urls and len(numbers) != len(urls):
        yield "trackingUrl has another length than trackingNumber"


def _told(ask: Ask, record: Json) -> Json:
    if ask.is_set("mixed_case"):
        record["fulfillmentStatus"] = record["fulfillmentStatus"].title()
    return record


def _record(body: Json, created_at: str, updated_at: str) -> Json:
    """What was sent, with these times where it has none."""
    given = {name: value for name, value in body.items() if value is not None}
    return {"createdAt": created_at, "updatedAt": updated_at, **given}


def _write_down(ask: Ask, effect: str, body: Json) -> None:
    ask.record(
        effect, ask.order_id, fulfillment_id=body["sourceFulfillmentId"], status=body["fulfillmentStatus"],
        carrier=body.get("trackingCompany"), tracking_numbers=body.get("trackingNumber", []),
        items=body["sourceItemIds"],
    )  # fmt: skip
