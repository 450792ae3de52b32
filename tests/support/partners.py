"""The two partners as the tests see them: what a partner update to each of them is, and what the emulator has of it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Partner:
    """`create` is the path of the call that makes a shipment known there."""

    letter: str  # in the matrix of docs/reliability.md
    name: str
    provider: str
    key: str  # of northwind, live
    create: str

    def told(self, ledger: list[dict[str, Any]], reference: str) -> list[dict[str, Any]]:
        """What the ledger has of a shipment there, each time that it was made known."""
        mine = [row for row in ledger if row["provider"] == self.provider and row["effect"] == "fulfillment"]
        return [row for row in mine if reference in (row["fulfillment_id"], row.get("metadata", {}).get("shipmentRef"))]

    def __str__(self) -> str:
        return self.name


PARTNERS = (
    Partner("D", "Digital River", "digital_river", "sk_northwind_demo", "/digital-river/fulfillments$"),
    Partner("O", "OrderProtection", "order_protection", "op_northwind_live_demo", "/order-protection/.*/fulfillments$"),
)
