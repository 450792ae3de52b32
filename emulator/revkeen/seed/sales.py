"""A seeded order as the shop has told its partners of it."""

from __future__ import annotations

from collections.abc import Collection

from emulator.clock import unix_ms
from emulator.messages import Json
from emulator.sales import Sale, SoldLine


def sale_of(order: Json, fulfilled: Collection[str], at_digital_river: str = "") -> Sale:
    """`fulfilled` are the ids of the lines that have left; `at_digital_river`: what was done there and nowhere else."""
    metadata = order["metadata"]
    shipped_at = order["fulfilled_at"] or (order["updated_at"] if fulfilled else None)
    return Sale(
        id=order["id"], number=order["public_id"], currency=order["currency"],
        digital_river_id=metadata["dr_order_id"], order_protection_id=metadata.get("op_order_id", order["id"]),
        created_ms=unix_ms(order["created_at"]),
        paid_ms=unix_ms(order["paid_at"]),
        shipped_ms=unix_ms(shipped_at) if shipped_at else None,
        refunded=order["status"] == "refunded",
        at_digital_river=at_digital_river,
        lines=tuple(_line(line, line["id"] in fulfilled) for line in order["line_items"]),
    )  # fmt: skip


def _line(line: Json, shipped: bool) -> SoldLine:
    metadata = line["metadata"]
    return SoldLine(
        id=line["id"], digital_river_id=metadata["dr_item_id"], sku=metadata.get("sku"),
        name=line["description"], quantity=line["quantity"], total=line["total"], shipped=shipped,
    )  # fmt: skip
