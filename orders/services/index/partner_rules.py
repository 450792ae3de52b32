"""The rules of the review about what Digital River has: it captures money for each unit that is shipped there."""

import uuid
from collections import Counter
from collections.abc import Collection

from orders import units_worth
from orders.apis.revkeen.objects import Order
from orders.models import PartnerShipment
from orders.services.index.rule import Found
from orders.services.index.rule_facts import Facts

LEFT = ("partial", "fulfilled", "returned")  # of RevKeen's fulfillment statuses
GIVEN_UP = ("refunded", "canceled")  # of its statuses


def captured(facts: Facts, order: Order) -> Found | None:
    worth, received = units_worth.worth(order, facts.captured), order.amount_paid
    if worth <= received:
        return None
    words = f"Digital River has captured about {order.money(worth)}, and {order.money(received)} is paid here."
    return Found(worth - received, (words,), {"Captured at Digital River": worth})


def unaccounted(facts: Facts, order: Order) -> Found | None:
    """Somebody shipped in Digital River's dashboard, or with another program."""
    rows = [row for row in facts.unaccounted if not (row.before_us and _revkeen_knows(order, row))]
    if not rows or facts.names is None:
        return None
    lines, units = facts.names.lines(order), Counter[uuid.UUID]()
    for row in rows:
        for (item_id, _), count in row.units.items():
            if item_id in lines:
                units[lines[item_id]] += count
    seen = {f"At Digital River, {row.remote_id}": _contents(row) for row in rows}
    return Found(units_worth.worth(order, units), tuple(_said(row, lines) for row in rows), dict(seen))


def _revkeen_knows(order: Order, row: PartnerShipment) -> bool:
    """Of what was made before Digital River was connected here RevKeen's word is enough."""
    if order.fulfillment_status in LEFT:
        return True
    return order.status in GIVEN_UP and not any(shipped for _, shipped in row.units)


def _said(row: PartnerShipment, lines: Collection[str]) -> str:
    words = f"Digital River has {row.remote_id}: {_contents(row)}. No shipment here accounts for it."
    strange = sum(count for (item_id, _), count in row.units.items() if item_id not in lines)
    return f"{words} Of {_many(strange)} it is not known of which line they are." if strange else words


def _contents(row: PartnerShipment) -> str:
    """`2 units shipped, 1 unit canceled, UPS 1Z999AA10123456784`."""
    units = row.units
    counts = {
        word: sum(count for (_, shipped), count in units.items() if shipped is kind)
        for word, kind in (("shipped", True), ("canceled", False))
    }
    said = [f"{_many(count)} {word}" for word, count in counts.items() if count] or ["no units"]
    return ", ".join([*said, *filter(None, [f"{row.carrier} {row.tracking_number}".strip()])])


def _many(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"
