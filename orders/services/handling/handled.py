"""What staff said of orders, of many at once: on hold, whose, how urgent, and with which tags."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from orders.among import among
from orders.models import BatchOrder, Handling, Hold, Merchant, OrderTag, User
from orders.services.handling import holds


@dataclass(frozen=True)
class Handled:
    """What is said of one order. `tags` by name; `batch`: the number of the last one that it is in."""

    hold: Hold | None = None
    assigned_to: User | None = None
    priority: int = Handling.Priority.NORMAL
    tags: tuple[OrderTag, ...] = ()
    batch: int | None = None

    @property
    def is_said(self) -> bool:
        """Whether there is anything to show."""
        return self != NOTHING

    @property
    def priority_words(self) -> str:
        return Handling.Priority(self.priority).label


NOTHING = Handled()


def of_orders(merchant: Merchant, mode: str, order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Handled]:
    """Order id → what is said of it; of most orders nothing is. Four queries, however many they are."""
    if not order_ids:
        return {}
    here = {"merchant": merchant, "mode": mode}
    these = among("order_id", order_ids)
    tags = defaultdict(list)
    for tag in OrderTag.objects.filter(these, **here):
        tags[tag.order_id].append(tag)
    held = {one.order_id: one for one in holds.standing(merchant, mode).filter(these)}
    rows = {row.order_id: row for row in Handling.objects.filter(these, **here).select_related("assigned_to")}
    batches = dict(BatchOrder.objects.filter(these, **here).order_by("batch").values_list("order_id", "batch__number"))
    return {
        order_id: Handled(
            hold=held.get(order_id),
            assigned_to=rows[order_id].assigned_to if order_id in rows else None,
            priority=rows[order_id].priority if order_id in rows else Handling.Priority.NORMAL,
            tags=tuple(tags.get(order_id, ())),
            batch=batches.get(order_id),
        )
        for order_id in {*tags, *held, *rows, *batches}
    }


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> Handled:
    return of_orders(merchant, mode, [order_id]).get(order_id, NOTHING)
