"""Changes at RevKeen, webhooks in any order, workers that are killed or overtaken, late pages: the index never lies.

INDEX_MACHINE_RUNS and INDEX_MACHINE_STEPS make it longer; then every run is another one.
"""

import os
import time
from datetime import timedelta

import pytest
from django.conf import LazySettings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from orders.apis.revkeen import reads
from orders.models import Connection, IndexState, Merchant, Sweep, ToRead
from orders.services.index import clock, freshness, writing
from orders.services.revkeen import session
from orders.services.sync import feed
from tests.support.emulation import Emulator
from tests.support.index_world import Place, World
from tests.support.indexing import derived_otherwise, differing, make_due
from tests.support.webhooks import live_key

pytestmark = [pytest.mark.django_db, pytest.mark.database]

RUNS = int(os.environ.get("INDEX_MACHINE_RUNS", "6"))
STEPS = int(os.environ.get("INDEX_MACHINE_STEPS", "30"))
MORE = "INDEX_MACHINE_RUNS" in os.environ
LAG = 0.1  # seconds: as long as the feed may keep an event back here
STATUSES = [kind.value for kind in Sweep.OF_STATUS]
PICKS = st.integers(0, 11)
STEPS_OF_A_TURN = st.integers(1, 8)
PLACES = st.sampled_from([0, 0, 0, 1])


def machine(world: World) -> type[RuleBasedStateMachine]:
    class Changes(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            world.restart()

        @rule(who=PLACES)
        def create(self, who: int) -> None:
            world.create(world.places[who])

        @rule(who=PLACES, pick=PICKS)
        def change_with_an_event(self, who: int, pick: int) -> None:
            world.write_note(world.places[who], pick)

        @rule(who=PLACES, pick=PICKS, field=st.sampled_from(["notes", "status"]))
        def change_without_an_event(self, who: int, pick: int, field: str) -> None:
            world.change_in_silence(world.places[who], pick, field)

        @rule(who=PLACES, pick=PICKS)
        def deliver_some_webhook(self, who: int, pick: int) -> None:
            world.deliver(world.places[who], pick)

        @rule(pick=PICKS)
        def deliver_one_to_another_merchant(self, pick: int) -> None:
            world.deliver(world.places[0], pick, to=world.places[1])

        @rule(lags=st.booleans())
        def let_the_feed_lag(self, lags: bool) -> None:
            world.emulator.settings(feed_lag=LAG * 0.6 if lags else 0)

        @rule(hours=st.sampled_from([-2, 0, 2]))
        def set_the_clock_of_the_host(self, hours: int) -> None:
            world.ahead = timedelta(hours=hours)

        @rule(who=PLACES, steps=STEPS_OF_A_TURN)
        def work(self, who: int, steps: int) -> None:
            world.work(world.places[who], steps)

        @rule(steps=STEPS_OF_A_TURN, times=st.integers(1, 4))
        def work_while_revkeen_fails(self, steps: int, times: int) -> None:
            world.emulator.fault("error", times=times, status=500)
            world.work(world.places[0], steps)
            world.emulator.clear_faults()

        @rule(steps=STEPS_OF_A_TURN, at=st.integers(0, 12))
        def work_and_be_killed(self, steps: int, at: int) -> None:
            world.work_and_be_killed(world.places[0], steps, at)

        @rule(steps=STEPS_OF_A_TURN, at=st.integers(0, 3))
        def work_and_be_overtaken(self, steps: int, at: int) -> None:
            with world.meanwhile(at, lambda: world.work(world.places[0], 8)):
                world.work(world.places[0], steps)

        @rule(steps=STEPS_OF_A_TURN, at=st.integers(0, 3), pick=PICKS)
        def change_while_an_answer_is_on_its_way(self, steps: int, at: int, pick: int) -> None:
            with world.meanwhile(at, lambda: world.write_note(world.places[0], pick)):
                world.work(world.places[0], steps)

        @rule(passes=st.booleans())
        def let_time_pass(self, passes: bool) -> None:
            time.sleep(LAG)
            make_due(*(STATUSES if passes else []))

        @rule(who=PLACES)
        def read_a_page(self, who: int) -> None:
            place, started = world.places[who], clock.now()
            with session.session(**place.here, for_index=True) as api:
                found = api.get(reads.orders(limit=100)).value
            place.late = (found, started) if found is not None else place.late

        @rule(who=PLACES)
        def write_that_page_late(self, who: int) -> None:
            place = world.places[who]
            if place.late is not None:
                listing, started = place.late
                writing.apply(**place.here, orders=listing, read_started=started)

        @invariant()
        def the_copies_are_what_they_claim(self) -> None:
            world.check(world.places[:1])  # the other one at the end: it is there to be kept apart

        def teardown(self) -> None:
            for place in world.places:
                after_quiet(world, place)
            world.check()

    return Changes


def after_quiet(world: World, place: Place) -> None:
    """Every field, term and sum is as it would be if all had been read just now."""
    for _ in range(30):
        world.work(place, 100)
        if not ToRead.objects.filter(**place.here).exists() and freshness.as_of(**place.here) is not None:
            break
    make_due(*STATUSES, "all", place=place.here)
    world.work(place, 100)
    world.work(place, 100)
    assert differing(world.emulator, place.key, **place.here) == []
    assert derived_otherwise(**place.here) == []


def test_the_index_never_lies_whatever_happens_in_whatever_order(
    emulator: Emulator,
    northwind: Merchant,
    kestrel: Merchant,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.REVKEEN_CALLS_A_MINUTE = {"live": 10_000_000, "test": 10_000_000}
    monkeypatch.setattr(feed, "LAG", timedelta(seconds=LAG))
    keys = {northwind: "rk_live_northwind_demo", kestrel: "rk_live_kestrel_demo"}
    places = [Place(merchant, "live", key, live_key(merchant)) for merchant, key in keys.items()]
    Connection.objects.exclude(pk__in=[place.connection.pk for place in places]).delete()
    IndexState.objects.all().delete()
    world = World(emulator, places, monkeypatch)
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
