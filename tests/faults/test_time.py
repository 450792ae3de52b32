"""What time does: keys that grow old, clocks that jump, keys that are replaced, backups that are restored."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.db.models.signals import pre_save

from orders.models import Connection, JournalCounter, Merchant, Operation
from orders.services.changes import quarantine
from tests.conftest import add_key
from tests.support.actions import Action
from tests.support.matrix import survives
from tests.support.reliability import Case, House

pytestmark = pytest.mark.database

State = Operation.State
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@contextmanager
def written(ago: timedelta) -> Iterator[None]:
    """Operations begin so long ago by the database's clock: a trigger lets nobody change that afterwards."""

    def stamp(instance: Operation, **signal: Any) -> None:
        if instance._state.adding:
            instance.created_at = Now() - ago  # type: ignore[assignment]

    pre_save.connect(stamp, sender=Operation)
    try:
        yield
    finally:
        pre_save.disconnect(stamp, sender=Operation)


def lost(action: Action, house: House, ago: timedelta = timedelta(), *, after_work: bool = False) -> Case:
    """A change whose answer never came, so long ago."""
    case = Case(house, action)
    case.fail("disconnect", after_work=after_work)
    with written(ago):
        case.press()
    assert case.state == State.IN_DOUBT
    house.emulator.forget_calls()
    return case


def methods(house: House) -> set[str]:
    return {call["method"] for call in house.emulator.calls()}


@survives(29)
def test_after_the_key_was_replaced_it_is_only_read(action: Action, house: House, northwind: Merchant) -> None:
    case = lost(action, house)
    Connection.objects.filter(merchant=northwind, mode="live").update(active=False)
    add_key(northwind, "live", "rk_live_northwind_demo2", active=True)
    case.reconcile()
    assert methods(house) == {"GET"}
    case.assert_invariants(State.NEEDS_REVIEW)


@survives(29)
def test_after_the_key_was_replaced_an_event_still_tells(action: Action, house: House, northwind: Merchant) -> None:
    case = lost(action, house, after_work=True)
    Connection.objects.filter(merchant=northwind, mode="live").update(active=False)
    add_key(northwind, "live", "rk_live_northwind_demo2", active=True)
    case.reconcile()
    assert methods(house) == {"GET"}
    case.assert_invariants(State.DONE)


@survives(32)
def test_a_young_key_is_sent_again(action: Action, house: House) -> None:
    case = lost(action, house, 14 * MINUTE if action.letter in "PR" else 20 * HOUR - MINUTE)
    case.reconcile()
    case.assert_invariants(State.DONE)


@survives(32, jump={f"{hours:+} h": hours * HOUR for hours in (-2, -1, 1, 2, 20)})
def test_a_clock_that_jumps_sends_nothing_for_which_the_key_may_be_too_old(
    action: Action, jump: timedelta, house: House
) -> None:
    """A key from the future is of an age that nobody knows. One hour or two make a payment's or refund's too old."""
    case = lost(action, house, jump)
    case.reconcile()
    if jump < timedelta() or jump >= 20 * HOUR or action.letter in "PR":
        assert methods(house) == {"GET"}
        case.assert_invariants(State.NEEDS_REVIEW)
    else:
        case.assert_invariants(State.DONE)


@survives(33)
def test_what_is_unknown_for_more_than_a_day_is_read_and_waits_for_a_person(action: Action, house: House) -> None:
    case = lost(action, house, 25 * HOUR)
    house.emulator._control("POST", "clock", {"advance": 25 * 3600})
    case.reconcile()
    for _ in range(3):
        case.look_again()
    assert methods(house) == {"GET"}
    case.assert_invariants(State.NEEDS_REVIEW)
    case.assert_open()


@survives(43)
def test_what_was_open_in_a_restored_backup_is_read_and_never_sent(action: Action, house: House) -> None:
    case = lost(action, house)
    counter = JournalCounter.objects.get()
    Path(settings.COUNTER_FILE).write_text(f"{counter.installation} {counter.count + 5}")
    assert quarantine.check() == 1
    case.reconcile()
    case.look_again()
    assert methods(house) == {"GET"}
    case.assert_invariants(State.NEEDS_REVIEW)
    assert case.operation.quarantined
