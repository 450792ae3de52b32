"""Orders at Digital River: what was captured and released of them, and the state that follows from it.

Amounts are minor units here and decimals in what is told.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import NamedTuple

from emulator.clock import iso
from emulator.messages import Json

CAPTURE_MS = 37_000  # from the fulfillment until the bank has answered
_DECIMALS = {"JPY": 0, "KWD": 3}


class Units(NamedTuple):
    """Of one line, how many to fulfill and how many to cancel."""

    item_id: str
    fulfilled: int
    cancelled: int


def begin(
    order: Json, hidden: Json, units: Iterable[Units], fulfillment_id: str, now_ms: int, becomes: str
) -> list[Json]:
    """Take the units off their lines and begin a capture or release for each; gives back these operations.

    `becomes` is how they end: complete, failed, or pending for as long as nobody settles them.
    """
    begun: list[Json] = []
    for item_id, fulfilled, cancelled in units:
        line = hidden["lines"][item_id]
        for kind, member, count in (("capture", "fulfilled", fulfilled), ("release", "cancelled", cancelled)):
            if count:
                amount = _share(line, count)
                line[member] += count
                about = {"fulfillment_id": fulfillment_id, "item_id": item_id, "quantity": count, "amount": amount}
                id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{fulfillment_id}/{item_id}/{kind}"))
                begun.append({"id": id, "kind": kind, **about, "becomes": becomes, "due_ms": now_ms + CAPTURE_MS})
    hidden["operations"] += begun
    _move_on(order, hidden, now_ms)
    return begun


def as_of(order: Json, hidden: Json, now_ms: int) -> Json:
    """The order with what the bank has answered by then."""
    operations = hidden["operations"]
    done = [one for one in operations if one["becomes"] == "complete" and one["due_ms"] <= now_ms]
    amounts = {kind: sum(one["amount"] for one in done if one["kind"] == kind) for kind in ("capture", "release")}
    captured = decimal(amounts["capture"], order["currency"])
    left = round(captured - order["refundedAmount"], 3)
    told = {
        **order,
        "capturedAmount": captured,
        "cancelledAmount": decimal(amounts["release"], order["currency"]),
        "availableToRefundAmount": left,
    }
    if order["state"] == "fulfilled" and done and len(done) == len(operations):
        enter(told, "complete", max(one["due_ms"] for one in done))
    return told


def enter(order: Json, state: str, now_ms: int) -> None:
    order["state"] = state
    order["stateTransitions"] = {**order["stateTransitions"], state: instant(now_ms)}


def instant(moment_ms: int) -> str:
    """Digital River tells whole seconds."""
    return iso(moment_ms)[:19] + "Z"


def decimal(minor: int, currency: str) -> float:
    return minor / 10 ** _DECIMALS.get(currency, 2)


# helpers


def _share(line: Json, count: int) -> int:
    """What so many more units of a line come to; the last ones carry what the division leaves over."""
    each, over = divmod(line["total"], line["quantity"])
    is_last = line["fulfilled"] + line["cancelled"] + count == line["quantity"]
    amount: int = each * count + (over if is_last else 0)
    return amount


def _move_on(order: Json, hidden: Json, now_ms: int) -> None:
    """Lines of which nothing is left are fulfilled or cancelled, and the order when all of them are."""
    for item in order["items"]:
        line = hidden["lines"][item["id"]]
        if line["fulfilled"] + line["cancelled"] == line["quantity"]:
            item["state"] = "fulfilled" if line["fulfilled"] else "cancelled"
    states = {item["state"] for item in order["items"]}
    if states <= {"fulfilled", "cancelled"}:
        enter(order, "fulfilled" if "fulfilled" in states else "cancelled", now_ms)
