"""What is known around an order, out of which what is open about it is found (services/orders/conditions.py)."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from orders import shipped_units
from orders.amounts import Check
from orders.apis.revkeen.objects import Order, Refund, Transaction
from orders.models import DecisionCheck, Hold, Operation, PartnerUpdate, Shipment

PAYABLE = ("draft", "pending", "partially_paid")
SHIPMENTS, AMOUNTS, PAYMENTS, HANDLING = (
    "#shipments",
    "#h-sum",
    "#h-pay",
    "#h-handling",
)  # where on the order's page it stands


@dataclass(frozen=True)
class Facts:
    """An order and what is known around it. `unread`: the parts that could not be read, as they are called."""

    order: Order
    now: datetime
    holder: Operation | None = None
    check: Check | None = None  # of its amounts
    shipments: list[Shipment] = field(default_factory=list)  # all of it, with items, operation and partner updates
    refunds: list[Refund] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    contradicted: list[DecisionCheck] = field(default_factory=list)  # what RevKeen shows otherwise than decided
    partners_on: frozenset[str] = frozenset()  # the partners that are connected now
    hold: Hold | None = None  # why it is not to be shipped now
    unread: list[str] = field(default_factory=list)

    @property
    def partner_updates(self) -> list[PartnerUpdate]:
        return [partner_update for shipment in self.shipments for partner_update in shipment.partner_updates.all()]

    @property
    def gone(self) -> Counter[uuid.UUID]:
        """Line item id → units that left from here, whether RevKeen has heard of them or not."""
        return shipped_units.shipped(one for one in self.shipments if one.state == Shipment.State.LEFT)

    @property
    def expired(self) -> bool:
        """Whether it ran out before it was paid."""
        expires = self.order.expires_at
        return expires is not None and expires <= self.now and self.order.status in PAYABLE

    @property
    def sales(self) -> list[Transaction]:
        """The payments and attempts, the first one first."""
        return sorted((row for row in self.transactions if row.type == "sale"), key=lambda row: row.created_at)
