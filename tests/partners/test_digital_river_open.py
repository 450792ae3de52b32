"""One line that Digital River has closed does not stop the others, and the form proposes what is open there."""

import json
import re
import urllib.request
import uuid
from typing import Any

import pytest
from django.test import Client

from orders.models import EventLog, Merchant, Shipment, User
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.parcels import parcel as units_of
from tests.support.parcels import send_off
from tests.support.shipping import DIGITAL_RIVER, State, captured, connect, only, parcel, ship, states, work

pytestmark = pytest.mark.database


@pytest.fixture
def jonas(northwind: Merchant, emulator: Emulator) -> User:
    connect(northwind, DIGITAL_RIVER)
    return make_person("jonas@northwind.example", northwind, "operations")


@pytest.fixture
def client(jonas: User) -> Client:
    return sign_in(jonas)


@pytest.fixture
def order(emulator: Emulator) -> Any:
    """Three lines that Digital River knows, of two units each."""
    lines = [
        {"description": f"Line {n}", "unit_price": 1000, "quantity": 2, "metadata": {"dr_item_id": f"item-{n}"}}
        for n in (1, 2, 3)
    ]
    made = emulator.make_order(line_items=lines, metadata={"dr_order_id": "dro-three"})
    emulator.send(f"/orders/{made['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"})
    emulator.tell_partners(made["id"])
    return emulator.get(f"/orders/{made['id']}")


def ids(order: Any) -> list[str]:
    return [line["metadata"]["dr_item_id"] for line in order["line_items"]]


def fulfill_there(emulator: Emulator, order: Any, *units: int) -> None:
    """As somebody else does at Digital River: so many units of each line, in their order."""
    items = [{"itemId": item_id, "quantity": count} for item_id, count in zip(ids(order), units, strict=False) if count]
    body = {"orderId": order["metadata"]["dr_order_id"], "items": items}
    headers = {"Authorization": "Bearer sk_northwind_demo", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{emulator.digital_river}/fulfillments", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status in (200, 201)


def send_part(client: Client, shipment: Shipment) -> Any:
    partner_update = only(shipment)
    address = f"/northwind/live/partner-updates/{partner_update.pk}/send-again/"
    page = client.get(f"{address}?part=open").content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)"', page))
    assert fields["part"] == "open"
    return client.post(address, fields)


@pytest.mark.parametrize("gone", [(2,), (1,)])
def test_a_line_that_is_gone_there_leaves_the_others_to_be_sent(
    gone: tuple[int, ...], client: Client, northwind: Merchant, jonas: User, order: Any, emulator: Emulator
) -> None:
    fulfill_there(emulator, order, *gone)
    (shipment,) = ship(northwind, jonas, order, parcel(order))
    work()
    partner_update = only(shipment)
    assert (partner_update.state, partner_update.code) == (State.FAILED, "part_open")
    assert partner_update.message.startswith(
        "2 of 3 lines are open there: send those. The other is closed there already"
    )
    page = client.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    assert "2 of 3 lines are open there: send those." in page
    assert "?part=open" in page
    asked = client.get(f"/northwind/live/partner-updates/{partner_update.pk}/send-again/?part=open").content.decode()
    assert "Send 2 of 3 lines to Digital River" in asked
    assert send_part(client, shipment).status_code == 303
    work()
    assert states(shipment) == [State.SENT]
    first, second, third = ids(order)
    assert captured(emulator) == {first: gone[0], second: 2, third: 2}
    page = client.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    assert "without 1 line already closed there" in page
    assert "2 lines that are open, 1 left out" in EventLog.objects.get(kind="partner_update_sent_again").text


def test_when_another_line_closes_meanwhile_the_rest_is_offered_anew(
    client: Client, northwind: Merchant, jonas: User, order: Any, emulator: Emulator
) -> None:
    fulfill_there(emulator, order, 2)
    (shipment,) = ship(northwind, jonas, order, parcel(order))
    work()
    fulfill_there(emulator, order, 0, 2)
    send_part(client, shipment)
    work()
    assert only(shipment).message.startswith("1 of 2 lines is open there: send it.")
    send_part(client, shipment)
    work()
    assert (states(shipment), captured(emulator)) == ([State.SENT], dict.fromkeys(ids(order), 2))


def test_a_form_from_before_another_call_sends_nothing(
    client: Client, northwind: Merchant, jonas: User, order: Any, emulator: Emulator
) -> None:
    fulfill_there(emulator, order, 2)
    (shipment,) = ship(northwind, jonas, order, parcel(order))
    work()
    address = f"/northwind/live/partner-updates/{only(shipment).pk}/send-again/"
    assert client.post(address, {"part": "open", "shown": "0"}).status_code == 303
    assert states(shipment) == [State.FAILED]


def test_where_nothing_is_open_no_part_is_offered(
    client: Client, northwind: Merchant, jonas: User, order: Any, emulator: Emulator
) -> None:
    fulfill_there(emulator, order, 1, 1, 1)
    (shipment,) = ship(northwind, jonas, order, parcel(order))
    work()
    assert (states(shipment), only(shipment).closed_there) == ([State.FAILED], [])
    assert "?part=open" not in client.get(f"/northwind/live/orders/{order['id']}/").content.decode()


def test_a_line_in_a_state_we_do_not_know_is_not_called_open(
    northwind: Merchant, jonas: User, order: Any, emulator: Emulator
) -> None:
    fulfill_there(emulator, order, 2)
    there = order["metadata"]["dr_order_id"]
    kept = emulator._control("GET", f"objects/digital_river_orders/{there}")["object"]
    items = [
        {**item, "state": "quarantined" if item["id"] == ids(order)[1] else item["state"]} for item in kept["items"]
    ]
    emulator.patch("digital_river_orders", there, items=items)
    (shipment,) = ship(northwind, jonas, order, parcel(order))
    work()
    closed = {line["id"] for line in order["line_items"][:2]}
    assert set(only(shipment).closed_there) == closed


# The form


def fulfilled_elsewhere(emulator: Emulator, order: Any) -> None:
    emulator.patch("orders", order["id"], fulfillment_status="partial")


def ticked(client: Client, order: Any) -> tuple[str, dict[str, str]]:
    """The form as it is opened, and the units of the lines that are ticked in it."""
    page = client.get(f"/northwind/live/orders/{order['id']}/fulfill/").content.decode()
    lines = re.findall(r'<input[^>]*name="p1-lines"[^>]*>', page)
    chosen = [re.search(r'value="([^"]+)"', line)[1] for line in lines if "checked" in line]  # type: ignore[index]
    units = {}
    for line in chosen:
        field = re.search(rf'<input[^>]*name="p1-units-{line}"[^>]*>', page)
        assert field
        units[line] = re.search(r'value="(\d+)"', field[0])[1]  # type: ignore[index]
    return page, units


def test_of_a_part_fulfilled_order_the_form_proposes_what_is_open_there(
    client: Client, order: Any, emulator: Emulator
) -> None:
    fulfill_there(emulator, order, 2, 1)
    fulfilled_elsewhere(emulator, order)
    page, units = ticked(client, order)
    _, second, third = (line["id"] for line in order["line_items"])
    assert units == {second: "1", third: "2"}
    assert re.search(r"Digital River still has 2 of 3 lines\s+open", page)


def test_what_left_from_here_and_is_on_its_way_there_is_not_proposed(
    client: Client, northwind: Merchant, jonas: User, order: Any, emulator: Emulator
) -> None:
    send_off(northwind, jonas, order, units_of(order, 2))
    _, units = ticked(client, order)
    assert list(units) == [line["id"] for line in order["line_items"][1:]]


def test_where_it_does_not_answer_nothing_is_proposed_and_the_page_stands(
    client: Client, order: Any, emulator: Emulator
) -> None:
    fulfill_there(emulator, order, 2)
    fulfilled_elsewhere(emulator, order)
    emulator.fault("error", "/digital-river/", method="GET", times=9, status=503)
    page, units = ticked(client, order)
    assert units == {}
    assert "but not which ones" in page
    assert "Digital River still has" not in page
