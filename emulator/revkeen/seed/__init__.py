"""Fills an empty store: the same data for the same seed, with dates that end shortly before the given moment."""

from __future__ import annotations

import random
from bisect import bisect_left
from itertools import cycle

from emulator.accounts import ACCOUNTS, Account
from emulator.keys import ApiKey, save_key
from emulator.revkeen.seed.lives import MINUTE_MS, Life, Shop, code
from emulator.revkeen.seed.plans import DAY_MS, SHOWCASE, everyday
from emulator.revkeen.seed.shelves import fill_customers, fill_products
from emulator.revkeen.seed.stamps import Cells, Stamp
from emulator.store import Row, Store

SPAN_MS = 548 * DAY_MS  # eighteen months
LIVED = 1000  # so many are lived through one by one, the rest are copies
SHAPES = 400
_FIRST_NUMBER = {"live": 10_000, "test": 70_000}
_EVERYTHING = ("*",)
_READING = ("*:read",)
_CHUNK = 2_000


def fill(store: Store, *, orders: int, seed: int, now_ms: int) -> None:
    """`orders` for each merchant and mode."""
    for account in ACCOUNTS:
        _fill_account(store, account, orders, random.Random(f"{seed}/{account}"), now_ms)
    _fill_keys(store)


def _fill_account(store: Store, account: Account, orders: int, rng: random.Random, now_ms: int) -> None:
    products, us_cents = fill_products(store, account, rng, now_ms)
    people = fill_customers(store, account, rng, now_ms, count=max(60, min(orders // 5, 20_000)))
    subscriptions = [code(account, 2**28 + n) + "-5b5c-4b5c-a5b5-c5b5c5b5c5b5" for n in range(8)]
    shop = Shop(account, now_ms, products, us_cents, subscriptions)
    ages = _ages(orders, rng)
    number = _FIRST_NUMBER[account.mode] + orders
    store.note(f"last_number_{account.id}", number)
    lived = min(orders, LIVED)
    cases = _live(store, shop, rng, ages[:lived], number, people.usual, people.hard)
    _stamp(store, shop, rng, ages, lived, number, people.usual)
    store.note(f"cases_{account.id}", {"orders": cases, "customers": people.cases})


def _live(
    store: Store,
    shop: Shop,
    rng: random.Random,
    ages: list[int],
    number: int,
    usual: list[str],
    hard: list[str],
) -> dict[str, str]:
    """Orders that each have a life of their own; gives the ids of the showcase by its names."""
    stride = max(1.0, min(9.0, (len(ages) - 1) / len(SHOWCASE)))
    shown = {int(place * stride): (place, plan) for place, plan in enumerate(SHOWCASE)}
    hard_ones = cycle(hard)
    cases: dict[str, str] = {}
    rows: dict[str, list[Row]] = {kind: [] for kind in store.kinds}
    for rank, age in enumerate(ages):
        place, plan = shown.get(rank, (-1, None))
        # Every other showcase order belongs to a customer with a difficult name, all others to everyday ones.
        is_hard = plan is not None and place % 2 == 1 and not plan.guest
        customer = next(hard_ones) if is_hard else usual[int(rng.random() ** 2 * len(usual))]
        life = Life(
            shop,
            rng,
            plan or everyday(rng, age),
            serial=rank,
            number=number - rank,
            age_ms=age,
            customer=customer,
        )
        life.tell()
        for kind, made in life.rows.items():
            rows[kind] += made
        if plan:
            cases[plan.case] = life.order["id"]
    for kind, made in rows.items():
        store.add(kind, made)
    return cases


def _stamp(
    store: Store, shop: Shop, rng: random.Random, ages: list[int], start: int, number: int, usual: list[str]
) -> None:
    if start >= len(ages):
        return
    stamps = []
    for shape in range(SHAPES):
        age = ages[start + (len(ages) - start) * shape // SHAPES]
        life = Life(
            shop,
            rng,
            everyday(rng, age),
            serial=len(ages) + shape,
            number=-1 - shape,
            age_ms=age,
            customer=usual[0],
        )
        stamps.append(Stamp(life, store.kinds))
    by_age = [stamp.age_ms for stamp in stamps]
    rows: dict[str, list[Cells]] = {kind: [] for kind in store.kinds}
    for rank in range(start, len(ages)):
        near = bisect_left(by_age, ages[rank]) + rng.randrange(-5, 6)
        customer = usual[int(rng.random() ** 2 * len(usual))]
        stamps[max(0, min(near, SHAPES - 1))].copy(code(shop.account, rank), number - rank, customer, ages[rank], rows)
        if rank % _CHUNK == 0 or rank == len(ages) - 1:
            for kind, made in rows.items():
                store.add_raw(kind, made)
                made.clear()


def _ages(count: int, rng: random.Random) -> list[int]:
    """How old each order is, the newest first: minutes at first, eighteen months in the end, ever sparser."""
    spread = sorted(((place + rng.random()) / count) ** 2.2 for place in range(count))
    return [int(max(share * SPAN_MS, (place + 1) * 3 * MINUTE_MS)) for place, share in enumerate(spread)]


def _fill_keys(store: Store) -> None:
    northwind_test = ACCOUNTS[1]
    for account in ACCOUNTS:
        prefix = "rk_live" if account.mode == "live" else "rk_sandbox"
        for suffix in ("demo", "demo2"):
            save_key(store, ApiKey(f"{prefix}_{account.merchant}_{suffix}", "revkeen", account, _EVERYTHING))
    save_key(store, ApiKey("rk_sandbox_revoked_demo", "revkeen", northwind_test, _EVERYTHING, revoked=True))
    save_key(store, ApiKey("rk_sandbox_readonly_demo", "revkeen", northwind_test, _READING))
