"""What Digital River has of an order that no shipment of ours accounts for: found, and gone again once one does."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from orders.apis.revkeen import reads
from orders.models import Finding, Merchant, OrderIds, PartnerShipment, PartnerUpdate, SignOff, User
from orders.services.index import clock, findings, writing
from orders.services.partners import directory, manual, partner_sweeps
from orders.services.revkeen import session
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.pages import prose
from tests.support.shipping import DIGITAL_RIVER, connect, due, only, parcel, pass_time, ship, states, work
from tests.support.theirs import kept, read_theirs, ship_there, sold, unaccounted

pytestmark = pytest.mark.django_db

QUEUE = "/northwind/live/finance/review/"
CREATE = "/digital-river/fulfillments$"


@pytest.fixture(autouse=True)
def connected(northwind: Merchant, emulator: Emulator) -> None:
    connect(northwind, DIGITAL_RIVER)


def copy(merchant: Merchant, *orders: Any) -> None:
    """Read them here, as they are at RevKeen."""
    with session.session(merchant, "live") as api:
        for order in orders:
            found = api.get(reads.order(uuid.UUID(order["id"]))).require()
            writing.apply(merchant, "live", [found], clock.now())


def known(merchant: Merchant, emulator: Emulator, *units: int, name: str = "dro_1", **metadata: Any) -> Any:
    """An order that Digital River knows, and that has a copy here."""
    order = sold(emulator, name, *units, **metadata)
    copy(merchant, order)
    return order


def said(merchant: Merchant) -> dict[str, list[str]]:
    """The number of an order → what is said of it."""
    return {row.order.public_id: row.words for row in unaccounted(merchant).values()}


@pytest.mark.database
def test_it_fires_on_exactly_what_was_done_there_alone_and_says_what_that_is_worth(
    northwind: Merchant, kestrel: Merchant, emulator: Emulator
) -> None:
    connect(kestrel, DIGITAL_RIVER, "sk_kestrel_demo")
    connect(northwind, DIGITAL_RIVER, "sk_test_northwind_demo", mode="test")
    index_everything(northwind)
    read_theirs()
    cases = emulator.cases()
    found = unaccounted(northwind)
    names = ("shipped_at_digital_river_alone", "canceled_at_digital_river_alone")
    assert found.keys() == {cases["orders"][name] for name in names}
    assert Finding.objects.filter(rule="unaccounted").exclude(merchant=northwind, mode="live").count() == 0
    for name, did in zip(names, ("shipped", "canceled"), strict=True):
        order = emulator.get(f"/orders/{cases['orders'][name]}")
        units = sum(line["quantity"] for line in order["line_items"])
        row, [there] = found[order["id"]], PartnerShipment.objects.filter(order_id=order["id"])
        tracking = f", UPS 1Z{order['metadata']['dr_order_id'].upper()}" if did == "shipped" else ""
        assert row.words == [
            f"Digital River has {there.remote_id}: {units} unit{'s' * (units > 1)} {did}{tracking}. "
            "No shipment here accounts for it."
        ]
        assert (row.amount, row.currency) == (order["total"], order["currency"].upper())


@pytest.mark.database
def test_what_we_have_told_is_ours_and_not_kept(northwind: Merchant, mara: User, emulator: Emulator) -> None:
    order = known(northwind, emulator, 3)
    [shipment] = ship(northwind, mara, order, parcel(order, 2))
    work()
    read_theirs()
    assert states(shipment) == ["sent"]
    assert only(shipment).remote_id not in kept(northwind)
    assert said(northwind) == {}


def test_the_units_of_a_parcel_count_at_their_share_of_the_line(northwind: Merchant, emulator: Emulator) -> None:
    order = known(northwind, emulator, 3, 2)
    there = ship_there(emulator, order, 2, 1, trackingCompany="DHL", trackingNumber="00340")
    read_theirs()
    found = unaccounted(northwind)[order["id"]]
    assert found.amount == 3 * 3000
    assert found.words == [
        f"Digital River has {there['id']}: 3 units shipped, DHL 00340. No shipment here accounts for it."
    ]


def test_units_of_a_line_that_nobody_knows_are_said_and_worth_nothing(northwind: Merchant, emulator: Emulator) -> None:
    order = known(northwind, emulator, 3, 2)
    there = ship_there(emulator, order, 1, 2)
    OrderIds.objects.create(
        merchant=northwind, mode="live", order_id=order["id"],
        digital_river_items={order["line_items"][1]["id"]: "another"},
    )  # fmt: skip
    read_theirs()
    found = unaccounted(northwind)[order["id"]]
    assert found.amount == 3000
    assert found.words == [
        f"Digital River has {there['id']}: 3 units shipped. No shipment here accounts for it. "
        "Of 2 units it is not known of which line they are."
    ]


@pytest.mark.database
def test_a_shipment_that_is_recorded_later_takes_it_away(northwind: Merchant, mara: User, emulator: Emulator) -> None:
    """Digital River says that it has all of these units already."""
    order = known(northwind, emulator, 2)
    ship_there(emulator, order, 2)
    read_theirs()
    PartnerShipment.objects.update(made_at=clock.now() - timedelta(hours=1))
    [shipment] = ship(northwind, mara, order, parcel(order))
    assert len(said(northwind)) == 1, "nobody knows yet whether that is the same parcel"
    work()
    assert (states(shipment), only(shipment).remote_id) == (["sent"], "")
    assert said(northwind) == {}


def test_a_parcel_that_a_person_does_not_send_accounts_for_its_units_and_no_others(
    northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    order = known(northwind, emulator, 5)
    first, second = (ship_there(emulator, order, units) for units in (2, 1))
    [shipment] = ship(northwind, mara, order, parcel(order, 2))
    update = only(shipment)
    PartnerUpdate.objects.filter(pk=update.pk).update(state="failed", code="quantity_too_large")
    read_theirs()
    assert len(said(northwind)[order["public_id"]]) == 2
    update.refresh_from_db()
    assert manual.stop(update, mara, "Shipped there by hand.")
    assert first["id"] not in str(said(northwind))
    assert second["id"] in str(said(northwind))


@pytest.mark.database
def test_one_on_its_way_is_not_found_until_it_is_decided(northwind: Merchant, mara: User, emulator: Emulator) -> None:
    """Digital River took it and lost what says whose it is; the answer never came."""
    order = known(northwind, emulator, 5)
    [shipment] = ship(northwind, mara, order, parcel(order, 1))
    emulator.fault("disconnect", CREATE, method="POST", after_work=True)
    work()
    assert states(shipment) == ["in_doubt"]
    made = next(row["fulfillment_id"] for row in emulator.ledger() if row["effect"] == "fulfillment")
    emulator.patch("digital_river_fulfillments", made, **{"$remove": ["metadata"]})
    read_theirs()
    assert kept(northwind) >= {made}
    assert said(northwind) == {}
    pass_time(3600)
    work()
    assert states(shipment) == ["failed"]
    assert said(northwind) == {}, "it may arrive late, so a person has to decide"
    assert manual.send_again(only(shipment), mara)
    due()
    work()
    assert (states(shipment), only(shipment).remote_id != made) == (["sent"], True)
    assert made in str(said(northwind))


def test_what_was_there_before_our_parcel_is_found_whatever_becomes_of_ours(
    northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    order = known(northwind, emulator, 5)
    ship_there(emulator, order, 1)
    read_theirs()
    PartnerShipment.objects.update(made_at=clock.now() - timedelta(hours=1))
    ship(northwind, mara, order, parcel(order, 1))
    findings.again(northwind, "live", [uuid.UUID(order["id"])])
    assert len(said(northwind)) == 1


def test_a_claim_to_be_a_shipment_of_another_order_or_merchant_is_not_believed(
    northwind: Merchant, kestrel: Merchant, mara: User, emulator: Emulator
) -> None:
    order, other = known(northwind, emulator, 3), known(northwind, emulator, 3, name="dro_2")
    [of_other] = ship(northwind, mara, other, parcel(other, 1))
    of_kestrel = ship(kestrel, mara, other, parcel(other, 1))[0]
    for shipment in (of_other, of_kestrel):
        ship_there(emulator, order, 1, metadata={"shipmentRef": str(shipment.reference)})
    read_theirs()
    assert len(said(northwind)[order["public_id"]]) == 2


def test_a_second_one_under_the_reference_of_a_shipment_is_not_ours(
    northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    """Sent twice, and captured twice."""
    order = known(northwind, emulator, 3)
    [shipment] = ship(northwind, mara, order, parcel(order, 1))
    work()
    second = ship_there(emulator, order, 1, metadata={"shipmentRef": str(shipment.reference)})
    read_theirs()
    assert second["id"] in str(said(northwind))
    assert only(shipment).remote_id not in str(said(northwind))


@pytest.mark.parametrize("fulfillment", ["fulfilled", "partial", "unfulfilled"])
def test_of_what_left_before_digital_river_was_connected_revkeens_word_is_enough(
    fulfillment: str, northwind: Merchant, emulator: Emulator
) -> None:
    order = sold(emulator, "dro_1", 2)
    ship_there(emulator, order, 1)
    emulator.patch("orders", order["id"], fulfillment_status=fulfillment)
    copy(northwind, order)
    read_theirs()
    assert len(said(northwind)) == 1, "it was made since"
    PartnerShipment.objects.update(before_us=True)
    findings.again(northwind, "live", [uuid.UUID(order["id"])])
    assert len(said(northwind)) == (fulfillment == "unfulfilled")


@pytest.mark.database
def test_typed_ids_say_which_order_it_is_of_and_each_change_is_followed_at_once(
    northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    first, second = known(northwind, emulator, 2), known(northwind, emulator, 2, name="dro_2")
    ship_there(emulator, first, 1)
    read_theirs()
    assert said(northwind).keys() == {first["public_id"]}
    _type(northwind, mara, first, "dro_3")
    assert said(northwind) == {}
    assert PartnerShipment.objects.filter(order_id=None, partner_order_id="dro_1").count() == 1
    _type(northwind, mara, second, "dro_1")
    assert said(northwind).keys() == {second["public_id"]}
    _type(northwind, mara, second, "")
    _type(northwind, mara, first, "")
    assert said(northwind).keys() == {first["public_id"]}


def _type(merchant: Merchant, user: User, order: Any, name: str) -> None:
    with session.session(merchant, "live") as api:
        read = api.get(reads.order(uuid.UUID(order["id"]))).require()
    typed = directory.by_hand(merchant, "live", read.id)
    typed.digital_river = name
    directory.save_ids(typed, read, by=user)


@pytest.mark.database
def test_the_metadata_of_an_order_say_which_it_is_of_under_the_name_of_the_settings(
    northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    first = known(northwind, emulator, 2)
    second = known(northwind, emulator, 2, name="dro_2", other_key="dro_1")
    ship_there(emulator, first, 1)
    read_theirs()
    assert said(northwind).keys() == {first["public_id"]}
    kept_settings = directory.settings_of(northwind, "live")
    kept_settings.digital_river_order_key = "other_key"
    directory.save_settings(kept_settings, ["digital_river_order_key"], by=mara)
    assert said(northwind).keys() == {second["public_id"]}
    emulator.patch("orders", second["id"], metadata={}, updated_at="2030-01-01T00:00:00.000Z")
    copy(northwind, second)
    assert said(northwind) == {}


def test_an_order_that_is_read_after_its_shipment_is_found_then(northwind: Merchant, emulator: Emulator) -> None:
    order = sold(emulator, "dro_1", 2)
    ship_there(emulator, order, 1)
    read_theirs()
    assert said(northwind) == {}
    copy(northwind, order)
    assert said(northwind).keys() == {order["public_id"]}


def test_of_two_orders_with_one_id_it_is_of_that_for_which_it_was_claimed_or_else_of_the_first(
    northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    first = known(northwind, emulator, 3)
    copied = emulator.make_order(
        line_items=[{"description": "Tent", "unit_price": 3000, "quantity": 3, "metadata": {"dr_item_id": "dro_1-0"}}],
        metadata={"dr_order_id": "dro_1"},
    )
    copy(northwind, copied)
    ship_there(emulator, first, 1)
    read_theirs()
    assert said(northwind).keys() == {first["public_id"]}
    ship(northwind, mara, copied, parcel(copied, 1))
    assert list(PartnerShipment.objects.filter(partner_order_id="dro_1").values_list("order_id", flat=True)) == [
        uuid.UUID(copied["id"])
    ]


def test_what_is_signed_off_opens_again_with_a_second_one(northwind: Merchant, mara: User, emulator: Emulator) -> None:
    order = known(northwind, emulator, 3)
    ship_there(emulator, order, 1)
    read_theirs()
    found = unaccounted(northwind)[order["id"]]
    SignOff.objects.create(
        merchant=northwind, mode="live", order_id=order["id"], rule=found.rule, user=mara, who=mara.email, note="Fine",
        words=found.words, seen=found.seen, currency=found.currency,
    )  # fmt: skip
    findings.said_anew(northwind, "live", uuid.UUID(order["id"]))
    read_theirs()
    assert unaccounted(northwind)[order["id"]].signed
    ship_there(emulator, order, 1)
    read_theirs()
    again = unaccounted(northwind)[order["id"]]
    assert (again.signed, again.reopened, again.amount) == (False, True, 6000)


def test_with_the_last_key_goes_what_was_read(northwind: Merchant, emulator: Emulator) -> None:
    order = known(northwind, emulator, 3)
    ship_there(emulator, order, 1)
    read_theirs()
    partner_sweeps.forget(northwind, "live")
    assert (said(northwind), kept(northwind)) == ({}, set())


def test_the_queue_names_it_and_counts_apart_what_is_of_no_order(
    northwind: Merchant, finance: Client, emulator: Emulator
) -> None:
    index_everything(northwind)
    order = known(northwind, emulator, 3)
    there = ship_there(emulator, order, 1, trackingCompany="UPS", trackingNumber="1Z999AA10123456784")
    stray = ship_there(emulator, sold(emulator, "dro_stray", 1), 1)
    read_theirs()
    page = prose(finance.get(f"{QUEUE}?rule=unaccounted").content.decode())
    assert f"Digital River has {there['id']}: 1 unit shipped, UPS 1Z999AA10123456784." in page
    assert "Shipped at Digital River, not here" in page
    strays = PartnerShipment.objects.filter(order_id=None).count()
    said_apart = "belong to no order here No order has their order id, typed or in its metadata."
    assert f"Shipments at Digital River that {said_apart} {strays} " in page
    [link] = re.findall('href="([^"]+digital-river/[^"]+ids=[^"]+)"', finance.get(QUEUE).content.decode())
    assert stray["id"] in finance.get(link.replace("&amp;", "&")).content.decode()
