"""Sending off parcels as the form does, and deliveries in every state, for the tests of what is shown of them."""

import uuid
from typing import Any

import pytest

from orders import shipped_units
from orders.models import Connection, Delivery, Dispatch, Merchant, Operation, Shipment, User
from orders.services import fulfillable, fulfillments, revkeen
from orders.services.shipments import Parcel, ParcelItem
from orders.services.tickets import Ticket
from tests.conftest import make_person
from tests.support.emulation import Emulator, RunningEmulator
from tests.support.shipping import DIGITAL_RIVER, KEYS, connect


def connect_partners(merchant: Merchant, *providers: str) -> None:
    """Those of live mode that are named, or both."""
    for provider in providers or tuple(KEYS):
        connect(merchant, provider)


def paid_order(emulator: RunningEmulator, *lines: tuple[str, int], **body: Any) -> dict[str, Any]:
    """`lines`: what it is, and how many units."""
    items = [{"description": what, "unit_price": 1000, "quantity": units} for what, units in lines]
    made = emulator.make_order(line_items=items, **body)
    paid: dict[str, Any] = emulator.send(
        f"/orders/{made['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"}
    )
    return paid


def parcel(order: dict[str, Any], *units: int, **more: Any) -> Parcel:
    """So many units of each line, in their order."""
    lines = zip(order["line_items"], units, strict=False)
    return Parcel(items=tuple(ParcelItem(line["id"], count) for line, count in lines if count), **more)


def send_off(
    merchant: Merchant, user: User, order: dict[str, Any], *parcels: Parcel, mode: str = "live"
) -> list[Shipment]:
    """As one press of the button. Where there is a hold, nothing is sent yet."""
    order_id = uuid.UUID(order["id"])
    with revkeen.session(merchant, mode) as api:
        shown = fulfillable.snapshot_of(fulfillable.fulfillable(api, order_id))
        ticket = Ticket(uuid.uuid4(), merchant, mode, Operation.Kind.FULFILL, order_id, shown)
        done = fulfillments.fulfill(api, user, ticket, list(parcels))
    dispatch = done if isinstance(done, Dispatch) else Dispatch.objects.get(pk=done.pk)
    every = shipped_units.all_of_order(merchant, mode, order_id)
    return [shipment for shipment in every if shipment.dispatch_id == dispatch.pk]


def delivery_of(shipment: Shipment, destination: str, **facts: Any) -> Delivery:
    """The shipment's delivery to this partner, in the state that `facts` say."""
    found = Delivery.objects.get(shipment=shipment, destination=destination)
    Delivery.objects.filter(pk=found.pk).update(**facts)
    found.refresh_from_db()
    return found


@pytest.fixture
def order(emulator: Emulator) -> dict[str, Any]:
    return paid_order(emulator, ("Tent", 2), ("Rope", 3))


@pytest.fixture
def user(northwind: Merchant) -> User:
    return make_person("operations@northwind.example", northwind, "operations")


@pytest.fixture
def river(northwind: Merchant, emulator: Emulator) -> Connection:
    return connect(northwind, DIGITAL_RIVER)
