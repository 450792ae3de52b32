"""OrderProtection knows a shipment by our reference: it is replaced, never doubled, and not called too often."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from orders.apis.errors import NotSent
from orders.models import Connection, Merchant, PartnerUpdate, PartnerUpdateAttempt, Shipment, User
from orders.services.fulfillment import corrections
from orders.services.fulfillment.corrections import Tracking
from orders.services.partners import order_protection
from tests.support.emulation import Emulator
from tests.support.parcels import user as user
from tests.support.shipping import (
    ADDRESS,
    ORDER_PROTECTION,
    State,
    connect,
    due,
    effects,
    history,
    only,
    open_orders,
    parcel,
    ship,
    states,
    work,
)

pytestmark = pytest.mark.database

APART = order_protection.APART
LIST, ONE = "/fulfillments$", "/fulfillments/."


@pytest.fixture
def order(emulator: Emulator, northwind: Merchant) -> Any:
    connect(northwind, ORDER_PROTECTION)
    return open_orders(emulator)[0]


@pytest.fixture
def send(northwind: Merchant, user: User, order: Any) -> Callable[..., Shipment]:
    return lambda units=1, **given: ship(northwind, user, order, parcel(order, units, **given))[0]


def known(emulator: Emulator, shipment: Shipment) -> Any:
    """The shipment as it stands there, read as any client reads it."""
    found = order_protection.client_for(Connection.objects.get(provider=ORDER_PROTECTION)).fulfillments(
        only(shipment).partner_order_id
    )
    return next((one for one in found if one.source_fulfillment_id == str(shipment.reference)), None)


def writes(emulator: Emulator) -> list[str]:
    calls = [call for call in emulator.calls() if call["provider"] == ORDER_PROTECTION]
    return [call["method"] for call in calls if call["method"] != "GET"]


def test_a_parcel_arrives_with_all_that_was_said_of_it(send: Any, order: Any, emulator: Emulator) -> None:
    second = "https://www.ups.com/track?tracknum=2"
    at, later = datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 21, 10, tzinfo=UTC)
    shipment = send(tracking=(("1", ADDRESS), ("2", second)), status="LABEL_PRINTED", shipped_at=at, status_at=later)
    work()
    found = known(emulator, shipment)
    assert (states(shipment), only(shipment).sent_version) == ([State.SENT], 1)
    assert (found.fulfillment_status, found.tracking_company) == ("LABEL_PRINTED", "UPS")
    assert (found.tracking_numbers, found.tracking_urls) == (("1", "2"), (ADDRESS, second))
    assert [(item.source_item_id, item.quantity) for item in found.source_item_ids] == [
        (order["line_items"][0]["id"], 1)
    ]
    assert (found.created, found.updated) == (at, later)


def test_an_order_whose_id_there_begins_with_a_hash_is_found(
    northwind: Merchant, user: User, order: Any, emulator: Emulator
) -> None:
    hashed = emulator.get(f"/orders/{emulator.cases()['orders']['paid_hash_in_its_id']}")
    (shipment,) = ship(northwind, user, hashed, parcel(hashed, 1))
    work()
    assert only(shipment).partner_order_id.startswith("#")
    assert states(shipment) == [State.SENT]


def test_addresses_are_left_out_where_a_number_has_none(send: Any, emulator: Emulator) -> None:
    shipment = send(tracking=(("1", ADDRESS), ("2", "")))
    work()
    assert (known(emulator, shipment).tracking_numbers, known(emulator, shipment).tracking_urls) == (("1", "2"), ())


def test_a_call_that_was_done_and_hung_up_on_is_found_and_not_sent_again(send: Any, emulator: Emulator) -> None:
    shipment = send()
    emulator.fault("disconnect", LIST, method="POST", after_work=True)
    work()
    assert states(shipment) == [State.IN_DOUBT]
    due()
    work()
    assert (states(shipment), writes(emulator)) == ([State.SENT], ["POST"])


@pytest.mark.parametrize("kind", ["disconnect", "bad_gateway", "error"])
def test_a_call_that_got_lost_is_sent_again_after_a_look(kind: str, send: Any, emulator: Emulator) -> None:
    shipment = send()
    emulator.fault(kind, LIST, method="POST")
    work()
    due()
    work()
    assert states(shipment) == [State.SENT]
    assert [what for what, _, _ in history(shipment)] == ["create", "look", "create"]
    assert len(effects(emulator, ORDER_PROTECTION, "fulfillment")) == 1


def test_corrected_tracking_goes_out_in_place_of_what_is_there(send: Any, user: User, emulator: Emulator) -> None:
    shipment = send()
    work()
    corrections.correct(shipment, 1, Tracking("fedex", (("NEW-1", ADDRESS),)), user)
    work()
    found = known(emulator, shipment)
    assert (found.tracking_company, found.tracking_numbers) == ("FedEx", ("NEW-1",))
    assert (only(shipment).sent_version, only(shipment).tracking_refused) == (2, False)


def test_a_status_alone_is_set_and_nothing_else_is_sent(send: Any, user: User, emulator: Emulator) -> None:
    shipment = send()
    work()
    emulator.forget_calls()
    corrections.set_status([shipment], "DELIVERED", user)
    work()
    assert writes(emulator) == ["PUT"]
    assert (known(emulator, shipment).status, only(shipment).sent_version) == ("DELIVERED", 2)


def test_a_status_that_is_told_in_another_case_is_the_same(send: Any, user: User, emulator: Emulator) -> None:
    shipment = send()
    emulator.settings(order_protection_mixed_case=True)
    emulator.fault("disconnect", LIST, method="POST", after_work=True)
    work()
    due()
    work()
    assert (states(shipment), writes(emulator)) == ([State.SENT], ["POST"])


def test_where_repeats_are_refused_the_status_goes_through_and_the_tracking_counts_as_not_taken(
    send: Any, user: User, emulator: Emulator
) -> None:
    shipment = send()
    work()
    emulator.settings(order_protection_repeats="refuse")
    corrections.correct(shipment, 1, Tracking("fedex", (("NEW-1", ADDRESS),)), user)
    corrections.set_status([shipment], "IN_TRANSIT", user)
    work()
    partner_update, found = only(shipment), known(emulator, shipment)
    assert (partner_update.state, partner_update.sent_version, partner_update.tracking_refused) == (State.SENT, 3, True)
    assert (found.status, found.tracking_company) == ("IN_TRANSIT", "UPS")
    assert "not the tracking" in partner_update.message


def test_where_repeats_are_refused_a_lost_answer_is_no_failure(send: Any, emulator: Emulator) -> None:
    """It is not in the list when it is looked at, and there when it is sent again."""
    emulator.settings(order_protection_repeats="refuse")
    shipment = send()
    emulator.fault("disconnect", LIST, method="POST", after_work=True)
    work()
    emulator.fault("respond", LIST, method="GET", status=200, body=[])
    due()
    work()
    assert [(what, status) for what, status, _ in history(shipment)] == [
        ("create", None), ("look", 200), ("create", 409), ("look", 200),
    ]  # fmt: skip
    assert (states(shipment), only(shipment).tracking_refused) == ([State.SENT], False)


def test_an_order_it_does_not_know_is_for_a_person(
    northwind: Merchant, user: User, order: Any, emulator: Emulator
) -> None:
    unknown = emulator.get(f"/orders/{emulator.cases()['orders']['paid_unknown_to_partners']}")
    (shipment,) = ship(northwind, user, unknown, parcel(unknown, 1))
    work()
    assert (states(shipment), only(shipment).code) == ([State.FAILED], "order_unknown")


def test_what_it_refuses_is_for_a_person_with_its_words(send: Any, emulator: Emulator) -> None:
    shipment = send()
    shipment.items.update(order_protection_item_id="unheard-of")
    work()
    assert (states(shipment), only(shipment).code) == ([State.FAILED], "http_400")
    assert "an item that the order does not have" in only(shipment).message


def test_units_that_never_ship_are_nothing_to_it(send: Any) -> None:
    send(carrier="", tracking=(), reason="Sold out.")
    assert not PartnerUpdate.objects.exists()


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch, unpaced: None) -> None:
    monkeypatch.setattr(order_protection, "APART", APART)


def test_turns_are_a_quarter_of_a_second_apart_and_begin_anew_after_a_pause(paced: None, order: Any) -> None:
    key = Connection.objects.get(provider=ORDER_PROTECTION)
    began = time.monotonic()
    waits = [order_protection.take_turn(key.pk) for _ in range(10)]
    took = time.monotonic() - began
    assert waits[0] == 0
    assert 9 * 0.25 - took - 0.001 <= waits[-1] <= 9 * 0.25  # the database keeps milliseconds
    Connection.objects.update(next_slot_at=Now() - timedelta(hours=1))
    assert order_protection.take_turn(key.pk) == 0


def test_calls_go_out_a_quarter_of_a_second_apart(
    paced: None, northwind: Merchant, user: User, order: Any, emulator: Emulator
) -> None:
    for one in open_orders(emulator)[:5]:
        ship(northwind, user, one, parcel(one, 1))
    began = time.monotonic()
    assert work() == 5
    assert time.monotonic() - began >= 4 * 0.25
    assert writes(emulator) == ["POST"] * 5


def test_a_turn_too_far_away_is_not_waited_for(paced: None, send: Any, emulator: Emulator) -> None:
    shipment = send()
    key = Connection.objects.get(provider=ORDER_PROTECTION)
    with pytest.raises(NotSent):
        [order_protection.take_turn(key.pk) for _ in range(1000)]
    began = time.monotonic()
    work()
    assert time.monotonic() - began < 2
    assert (states(shipment), only(shipment).doubtful, writes(emulator)) == ([State.WAITING], False, [])


def test_it_is_dated_when_it_was_shipped_and_not_when_it_was_told(send: Any, emulator: Emulator) -> None:
    shipment = send()
    shipped_at = timezone.now() - timedelta(days=2)
    Shipment.objects.filter(pk=shipment.pk).update(created_at=shipped_at)
    work()
    (made,) = [
        row for row in PartnerUpdateAttempt.objects.filter(partner_update__shipment=shipment) if row.what == "create"
    ]
    assert made.body["createdAt"] == f"{shipped_at:%Y-%m-%dT%H:%M:%SZ}"
