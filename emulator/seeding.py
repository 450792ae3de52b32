"""Fills a new state with what every provider has, and remembers how, so that a reset can do it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from emulator.accounts import Account
from emulator.digital_river import seed as digital_river_seed
from emulator.digital_river.kinds import KINDS as DIGITAL_RIVER_KINDS
from emulator.order_protection import seed as order_protection_seed
from emulator.order_protection.kinds import KINDS as ORDER_PROTECTION_KINDS
from emulator.revkeen import seed as revkeen_seed
from emulator.revkeen.kinds import KINDS as REVKEEN_KINDS
from emulator.sales import Sale
from emulator.store import MEMORY, Store

KINDS = (*REVKEEN_KINDS, *DIGITAL_RIVER_KINDS, *ORDER_PROTECTION_KINDS)
_SNAPSHOT_AT_ONCE = 4_000  # orders per merchant and mode; beyond it a reset seeds anew


@dataclass(frozen=True)
class Seeding:
    """`orders` per merchant and mode; dates end shortly before `now_ms`."""

    orders: int
    seed: int
    now_ms: int


def fill(store: Store, seeding: Seeding) -> None:
    with store.transaction():
        sales = revkeen_seed.fill(store, orders=seeding.orders, seed=seeding.seed, now_ms=seeding.now_ms)
        for account, sold in sales.items():
            _tell_partners(store, account, sold)
        store.note("seeding", asdict(seeding))
        store.make_indexes()


class Snapshot:
    """The state as it was seeded, made when it is first needed, or at once where that is cheap."""

    def __init__(self, store: Store, *, untouched: bool) -> None:
        self._seeding = Seeding(**store.noted("seeding"))
        self._bytes = store.dump() if untouched and self._seeding.orders <= _SNAPSHOT_AT_ONCE else None

    def __call__(self) -> bytes:
        if self._bytes is None:
            store = Store(MEMORY, KINDS)
            fill(store, self._seeding)
            self._bytes = store.dump()
            store.close()
        return self._bytes


# helpers


def _tell_partners(store: Store, account: Account, sold: list[Sale]) -> None:
    """The same sales for each, and the showcase by its names there."""
    digital_river_seed.fill(store, account, sold)
    order_protection_seed.fill(store, account, sold)
    name = f"cases_{account.id}"
    cases = store.noted(name)
    names = {id: case for case, id in cases["orders"].items()}
    shown = [(names[sale.id], sale) for sale in sold if sale.id in names]
    cases["digital_river"] = {case: sale.digital_river_id for case, sale in shown}
    cases["order_protection"] = {case: sale.order_protection_id for case, sale in shown}
    store.note(name, cases)
