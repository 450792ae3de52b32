"""Sending off parcels as the form does, and partner updates in every state, for the tests of what is shown of them."""

import uuid
from typing import Any

import pytest

from orders import shipped_units
from orders.models import Connection, Fulfillment, Merchant, Operation, PartnerUpdate, Shipment, User
from orders.services.changes.form_tokens import FormToken
from orders.services.fulfillment import fulfill, fulfillable
from orders.services.fulfillment.shipments import Parcel, ParcelItem
from orders.services.revkeen import session
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
    with session.session(merchant, mode) as api:
        shown = fulfillable.snapshot_of(fulfillable.fulfillable(api, order_id))
        form_token = FormToken(uuid.uuid4(), merchant, mode, Operation.Kind.FULFILL, order_id, shown)
        done = fulfill.fulfill(api, user, form_token, list(parcels))
    fulfillment = done if isinstance(done, Fulfillment) else Fulfillment.objects.get(pk=done.pk)
    every = shipped_units.all_of_order(merchant, mode, order_id)
    return [shipment for shipment in every if shipment.fulfillment_id == fulfillment.pk]


def partner_update_of(shipment: Shipment, destination: str, **facts: Any) -> PartnerUpdate:
    """The shipment's partner update to this partner, in the state that `facts` say."""
    found = PartnerUpdate.objects.get(shipment=shipment, destination=destination)
    PartnerUpdate.objects.filter(pk=found.pk).update(**facts)
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
