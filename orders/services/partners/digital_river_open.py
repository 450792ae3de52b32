"""What Digital River still has open of an order: its fulfillments say which units are gone, its order which lines are.

RevKeen never tells which lines it calls fulfilled, and Digital River refuses a whole parcel for one line that is.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from orders.apis.digital_river.objects import Fulfillment

OPEN_STATES = ("created",)  # of a line; any other, one that we do not know included, is not offered


@dataclass(frozen=True)
class There:
    """Lines by Digital River's ids: the units that are gone, shipped or given up, and the states of the lines."""

    gone: Counter[str]
    states: dict[str, str]

    def takes(self, item_id: str, units: int, ordered: int) -> bool:
        """Whether so many units of the line are open, of those that were ordered."""
        return units <= self.units_open(item_id, ordered)

    def units_open(self, item_id: str, ordered: int) -> int:
        if self.states.get(item_id, OPEN_STATES[0]) not in OPEN_STATES:
            return 0
        return max(0, ordered - self.gone[item_id])


def gone(listed: Iterable[Fulfillment]) -> Counter[str]:
    """Digital River's id of a line → units shipped and given up."""
    units = Counter[str]()
    for fulfillment in listed:
        for item in fulfillment.items:
            units[item.item_id] += item.quantity + item.cancel_quantity
    return units


def read(listed: list[Fulfillment], read_one: Callable[[str], Fulfillment]) -> There:
    """Of all fulfillments of an order. Its lines' states come with any one of them; without one nothing is gone."""
    details = read_one(listed[0].id).order_details if listed else None
    return There(gone(listed), {item.id: item.state for item in details.items} if details else {})
