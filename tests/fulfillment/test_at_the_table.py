"""What makes fulfilling one order after the other quick: ticks that fill in, last choices, undo from the next form."""

import re
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from orders.models import Fulfillment, Membership, Merchant, Shipment
from tests.conftest import make_person, sign_in
from tests.fulfillment.test_parcels import connected as connected
from tests.fulfillment.test_parcels import held as held
from tests.fulfillment.test_parcels import order as order
from tests.support.emulation import Emulator
from tests.support.fulfilling import (
    address,
    cancel,
    fields_in,
    fulfill,
    ids,
    in_parcels,
    look,
    named,
    opened,
    paid_order,
    press,
    ticked,
)

UPS = "1Z999AA10123456784"


def shown(client: Client, order: dict[str, Any], sent: dict[str, Any], do: str) -> dict[str, Any]:
    return fields_in(client.post(address(order), sent | {"do": do}).content.decode())


def test_a_tick_fills_in_the_units_that_are_left(operations: Client, order: dict[str, Any]) -> None:
    rope, mat = ids(order, 2)[0], ids(order, 1)[0]
    sent = opened(operations, order) | {f"p1-units-{rope}": "", f"p1-units-{mat}": "1"}
    after = shown(operations, order, sent, "look")
    assert (after[f"p1-units-{rope}"], after[f"p1-units-{mat}"]) == ("5", "1")
    after = shown(operations, order, after | {f"p1-units-{rope}": "3"}, "parcel")
    after |= {"p2-lines": [rope], f"p2-units-{rope}": ""}
    assert shown(operations, order, after, "look")[f"p2-units-{rope}"] == "2"


def test_all_and_none_are_ticked_by_one_press(operations: Client, order: dict[str, Any]) -> None:
    sent = opened(operations, order) | {f"p1-units-{ids(order, 2)[0]}": "3"}
    none = shown(operations, order, sent, "none:1")
    assert "p1-lines" not in none
    every = shown(operations, order, none, "all:1")
    assert every["p1-lines"] == ids(order, 0, 1, 2)
    two = shown(operations, order, sent, "parcel")
    two = shown(operations, order, two, "all:2")
    assert two["p2-lines"] == ids(order, 2)  # of the others nothing is left for it
    assert two[f"p2-units-{ids(order, 2)[0]}"] == "2"


def test_the_next_form_begins_with_the_carrier_and_the_e_mail_of_the_last(
    operations: Client, order: dict[str, Any], emulator: Emulator, customer: dict[str, Any]
) -> None:
    assert opened(operations, order)["p1-carrier"] == ""
    assert fulfill(operations, order, lines=ids(order, 0), carrier="fedex", notify="yes", fulfilling="1:1:1:1",
        **{f"units-{ids(order, 0)[0]}": "1"}).status_code == 303  # fmt: skip
    another = paid_order(emulator, 1, customer_id=customer["id"])
    page = operations.get(address(another)).content.decode()
    fields = fields_in(page)
    assert (fields["p1-carrier"], fields["p1-notify"]) == ("fedex", "yes")
    assert "Same as your last fulfillment." in page
    guest = paid_order(emulator, 1)
    assert fields_in(operations.get(address(guest)).content.decode())["p1-notify"] == "no"
    assert fulfill(operations, guest, carrier="other", carrier_name="Bike courier").status_code == 303
    fields = opened(operations, another)
    assert (fields["p1-carrier"], fields["p1-carrier_name"]) == ("other", "Bike courier")
    assert fields["p1-notify"] == "yes"  # a guest cannot be asked, so the last answer stands
    membership = Membership.objects.get(user__email="operations@northwind.example")
    assert (membership.last_carrier, membership.last_email) == ("Bike courier", "yes")


def test_another_person_begins_with_nothing_chosen(
    operations: Client, order: dict[str, Any], emulator: Emulator, northwind: Merchant, customer: dict[str, Any]
) -> None:
    fulfill(operations, order, lines=ids(order, 0), carrier="fedex", notify="no", fulfilling="1:1:1:1",
        **{f"units-{ids(order, 0)[0]}": "1"})  # fmt: skip
    other = sign_in(make_person("second@northwind.example", northwind, "operations"))
    fields = opened(other, paid_order(emulator, 1, customer_id=customer["id"]))
    assert fields["p1-carrier"] == ""
    assert "p1-notify" not in fields


def test_a_preset_carrier_gives_way_to_a_certain_number(
    operations: Client, order: dict[str, Any], northwind: Merchant
) -> None:
    Membership.objects.update(last_carrier="fedex")
    sent = opened(operations, order)
    assert sent["p1-carrier"] == "fedex"
    assert shown(operations, order, sent | {"p1-number-0": UPS}, "look")["p1-carrier"] == "ups"


def test_the_first_tracking_number_has_the_focus(operations: Client, order: dict[str, Any]) -> None:
    page = operations.get(address(order)).content.decode()
    focused = re.findall(r"<[^>]*\sautofocus(?=[\s>])[^>]*>", page)
    assert len(focused) == 1
    assert 'id="id_p1-number-0"' in focused[0]


def test_the_units_of_the_first_line_have_the_focus_where_units_are_given_up(
    operations: Client, order: dict[str, Any]
) -> None:
    page = operations.get(reverse("order_cancel_units", args=["northwind", "live", order["id"]])).content.decode()
    (focused,) = re.findall(r"<[^>]*\sautofocus(?=[\s>])[^>]*>", page)
    assert f'name="units-{ids(order, 0)[0]}"' in focused


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("/account/login/", 'name="login"'),
        ("/account/password/reset/", 'name="email"'),
        ("/northwind/live/customers/?q=ana", 'id="customer-q"'),
    ],
)
def test_the_first_field_has_the_focus(place: str, field: str, operations: Client) -> None:
    client = operations if "northwind" in place else Client()
    page = client.get(place, secure=True).content.decode()
    focused = re.findall(r"<[^>]*\sautofocus(?=[\s>])[^>]*>", page)
    assert len(focused) == 1, page
    assert field in focused[0]


def test_what_leaves_in_a_moment_is_undone_from_the_next_form_which_keeps_what_was_typed(
    held: Merchant, operations: Client, order: dict[str, Any], emulator: Emulator, customer: dict[str, Any]
) -> None:
    assert press(operations, order, in_parcels(operations, order, {0: 1})).status_code == 303
    another = paid_order(emulator, 2, customer_id=customer["id"])
    page = operations.get(address(another)).content.decode()
    assert f"<bdi>{order['public_id']}</bdi>" in page
    assert 'data-goes-says="ships"' in page
    fulfillment = Fulfillment.objects.get()
    sent = fields_in(page) | {"p1-number-0": "KEPT-1", "p1-lines": ids(another, 1), "p1-notify": "no"}
    answer = operations.post(address(another), sent | {"do": f"undo:{fulfillment.pk}"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Undone. No system was notified." in page
    assert (fields_in(page)["p1-number-0"], ticked(page)) == ("KEPT-1", ids(another, 1))
    assert f'href="{address(order)}"' in page
    assert Shipment.objects.get().state == "undone"
    after = named(operations, another, fields_in(page) | {"p1-sure-0": "|KEPT1"})
    assert press(operations, another, after).status_code == 303  # its form token is as good as before


def test_only_ones_own_that_can_still_be_undone_are_offered(
    held: Merchant, operations: Client, order: dict[str, Any], emulator: Emulator, northwind: Merchant
) -> None:
    press(operations, order, in_parcels(operations, order, {0: 1}))
    another = paid_order(emulator, 1)
    other = sign_in(make_person("second@northwind.example", northwind, "operations"))
    assert 'value="undo:' in operations.get(address(another)).content.decode()
    assert 'value="undo:' not in other.get(address(another)).content.decode()
    Fulfillment.objects.update(undo_until=Now())
    assert 'value="undo:' not in operations.get(address(another)).content.decode()
    sent = opened(operations, another)
    for wrong in ("undo:", "undo:x", "undo:00000000-0000-4000-8000-000000000000"):
        assert operations.post(address(another), sent | {"do": wrong}).status_code in (200, 404)
    fulfillment = Fulfillment.objects.get()
    assert "Too late" in operations.post(address(another), sent | {"do": f"undo:{fulfillment.pk}"}).content.decode()


def test_a_look_says_nothing_of_a_button_that_is_not_there(operations: Client, order: dict[str, Any]) -> None:
    assert "Select all" in look(operations, order, opened(operations, order), "all:9")


# What was typed is there again


def undo(client: Client) -> None:
    place = f"/northwind/live/fulfillments/{Fulfillment.objects.get().pk}/undo/"
    assert client.post(place).status_code in (302, 303)


def test_what_was_typed_is_there_again_after_an_undo(
    held: Merchant, connected: None, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    rope = ids(order, 2)[0]
    sent = in_parcels(
        operations, order, {0: 1, 1: 1}, {1: 1, 2: 3}, partner_id="P-1", cost_currency="EUR", shipment_id="S-1",
        status="IN_TRANSIT", shipped_at="2026-11-20T09:30", **{"name-0": "batch", "value-0": "7"},
    )  # fmt: skip
    sent |= {"p1-number-0": UPS, "p1-carrier": "ups", "p1-address-0": "https://own.example/1", "p1-notify": "yes"}
    sent |= {"p2-number-0": "B-2", "p2-carrier": "other", "p2-carrier_name": "Bike", "p2-sure-0": "Bike|B2"}
    sent |= {f"p2-distributor-{rope}": "12.34"}
    sent = named(operations, order, sent)
    assert press(operations, order, sent).status_code == 303
    assert operations.post(f"/northwind/live/fulfillments/{Fulfillment.objects.get().pk}/undo/").status_code in (
        302,
        303,
    )
    page = operations.get(address(order)).content.decode()
    assert "Filled in from your last attempt" in page
    fields = fields_in(page)
    typed = {name: value for name, value in sent.items() if name.startswith("p") and "-sure-" not in name and value}
    assert {name: fields.get(name) for name in typed if "-units-" not in name} == {
        name: value for name, value in typed.items() if "-units-" not in name
    }
    assert fields[f"p2-units-{rope}"] == "3"
    assert "Filled in from" not in operations.get(address(order) + "?new").content.decode()
    assert press(operations, order, named(operations, order, fields)).status_code == 303


def test_what_revkeen_refused_is_there_again_and_what_left_is_not(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:

    assert press(operations, order, in_parcels(operations, order, {2: 2}, tracking_number=UPS)).status_code == 303
    fresh = opened(operations, order)
    assert fresh["p1-number-0"] == ""
    Shipment.objects.update(state="refused")
    fields = opened(operations, order)
    assert (fields["p1-number-0"], fields["p1-lines"]) == (UPS, ids(order, 2))


def test_units_that_were_given_up_and_undone_are_typed_already(
    held: Merchant, operations: Client, order: dict[str, Any]
) -> None:
    assert cancel(operations, order, {2: 2}).status_code == 303
    undo(operations)
    fields = opened(operations, order, f"/northwind/live/orders/{order['id']}/cancel-units/")
    assert (fields[f"units-{ids(order, 2)[0]}"], fields["reason"]) == ("2", "Sold out")
