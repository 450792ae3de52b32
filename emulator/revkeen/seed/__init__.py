"""Fills an empty store: the same data for the same seed, with dates that end shortly before the given moment."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import cycle

from emulator.accounts import ACCOUNTS, Account
from emulator.keys import ApiKey, save_key
from emulator.revkeen.seed.lives import MINUTE_MS, Life, Shop, code
from emulator.revkeen.seed.plans import DAY_MS, SHARING, SHOWCASE, TO_REVIEW, Plan, everyday
from emulator.revkeen.seed.shelves import People, fill_customers, fill_open_invoices, fill_products
from emulator.revkeen.seed.stamps import Cells, Stamp
from emulator.sales import Sale
from emulator.store import Row, Store

SPAN_MS = 548 * DAY_MS  # eighteen months
LIVED = 1000  # so many are lived through one by one, the rest are copies
SHAPES = 400
_FIRST_NUMBER = {"live": 10_000, "test": 70_000}
_EVERYTHING = ("*",)
_READING = ("*:read",)
_CHUNK = 2_000


def fill(store: Store, *, orders: int, seed: int, now_ms: int) -> dict[Account, list[Sale]]:
    """`orders` for each merchant and mode; gives back those that the partners know."""
    _fill_keys(store)
    return {
        account: _fill_account(store, account, orders, random.Random(f"{seed}/{account}"), now_ms)
        for account in ACCOUNTS
    }


def _fill_account(store: Store, account: Account, orders: int, rng: random.Random, now_ms: int) -> list[Sale]:
    products, us_cents = fill_products(store, account, rng, now_ms)
    people = fill_customers(store, account, rng, now_ms, count=max(60, min(orders // 5, 20_000)))
    fill_open_invoices(store, account, people, now_ms)
    subscriptions = [code(account, 2**28 + n) + "-5b5c-4b5c-a5b5-c5b5c5b5c5b5" for n in range(8)]
    books = _Books(store, Shop(account, now_ms, products, us_cents, subscriptions), people, _ages(orders, rng), rng)
    books.live()
    books.stamp()
    store.note(f"last_number_{account.id}", books.newest_number)
    store.note(f"cases_{account.id}", {"orders": books.cases, "customers": people.cases})
    return books.sales


class _Books:
    """The orders of one account, by rank: the newest is 0."""

    def __init__(self, store: Store, shop: Shop, people: People, ages: list[int], rng: random.Random) -> None:
        self._store, self._shop, self._people, self._ages, self._rng = store, shop, people, ages, rng
        self.newest_number = _FIRST_NUMBER[shop.account.mode] + len(ages)
        self.cases: dict[str, str] = {}  # ids of the showcase by its names
        self.sales: list[Sale] = []
        self._invoice: str | None = None  # that two orders share

    def live(self) -> None:
        """The newest orders each have a life of their own; the showcase stands among them."""
        ages = self._ages[:LIVED]
        stride = max(1.0, min(9.0, (len(ages) - 1) / len(SHOWCASE)))
        shown = {int(place * stride): (place, plan) for place, plan in enumerate(SHOWCASE)}
        to_review = _spread(TO_REVIEW, [rank for rank in range(len(ages)) if rank not in shown])
        hard_names = cycle(self._people.hard)
        rows: dict[str, list[Row]] = {kind: [] for kind in self._store.kinds}
        for rank, age in enumerate(ages):
            place, plan = shown.get(rank, (0, everyday(self._rng, age)))
            # Every other one of the showcase belongs to somebody with a difficult name.
            customer = next(hard_names) if place % 2 and not plan.guest else self._customer()
            life = Life(self._shop, self._rng, plan, rank, self.newest_number - rank, age, customer)
            if rank in to_review:  # drawn as ever, so that all others are as they would be without it
                life = self._to_review(to_review[rank], rank, age, customer)
                plan = life.plan
            life.tell()
            for kind, made in life.rows.items():
                rows[kind] += made
            if life.sale:
                self.sales.append(life.sale)
            if plan.case:
                self.cases[plan.case] = life.order["id"]
        for kind, made in rows.items():
            self._store.add(kind, made)

    def _to_review(self, plan: Plan, rank: int, age: int, customer: str) -> Life:
        rng = random.Random(f"{self._shop.account}/{plan.case}")
        life = Life(self._shop, rng, plan, rank, self.newest_number - rank, age, customer)
        if plan.case == SHARING[1]:
            life.order["invoice_id"] = self._invoice
        elif plan.case == SHARING[0]:
            self._invoice = life.order["invoice_id"]
        return life

    def stamp(self) -> None:
        """All the others are copies of lives of about the same age."""
        ranks = range(LIVED, len(self._ages))
        stamps = self._stamps() if ranks else []
        by_age = [stamp.age_ms for stamp in stamps]
        for start in ranks[::_CHUNK]:
            rows: dict[str, list[Cells]] = {kind: [] for kind in self._store.kinds}
            for rank in range(start, min(start + _CHUNK, ranks.stop)):
                near = bisect_left(by_age, self._ages[rank]) + self._rng.randrange(-5, 6)
                its_own = (
                    code(self._shop.account, rank),
                    self.newest_number - rank,
                    self._customer(),
                    self._ages[rank],
                )
                stamps[max(0, min(near, SHAPES - 1))].copy(*its_own, rows)
            for kind, made in rows.items():
                self._store.add_raw(kind, made)

    def _stamps(self) -> list[Stamp]:
        """Spread over all ages, the youngest first."""
        ages = [self._ages[LIVED + (len(self._ages) - LIVED) * shape // SHAPES] for shape in range(SHAPES)]
        customer, after_all = self._people.usual[0], len(self._ages)
        lives = (
            Life(self._shop, self._rng, everyday(self._rng, age), after_all + shape, -1 - shape, age, customer)
            for shape, age in enumerate(ages)
        )
        return [Stamp(life, self._store.kinds) for life in lives]

    def _customer(self) -> str:
        """One of those with everyday names; some order much more often than others."""
        usual = self._people.usual
        return usual[int(self._rng.random() ** 2 * len(usual))]


def _spread(plans: Sequence[Plan], ranks: Sequence[int]) -> dict[int, Plan]:
    """Evenly over these ranks, and none of the newest; as many as there is room for."""
    room = len(ranks) // (len(plans) + 1) or 1
    return dict(zip(ranks[room::room], plans, strict=False))


def _ages(count: int, rng: random.Random) -> list[int]:
    """How old each order is, the newest first: minutes at first, eighteen months in the end, ever sparser."""
    spread = sorted(((place + rng.random()) / count) ** 2.2 for place in range(count))
    return [
        int(max(share * SPAN_MS, (place + 1 + 0.9 * rng.random()) * 3 * MINUTE_MS))
        for place, share in enumerate(spread)
    ]


def _fill_keys(store: Store) -> None:
    northwind_test = ACCOUNTS[1]
    for account in ACCOUNTS:
        prefix = "rk_live" if account.mode == "live" else "rk_sandbox"
        for suffix in ("demo", "demo2"):
            save_key(store, ApiKey(f"{prefix}_{account.merchant}_{suffix}", "revkeen", account, _EVERYTHING))
    save_key(store, ApiKey("rk_sandbox_revoked_demo", "revkeen", northwind_test, _EVERYTHING, revoked=True))
    save_key(store, ApiKey("rk_sandbox_readonly_demo", "revkeen", northwind_test, _READING))
