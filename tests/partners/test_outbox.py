"""The outbox: what is due, in which order, how often, and who is at it. Nothing is lost and nothing sent twice."""

from collections import Counter
from typing import Any

import pytest
from django.conf import LazySettings

from orders.models import Connection, JournalCounter, Merchant, PartnerUpdate, PartnerUpdateAttempt, User
from orders.services.changes import quarantine
from orders.services.fulfillment import corrections
from orders.services.fulfillment.corrections import Tracking
from orders.services.partners import attempt, manual, outbox, partner_worker
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates
from tests.support.parcels import river as river
from tests.support.parcels import user as user
from tests.support.shipping import (
    ADDRESS,
    DIGITAL_RIVER,
    ORDER_PROTECTION,
    State,
    captured,
    connect,
    due,
    effects,
    only,
    open_orders,
    parcel,
    pass_time,
    ship,
    states,
    work,
)

pytestmark = pytest.mark.database

CREATE = "/fulfillments$"
DAY = 24 * 60 * 60


@pytest.fixture
def protection(northwind: Merchant, emulator: Emulator) -> Connection:
    return connect(northwind, ORDER_PROTECTION)


@pytest.fixture
def orders(emulator: Emulator) -> list[Any]:
    return open_orders(emulator)


def several(orders: list[Any]) -> Any:
    """An order with at least three units of its first line."""
    return next(order for order in orders if order["line_items"][0]["quantity"] >= 3)


# What is due


def test_of_an_order_one_goes_after_the_other(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator
) -> None:
    order = several(orders)
    found = ship(northwind, user, order, *[parcel(order, 1)] * 3)
    emulator.fault("rate_limited", CREATE, method="POST", retry_after="0")
    assert work() == 1
    assert states(*found) == [State.WAITING] * 3
    for _ in range(3):
        pass_time(900)
        work()
    assert states(*found) == [State.SENT] * 3
    made = effects(emulator, DIGITAL_RIVER, "fulfillment")
    assert [row["metadata"]["shipmentRef"] for row in made] == [str(shipment.reference) for shipment in found]


def test_one_that_is_unknown_holds_up_its_order_and_no_other(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator
) -> None:
    order = several(orders)
    first, second = ship(northwind, user, order, parcel(order, 1), parcel(order, 1))
    another = next(one for one in orders if one["id"] != order["id"])
    (third,) = ship(northwind, user, another, parcel(another))
    emulator.fault("disconnect", CREATE, method="POST")
    work()
    assert states(first, second, third) == [State.IN_DOUBT, State.WAITING, State.SENT]


@pytest.mark.parametrize("state", [State.FAILED, State.BLOCKED, State.STOPPED, State.UNDONE])
def test_one_that_waits_for_a_person_holds_up_nothing(
    state: str, northwind: Merchant, user: User, river: Connection, orders: list[Any]
) -> None:
    order = several(orders)
    first, second = ship(northwind, user, order, parcel(order, 1), parcel(order, 1))
    PartnerUpdate.objects.filter(shipment=first).update(state=state)
    work()
    assert states(first, second) == [state, State.SENT]


def test_one_that_waits_for_revkeen_goes_when_revkeen_has_accepted(
    northwind: Merchant, user: User, river: Connection, orders: list[Any]
) -> None:
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))
    PartnerUpdate.objects.update(state=State.FOR_REVKEEN)
    assert work() == 0
    assert states(shipment) == [State.FOR_REVKEEN]


def test_an_earlier_one_that_was_corrected_and_a_later_one_whose_worker_died_do_not_wait_for_each_other(
    northwind: Merchant, user: User, river: Connection, orders: list[Any]
) -> None:
    order = several(orders)
    (first,) = ship(northwind, user, order, parcel(order, 1))
    work()
    (second,) = ship(northwind, user, order, parcel(order, 1))
    assert outbox.claim()
    corrections.correct(first, 1, Tracking("fedex", (("NEW", ADDRESS),)), user)
    assert outbox.claim() is None
    pass_time(121)
    work()
    assert states(first, second) == [State.SENT, State.SENT]


def test_a_slow_partner_leaves_workers_to_the_other(
    northwind: Merchant, user: User, river: Connection, protection: Connection, orders: list[Any]
) -> None:
    ship(northwind, user, orders[0], parcel(orders[0]))
    claimed = outbox.claim([(northwind.pk, DIGITAL_RIVER)])
    assert claimed
    assert claimed.destination == ORDER_PROTECTION
    assert outbox.claim([(northwind.pk, DIGITAL_RIVER)]) is None


def test_without_a_connection_it_waits_and_goes_when_there_is_one(
    northwind: Merchant, user: User, river: Connection, orders: list[Any]
) -> None:
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))
    Connection.objects.filter(pk=river.pk).update(active=False)
    work()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.code, partner_update.failures) == (State.WAITING, "not_connected", 0)
    assert partner_update.next_try_at > partner_update.created_at
    Connection.objects.filter(pk=river.pk).update(active=True)
    assert outbox.wake(northwind, "live", DIGITAL_RIVER) == 1
    work()
    assert states(shipment) == [State.SENT]


# Failures


def test_each_failure_makes_the_wait_longer_up_to_a_quarter_of_an_hour() -> None:
    for failures, (least, most) in {1: (5, 10), 2: (10, 20), 5: (80, 160), 8: (450, 900), 200: (450, 900)}.items():
        waits = [attempt.backoff(failures) for _ in range(200)]
        assert least <= min(waits) < max(waits) <= most
        assert len(set(waits)) > 100


def test_a_partner_that_fails_for_a_day_gets_everything_once_and_in_order(
    northwind: Merchant, user: User, river: Connection, protection: Connection, orders: list[Any], emulator: Emulator
) -> None:
    order = several(orders)
    found = ship(northwind, user, order, parcel(order, 1), parcel(order, 1))
    another = next(one for one in orders if one["id"] != order["id"])
    found += ship(northwind, user, another, parcel(another))
    emulator.fault("error", method="*", provider=DIGITAL_RIVER, status=503, times=10_000)
    for _ in range(DAY // 900):
        work()
        pass_time(900)
        forget_gates()
    of_river = PartnerUpdate.objects.filter(destination=DIGITAL_RIVER)
    assert set(of_river.values_list("state", flat=True)) == {State.IN_DOUBT, State.WAITING}
    assert set(PartnerUpdate.objects.exclude(destination=DIGITAL_RIVER).values_list("state", flat=True)) == {State.SENT}
    emulator.clear_faults()
    for _ in range(4):
        pass_time(900)
        forget_gates()
        work()
    assert set(of_river.values_list("state", flat=True)) == {State.SENT}
    made = [row["metadata"]["shipmentRef"] for row in effects(emulator, DIGITAL_RIVER, "fulfillment")]
    assert Counter(made) == Counter(str(shipment.reference) for shipment in found)
    assert made.index(str(found[0].reference)) < made.index(str(found[1].reference))
    assert sum(captured(emulator).values()) == sum(item.quantity for one in found for item in one.items.all())


def test_after_many_failures_it_asks_for_a_person(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator, settings: LazySettings
) -> None:
    settings.PARTNER_UPDATE_ATTEMPTS = 3
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))
    settings.DIGITAL_RIVER_URL = "http://127.0.0.1:9"
    for _ in range(5):
        work()
        due()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.code, partner_update.failures) == (State.FAILED, "gave_up", 3)
    assert "No connection to Digital River." in partner_update.message


def test_one_that_is_refused_is_seen_and_the_others_go_on(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator
) -> None:
    found = [ship(northwind, user, order, parcel(order))[0] for order in orders[:3]]
    emulator.patch("digital_river_orders", orders[1]["metadata"]["dr_order_id"], state="dispute")
    work()
    assert states(*found) == [State.SENT, State.FAILED, State.SENT]
    assert list(outbox.needing_someone(northwind, "live")) == [only(found[1])]
    assert outbox.count_needing_someone(northwind, "test") == 0


def test_one_that_has_failed_for_long_needs_someone_too(
    northwind: Merchant, user: User, river: Connection, orders: list[Any]
) -> None:
    ship(northwind, user, orders[0], parcel(orders[0]))
    assert outbox.count_needing_someone(northwind, "live") == 0
    PartnerUpdate.objects.update(failures=outbox.STUCK_AFTER)
    assert outbox.count_needing_someone(northwind, "live") == 1


def test_our_own_mistake_is_tried_again_and_says_so(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))

    def broken(*arguments: object) -> None:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr("orders.services.partners.digital_river.create_body", broken)
    work()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.code, partner_update.doubtful) == (State.WAITING, "error", False)


# Two at work


def test_two_who_hold_the_same_partner_update_send_it_once(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator
) -> None:
    """The first fell asleep for longer than its lease, and wakes up when another has claimed it.

    There are units left for a second one, which Digital River would take.
    """
    order = several(orders)
    (shipment,) = ship(northwind, user, order, parcel(order, 1))
    first = outbox.claim()
    pass_time(121)
    second = outbox.claim()
    assert first
    assert second
    assert first.pk == second.pk
    partner_worker.send_update(first)
    partner_worker.send_update(second)
    assert (states(shipment), len(effects(emulator, DIGITAL_RIVER, "fulfillment"))) == ([State.SENT], 1)


def test_one_who_is_late_does_not_begin_a_call(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator
) -> None:
    ship(northwind, user, orders[0], parcel(orders[0]))
    claimed = outbox.claim()
    pass_time(61)
    assert claimed
    partner_worker.send_update(claimed)
    assert not [call for call in emulator.calls() if call["provider"] == DIGITAL_RIVER]
    pass_time(60)
    assert work() == 1


# People


def test_a_person_who_stops_it_and_a_worker_that_sends_it_do_not_cross(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator
) -> None:
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))
    seen_before = only(shipment)
    claimed = outbox.claim()
    assert claimed
    assert not manual.stop(seen_before, user, "Not needed.")
    partner_worker.send_update(claimed)
    assert states(shipment) == [State.SENT]
    (another,) = ship(northwind, user, orders[1], parcel(orders[1]))
    assert manual.stop(only(another), user, "Not needed.")
    assert work() == 0
    assert states(another) == [State.STOPPED]


def test_a_stop_while_a_dead_worker_wakes_up_sends_nothing(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator
) -> None:
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))
    claimed = outbox.claim()
    assert claimed
    PartnerUpdate.objects.update(state=State.IN_DOUBT)
    assert manual.stop(only(shipment), user, "Not needed.")
    partner_worker.send_update(claimed)
    assert states(shipment) == [State.STOPPED]
    assert not [call for call in emulator.calls() if call["provider"] == DIGITAL_RIVER]


def test_what_is_held_is_neither_sent_early_nor_stopped_nor_sent(
    northwind: Merchant, user: User, river: Connection, orders: list[Any]
) -> None:
    """Only an undo ends a hold."""
    northwind.undo_seconds = 60
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))
    fulfillment = shipment.fulfillment
    fulfillment.undo_until = fulfillment.created_at.replace(year=2099)
    fulfillment.save()
    PartnerUpdate.objects.update(next_try_at=fulfillment.undo_until)
    assert not manual.send_again(only(shipment), user)
    assert not manual.stop(only(shipment), user, "Not needed.")
    assert work() == 0


# A restored backup


def test_a_restored_backup_sends_nothing_to_partners_and_a_person_finds_what_was_sent(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator
) -> None:
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))
    before = PartnerUpdate.objects.values().get()
    work()
    PartnerUpdate.objects.update(**before)  # as the backup has it
    PartnerUpdateAttempt.objects.all().delete()
    quarantine.quarantine()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.code, partner_update.doubtful) == (State.FAILED, "quarantined", True)
    assert work() == 0
    assert manual.send_again(partner_update, user)
    work()
    assert (states(shipment), len(effects(emulator, DIGITAL_RIVER, "fulfillment"))) == ([State.SENT], 1)


def test_each_call_is_counted_so_that_a_backup_from_before_it_is_known_to_be_old(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], emulator: Emulator
) -> None:
    quarantine.count_up()
    ship(northwind, user, orders[0], parcel(orders[0]))
    counted = JournalCounter.objects.get().count
    emulator.fault("disconnect", CREATE, method="POST", after_work=True)
    work()
    assert JournalCounter.objects.get().count == counted + 1


def test_a_first_file_that_is_written_while_we_look_is_no_restored_backup(
    northwind: Merchant, user: User, river: Connection, orders: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers begin at once in a new installation."""
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))
    true = quarantine._noted

    def before_there_was_one() -> None:
        monkeypatch.setattr(quarantine, "_noted", true)
        quarantine.count_up()
        quarantine.note_count()

    monkeypatch.setattr(quarantine, "_noted", before_there_was_one)
    assert quarantine.check() == 0
    assert states(shipment) == [State.WAITING]


def test_a_restored_backup_is_noticed_by_its_partner_updates(
    northwind: Merchant, user: User, river: Connection, orders: list[Any]
) -> None:
    quarantine.check()
    (shipment,) = ship(northwind, user, orders[0], parcel(orders[0]))
    before, counted = PartnerUpdate.objects.values().get(), JournalCounter.objects.get().count
    work()
    quarantine.note_count()  # the transaction of a test never ends
    PartnerUpdateAttempt.objects.all().delete()
    PartnerUpdate.objects.update(**before)
    JournalCounter.objects.update(count=counted)
    quarantine.check()
    assert (states(shipment), only(shipment).code) == ([State.FAILED], "quarantined")
