"""A call to OrderProtection that has passed the gate."""

from __future__ import annotations

import json
import uuid

from emulator import asks
from emulator.accounts import Account
from emulator.messages import Json
from emulator.order_protection.errors import Refusal
from emulator.order_protection.kinds import ORDERS


class Ask(asks.Ask):
    provider = "order_protection"

    @property
    def order_id(self) -> str:
        return self.ids["sourceOrderId"]

    def order(self) -> Json:
        """Raises a 404."""
        found = self.world.store.get(ORDERS, self.account.id, row_id(self.account, self.order_id))
        if found is None:
            raise Refusal(404, f"there is no order {self.order_id[:60]}")
        return found

    def is_set(self, switch: str) -> bool:
        return bool(self.world.settings[f"order_protection_{switch}"])


def row_id(account: Account, *source_ids: str) -> str:
    """Two shops may use the same order id, and two orders of a shop the same shipment id."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps([str(account), *source_ids])))
