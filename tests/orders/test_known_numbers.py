"""The box above each page finds an order by its number, which is what the bar code of a slip holds."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Draft, Merchant, Operation, PartnerShipment, Shipment
from orders.services.fulfillment import to_fulfill
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.fulfilling import fulfill, paid_order

UPS = "1Z999AA10123456784"


@pytest.fixture
def shipped(operations: Client, emulator: Emulator) -> dict[str, Any]:
    order = paid_order(emulator, 1)
    assert fulfill(operations, order, carrier="ups", tracking_number=UPS).status_code == 303
    return order


def where(client: Client, text: str, mode: str = "live", merchant: str = "northwind") -> str:
    return client.get(reverse("search", args=[merchant, mode]), {"q": text})["Location"]


@pytest.mark.parametrize("marks", ["{}", " {}\n", "\u200b{}", "\u202a{}\u202c"])
def test_what_the_bar_code_of_a_slip_holds_opens_its_order(
    marks: str, operations: Client, shipped: dict[str, Any]
) -> None:
    page = f"/northwind/live/orders/{shipped['id']}/"
    for number in (shipped["public_id"], shipped["public_id"].lower()):
        assert where(operations, marks.format(number)) == page


@pytest.mark.parametrize("marks", ["{}", " {}\n", "\u200b{}"])
def test_the_bar_code_of_a_slip_that_was_printed_before_shipping_opens_its_order_too(
    marks: str, operations: Client, emulator: Emulator
) -> None:
    order = paid_order(emulator, 1)
    for number in (order["public_id"], order["public_id"].lower()):
        assert where(operations, marks.format(number)) == f"/northwind/live/orders/{order['id']}/"
    assert "/customers/?q=" in where(operations, order["public_id"], "test")


@pytest.mark.parametrize("text", ["Ada Lovelace", "Ada", "ada7@example.com", "Ada 7"])
def test_a_name_or_an_address_is_not_looked_for_among_orders(
    text: str, operations: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_fulfill, "search", lambda api: pytest.fail("RevKeen was asked for orders"))
    assert "/customers/?q=" in where(operations, text)


def test_while_revkeen_does_not_answer_a_number_is_looked_for_among_customers(
    operations: Client, emulator: Emulator
) -> None:
    order = paid_order(emulator, 1)
    emulator.fault("error", "/orders", times=100)
    assert "/customers/?q=" in where(operations, order["public_id"])


def test_a_tracking_number_opens_the_order_of_its_parcel(operations: Client, shipped: dict[str, Any]) -> None:
    assert where(operations, "1z 999 aa1 01 2345 6784") == f"/northwind/live/orders/{shipped['id']}/"


def test_a_parcel_that_left_without_us_opens_its_order(operations: Client, northwind: Merchant) -> None:
    order_id, typed = uuid.uuid4(), "tracking 1z 999 aa1 01 2345 6784"
    now = timezone.now()
    theirs = {"destination": "digital_river", "remote_id": "ful_1", "made_at": now, "before_us": False}
    PartnerShipment.objects.create(
        merchant=northwind, mode="live", order_id=order_id, tracking_number=UPS, read_started=now, **theirs
    )
    assert where(operations, typed) == f"/northwind/live/orders/{order_id}/"
    assert "/customers/?q=" in where(operations, typed, "test")


def test_operations_and_drafts_know_numbers_too(
    operations: Client, shipped: dict[str, Any], northwind: Merchant
) -> None:
    Shipment.objects.update(order_number="")
    assert Operation.objects.exists()
    assert where(operations, shipped["public_id"]) == f"/northwind/live/orders/{shipped['id']}/"
    replaced, person = uuid.uuid4(), make_person("drafts@northwind.example", northwind, "support")
    Draft.objects.create(merchant=northwind, mode="live", replaces_id=replaced, replaces_number="NW-7",
        created_by=person, updated_by=person)  # fmt: skip
    assert where(operations, "NW-7") == f"/northwind/live/orders/{replaced}/"


def test_a_number_of_another_merchant_or_mode_is_not_known_here(operations: Client, shipped: dict[str, Any]) -> None:
    for text in (shipped["public_id"], UPS):
        assert "/customers/?q=" in where(operations, text, "test")
    kestrel = Merchant.objects.create(name="Kestrel", slug="kestrel", time_zone="Europe/Berlin")
    other = sign_in(make_person("other@kestrel.example", kestrel, "operations"))
    for text in (shipped["public_id"], UPS):
        assert "/customers/?q=" in where(other, text, merchant="kestrel")


@pytest.mark.parametrize("text", ["NW-0", "x" * 190, "%", "-"])
def test_any_other_text_is_a_customers(text: str, operations: Client, shipped: dict[str, Any]) -> None:
    assert "/customers/" in where(operations, text)
