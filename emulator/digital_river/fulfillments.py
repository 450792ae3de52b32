"""Fulfillments: each captures what it ships and releases what it cancels, however often it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emulator.asks import answer, new_id
from emulator.clock import unix_ms
from emulator.digital_river import orders
from emulator.digital_river.asks import Ask
from emulator.digital_river.errors import authorization_failed, conflict, invalid
from emulator.digital_river.kinds import FULFILLMENTS, ORDERS
from emulator.digital_river.orders import Units
from emulator.messages import Json, Response
from emulator.store import Value

TRACKING = ("trackingCompany", "trackingNumber", "trackingUrl")
_GIVEN = ("shipmentId", "currency", "metadata", *TRACKING)
_GIVEN_OF_A_LINE = ("shipmentItemId", *TRACKING, "subfulfillerId", "distributorCost", "shippingCost")
_BOUNDS = {"": "=", "[gt]": ">", "[gte]": ">=", "[lt]": "<", "[lte]": "<="}
_FINISHED = {
    "complete": ("order_complete", "is already complete"),
    "fulfilled": ("order_fulfilled", "is fulfilled"),
    "cancelled": ("order_cancelled", "is already cancelled"),
}


def create(ask: Ask) -> Response:
    """All of its lines or none. There is no way back, and no key that would make a second call harmless."""
    units = [_units(index, item) for index, item in enumerate(ask.body["items"])]
    _refuse_cost_without_currency(ask.body)
    order, hidden = _accepted_order(ask)
    _refuse_units_that_are_not_there(units, order, hidden)
    if ask.world.settings["digital_river_authorization"] == "expired" and any(one.fulfilled for one in units):
        raise authorization_failed()
    now, becomes = ask.now_ms(), ask.world.settings["digital_river_capture"]
    fulfillment = document(f"ful_{new_id()}", ask.body, units, order, now)
    begun = orders.begin(order, hidden, units, fulfillment["id"], now, becomes)
    ask.world.store.save(ORDERS, order["id"], order, hidden)
    ask.add(FULFILLMENTS, fulfillment, now, sku_ids=sku_ids(fulfillment))
    _record(ask, fulfillment, order, begun)
    return answer(fulfillment, 201)


def update(ask: Ask) -> Response:
    """Tracking and metadata. What is absent stays, and metadata is merged."""
    fulfillment, changes = ask.fulfillment(), ask.body
    _change_lines(fulfillment, changes.get("items", []))
    fulfillment.update(_present(changes, TRACKING))
    if "metadata" in changes:
        fulfillment["metadata"] = _merged(fulfillment.get("metadata", {}), changes["metadata"])
    if changes:
        ask.world.store.save(FULFILLMENTS, fulfillment["id"], fulfillment)
        facts = {"fulfillment_id": fulfillment["id"], "fields": sorted(changes)}
        ask.record("fulfillment_updated", fulfillment["orderId"], **facts)
    return answer(fulfillment)


def get(ask: Ask) -> Response:
    """With the order as it is now."""
    fulfillment = ask.fulfillment()
    order, hidden = ask.order(fulfillment["orderId"])
    begun = [one["id"] for one in hidden["operations"] if one["fulfillment_id"] == fulfillment["id"]]
    details = orders.as_of(order, hidden, ask.world.clock.peek_ms())
    return answer({**fulfillment, "orderDetails": details, "chargeOperationIds": begun})


def list_page(ask: Ask) -> Response:
    """Newest first. Of both cursors only `endingBefore` counts."""
    before, after = ask.query.get("endingBefore"), ask.query.get("startingAfter")
    cursor = {"before": before} if before is not None else {"after": after}
    try:
        page = ask.world.store.page(FULFILLMENTS, ask.account.id, _where(ask), ask.query["limit"], **cursor)
    except LookupError:
        name = "startingAfter" if before is None else "endingBefore"
        raise invalid(f"{name} names nothing that exists.", name) from None
    more = str(page.has_more).lower().encode()
    return Response(200, b'{"hasMore":' + more + b',"data":[' + b",".join(page.rows) + b"]}")


def document(id: str, given: Json, units: Sequence[Units], order: Json, now_ms: int) -> Json:
    """As Digital River writes it: what was never set is left out."""
    skus = {item["id"]: item.get("skuId") for item in order["items"]}
    items = []
    for one, item in zip(units, given["items"], strict=True):
        sku = {"skuId": skus[one.item_id]} if skus[one.item_id] else {}
        quantities = {"quantity": one.fulfilled, "cancelQuantity": one.cancelled}
        items.append({"itemId": one.item_id, **sku, **quantities, **_present(item, _GIVEN_OF_A_LINE)})
    made = {"id": id, "createdTime": orders.instant(now_ms), "orderId": order["id"], "items": items}
    return {**made, "liveMode": order["liveMode"], **_present(given, _GIVEN)}


def sku_ids(fulfillment: Json) -> str:
    """For the filter: every one on a line of its own."""
    return _lines(item["skuId"] for item in fulfillment["items"] if "skuId" in item)


# helpers


def _units(index: int, item: Json) -> Units:
    """Digits may come as a text. Raises a 400."""
    given = [item.get(name) for name in ("quantity", "cancelQuantity")]
    if given == [None, None]:
        raise invalid("Say a quantity or a cancelQuantity.", f"items[{index}].quantity", code="missing_parameter")
    fulfilled, cancelled = (int(count or 0) for count in given)
    if fulfilled + cancelled == 0:
        message = "One of quantity and cancelQuantity must be above 0."
        raise invalid(message, f"items[{index}].quantity", code="invalid_quantity_amount")
    return Units(item["itemId"], fulfilled, cancelled)


def _refuse_cost_without_currency(body: Json) -> None:
    costs = any(name in item for item in body["items"] for name in ("distributorCost", "shippingCost"))
    if costs and "currency" not in body:
        raise invalid("A cost needs a currency.", "currency", code="missing_parameter")


def _accepted_order(ask: Ask) -> tuple[Json, Json]:
    """The order, and what is not told of it. Raises a 404 or a 409."""
    id = ask.body["orderId"]
    order, hidden = ask.order(id)
    state = orders.as_of(order, hidden, ask.world.clock.peek_ms())["state"]
    if state in _FINISHED:
        code, how = _FINISHED[state]
        raise conflict(code, "orderId", f"Resource '{id}' {how}.")
    if state != "accepted":
        raise conflict("order_not_submitted", "orderId", f"Order '{id}' has not been submitted.")
    return order, hidden


def _refuse_units_that_are_not_there(units: Sequence[Units], order: Json, hidden: Json) -> None:
    """Raises a 400 or a 409."""
    for index, one in enumerate(units):
        if one.item_id not in hidden["lines"]:
            raise invalid(f"The order has no item '{one.item_id[:60]}'.", f"items[{index}].itemId")
    _refuse_twice([one.item_id for one in units])
    states = {item["id"]: item["state"] for item in order["items"]}
    for one in units:
        line, state = hidden["lines"][one.item_id], states[one.item_id]
        if state in ("fulfilled", "cancelled"):
            raise conflict(f"item_{state}", "itemId", f"Resource '{one.item_id}' is already {state}")
        if one.fulfilled + one.cancelled > line["quantity"] - line["fulfilled"] - line["cancelled"]:
            message = "Sum of quantity and cancelQuantity is above the ordered quantity."
            raise conflict("quantity_too_large", "quantity", message)


def _refuse_twice(item_ids: Sequence[str]) -> None:
    for index, id in enumerate(item_ids):
        if id in item_ids[:index]:
            raise invalid(f"Item '{id}' is named twice.", f"items[{index}].itemId")


def _change_lines(fulfillment: Json, changes: Sequence[Json]) -> None:
    """Raises a 400."""
    lines = {item["itemId"]: item for item in fulfillment["items"]}
    _refuse_twice([item["itemId"] for item in changes])
    for index, item in enumerate(changes):
        if item["itemId"] not in lines:
            raise invalid(f"The fulfillment has no item '{item['itemId'][:60]}'.", f"items[{index}].itemId")
        lines[item["itemId"]].update(item)


def _merged(metadata: Json, changes: Json) -> Json:
    """Raises a 400."""
    merged = {**metadata, **changes}
    if len(merged) > 20:
        raise invalid("metadata must have at most 20 members.", "metadata", code="invalid_metadata_key")
    return merged


def _record(ask: Ask, fulfillment: Json, order: Json, begun: Sequence[Json]) -> None:
    """One entry for the fulfillment, and one for every capture and release."""
    shipping = {"carrier": fulfillment.get("trackingCompany"), "tracking_number": fulfillment.get("trackingNumber")}
    about = {"fulfillment_id": fulfillment["id"], "currency": order["currency"].lower()}
    told = {"items": fulfillment["items"], "metadata": fulfillment.get("metadata", {})}
    ask.record("fulfillment", order["id"], **about, **shipping, **told)
    for one in begun:
        facts = {name: one[name] for name in ("item_id", "quantity", "amount")}
        ask.record(one["kind"], order["id"], **about, **facts, status=one["becomes"])


def _where(ask: Ask) -> list[tuple[str, Value]]:
    query = ask.query
    where: list[tuple[str, Value]] = [
        (f"{name} = ?", query[name]) for name in ("orderId", "trackingCompany", "trackingNumber") if name in query
    ]
    for suffix, sign in _BOUNDS.items():
        if (text := query.get(f"createdTime{suffix}")) is not None:
            where.append((f"created / 1000 * 1000 {sign} ?", unix_ms(text)))
    if "skuId" in query:
        where.append(("instr(sku_ids, ?)", _lines([query["skuId"]])))
    if "ids" in query:
        wanted = [id for text in query["ids"] for id in text.split(",")]
        where.append(("instr(?, char(10) || id || char(10))", _lines(wanted)))
    return where


def _lines(texts: Iterable[str]) -> str:
    """What `instr` finds a whole text in. SQLite's json_each crashes on a database that a reset has put back."""
    return "".join(f"\n{text}\n" for text in texts)


def _present(given: Json, names: Sequence[str]) -> Json:
    return {name: given[name] for name in names if name in given}
