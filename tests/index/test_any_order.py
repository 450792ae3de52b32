"""Changes at RevKeen, the worker's steps, failures, kills and late pages in any order: the index never lies.

INDEX_MACHINE_RUNS and INDEX_MACHINE_STEPS make it longer; then every run is another one.
"""

import os
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from orders.apis.listings import Listing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Order
from orders.models import Connection, IndexState, Merchant, OrderCopy, Sweep, ToRead
from orders.services.index import clock, copying, forgetting, freshness, marks, writing
from orders.services.revkeen import session
from orders.services.sync import feed, turns, work
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates
from tests.support.indexing import all_orders, differing, make_due

pytestmark = [pytest.mark.django_db, pytest.mark.database]

RUNS = int(os.environ.get("INDEX_MACHINE_RUNS", "10"))
STEPS = int(os.environ.get("INDEX_MACHINE_STEPS", "25"))
MORE = "INDEX_MACHINE_RUNS" in os.environ
STATUSES = [kind.value for kind in Sweep.OF_STATUS]
OPEN = ("pending", "paid")
PICKS = st.integers(0, 11)


class Killed(BaseException):
    """`kill -9`, as far as it can be had within a process."""


class World:
    """The emulator, the merchant whose index it is, and what was changed when."""

    def __init__(self, emulator: Emulator, merchant: Merchant, patch: pytest.MonkeyPatch) -> None:
        self.emulator, self.patch = emulator, patch
        self.place: dict[str, Any] = {"merchant": merchant, "mode": "live"}

    def restart(self) -> None:
        self.emulator.reset()
        forgetting.forget(**self.place)
        feed.forget_seen()
        self.changed: dict[uuid.UUID, datetime] = {}  # the database's clock after the last change of each order
        self.newest: dict[uuid.UUID, datetime] = {}  # the last `updated_at` of each copy
        self.late: tuple[Listing[Order], datetime] | None = None

    def open_orders(self) -> list[Order]:
        return [order for order in all_orders(self.emulator) if order.status in OPEN]

    def note(self, order_id: uuid.UUID) -> None:
        self.changed[order_id] = clock.now()

    def work(self, most_steps: int, killed_at: int | None = None) -> None:
        """One turn of a worker; with `killed_at` it is killed when it writes for the so manieth time."""
        forget_gates()  # a breaker that is open keeps nothing from being right, only from being soon
        IndexState.objects.update(lease_until=None, wait_until=None)
        ToRead.objects.update(due_at=Now())
        turns.begin_new()
        state = turns.claim()
        if state is None:
            return
        with self.patch.context() as patched:
            patched.setattr(work, "MOST_STEPS", most_steps)
            if killed_at is not None:
                patched.setattr(marks, "served", _killing(killed_at))
            try:
                work.work(state, lambda seconds: None)
            except Killed:
                feed.forget_seen()


def _killing(after: int) -> Any:
    served, calls = marks.served, iter(range(100))

    def killing(*args: Any) -> None:
        served(*args)
        if next(calls) == after:
            raise Killed

    return killing


def machine(world: World) -> type[RuleBasedStateMachine]:
    class Changes(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            world.restart()

        @rule()
        def create(self) -> None:
            world.note(uuid.UUID(world.emulator.make_order()["id"]))

        @rule(pick=PICKS)
        def change_with_an_event(self, pick: int) -> None:
            order = all_orders(world.emulator)[pick]
            if order.status == "pending":
                world.emulator.send(f"/orders/{order.id}", {"notes": str(uuid.uuid4())}, method="PATCH")
                world.note(order.id)

        @rule(pick=PICKS, field=st.sampled_from(["notes", "status"]))
        def change_without_an_event(self, pick: int, field: str) -> None:
            order = world.open_orders()[pick]
            value = str(uuid.uuid4()) if field == "notes" else "canceled"
            world.emulator.patch("orders", str(order.id), **{field: value})
            world.note(order.id)

        @rule(steps=st.integers(1, 8))
        def work(self, steps: int) -> None:
            world.work(steps)

        @rule(steps=st.integers(1, 8), times=st.integers(1, 4))
        def work_while_revkeen_fails(self, steps: int, times: int) -> None:
            world.emulator.fault("error", times=times, status=500)
            world.work(steps)
            world.emulator.clear_faults()

        @rule(steps=st.integers(1, 8), at=st.integers(0, 3))
        def work_and_be_killed(self, steps: int, at: int) -> None:
            world.work(steps, killed_at=at)

        @rule(passes=st.booleans())
        def let_time_pass(self, passes: bool) -> None:
            make_due(*(STATUSES if passes else []))

        @rule(pick=PICKS)
        def tell_by_webhook(self, pick: int) -> None:
            marks.mark(**world.place, order_ids=[all_orders(world.emulator)[pick].id])

        @rule()
        def read_a_page(self) -> None:
            started = clock.now()
            with session.session(**world.place, for_index=True) as api:
                found = api.get(reads.orders(limit=100)).value
            world.late = (found, started) if found is not None else world.late

        @rule()
        def write_that_page_late(self) -> None:
            if world.late is not None:
                listing, started = world.late
                writing.apply(**world.place, orders=listing, read_started=started)

        @invariant()
        def no_copy_becomes_older(self) -> None:
            for copy in OrderCopy.objects.all():
                assert copy.updated_at >= world.newest.get(copy.order_id, copy.updated_at)
                world.newest[copy.order_id] = copy.updated_at

        @invariant()
        def what_was_changed_before_as_of_is_there(self) -> None:
            as_of = freshness.as_of(**world.place)
            if as_of is None:
                return
            told = {order.id: order for order in all_orders(world.emulator)}
            kept = dict(OrderCopy.objects.values_list("order_id", "digest"))
            before = [order_id for order_id, at in world.changed.items() if at < as_of]
            lies = [order_id for order_id in before if kept.get(order_id) != copying.digest_of(told[order_id])]
            assert lies == []

        def teardown(self) -> None:
            for _ in range(30):
                world.work(100)
                if not ToRead.objects.exists() and freshness.as_of(**world.place) is not None:
                    break
            make_due(*STATUSES, "all")
            world.work(100)
            world.work(100)
            assert differing(world.emulator) == []

    return Changes


def test_the_index_never_lies_whatever_happens_in_whatever_order(
    emulator: Emulator, northwind: Merchant, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REVKEEN_CALLS_A_MINUTE = {"live": 10_000_000, "test": 10_000_000}
    monkeypatch.setattr(feed, "LAG", timedelta())  # the emulator shows every event at once, and nobody waits here
    Connection.objects.exclude(merchant=northwind, mode="live").delete()
    world = World(emulator, northwind, monkeypatch)
    run_state_machine_as_test(lambda: machine(world)(), settings=RUN)


RUN = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    derandomize=not MORE,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
