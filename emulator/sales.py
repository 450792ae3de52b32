"""What a shop has sold, as it tells its partners: the one thing that the seeds of all APIs share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SoldLine:
    """`total` in minor units. `digital_river_id` is the number of the line there."""

    id: str
    digital_river_id: str
    sku: str | None
    name: str
    quantity: int
    total: int
    shipped: bool


@dataclass(frozen=True)
class Sale:
    """A paid order. Times are Unix ms."""

    id: str
    number: str
    digital_river_id: str
    order_protection_id: str
    currency: str  # in lower case
    created_ms: int
    paid_ms: int
    shipped_ms: int | None  # its latest parcel; None before the first
    refunded: bool  # in full
    at_digital_river: str  # what somebody did there, of which the shop knows nothing: "shipped", "canceled", or ""
    lines: tuple[SoldLine, ...]
