"""Packing at the station: what each scan does, what is refused, and what leaves."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import EventLog, Fulfillment, Hold, Membership, Merchant, OrderCopy, Packing, Shipment, User
from orders.services.handling import holds
from orders.services.handling.holds import Why
from orders.services.items import items
from orders.services.items.items import ItemRow
from orders.services.station import bench
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.fulfilling import effects
from tests.support.indexed import index_everything
from tests.support.packing import PLACE, counted, email_of, paid, said, scan
from tests.support.pages import text

EAN = "4006381333931"
UPS = "1Z999AA10123456784"
SECOND = "1Z5550001112223334"


@pytest.fixture
def order(emulator: Emulator, northwind: Merchant, mara: User) -> dict[str, Any]:
    """Two tents, whose barcode is in the table of items, and three ropes with one in their metadata."""
    items.save(northwind, [ItemRow("TENT-1", "Tent", "A-1", (EAN,)), ItemRow("MUG-1", "Mug")], items.COLUMNS, mara)
    return paid(emulator, ("Tent", 2, {"sku": "TENT-1"}), ("Rope", 3, {"sku": "ROPE-1", "barcode": "20000001"}))


def line_of(order: dict[str, Any], place: int) -> str:
    return str(order["line_items"][place]["id"])


@pytest.fixture
def colleague_there(northwind: Merchant) -> Client:
    return sign_in(make_person("second@northwind.example", northwind, "operations"))


def test_an_order_is_packed_by_scans_and_one_enter(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    assert scan(operations, order["public_id"]) == f"{order['public_id']} opened."
    page = operations.get(PLACE).content.decode()
    assert "TENT-1" in page
    assert "A-1" in page
    assert scan(operations, EAN) == "1 of 2: Tent"
    assert scan(operations, "tent-1") == "2 of 2: Tent"
    assert scan(operations, "20000001", "ROPE-1", "20000001") == "3 of 3: Rope"
    assert scan(operations, UPS) == f"UPS: {UPS}"
    assert "fulfilled: 2 lines, UPS" in scan(operations)
    (effect,) = effects(emulator, order)
    assert (effect["tracking_number"], effect["carrier"], effect["notified"]) == (UPS, "ups", False)
    assert Packing.objects.get().order_id is None


def test_an_order_that_the_index_does_not_have_yet_is_found_by_its_number(
    operations: Client, order: dict[str, Any], emulator: Emulator, northwind: Merchant
) -> None:
    index_everything(northwind)
    late = paid(emulator, ("Lamp", 1, {"sku": "LAMP"}))
    assert scan(operations, late["public_id"].lower()) == f"{late['public_id']} opened."


def test_a_number_that_nobody_knows_is_said_to_be_unknown_and_whether_revkeen_could_be_asked(
    operations: Client, order: dict[str, Any], emulator: Emulator, northwind: Merchant
) -> None:
    index_everything(northwind)
    here = "NW-404 is no order that is known here."
    assert scan(operations, "NW-404") == f"{here} RevKeen has none of this number among its newest."
    emulator.fault("error", "/orders", times=100)
    assert scan(operations, "NW-404") == f"{here} RevKeen does not answer. Scan it again in a moment."


def test_a_wrong_item_a_surplus_unit_and_a_label_twice_are_refused_and_change_nothing(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    scan(operations, order["id"], EAN, EAN)
    before = counted(operations)
    assert "One too many: all 2 of Tent" in scan(operations, EAN)
    assert "Wrong item: Mug" in scan(operations, "MUG-1")
    assert "is no item of this order and no label" in scan(operations, "what-is-this")
    assert counted(operations) == before == {line_of(order, 0): 2}
    scan(operations, UPS)
    assert "scanned already" in scan(operations, f" {UPS[:2]} {UPS[2:].lower()}")
    assert "has the label" in scan(operations, "1Z999AA10123456793")
    assert "3 units are not counted" in scan(operations)
    assert effects(emulator, order) == []
    scan(operations, "ROPE-1", "ROPE-1", "ROPE-1", "")
    assert [effect["tracking_number"] for effect in effects(emulator, order)] == [UPS]


def test_a_scan_that_is_sent_twice_counts_once(operations: Client, order: dict[str, Any]) -> None:
    scan(operations, order["public_id"])
    for _ in range(2):  # as a page does that got no answer
        operations.post(PLACE, {"scan": EAN, "do": "scan", "id": "the same"})
    assert counted(operations) == {line_of(order, 0): 1}


def test_enter_sends_nothing_over_a_refusal_that_nobody_saw(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    """A scanner goes on before the page has answered."""
    scan(operations, order["public_id"])
    seen = Packing.objects.get().heard[-1]["id"]
    for scanned in (UPS, "MUG-1", ""):
        operations.post(PLACE, {"scan": scanned, "do": "scan", "id": str(uuid.uuid4()), "seen": seen})
    assert said(operations).startswith("Not sent: what was scanned last was refused.")
    assert effects(emulator, order) == []
    assert "fulfilled" in scan(operations)


def test_a_key_pressed_twice_answers_nothing_that_nobody_read(
    operations: Client, order: dict[str, Any], emulator: Emulator, northwind: Merchant
) -> None:
    """As by a double click: both come before the page has answered."""
    index_everything(northwind)
    assert pressed_twice(operations, "go").endswith(" opened.")  # the first in To fulfill, and nothing is asked of it
    scan(operations, order["public_id"], EAN)
    assert "Press Esc again" in pressed_twice(operations, "back")
    scan(operations, EAN, "ROPE-1", "ROPE-1", "ROPE-1")
    assert "No label scanned" in pressed_twice(operations, "go")
    assert effects(emulator, order) == []
    assert f"{order['public_id']} fulfilled" in pressed_twice(operations, "go")
    assert Packing.objects.get().order_id is None  # the next is not opened
    assert len(effects(emulator, order)) == 1


def pressed_twice(client: Client, do: str) -> str:
    found = Packing.objects.filter(user__email=email_of(client)).first()
    seen = found.heard[-1]["id"] if found and found.heard else ""
    scan(client, do=do, seen=seen)
    return scan(client, do=do, seen=seen)


def test_what_was_scanned_for_the_order_that_a_page_shows_is_not_counted_for_another(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    """Another tab has opened one with the same item."""
    other = paid(emulator, ("Tent", 1, {"sku": "TENT-1"}))
    scan(operations, order["public_id"])
    shown = value_of(operations, "order")
    scan(operations, other["public_id"])
    assert f"Another tab has opened {other['public_id']}" in scan(operations, EAN, order=shown)
    assert counted(operations) == {}


def test_a_doubted_label_is_taken_only_when_somebody_is_sure(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    scan(operations, order["public_id"])
    wrong = f"{UPS[:-1]}9"
    assert "no label of a carrier" in scan(operations, wrong) or "Label not taken" in said(operations)
    assert scan(operations).startswith("No label scanned.")  # Enter would send it off without one: it asks
    assert effects(emulator, order) == []
    scan(operations, wrong)
    assert wrong in scan(operations, do="label")
    assert "fulfilled" in scan(operations) or "fulfilled" in scan(operations)
    assert [effect["tracking_number"] for effect in effects(emulator, order)] == [wrong]


def test_the_label_of_another_orders_parcel_is_not_taken(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    other = paid(emulator, ("Lamp", 1, {"sku": "LAMP"}))
    scan(operations, other["public_id"], "LAMP", UPS, "")
    words = scan(operations, order["public_id"], UPS)
    assert words == f"Label not taken. Order {other['public_id']} already has this tracking number."
    assert Packing.objects.get().work["fields"].get("p1-number-0") in (None, [""])


def test_a_second_label_is_refused_with_what_can_be_done(operations: Client, order: dict[str, Any]) -> None:
    scan(operations, order["public_id"], UPS)
    refused = f"This parcel has the label {UPS}. Remove it first"
    assert scan(operations, SECOND) == f"{refused}, or scan what is in it, then begin the next parcel (F4)."
    assert scan(operations, EAN, SECOND) == f"{refused}, or begin the next parcel (F4)."
    assert 'aria-keyshortcuts="F4"' in operations.get(PLACE).content.decode()
    scan(operations, EAN, "ROPE-1", "ROPE-1", "ROPE-1")
    assert scan(operations, SECOND) == f"{refused}, or take units back (−1) for the next parcel."


def test_part_of_an_order_and_a_second_parcel(operations: Client, order: dict[str, Any], emulator: Emulator) -> None:
    scan(operations, order["public_id"], EAN, EAN, UPS)
    assert scan(operations, do="parcel") == "Parcel 2: scan what is in it."
    scan(operations, "ROPE-1", SECOND)
    scan(operations, do="part")
    assert "fulfilled" in scan(operations)
    parcels = list(Shipment.objects.order_by("pk"))
    packed = [{str(item.line_item_id): item.quantity for item in parcel.items.all()} for parcel in parcels]
    assert packed == [{line_of(order, 0): 2}, {line_of(order, 1): 1}]
    assert [parcel.tracking.get().number for parcel in parcels] == [UPS, SECOND]
    assert scan(operations, order["public_id"], "ROPE-1", "ROPE-1", "ROPE-1").startswith("One too many: all 2")


def test_the_button_says_what_enter_does(operations: Client, order: dict[str, Any]) -> None:
    scan(operations, order["public_id"])
    assert "Fulfill 2 lines, no e-mail Enter" in text(operations.get(PLACE).content.decode())
    scan(operations, EAN)
    assert "Fulfill: 4 units still to be counted Enter" in text(operations.get(PLACE).content.decode())
    assert "4 units are not counted" in scan(operations)
    scan(operations, do="part")
    assert "Ship 1 unit; RevKeen is notified when the rest ships Enter" in text(operations.get(PLACE).content.decode())


def test_where_every_unit_is_scanned_nothing_leaves_without_a_scan_or_a_reason(
    operations: Client, order: dict[str, Any], emulator: Emulator, northwind: Merchant
) -> None:
    Merchant.objects.update(scan_to_verify=True)
    assert "5 units are not counted" in scan(operations, order["public_id"], UPS, "")
    assert "every unit has to be scanned" in scan(operations, do=f"all:{line_of(order, 0)}")
    assert "5 units are not counted" in scan(operations)
    scan(operations, do="reason", reason="Scanner is broken")
    assert "fulfilled" in scan(operations)
    assert len(effects(emulator, order)) == 1
    entry = EventLog.objects.get(kind=EventLog.Kind.SHIPPED_UNCOUNTED)
    assert (entry.text, str(entry.order_id)) == (f"{order['public_id']}: Scanner is broken", order["id"])


def test_two_people_never_have_the_same_order(
    operations: Client, colleague_there: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    scan(operations, order["public_id"], EAN)
    assert scan(colleague_there, order["public_id"]) == f"Operations packs {order['public_id']}."
    for place in ("order_detail", "order_fulfill"):
        page = colleague_there.get(reverse(place, args=["northwind", "live", order["id"]])).content.decode()
        assert "is packing this order at the station" in page
    assert "Operations" in colleague_there.get("/northwind/live/to-fulfill/").content.decode()
    scan(colleague_there, do=f"takeover:{order['id']}")
    assert Packing.objects.get(order_id=order["id"]).user.email == "second@northwind.example"
    assert "was taken over by Second" in operations.get(PLACE).content.decode()
    assert scan(operations, EAN) == "Tent is an item. Scan an order first."


def test_whoever_goes_on_with_an_order_that_was_taken_over_is_told_so_and_nothing_else_happens(
    operations: Client, colleague_there: Client, order: dict[str, Any], northwind: Merchant
) -> None:
    """The page still shows it: what is scanned or pressed there is meant for it, and Enter opens no other order."""
    index_everything(northwind)
    scan(operations, order["public_id"], EAN)
    page = {name: value_of(operations, name) for name in ("seen", "order")}
    scan(colleague_there, do=f"takeover:{order['id']}")
    for one in ("", EAN, UPS, ""):
        assert "was taken over by Second" in scan(operations, one, **page)
    assert Packing.objects.get(user__email="operations@northwind.example").order_id is None
    assert scan(operations, EAN, seen=value_of(operations, "seen")) == "Tent is an item. Scan an order first."


def test_enter_opens_no_other_order_in_place_of_one_that_the_page_still_shows(
    operations: Client, order: dict[str, Any], northwind: Merchant
) -> None:
    index_everything(northwind)
    scan(operations, order["public_id"])
    shown = value_of(operations, "order")
    scan(operations, do="back")  # in another tab
    assert "is not here any more" in scan(operations, order=shown)
    assert Packing.objects.get().order_id is None
    assert "opened" in scan(operations)


def value_of(client: Client, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', client.get(PLACE).content.decode())
    assert found is not None
    return found[1]


def test_an_order_is_given_back_by_itself(operations: Client, colleague_there: Client, order: dict[str, Any]) -> None:
    scan(operations, order["public_id"], EAN)
    Packing.objects.update(seen_at="2020-01-01T00:00:00Z")
    assert scan(colleague_there, order["public_id"]) == f"{order['public_id']} opened."
    assert "was given back" in operations.get(PLACE).content.decode()


def test_an_unfinished_order_is_not_left_for_another_and_an_untouched_one_is(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    other = paid(emulator, ("Lamp", 1, {"sku": "LAMP"}))
    scan(operations, order["public_id"], other["public_id"])
    assert Packing.objects.get().order_number == other["public_id"]
    scan(operations, "LAMP")
    assert "is not finished" in scan(operations, order["public_id"])
    assert "Press Esc again" in scan(operations, do="back")  # what was counted is not lost by one key
    assert counted(operations) == {line_of(other, 0): 1}
    assert "is back in To fulfill" in scan(operations, do="back")
    assert scan(operations, order["public_id"]) == f"{order['public_id']} opened."


def test_an_order_that_was_put_back_is_opened_after_all_others(
    operations: Client, order: dict[str, Any], emulator: Emulator, northwind: Merchant
) -> None:
    index_everything(northwind)
    opened = []
    for _ in range(3):
        scan(operations)
        opened.append(Packing.objects.get().order_number)
        scan(operations, do="back")
    assert len(set(opened)) == 3
    places = Packing.objects.get()
    everything = list(OrderCopy.objects.filter(merchant=northwind, mode="live").values_list("order_id", flat=True))
    others = [one for one in everything if str(one) not in places.put_back]
    holds.hold(northwind, "live", others, Why("stock"), places.user)
    scan(operations)
    assert Packing.objects.get().order_number == opened[0]  # the one that was put back first
    scan(operations, do="back")
    places.put_back = {one: at - bench.OTHERS_FIRST for one, at in Packing.objects.get().put_back.items()}
    places.save(update_fields=["put_back"])
    scan(operations)
    assert Packing.objects.get().order_number == opened[0]  # half an hour later it is the most urgent again


def test_an_undo_lays_the_order_back_as_it_was(operations: Client, order: dict[str, Any], emulator: Emulator) -> None:
    Merchant.objects.update(undo_seconds=60)
    scan(operations, order["public_id"], EAN, EAN, "ROPE-1", "ROPE-1", "ROPE-1", UPS, "")
    page = operations.get(PLACE).content.decode()
    (undo,) = re.findall(r'value="(undo:[^"]+)"', page)
    assert "undone. No system was notified." in scan(operations, do=undo)
    assert "undone already. No system was notified." in scan(operations, do=undo)
    assert (Packing.objects.get().order_number, sum(counted(operations).values())) == (order["public_id"], 5)
    assert "fulfilled" in scan(operations)
    assert Fulfillment.objects.filter(undone_at=None).count() == 1
    assert effects(emulator, order) == []  # within the undo window nobody is told


def test_what_changed_meanwhile_is_said_and_nothing_is_sent(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    scan(operations, order["public_id"], UPS)
    emulator.patch("orders", order["id"], status="canceled", updated_at="2030-01-01T00:00:00Z")
    words = scan(operations)
    assert "Status was" in words or "canceled" in words
    assert effects(emulator, order) == []
    assert Packing.objects.get().order_id is None


def test_the_e_mail_is_asked_for_once_and_then_as_last_time(
    operations: Client, order: dict[str, Any], emulator: Emulator, customer: dict[str, Any]
) -> None:
    first, second = (paid(emulator, ("Lamp", 1, {"sku": "LAMP"}), customer_id=customer["id"]) for _ in range(2))
    assert "Choose whether to e-mail" in scan(operations, first["public_id"], UPS, "")
    assert scan(operations, do="email") == f"E-mail {customer['email']}"
    assert "fulfilled" in scan(operations)
    assert Membership.objects.get(user__email=email_of(operations)).last_email == "yes"
    scan(operations, second["public_id"], SECOND, "")
    assert [effect["notified"] for one in (first, second) for effect in effects(emulator, one)] == [True, True]


def test_a_place_cannot_be_reached_by_whom_may_not_fulfill(support: Client) -> None:
    assert support.get(PLACE).status_code == 403


def test_what_cannot_be_found_is_held_with_what_is_missing(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    scan(operations, order["public_id"], EAN, "20000001")
    words = scan(operations, do="missing")
    assert words == f"{order['public_id']} is on hold: item not found. Missing: 1 × Tent, 2 × Rope."
    held = Hold.objects.get(order_id=order["id"])
    assert (held.reason, held.note) == ("not_found", "1 × Tent, 2 × Rope")
    assert "is on hold" in scan(operations, order["public_id"])
    assert Packing.objects.get().order_id is None
    assert effects(emulator, order) == []
