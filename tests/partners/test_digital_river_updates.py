"""Digital River captures money on every create and knows no idempotency key: each shipment arrives once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings

from orders.apis.digital_river.client import Client
from orders.apis.gate import Gate
from orders.models import Merchant, PartnerUpdate, PartnerUpdateAttempt, Shipment, TrackingNumber, User
from orders.services.fulfillment import corrections
from orders.services.fulfillment.corrections import Tracking
from orders.services.fulfillment.shipments import Parcel, ParcelItem
from orders.services.partners import digital_river, manual, outbox
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates
from tests.support.parcels import user as user
from tests.support.shipping import (
    ADDRESS,
    DIGITAL_RIVER,
    State,
    captured,
    connect,
    due,
    effects,
    history,
    only,
    open_orders,
    parcel,
    pass_time,
    ship,
    states,
    work,
)

CREATE, UPDATE = "/fulfillments$", "/fulfillments/."
DAY = 24 * 60 * 60


@pytest.fixture
def order(emulator: Emulator, northwind: Merchant) -> Any:
    """With a first line of ten units, of which nothing has left."""
    connect(northwind, DIGITAL_RIVER)
    return with_units(emulator, open_orders(emulator)[0], 10)


@pytest.fixture
def send(northwind: Merchant, user: User, order: Any) -> Callable[..., Shipment]:
    """Ship so many units of the first line."""
    return lambda units=10, **given: ship(northwind, user, order, parcel(order, units, **given))[0]


def with_units(emulator: Emulator, order: Any, units: int) -> Any:
    """The order as if so many units of its first line had been ordered, and nothing else."""
    line = {**order["line_items"][0], "quantity": units}
    item_id = line["metadata"]["dr_item_id"]
    hidden = {
        "lines": {item_id: {"total": 1000 * units, "quantity": units, "fulfilled": 0, "cancelled": 0}},
        "operations": [],
    }
    items = [{"id": item_id, "skuId": "NW-1", "quantity": units, "state": "created"}]
    emulator.patch("digital_river_orders", order["metadata"]["dr_order_id"], items=items, **{"$hidden": hidden})
    return {**order, "line_items": [line]}


def item_id(order: Any) -> str:
    return str(order["line_items"][0]["metadata"]["dr_item_id"])


def created(emulator: Emulator) -> list[Any]:
    return effects(emulator, DIGITAL_RIVER, "fulfillment")


def there(emulator: Emulator, shipment: Shipment) -> Any:
    """The fulfillment as Digital River keeps it."""
    return emulator._control("GET", f"objects/digital_river_fulfillments/{only(shipment).remote_id}")["object"]


def posts(emulator: Emulator) -> int:
    return sum(call["method"] == "POST" for call in emulator.calls() if call["provider"] == DIGITAL_RIVER)


# What it is told


def test_a_parcel_arrives_with_all_that_was_said_of_it(
    northwind: Merchant, user: User, order: Any, emulator: Emulator
) -> None:
    item = ParcelItem(
        order["line_items"][0]["id"], 3, distributor_cost=1234, shipping_cost=50, subfulfiller_id="sub-1",
        shipment_item_id="line-9",
    )  # fmt: skip
    sent = Parcel(
        (item,), "ups", (("1Z 999", ADDRESS), ("SECOND", "")), partner_id="partner-1", cost_currency="EUR",
        shipment_id="dr-ship-1", metadata={"dock": 4, "fragile": True},
    )  # fmt: skip
    (shipment,) = ship(northwind, user, order, sent)
    assert work() == 1
    partner_update, made = only(shipment), there(emulator, shipment)
    assert (partner_update.state, partner_update.sent_version, partner_update.doubtful, partner_update.attempts) == (
        State.SENT,
        1,
        False,
        1,
    )
    assert partner_update.sent_at is not None
    assert made["metadata"] == {
        "dock": 4, "fragile": True, "shipmentRef": str(shipment.reference), "trackingNumbers": "1Z 999, SECOND",
    }  # fmt: skip
    assert (made["trackingCompany"], made["trackingNumber"], made["trackingUrl"]) == ("UPS", "1Z 999", ADDRESS)
    assert (made["orderId"], made["shipmentId"], made["currency"]) == (
        order["metadata"]["dr_order_id"], "dr-ship-1", "EUR",
    )  # fmt: skip
    line = made["items"][0]
    assert (line["itemId"], line["quantity"], line["cancelQuantity"]) == (item_id(order), 3, 0)
    assert (line["distributorCost"], line["shippingCost"]) == (12.34, 0.5)
    assert (line["subfulfillerId"], line["shipmentItemId"]) == ("sub-1", "line-9")
    assert history(shipment) == [("create", 201, "")]
    assert PartnerUpdateAttempt.objects.get().body["partnerId"] == "partner-1"


def test_units_that_never_ship_are_canceled(send: Any, order: Any, emulator: Emulator) -> None:
    shipment = send(4, carrier="", tracking=(), reason="Sold out.")
    work()
    assert states(shipment) == [State.SENT]
    assert there(emulator, shipment)["items"][0]["cancelQuantity"] == 4
    assert captured(emulator) == {}
    assert [row["quantity"] for row in effects(emulator, DIGITAL_RIVER, "release")] == [4]


def test_corrected_tracking_follows_and_captures_nothing(send: Any, user: User, emulator: Emulator) -> None:
    shipment = send(3)
    work()
    tracking = Tracking("fedex", (("NEW-1", ADDRESS), ("NEW-2", ADDRESS)))
    assert corrections.correct(shipment, 1, tracking, user)
    assert states(shipment) == [State.WAITING]
    work()
    made = there(emulator, shipment)
    assert (made["trackingCompany"], made["trackingNumber"]) == ("FedEx", "NEW-1")
    assert made["metadata"]["trackingNumbers"] == "NEW-1, NEW-2"
    assert (only(shipment).sent_version, len(created(emulator))) == (2, 1)


def test_an_update_without_an_answer_is_repeated_without_the_long_wait(
    send: Any, user: User, emulator: Emulator
) -> None:
    shipment = send(3)
    work()
    corrections.correct(shipment, 1, Tracking("fedex", (("NEW-1", ADDRESS),)), user)
    emulator.fault("disconnect", UPDATE, method="POST", after_work=True)
    work()
    assert states(shipment) == [State.IN_DOUBT]
    due()
    work()
    assert (states(shipment), len(created(emulator))) == ([State.SENT], 1)


@pytest.mark.database
def test_a_correction_while_it_is_being_sent_goes_out_afterwards(
    send: Any, user: User, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipment = send(3)
    true = outbox.take_to_send

    def corrected_meanwhile(*arguments: Any) -> bool:
        monkeypatch.undo()
        taken = true(*arguments)
        corrections.correct(shipment, 1, Tracking("fedex", (("NEW-1", ADDRESS),)), user)
        return taken

    monkeypatch.setattr("orders.services.partners.attempt.take_to_send", corrected_meanwhile)
    assert work() == 2
    assert (states(shipment), only(shipment).sent_version) == ([State.SENT], 2)
    assert there(emulator, shipment)["trackingNumber"] == "NEW-1"


# Never twice


@pytest.mark.database
def test_a_call_that_was_done_and_hung_up_on_is_found_and_captured_once(
    send: Any, order: Any, emulator: Emulator
) -> None:
    shipment = send(4)
    emulator.fault("disconnect", CREATE, method="POST", after_work=True)
    work()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.doubtful, partner_update.answered) == (State.IN_DOUBT, True, False)
    due()
    assert work() == 1  # too early: nothing is read, nothing sent
    assert history(shipment) == [("create", None, "no_answer")]
    pass_time(601)
    work()
    assert history(shipment)[1:] == [("look", 200, "")]
    assert (states(shipment), captured(emulator)) == ([State.SENT], {item_id(order): 4})
    assert only(shipment).remote_id == created(emulator)[0]["fulfillment_id"]


@pytest.mark.parametrize("status", [500, 503])
def test_a_call_that_was_answered_with_a_failure_is_sent_again_when_it_is_not_there(
    status: int, send: Any, order: Any, emulator: Emulator
) -> None:
    shipment = send(4)
    emulator.fault("error", CREATE, method="POST", status=status)
    work()
    assert only(shipment).answered
    pass_time(601)
    work()
    assert (states(shipment), captured(emulator)) == ([State.SENT], {item_id(order): 4})


def test_a_failure_after_the_work_is_found(send: Any, order: Any, emulator: Emulator) -> None:
    shipment = send(4)
    emulator.fault("error", CREATE, method="POST", status=503, after_work=True)
    work()
    pass_time(601)
    work()
    assert (states(shipment), captured(emulator)) == ([State.SENT], {item_id(order): 4})


@pytest.mark.parametrize(
    "fault", [{"kind": "disconnect"}, {"kind": "bad_gateway"}, {"kind": "bad_gateway", "status": 504}]
)
def test_what_may_still_arrive_and_could_be_captured_twice_is_for_a_person(
    fault: Any, send: Any, emulator: Emulator
) -> None:
    """Four of ten: after them a second four would be taken."""
    shipment = send(4)
    emulator.fault(path=CREATE, method="POST", **fault)
    work()
    pass_time(601)
    work()
    assert (states(shipment), only(shipment).code) == ([State.FAILED], "may_arrive_late")
    assert (posts(emulator), created(emulator)) == (1, [])


def test_what_would_be_refused_if_it_came_late_is_sent_again(send: Any, order: Any, emulator: Emulator) -> None:
    """Six of ten: after them a second six is too much."""
    shipment = send(6)
    emulator.fault("disconnect", CREATE, method="POST")
    work()
    pass_time(601)
    work()
    assert (states(shipment), captured(emulator)) == ([State.SENT], {item_id(order): 6})


@pytest.mark.database
def test_a_late_duplicate_between_the_look_and_the_second_call_is_found(
    send: Any, order: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call arrives just then: Digital River refuses the second, and it is read once more."""
    shipment = send(6)
    emulator.fault("disconnect", CREATE, method="POST")
    work()
    pass_time(601)
    body = PartnerUpdateAttempt.objects.get().body
    true = outbox.take_to_send

    def arrives(*arguments: Any) -> bool:
        monkeypatch.undo()
        call(emulator, body)
        return true(*arguments)

    monkeypatch.setattr("orders.services.partners.attempt.take_to_send", arrives)
    work()
    assert history(shipment)[1:] == [("look", 200, ""), ("create", 409, "quantity_too_large"), ("look", 200, "")]
    assert (states(shipment), captured(emulator)) == ([State.SENT], {item_id(order): 6})


def call(emulator: Emulator, body: Any) -> None:
    """Create a fulfillment as another client of Digital River would."""
    Client(emulator.digital_river, "sk_northwind_demo", Gate()).create_fulfillment(body)


def test_a_person_may_send_what_may_arrive_late_and_it_is_read_before(
    send: Any, user: User, order: Any, emulator: Emulator
) -> None:
    shipment = send(4)
    emulator.fault("disconnect", CREATE, method="POST")
    work()
    pass_time(601)
    work()
    assert manual.send_again(only(shipment), user)
    work()
    assert history(shipment)[-2:] == [("look", 200, ""), ("create", 201, "")]
    assert (states(shipment), captured(emulator)) == ([State.SENT], {item_id(order): 4})


@pytest.mark.database
def test_a_person_who_cannot_wait_waits_for_the_call_in_doubt_all_the_same(
    send: Any, user: User, emulator: Emulator
) -> None:
    shipment = send(4)
    emulator.fault("disconnect", CREATE, method="POST", after_work=True)
    work()
    assert manual.send_again(only(shipment), user)
    work()
    assert posts(emulator) == 1
    pass_time(601)
    work()
    assert (states(shipment), len(created(emulator))) == ([State.SENT], 1)


def test_a_second_failure_does_not_forget_that_the_first_may_still_arrive(send: Any, emulator: Emulator) -> None:
    shipment = send(6)
    emulator.fault("disconnect", CREATE, method="POST")
    work()
    pass_time(601)
    emulator.fault("error", CREATE, method="POST", status=503)
    work()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.attempts, partner_update.answered) == (State.IN_DOUBT, 2, False)


def test_what_nobody_could_look_at_stays_unknown(send: Any, emulator: Emulator) -> None:
    shipment = send(6)
    emulator.fault("disconnect", CREATE, method="POST")
    work()
    pass_time(601)
    emulator.fault("error", CREATE, method="GET", status=503, times=2)
    work()
    assert (states(shipment), only(shipment).failures, posts(emulator)) == ([State.IN_DOUBT], 2, 1)


def test_another_key_may_not_see_what_the_first_one_did(northwind: Merchant, send: Any, emulator: Emulator) -> None:
    shipment = send(6)
    emulator.fault("disconnect", CREATE, method="POST")
    work()
    pass_time(601)
    emulator._control("POST", "keys", {
        "key": "sk_northwind_other", "merchant": "northwind", "mode": "live", "scopes": ["*"],
        "provider": "digital_river",
    })  # fmt: skip
    connect(northwind, DIGITAL_RIVER, "sk_northwind_other")
    work()
    assert (states(shipment), only(shipment).code) == ([State.FAILED], "other_key")


def test_a_parcel_is_not_taken_for_one_of_the_same_units_that_is_not_ours(
    send: Any, order: Any, emulator: Emulator
) -> None:
    shipment = send(4)
    emulator.fault("disconnect", CREATE, method="POST")
    work()
    items = [{"itemId": item_id(order), "quantity": 4}]
    call(emulator, {"orderId": order["metadata"]["dr_order_id"], "items": items})
    pass_time(601)
    work()
    assert (states(shipment), captured(emulator)) == ([State.SENT], {item_id(order): 8})
    assert there(emulator, shipment)["metadata"]["shipmentRef"] == str(shipment.reference)


def test_a_whole_list_of_several_pages_is_read(send: Any, order: Any, emulator: Emulator) -> None:
    """Ours is the oldest of more than a hundred."""
    with_units(emulator, order, 200)
    shipment = send(4)
    emulator.fault("disconnect", CREATE, method="POST", after_work=True)
    work()
    one = {"orderId": order["metadata"]["dr_order_id"], "items": [{"itemId": item_id(order), "quantity": 1}]}
    for _ in range(101):
        call(emulator, one)
    emulator.forget_calls()
    pass_time(601)
    work()
    assert states(shipment) == [State.SENT]
    assert len([row for row in emulator.calls() if row["method"] == "GET"]) == 2


def test_a_fulfillment_of_ours_with_other_units_is_for_a_person(send: Any, emulator: Emulator) -> None:
    shipment = send(4)
    emulator.fault("disconnect", CREATE, method="POST", after_work=True)
    work()
    made = created(emulator)[0]["fulfillment_id"]
    emulator.patch(
        "digital_river_fulfillments", made, items=[{"itemId": "another", "quantity": 4, "cancelQuantity": 0}]
    )
    pass_time(601)
    work()
    assert (states(shipment), only(shipment).code) == ([State.FAILED], "contradicted")


def test_a_shipment_that_was_corrected_while_in_doubt_is_found_and_put_right(
    send: Any, user: User, emulator: Emulator
) -> None:
    shipment = send(4)
    emulator.fault("disconnect", CREATE, method="POST", after_work=True)
    work()
    corrections.correct(shipment, 1, Tracking("fedex", (("NEW-1", ADDRESS),)), user)
    pass_time(601)
    work()
    assert (states(shipment), only(shipment).sent_version) == ([State.SENT], 2)
    assert there(emulator, shipment)["trackingNumber"] == "NEW-1"
    assert len(created(emulator)) == 1


# A worker that dies


@pytest.mark.database
def test_a_worker_that_died_before_the_call_left_it_in_doubt(send: Any, order: Any, emulator: Emulator) -> None:
    shipment = send(6)
    partner_update = outbox.claim()
    assert partner_update
    assert outbox.take_to_send(partner_update, connection_of(partner_update))
    pass_time(121)
    work()
    assert (states(shipment), posts(emulator)) == ([State.IN_DOUBT], 0)
    pass_time(600)
    work()
    assert (states(shipment), captured(emulator)) == ([State.SENT], {item_id(order): 6})


@pytest.mark.database
def test_a_worker_that_died_after_the_call_had_it_done_once(send: Any, order: Any, emulator: Emulator) -> None:
    shipment = send(4)
    partner_update = outbox.claim()
    assert partner_update
    assert outbox.take_to_send(partner_update, connection_of(partner_update))
    call(emulator, digital_river.create_body(partner_update))
    pass_time(721)
    work()
    assert (states(shipment), captured(emulator)) == ([State.SENT], {item_id(order): 4})


@pytest.mark.database
def test_a_worker_that_died_before_it_took_it_left_no_doubt(send: Any, emulator: Emulator) -> None:
    shipment = send(4)
    assert outbox.claim()
    assert work() == 0
    pass_time(121)
    work()
    assert history(shipment) == [("create", 201, "")]


def connection_of(partner_update: PartnerUpdate) -> Any:
    return partner_update.merchant.connections.get(provider=DIGITAL_RIVER, active=True)


# Refusals


@pytest.mark.parametrize(
    ("state", "code"),
    [("fulfilled", "order_fulfilled"), ("complete", "order_complete"), ("dispute", "order_not_submitted")],
)
def test_an_order_that_is_finished_without_our_units_is_for_a_person(
    state: str, code: str, send: Any, order: Any, emulator: Emulator
) -> None:
    emulator.patch("digital_river_orders", order["metadata"]["dr_order_id"], state=state)
    shipment = send(4)
    work()
    assert (states(shipment), only(shipment).code, only(shipment).doubtful) == ([State.FAILED], code, False)
    assert len(only(shipment).message) > 20


def test_an_order_that_somebody_else_fulfilled_there_counts_as_sent(send: Any, order: Any, emulator: Emulator) -> None:
    shipment = send(10)
    items = [{"itemId": item_id(order), "quantity": 10}]
    call(emulator, {"orderId": order["metadata"]["dr_order_id"], "items": items})
    work()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.message, partner_update.remote_id) == (
        State.SENT, "Digital River has it already.", "",
    )  # fmt: skip
    assert captured(emulator) == {item_id(order): 10}


def test_units_that_were_canceled_there_are_not_taken_for_shipped(send: Any, order: Any, emulator: Emulator) -> None:
    shipment = send(10)
    items = [{"itemId": item_id(order), "quantity": 3, "cancelQuantity": 7}]
    call(emulator, {"orderId": order["metadata"]["dr_order_id"], "items": items})
    work()
    assert (states(shipment), only(shipment).code) == ([State.FAILED], "order_fulfilled")


def test_a_cancellation_of_what_is_canceled_counts_as_sent(send: Any, order: Any, emulator: Emulator) -> None:
    shipment = send(10, carrier="", tracking=(), reason="Sold out.")
    items = [{"itemId": item_id(order), "cancelQuantity": 10}]
    call(emulator, {"orderId": order["metadata"]["dr_order_id"], "items": items})
    work()
    assert states(shipment) == [State.SENT]


def test_too_many_units_and_an_expired_authorization_say_what_to_do(
    send: Any, user: User, order: Any, emulator: Emulator
) -> None:
    call(emulator, {"orderId": order["metadata"]["dr_order_id"], "items": [{"itemId": item_id(order), "quantity": 3}]})
    shipment = send(8)
    work()
    assert (states(shipment), only(shipment).code) == ([State.FAILED], "quantity_too_large")
    emulator.settings(digital_river_authorization="expired")
    another = send(2)
    work()
    assert only(another).code == "payment_authorization_failed"
    assert "Stop the parcel" in only(another).message


def test_an_order_digital_river_does_not_know_is_for_a_person(send: Any, emulator: Emulator) -> None:
    shipment = send(4)
    PartnerUpdate.objects.update(partner_order_id="unheard-of")
    work()
    assert (states(shipment), only(shipment).code) == ([State.FAILED], "not_found")


@pytest.mark.parametrize("lacking", ["no_order_id", "no_item_id"])
def test_without_the_ids_there_nothing_is_sent(lacking: str, send: Any, emulator: Emulator) -> None:
    shipment = send(4)
    if lacking == "no_order_id":
        PartnerUpdate.objects.update(partner_order_id="")
    else:
        shipment.items.update(digital_river_item_id="")
    work()
    assert (states(shipment), only(shipment).code, posts(emulator)) == ([State.FAILED], lacking, 0)


def test_a_refused_key_is_tried_again_with_a_better_one(northwind: Merchant, send: Any, emulator: Emulator) -> None:
    emulator.revoke("sk_northwind_demo")
    shipment = send(4)
    work()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.status, partner_update.doubtful) == (State.WAITING, 401, False)
    emulator._control("POST", "keys/revoke", {"key": "sk_northwind_demo", "revoked": False})
    assert outbox.wake(northwind, "live", DIGITAL_RIVER) == 1
    work()
    assert states(shipment) == [State.SENT]


@pytest.mark.database
def test_asked_to_wait_all_partner_updates_of_the_connection_wait(
    northwind: Merchant, user: User, send: Any, emulator: Emulator
) -> None:
    first = send(2)
    emulator.fault("rate_limited", CREATE, method="POST", retry_after="120")
    work()
    other = open_orders(emulator)[1]
    (second,) = ship(northwind, user, other, parcel(other))
    work()
    assert states(first, second) == [State.WAITING, State.WAITING]
    assert {only(one).code for one in (first, second)} == {"rate_limited"}
    assert posts(emulator) == 1
    due()
    work()
    assert posts(emulator) == 1
    forget_gates()
    pass_time(121)
    work()
    assert states(first, second) == [State.SENT, State.SENT]


@pytest.mark.database
def test_what_one_process_was_asked_to_wait_another_waits_too(
    northwind: Merchant, user: User, send: Any, emulator: Emulator
) -> None:
    send(2)
    emulator.fault("rate_limited", CREATE, method="POST", retry_after="120")
    work()
    forget_gates()
    other = open_orders(emulator)[1]
    (second,) = ship(northwind, user, other, parcel(other))
    work()
    assert (states(second), only(second).code, posts(emulator)) == ([State.WAITING], "rate_limited", 1)


def test_no_connection_leaves_no_doubt(send: Any, settings: LazySettings, emulator: Emulator) -> None:
    settings.DIGITAL_RIVER_URL = "http://127.0.0.1:9"
    shipment = send(4)
    work()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.doubtful, partner_update.code) == (
        State.WAITING,
        False,
        "no_connection",
    )
    settings.DIGITAL_RIVER_URL = emulator.digital_river
    due()
    work()
    assert states(shipment) == [State.SENT]


def test_tracking_numbers_that_do_not_fit_are_left_out_whole(send: Any, emulator: Emulator) -> None:
    shipment = send(4, tracking=tuple((f"{number:04}" * 24, ADDRESS) for number in range(8)))
    work()
    assert states(shipment) == [State.SENT]
    kept = there(emulator, shipment)["metadata"]["trackingNumbers"].split(", ")
    assert kept == [row.number for row in TrackingNumber.objects.filter(shipment=shipment)][:5]


def test_a_person_s_metadata_may_fill_all_places_but_that_of_our_reference(send: Any, emulator: Emulator) -> None:
    own: dict[str, str | int | bool] = {f"key-{number}": number for number in range(19)}
    shipment = send(4, tracking=(("ONE", ADDRESS), ("TWO", ADDRESS)), metadata=own)
    work()
    assert states(shipment) == [State.SENT]
    assert there(emulator, shipment)["metadata"] == {**own, "shipmentRef": str(shipment.reference)}
