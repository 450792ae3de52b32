"""How copies are kept fresh: the import, the feed, marks and passes, and as of when they are right."""

import random
import time
import uuid
from bisect import bisect_left
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from orders.models import Connection, IndexState, Merchant, OrderCopy, Sweep, ToRead
from orders.services.index import clock, finding, freshness, marks
from orders.services.sync import feed, sweeps, turns, work
from tests.support.at_work import until
from tests.support.emulation import Emulator
from tests.support.indexing import differing, make_due, run

pytestmark = [pytest.mark.django_db, pytest.mark.database]

POSTGRESQL = connection.vendor == "postgresql"
STATUSES = [kind.value for kind in Sweep.OF_STATUS]


@pytest.fixture(autouse=True)
def place(northwind: Merchant, emulator: Emulator, settings: LazySettings) -> dict[str, Any]:
    """One index, of a key that may call as often as it likes."""
    settings.REVKEEN_CALLS_A_MINUTE = {"live": 10_000_000, "test": 10_000_000}
    Connection.objects.exclude(merchant=northwind, mode="live").delete()
    feed.forget_seen()
    return {"merchant": northwind, "mode": "live"}


def calls(emulator: Emulator, path: str) -> int:
    return sum(call["path"].split("?")[0].endswith(path) for call in emulator.calls())


def test_the_import_has_every_order_and_takes_the_feed_first(emulator: Emulator, place: dict[str, Any]) -> None:
    assert freshness.as_of(**place) is None
    run()
    assert differing(emulator) == []
    paths = [call["path"] for call in emulator.calls() if "/orders" in call["path"] or "/events" in call["path"]]
    assert "/events" in paths[0]
    began = Sweep.objects.get(kind="all").as_of
    as_of = freshness.as_of(**place)
    assert as_of is not None
    assert began is not None
    assert as_of <= began
    assert run() == 0


def test_after_the_import_the_database_knows_how_its_rows_are_spread(place: dict[str, Any]) -> None:
    known = "SELECT 1 FROM pg_stats WHERE tablename = %s" if POSTGRESQL else "SELECT 1 FROM sqlite_stat1 WHERE tbl = %s"
    run()
    with connection.cursor() as cursor:
        for table in ("orders_ordercopy", "orders_term", "orders_transactioncopy"):
            cursor.execute(known, [table])
            assert cursor.fetchall(), table


def test_what_events_tell_of_is_read_once(emulator: Emulator, place: dict[str, Any]) -> None:
    run()
    order = emulator.make_order()
    emulator.forget_calls()
    for _ in range(3):
        make_due()
        run()
    assert differing(emulator) == []
    assert calls(emulator, order["id"]) == 1


def test_an_event_that_is_seen_after_a_later_read_is_not_missed(emulator: Emulator, place: dict[str, Any]) -> None:
    run()
    emulator.settings(feed_lag=1)
    emulator.make_order()
    make_due()
    run()
    time.sleep(1.1)
    make_due()
    run()
    assert differing(emulator) == []


def test_a_change_that_no_event_tells_of_is_found_by_the_passes(emulator: Emulator, place: dict[str, Any]) -> None:
    run()
    paid, left = emulator.orders("status=paid&limit=2")
    emulator.patch("orders", paid["id"], notes="Changed elsewhere")
    emulator.patch("orders", left["id"], status="canceled")
    make_due(*STATUSES, feed=False)
    run()
    assert differing(emulator) == []
    assert OrderCopy.objects.get(order_id=left["id"]).payment_state == "Canceled"


def test_an_order_that_is_gone_is_kept_and_marked(emulator: Emulator, place: dict[str, Any]) -> None:
    run()
    gone = OrderCopy.objects.order_by("id")[0]
    OrderCopy.objects.filter(pk=gone.pk).update(order_id=uuid.uuid4())  # RevKeen has none of this id
    make_due("all", feed=False)
    run()
    gone.refresh_from_db()
    assert gone.gone_at is not None
    assert differing(emulator) == []


@pytest.mark.parametrize("count", [12, pytest.param(350, marks=pytest.mark.full)])
def test_many_orders_of_one_second_are_all_there(count: int, emulator: Emulator, place: dict[str, Any]) -> None:
    emulator.settings(whole_seconds=True)
    made = [emulator.make_order() for _ in range(count)]
    for order in made:
        emulator.patch("orders", order["id"], created_at=made[0]["created_at"])
    Sweep.objects.update(page_size=5)
    turns.begin_new()
    Sweep.objects.filter(kind="all").update(page_size=5)
    run()
    assert differing(emulator) == []


def test_an_import_that_is_killed_goes_on_where_it_was(
    emulator: Emulator, place: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns.begin_new()
    Sweep.objects.filter(kind="all").update(page_size=10)
    monkeypatch.setattr(work, "MOST_STEPS", 4)
    state = turns.claim()
    assert state is not None
    work.work(state, lambda seconds: None)
    kept, position = OrderCopy.objects.count(), Sweep.objects.get(kind="all")
    assert 0 < kept < 60
    with monkeypatch.context() as patched:
        patched.setattr(Sweep, "save", _killed)
        state = turns.claim()
        assert state is not None
        with pytest.raises(KeyboardInterrupt):
            work.work(state, lambda seconds: None)
    assert (OrderCopy.objects.count(), Sweep.objects.get(kind="all").created_lte) == (kept, position.created_lte)
    IndexState.objects.update(lease_until=clock.now())
    monkeypatch.setattr(work, "MOST_STEPS", 1000)
    emulator.forget_calls()
    run()
    assert differing(emulator) == []
    assert calls(emulator, "/orders") <= (OrderCopy.objects.count() - kept) / 10 + 2


def _killed(*args: object, **kwargs: object) -> None:
    raise KeyboardInterrupt


def test_nothing_is_as_of_a_moment_before_which_something_is_still_to_be_read(place: dict[str, Any]) -> None:
    run()
    before = freshness.as_of(**place)
    marks.mark(place["merchant"], place["mode"], [uuid.uuid4()])  # no list has it: nothing but its own read serves it
    ToRead.objects.update(due_at=clock.now() + timedelta(hours=1))
    make_due(*STATUSES)
    run()
    assert freshness.as_of(**place) == before
    ToRead.objects.update(due_at=clock.now() - timedelta(seconds=1))  # SQLite counts milliseconds
    run()
    assert not ToRead.objects.exists()
    as_of = freshness.as_of(**place)
    assert as_of is not None
    assert before is not None
    assert as_of > before


def test_without_events_the_passes_alone_keep_it_fresh(emulator: Emulator, place: dict[str, Any]) -> None:
    emulator.fault("respond", "/events", status=403, body={"error": {"message": "No scope."}})
    run()
    assert differing(emulator) == []
    found = freshness.freshness(**place)
    assert found.without_events
    assert found.as_of == Sweep.objects.get(kind="all").as_of


@pytest.mark.parametrize("share", [500, 50])
def test_the_background_keeps_to_its_share_in_every_minute(
    share: int, place: dict[str, Any], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps of one call and of several, with second tries, as fast as they may be, in a hurry and after rests."""
    settings.REVKEEN_CALLS_A_MINUTE = {"live": 2 * share, "test": 2 * share}
    turns.begin_new()
    state, rng, made = turns.claim(), random.Random(share), list[datetime]()
    assert state is not None
    now = clock.now()
    monkeypatch.setattr(turns.clock, "now", lambda: now)
    for _ in range(share * 4):
        calls, more = rng.choice([(1, 0), (1, 1), (4, 0), (5, 3)])
        while seconds := turns.take_calls(state, calls):
            now += timedelta(seconds=seconds)
        turns.charge(state, more)
        made += [now] * (calls + more)
        if rng.random() < 0.02:
            now += timedelta(seconds=rng.choice([1, 20, 3600]))
    in_a_minute = [bisect_left(made, at + timedelta(minutes=1)) - place for place, at in enumerate(made)]
    assert share * 0.8 < max(in_a_minute) <= share


def test_the_page_read_ahead_waits_for_its_turn(place: dict[str, Any], settings: LazySettings) -> None:
    settings.REVKEEN_CALLS_A_MINUTE = {"live": 100, "test": 100}
    turns.begin_new()
    state = turns.claim()
    assert state is not None
    waits = [turns.reserve(state) for _ in range(4)]
    assert waits == pytest.approx([0, 1.5, 3, 4.5], abs=0.2)


def test_one_worker_at_a_time_has_an_index(place: dict[str, Any]) -> None:
    turns.begin_new()
    first = turns.claim()
    assert first is not None
    assert turns.claim() is None
    IndexState.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    assert turns.claim() is not None
    with pytest.raises(turns.Lost):
        turns.take_calls(first)
    with pytest.raises(turns.Lost):
        turns.require(first)


def test_a_429_stops_the_background_for_as_long_as_it_says(emulator: Emulator, place: dict[str, Any]) -> None:
    emulator.fault("rate_limited", times=2, retry_after="7")
    run()
    wait_until = IndexState.objects.get().wait_until
    assert wait_until is not None
    assert timedelta(seconds=5) < wait_until - clock.now() <= timedelta(seconds=7)
    assert turns.claim() is None
    assert 4 < turns.due().seconds <= 7


def test_passes_over_old_orders_come_less_often_while_nothing_changes() -> None:
    sweep = Sweep(kind="week")
    intervals = []
    for sweep.quiet in (0, 2, 3, 4, 50):
        intervals.append(sweeps.interval(sweep))
    hour = timedelta(hours=1)
    assert intervals == [hour, hour, 2 * hour, 4 * hour, timedelta(days=30)]
    sweep = Sweep(kind="paid", quiet=50)
    assert sweeps.interval(sweep) == timedelta(minutes=5)


def test_a_mark_from_anywhere_is_read(emulator: Emulator, place: dict[str, Any]) -> None:
    run()
    order = emulator.orders("limit=1")[0]
    emulator.patch("orders", order["id"], notes="Elsewhere")
    marks.mark(**place, order_ids=[uuid.UUID(order["id"])])
    assert until(turns.due, lambda due: due.now, seconds=5).now  # SQLite counts milliseconds
    run()
    assert OrderCopy.objects.get(order_id=order["id"]).notes == "Elsewhere"


def test_every_order_that_was_paid_by_card_is_found_by_its_last_four(emulator: Emulator, place: dict[str, Any]) -> None:
    run()
    rows = emulator.get("/transactions?limit=100")["data"]
    paid = next(row for row in rows if row["card_last_four"] and row["invoice_id"])
    orders = set(OrderCopy.objects.filter(invoice_id=paid["invoice_id"]).values_list("id", flat=True))
    assert orders
    for typed in (paid["id"], paid["card_last_four"]):
        assert orders <= {hit.key for hit in finding.find_ids(**place, text=typed, limit=200)}
    emulator.forget_calls()
    make_due("payments", feed=False)
    run()
    assert calls(emulator, "/transactions") == 1
