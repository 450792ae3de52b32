"""What staff said of orders, of many at once: on hold, whose, how urgent, and with which tags."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from orders.models import Handling, Hold, Merchant, OrderTag, User
from orders.services.handling import holds


@dataclass(frozen=True)
class Handled:
    """What is said of one order. `tags` by name."""

    hold: Hold | None = None
    assigned_to: User | None = None
    priority: int = Handling.Priority.NORMAL
    tags: tuple[OrderTag, ...] = ()

    @property
    def is_said(self) -> bool:
        """Whether there is anything to show."""
        return self != NOTHING

    @property
    def priority_words(self) -> str:
        return Handling.Priority(self.priority).label


NOTHING = Handled()


def of_orders(merchant: Merchant, mode: str, order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Handled]:
    """Order id → what is said of it; of most orders nothing is. Three queries, however many they are."""
    if not order_ids:
        return {}
    here = {"merchant": merchant, "mode": mode, "order_id__in": order_ids}
    tags = defaultdict(list)
    for tag in OrderTag.objects.filter(**here):
        tags[tag.order_id].append(tag)
    held = {one.order_id: one for one in holds.standing(merchant, mode).filter(order_id__in=order_ids)}
    rows = {row.order_id: row for row in Handling.objects.filter(**here).select_related("assigned_to")}
    return {
        order_id: _handled(held.get(order_id), rows.get(order_id), tags.get(order_id, []))
        for order_id in {*tags, *held, *rows}
    }


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> Handled:
    return of_orders(merchant, mode, [order_id]).get(order_id, NOTHING)


def _handled(hold: Hold | None, row: Handling | None, tags: list[OrderTag]) -> Handled:
    if row is None:
        return Handled(hold, tags=tuple(tags))
    return Handled(hold, row.assigned_to, row.priority, tuple(tags))
