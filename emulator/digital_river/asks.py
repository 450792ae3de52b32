"""A call to Digital River that has passed the gate."""

from __future__ import annotations

from emulator import asks
from emulator.digital_river.errors import missing
from emulator.digital_river.kinds import FULFILLMENTS, ORDERS
from emulator.messages import Json


class Ask(asks.Ask):
    provider = "digital_river"

    def fulfillment(self) -> Json:
        """The one in the path. Raises a 404."""
        found = self.world.store.get(FULFILLMENTS, self.account.id, self.ids["id"])
        if found is None:
            raise missing("Fulfillment", self.ids["id"])
        return found

    def order(self, id: str) -> tuple[Json, Json]:
        """The order, and what is not told of it. Raises a 404."""
        found = self.world.store.get(ORDERS, self.account.id, id)
        if found is None:
            raise missing("Order", id)
        return found, self.world.store.hidden(ORDERS, id)
