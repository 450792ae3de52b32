"""What was recorded while a partner was off can be sent once it is on: one shipment, or all of them."""

from typing import Any

import pytest
from django.test import Client

from orders.models import Connection, EventLog, Merchant, PartnerUpdate, Shipment, User
from orders.services.fulfillment import shipments, undo
from orders.services.partners import directory
from tests.conftest import sign_in
from tests.support.emulation import Emulator
from tests.support.pages import prose
from tests.support.parcels import paid_order, send_off
from tests.support.parcels import parcel as units_of
from tests.support.parcels import river as river
from tests.support.shipping import (
    DIGITAL_RIVER,
    ORDER_PROTECTION,
    State,
    connect,
    effects,
    open_orders,
    parcel,
    ship,
    work,
)

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("emulator")]

LIST = "/northwind/live/partner-updates/"
ALL = f"{LIST}missed/digital_river/"


@pytest.fixture
def client(mara: User) -> Client:
    return sign_in(mara)


def text(answer: Any) -> str:
    return prose(answer.content.decode())


@pytest.fixture
def missed(northwind: Merchant, mara: User, river: Connection, emulator: Emulator) -> list[Shipment]:
    """Two shipments from while Digital River was off; it is on again."""
    switch(river, on=False)
    orders = open_orders(emulator)[:2]
    found = [ship(northwind, mara, order, parcel(order))[0] for order in orders]
    switch(river, on=True)
    return found


def switch(connection: Connection, *, on: bool) -> None:
    Connection.objects.filter(pk=connection.pk).update(active=on)


def created(emulator: Emulator) -> int:
    return len(effects(emulator, DIGITAL_RIVER, "fulfillment"))


def test_what_it_missed_is_said_and_never_sent_by_itself(
    client: Client, missed: list[Shipment], emulator: Emulator
) -> None:
    assert work() == 0
    assert "Digital River missed 2 shipments. They were recorded while it was off." in text(client.get(LIST))
    assert "2 shipments were recorded while it was off." in text(client.get("/northwind/live/settings/connections/"))
    page = client.get(f"/northwind/live/orders/{missed[0].order_id}/")
    assert "It was not connected when this was sent." in text(page)
    assert "Send now" in text(page)
    assert created(emulator) == 0


def test_all_are_sent_after_a_word_on_what_comes_of_it(
    client: Client, missed: list[Shipment], emulator: Emulator
) -> None:
    asked = client.get(ALL)
    assert "2 shipments were recorded while Digital River was off" in text(asked)
    assert "It captures the payment for each shipment it did not have." in text(asked)
    assert client.post(ALL, {}).status_code in (200, 422)
    assert work() == 0
    answer = client.post(ALL, {"confirmed": "yes"}, follow=True)
    assert "2 shipments are on the way to Digital River." in text(answer)
    work()
    assert created(emulator) == 2
    assert {partner_update.state for partner_update in PartnerUpdate.objects.all()} == {State.SENT}
    assert EventLog.objects.filter(kind="partner_update_sent_again").count() == 2
    assert "missed" not in text(client.get(LIST))


def test_of_many_so_many_go_at_once_and_the_others_wait(
    client: Client, missed: list[Shipment], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.services.partners.switched_off.AT_ONCE", 1)
    answer = client.post(ALL, {"confirmed": "yes"}, follow=True)
    assert "1 shipment is on the way to Digital River. 1 more are waiting: send them next." in text(answer)


def test_one_is_sent_by_itself(client: Client, missed: list[Shipment], emulator: Emulator) -> None:
    partner_update = PartnerUpdate.objects.get(shipment=missed[1])
    address = f"{LIST}{partner_update.pk}/send-again/"
    assert "was recorded while Digital River was off" in text(client.get(address))
    assert client.post(address, {}).status_code == 422
    assert client.post(address, {"confirmed": "yes"}).status_code == 303
    work()
    assert created(emulator) == 1
    assert PartnerUpdate.objects.get(shipment=missed[0]).state == State.OFF


def test_what_somebody_told_it_meanwhile_is_not_sent_again(
    client: Client, missed: list[Shipment], emulator: Emulator
) -> None:
    client.post(ALL, {"confirmed": "yes"})
    work()
    PartnerUpdate.objects.update(state=State.OFF, sent_version=0, remote_id="")  # as an old backup has it
    client.post(ALL, {"confirmed": "yes"})
    work()
    assert created(emulator) == 2


def test_while_it_is_off_nothing_can_be_sent(
    client: Client, missed: list[Shipment], river: Connection, emulator: Emulator
) -> None:
    switch(river, on=False)
    partner_update = PartnerUpdate.objects.get(shipment=missed[0])
    for address in (ALL, f"{LIST}{partner_update.pk}/send-again/"):
        assert "Digital River is switched off." in text(client.post(address, {"confirmed": "yes"}))
    assert {partner_update.state for partner_update in PartnerUpdate.objects.all()} == {State.OFF}


def test_what_never_left_or_is_held_is_not_sent(
    client: Client, missed: list[Shipment], northwind: Merchant, emulator: Emulator
) -> None:
    Shipment.objects.filter(pk=missed[0].pk).update(state=Shipment.State.REFUSED)
    Shipment.objects.filter(pk=missed[1].pk).update(state=Shipment.State.UNDONE)
    assert "Nothing is missing." in text(client.get(ALL))
    client.post(ALL, {"confirmed": "yes"})
    assert {partner_update.state for partner_update in PartnerUpdate.objects.all()} == {State.OFF}


def test_it_can_be_undone_like_any_other(
    northwind: Merchant, mara: User, river: Connection, emulator: Emulator
) -> None:
    switch(river, on=False)
    Merchant.objects.update(undo_seconds=60)
    northwind.refresh_from_db()
    order = paid_order(emulator, ("Tent", 2))
    (shipment,) = send_off(northwind, mara, order, units_of(order, 1))
    undo.undo(shipment.fulfillment, mara)
    assert PartnerUpdate.objects.get().state == State.UNDONE


def test_one_from_before_there_was_a_key_is_sent_with_the_ids_of_its_order(
    client: Client, northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    order = open_orders(emulator)[0]
    (shipment,) = ship(northwind, mara, order, parcel(order))
    assert not PartnerUpdate.objects.exists()
    connect(northwind, ORDER_PROTECTION)
    answer = client.post(f"/northwind/live/shipments/{shipment.pk}/send/order_protection/")
    partner_update = PartnerUpdate.objects.get()
    assert partner_update.partner_order_id == (order["metadata"].get("op_order_id") or order["id"])
    assert partner_update.state == State.OFF
    assert client.post(answer["Location"], {"confirmed": "yes"}).status_code == 303
    work()
    partner_update.refresh_from_db()
    assert partner_update.state == State.SENT


def test_units_given_up_are_nothing_to_order_protection(
    client: Client, northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    order = open_orders(emulator)[0]
    (shipment,) = ship(northwind, mara, order, parcel(order, 1, carrier="", tracking=(), reason="Sold out"))
    assert not shipments.hears_of(shipment, ORDER_PROTECTION)
    answer = client.post(f"/northwind/live/shipments/{shipment.pk}/send/order_protection/", follow=True)
    assert "OrderProtection does not need shipment 1." in text(answer)
    assert not PartnerUpdate.objects.exists()


def test_switching_off_asks_and_says_how_many_wait(
    client: Client, northwind: Merchant, mara: User, river: Connection, emulator: Emulator
) -> None:
    order = open_orders(emulator)[0]
    ship(northwind, mara, order, parcel(order))
    address = f"/northwind/live/settings/connections/{river.pk}/switch-off/"
    for answer in (client.get(address), client.post(address, {})):
        assert "1 update waits for it now and will be sent when it is on again." in text(answer)
    assert directory.connected(northwind, "live") == [river]
    client.post(address, {"confirmed": "yes"})
    assert directory.connected(northwind, "live") == []


def test_a_viewer_sees_what_was_missed_and_sends_nothing(viewer: Client, missed: list[Shipment]) -> None:
    assert "Digital River missed 2 shipments." in text(viewer.get(LIST))
    assert viewer.post(ALL, {"confirmed": "yes"}).status_code == 403
