"""Several parcels, parts of lines, units that never ship, and the hold: who hears of what, and when."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from orders.models import (
    Connection,
    Fulfillment,
    Merchant,
    Operation,
    PartnerSettings,
    PartnerUpdate,
    Shipment,
    ShipmentItem,
)
from orders.services.changes import leases, reconcile
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.fulfilling import (
    address,
    cancel,
    effects,
    fields_in,
    fulfill,
    ids,
    in_parcel,
    in_parcels,
    look,
    named,
    opened,
    press,
    sent_lines,
    ticked,
)
from tests.support.journal import reconcile_due

UPS, FEDEX = "1Z999AA10123456784", "986578788855"
State = Shipment.State
UpdateState = PartnerUpdate.State


@pytest.fixture
def order(emulator: Emulator, customer: dict[str, Any]) -> dict[str, Any]:
    """A tent, two mats and five ropes, paid, nothing shipped."""
    units = {"Tent": 1, "Mat": 2, "Rope": 5}
    lines = [{"description": name, "unit_price": 1000, "quantity": count} for name, count in units.items()]
    made = emulator.make_order(line_items=lines, customer_id=customer["id"])
    return emulator.send(f"/orders/{made['id']}/pay", {"payment_token": f"tok_approve_{made['id']}"})


@pytest.fixture
def held(northwind: Merchant) -> Merchant:
    northwind.undo_seconds = 10
    northwind.save()
    return northwind


@pytest.fixture
def connected(northwind: Merchant) -> None:
    """Both partners, in live mode."""
    for provider, key in (("digital_river", "sk_northwind_demo"), ("order_protection", "op_northwind_live_demo")):
        connection = Connection(merchant=northwind, mode="live", provider=provider, name="Demo", active=True)
        connection.secret = key
        connection.save()


def let_go(blocked: Fulfillment | None = None) -> None:
    """The hold is over."""
    now = {"undo_until": Now()}
    Fulfillment.objects.update(**now)
    Operation.objects.filter(state="started").update(lease_until=Now(), next_try_at=Now())
    PartnerUpdate.objects.filter(state="waiting").update(next_try_at=Now())


def items(order: dict[str, Any]) -> list[tuple[int, str, int]]:
    """(shipment, line, units), as kept here."""
    found = ShipmentItem.objects.filter(shipment__order_id=order["id"]).order_by("pk")
    return [(item.shipment.number, item.description, item.quantity) for item in found.select_related("shipment")]


def worker() -> Operation:
    claimed = leases.claim()
    assert claimed is not None
    return reconcile.reconcile(claimed)


# Several parcels


def test_a_split_over_two_parcels_with_two_carriers_is_told_as_two(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    sent = in_parcels(operations, order, {0: 1, 1: 1}, {1: 1, 2: 5})
    sent |= in_parcel("1", carrier="ups", tracking_number=UPS, notify="yes")
    sent |= in_parcel("2", carrier="fedex", tracking_number=FEDEX)
    answer = press(operations, order, sent)
    assert answer.status_code == 303, answer.content.decode()
    first, second = Operation.objects.order_by("step")
    assert (first.plan_id, second.plan_id) == (first.pk, first.pk)
    assert (first.state, second.state) == ("done", "done")
    assert effects(emulator, order) == [
        {"line_item_ids": ids(order, 0), "notified": True, "carrier": "ups", "tracking_number": UPS},
        {"line_item_ids": ids(order, 1, 2), "notified": False, "carrier": "fedex", "tracking_number": FEDEX},
    ]
    assert items(order) == [(1, "Tent", 1), (1, "Mat", 1), (2, "Mat", 1), (2, "Rope", 5)]
    assert [shipment.operation for shipment in Shipment.objects.order_by("pk")] == [first, second]
    assert {shipment.state for shipment in Shipment.objects.all()} == {State.LEFT}
    assert emulator.get(f"/orders/{order['id']}")["status"] == "fulfilled"


@pytest.mark.database
def test_a_part_of_a_line_is_kept_here_alone_and_the_rest_is_told(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    sent = in_parcels(operations, order, {2: 3}, carrier="ups", tracking_number=UPS, notify=None)
    page = look(operations, order, sent)
    assert "Ship 3 units; RevKeen is notified when the rest ships" in page
    assert "when its last 2 units ship" in page
    emulator.forget_calls()
    answer = press(operations, order, sent)
    assert answer["Location"] == f"/northwind/live/orders/{order['id']}/"
    assert [call["method"] for call in emulator.calls()] == ["GET"]
    assert not Operation.objects.exists()
    assert "Recorded: 3 units of 1 line, UPS" in operations.get(answer["Location"]).content.decode()
    form = operations.get(address(order)).content.decode()
    assert "2 of 5 units" in form
    rest = press(operations, order, in_parcels(operations, order, {2: 2}))
    assert rest.status_code == 303
    assert sent_lines(emulator, order) == [ids(order, 2)]
    assert items(order) == [(1, "Rope", 3), (2, "Rope", 2)]


def test_a_mixed_parcel_says_what_revkeen_hears_of_now_and_what_later(
    operations: Client, order: dict[str, Any]
) -> None:
    sent = in_parcels(operations, order, {0: 1, 2: 4})
    page = look(operations, order, sent)
    assert "Ship 5 units, fulfill 1 line" in page
    words = " ".join(page.partition("RevKeen only takes whole lines.")[2].partition("</div>")[0].split())
    assert "<bdi>Tent</bdi></q></span></span> with this parcel" in words
    assert "<bdi>Rope</bdi></q></span></span> when its last unit ships" in words


def test_what_is_shipped_twice_over_is_refused_by_its_field(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    mat = ids(order, 1)[0]
    sent = in_parcels(operations, order, {1: 2}, {1: 1}) | {"fulfilling": "1:3:2:1+1"}
    answer = press(operations, order, sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_p2-units-{mat}_error"' in page
    assert "Parcels 1 and 2 have 3 of them together. 2 of 2 units are left." in page
    answer = press(operations, order, in_parcels(operations, order, {2: 6}))
    assert "5 of 5 units are left." in answer.content.decode()
    assert not Shipment.objects.exists()
    assert effects(emulator, order) == []


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.5", "two", "9" * 5000])
def test_units_that_cannot_be_are_said_by_their_field(typed: str, operations: Client, order: dict[str, Any]) -> None:
    tent = ids(order, 0)[0]
    answer = press(operations, order, in_parcels(operations, order, {0: 1}) | {f"p1-units-{tent}": typed})
    assert answer.status_code == 422
    assert f'id="id_p1-units-{tent}_error"' in answer.content.decode()
    assert not Shipment.objects.exists()


def test_what_stands_by_a_line_that_is_not_ticked_does_not_matter(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    sent = in_parcels(operations, order, {0: 1}) | {f"p1-units-{ids(order, 1)[0]}": "77 or so"}
    assert press(operations, order, sent).status_code == 303
    assert sent_lines(emulator, order) == [ids(order, 0)]


def test_parcels_come_and_go_and_keep_what_was_typed(operations: Client, order: dict[str, Any]) -> None:
    sent = opened(operations, order)
    assert len(sent["p1-lines"]) == 3
    sent[f"p1-units-{ids(order, 2)[0]}"] = "3"
    two = fields_in(operations.post(address(order), sent | {"do": "parcel"}).content.decode())
    assert two["parcel"] == ["1", "2"]
    assert "p2-lines" not in two
    assert two[f"p2-units-{ids(order, 2)[0]}"] == "2"  # what parcel 1 leaves
    assert two["form_token"] == sent["form_token"]
    two |= {"p2-number-0": "T-2", "p2-lines": ids(order, 2)}
    numbers = fields_in(operations.post(address(order), two | {"do": "tracking:2"}).content.decode())
    assert (numbers["p2-number-0"], numbers["p2-number-1"]) == ("T-2", "")
    one = fields_in(operations.post(address(order), numbers | {"do": "remove:1"}).content.decode())
    assert (one["parcel"], one["p2-number-0"], one["p2-lines"]) == ("2", "T-2", ids(order, 2))
    assert fields_in(operations.post(address(order), one | {"do": "remove:2"}).content.decode())["parcel"] == "2"


def test_there_is_an_end_to_parcels_and_numbers(operations: Client, order: dict[str, Any]) -> None:
    sent = opened(operations, order)
    for _ in range(25):
        sent = fields_in(operations.post(address(order), sent | {"do": "parcel"}).content.decode())
    assert len(sent["parcel"]) == 20
    for _ in range(12):
        sent = fields_in(operations.post(address(order), sent | {"do": "tracking:1"}).content.decode())
    assert "p1-number-9" in sent
    assert "p1-number-10" not in sent


def test_an_empty_parcel_is_not_sent(operations: Client, order: dict[str, Any]) -> None:
    sent = in_parcels(operations, order, {0: 1}, {})
    answer = press(operations, order, sent)
    assert answer.status_code == 422
    assert 'id="id_p2-lines_error"' in answer.content.decode()
    assert not Shipment.objects.exists()


def test_nobody_is_asked_about_an_e_mail_that_cannot_be(operations: Client, order: dict[str, Any]) -> None:
    page = look(operations, order, in_parcels(operations, order, {2: 1}, notify="yes"))
    assert 'type="radio"' not in page
    assert '<input type="hidden" name="p1-notify" value="yes">' in page
    sent = in_parcels(operations, order, {2: 1}, notify="yes")
    assert press(operations, order, sent).status_code == 303
    assert not Shipment.objects.get().notified


# Tracking


def test_a_carrier_is_proposed_and_chosen_by_a_button_alone(operations: Client, order: dict[str, Any]) -> None:
    sent = in_parcels(operations, order, {0: 1}, tracking_number=FEDEX)
    page = look(operations, order, sent)
    assert "Looks like FedEx" in page
    assert '<option value="" selected>' in page
    chosen = look(operations, order, sent, "carrier:1:fedex")
    assert '<option value="fedex" selected>' in chosen
    assert "Looks like" not in chosen
    assert f'value="https://www.fedex.com/fedextrack/?trknbr={FEDEX}"' in chosen
    other = look(operations, order, sent | {"p1-carrier": "gls"})
    assert "Looks like" not in other
    assert '<option value="gls" selected>' in other


def test_a_wrong_check_digit_is_said_and_sent_when_somebody_is_sure(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    wrong = f"{UPS[:-1]}5"
    sent = in_parcels(operations, order, {0: 1}, carrier="ups", tracking_number=wrong)
    assert "Check digit wrong for UPS. Compare it with the label." in look(operations, order, sent)
    assert press(operations, order, sent).status_code == 303
    assert effects(emulator, order)[0]["tracking_number"] == wrong


def test_an_address_follows_carrier_and_number_until_somebody_types_their_own(
    operations: Client, order: dict[str, Any]
) -> None:
    sent = in_parcels(operations, order, {0: 1}, carrier="ups", tracking_number=UPS)
    shown = fields_in(operations.post(address(order), sent | {"do": "look"}).content.decode())
    assert shown["p1-address-0"] == f"https://www.ups.com/track?tracknum={UPS}"
    shown["p1-number-0"] = "1Z12345E6605272234"
    shown = fields_in(operations.post(address(order), shown | {"do": "look"}).content.decode())
    assert shown["p1-address-0"].endswith("1Z12345E6605272234")
    shown |= {"p1-address-0": "https://parcels.example/7", "p1-carrier": "dpd", "p1-sure-0": "dpd|1Z12345E6605272234"}
    shown = fields_in(operations.post(address(order), shown | {"do": "look"}).content.decode())
    assert shown["p1-address-0"] == "https://parcels.example/7"
    assert press(operations, order, named(operations, order, shown | {"p1-notify": "no"})).status_code == 303
    assert Shipment.objects.get().tracking_address == "https://parcels.example/7"


@pytest.mark.parametrize(
    "typed",
    ["http://a.example/1", "javascript:alert(1)", "https://", "https://u:p@a.example/", "https://a b.example/", "ups"],
)
def test_only_an_https_address_is_taken(typed: str, operations: Client, order: dict[str, Any]) -> None:
    sent = in_parcels(operations, order, {0: 1}, tracking_number=UPS, tracking_address=typed)
    answer = press(operations, order, sent)
    assert answer.status_code == 422
    assert 'id="id_p1-address-0_error"' in answer.content.decode()


def test_several_numbers_are_kept_in_their_order_and_revkeen_gets_the_first(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    numbers = {"number-0": UPS, "address-0": "", "number-1": "", "address-1": "", "number-2": "1Z 2", "address-2": ""}
    sent = in_parcels(operations, order, {0: 1}, carrier="ups", **numbers)
    assert press(operations, order, sent).status_code == 303
    kept = [(row.number, row.normalized) for row in Shipment.objects.get().tracking.all()]
    assert kept == [(UPS, UPS), ("1Z 2", "1Z2")]
    assert effects(emulator, order)[0]["tracking_number"] == UPS


# More: what only one partner takes


def test_more_is_shown_for_connected_partners_alone(operations: Client, order: dict[str, Any], connected: None) -> None:
    page = operations.get(address(order)).content.decode()
    assert "More options for Digital River and OrderProtection" in page
    Connection.objects.filter(provider="digital_river").update(active=False)
    page = operations.get(address(order)).content.decode()
    assert "More options for OrderProtection" in page
    assert "partner_id" not in page
    Connection.objects.filter(provider="order_protection").update(active=False)
    assert "More options for" not in operations.get(address(order)).content.decode()


def test_what_is_typed_there_is_kept_with_the_shipment(
    northwind: Merchant, operations: Client, order: dict[str, Any], connected: None
) -> None:
    PartnerSettings.objects.create(
        merchant=northwind, mode="live", partner_id="P-1", subfulfiller_id="S-1", cost_currency="EUR"
    )
    shown = opened(operations, order)
    tent, mat = ids(order, 0, 1)
    assert (shown["p1-partner_id"], shown["p1-cost_currency"], shown["p1-status"]) == ("P-1", "EUR", "FULFILLED")
    assert shown[f"p1-subfulfiller-{tent}"] == "S-1"
    typed = {
        "lines": [tent, mat],
        "notify": "no",
        "shipment_id": "DR-7",
        f"distributor-{tent}": "1,234.50",
        f"shipping-{tent}": "0.05",
        f"subfulfiller-{mat}": "S-2",
        f"item-{mat}": "I-2",
        "name-0": "depot",
        "value-0": "Kiel 2",
        "status": "LABEL_PRINTED",
        "shipped_at": "2026-07-01T10:30",
        "status_at": "2026-01-02T03:04",
    }
    sent = named(operations, order, shown | in_parcel("1", **typed))
    assert press(operations, order, sent).status_code == 303
    shipment = Shipment.objects.get()
    kept = (shipment.partner_id, shipment.cost_currency, shipment.digital_river_shipment_id, shipment.metadata)
    assert kept == ("P-1", "EUR", "DR-7", {"depot": "Kiel 2"})
    assert shipment.status == "LABEL_PRINTED"
    assert shipment.shipped_at == datetime(2026, 7, 1, 8, 30, tzinfo=UTC), "10:30 in Berlin"
    assert shipment.status_at == datetime(2026, 1, 2, 2, 4, tzinfo=UTC)
    first, second = shipment.items.order_by("pk")
    assert (first.distributor_cost, first.shipping_cost, first.subfulfiller_id) == (123450, 5, "S-1")
    assert (second.distributor_cost, second.subfulfiller_id) == (None, "S-2")
    assert second.digital_river_shipment_item_id == "I-2"


@pytest.mark.parametrize(
    ("currency", "typed", "minor"),
    [("JPY", "1250", 1250), ("eur", "12.5", 1250), ("KWD", "12.505", 12505), ("EUR", "0", 0)],
)
def test_costs_are_exact_in_minor_units(
    currency: str, typed: str, minor: int, operations: Client, order: dict[str, Any], connected: None
) -> None:
    tent = ids(order, 0)[0]
    more = {"cost_currency": currency, f"distributor-{tent}": typed}
    assert press(operations, order, in_parcels(operations, order, {0: 1}, **more)).status_code == 303
    assert ShipmentItem.objects.get().distributor_cost == minor
    assert Shipment.objects.get().cost_currency == currency.upper()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"cost_currency": "JPY", "distributor": "12.5"}, "distributor"),
        ({"cost_currency": "EUR", "distributor": "12.505"}, "distributor"),
        ({"cost_currency": "EUR", "shipping": "-1"}, "shipping"),
        ({"cost_currency": "", "shipping": "1"}, "cost_currency"),
        ({"cost_currency": "ZZZ", "shipping": "1"}, "cost_currency"),
        ({"name-0": "x" * 41}, "name-0"),
        ({"name-0": "x", "value-0": "y" * 501}, "value-0"),
        ({"name-0": "", "value-0": "y"}, "name-0"),
        ({"name-0": "a", "value-0": "y", "name-1": "a", "value-1": "z"}, "name-1"),
        ({"name-0": "shipmentRef", "value-0": "y"}, "name-0"),
        ({"status": "SHIPPED"}, "status"),
        ({"shipped_at": "tomorrow"}, "shipped_at"),
        ({"shipped_at": "0001-01-01T00:00"}, "shipped_at"),
        ({"status_at": "9999-12-31T23:59"}, "status_at"),
        ({"status_at": "2026-03-29T02:30"}, "status_at"),  # Berlin has no such time
        ({"partner_id": "x" * 101}, "partner_id"),
    ],
)
def test_what_a_partner_cannot_take_is_said_by_its_field(
    typed: dict[str, str], field: str, operations: Client, order: dict[str, Any], connected: None
) -> None:
    tent = ids(order, 0)[0]
    whole = {f"{name}-{tent}" if name in ("distributor", "shipping") else name: text for name, text in typed.items()}
    answer = press(operations, order, in_parcels(operations, order, {0: 1}, **whole))
    page = answer.content.decode()
    assert answer.status_code == 422
    expected = f"{field}-{tent}" if field in ("distributor", "shipping") else field
    assert f'id="id_p1-{expected}_error"' in page
    assert page.count('_error"') >= 1
    assert '<details class="more" id="p1-more" open>' in page
    assert not Shipment.objects.exists()


# Units that never ship


@pytest.mark.database
def test_units_given_up_after_the_others_left_complete_their_line(
    operations: Client, order: dict[str, Any], emulator: Emulator, connected: None
) -> None:
    press(operations, order, in_parcels(operations, order, {2: 4}))
    assert cancel(operations, order, {2: 1}).status_code == 303
    assert effects(emulator, order) == [
        {"line_item_ids": ids(order, 2), "notified": False, "carrier": None, "tracking_number": None}
    ]
    given_up = Shipment.objects.get(kind="cancellation")
    assert (given_up.reason, given_up.state) == ("Sold out", State.LEFT)
    assert [partner_update.destination for partner_update in given_up.partner_updates.all()] == ["digital_river"]


def test_of_units_given_up_nobody_is_named_who_does_not_hear_of_it(
    operations: Client, order: dict[str, Any], connected: None
) -> None:
    answer = cancel(operations, order, {2: 1})
    page = operations.get(answer["Location"].partition("#")[0]).content.decode()
    assert "Sending to Digital River." in page


@pytest.mark.database
def test_units_given_up_before_the_others_leave_are_no_longer_left(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.forget_calls()
    assert cancel(operations, order, {2: 2, 0: 1}).status_code == 303
    assert not Operation.objects.exists()
    assert effects(emulator, order) == []
    shown = opened(operations, order)
    assert shown[f"p1-units-{ids(order, 2)[0]}"] == "3"
    assert "3 of 5 units" in operations.get(address(order)).content.decode()
    assert ids(order, 0)[0] not in shown["p1-lines"], "nothing of it is left"
    assert press(operations, order, in_parcels(operations, order, {2: 3})).status_code == 303
    assert sent_lines(emulator, order) == [ids(order, 2)]


@pytest.mark.parametrize(
    ("units", "more", "words"),
    [
        ({0: 1}, {"reason": ""}, "Enter a reason."),
        ({0: 1}, {"reason": "x" * 201}, "at most 200 characters"),
        ({0: 2}, {}, "1 of 1 units is left."),
        ({}, {}, "Enter how many units to cancel."),
        ({0: 1}, {"confirmed": ""}, "Confirm that these units will never be shipped."),
    ],
)
def test_what_cannot_be_given_up_is_said(
    units: dict[int, int], more: dict[str, str], words: str, operations: Client, order: dict[str, Any]
) -> None:
    answer = cancel(operations, order, units, **more)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Shipment.objects.exists()


# Two people


@pytest.mark.database
def test_of_two_people_who_ship_parts_the_second_is_told_what_is_left(
    northwind: Merchant, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "operations"))
    first, second = (in_parcels(client, order, {2: 3}) for client in (operations, colleague))
    assert press(operations, order, first).status_code == 303
    answer = press(colleague, order, second)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was sent. Some units have already shipped." in page
    assert "2 of 5 units are left." in page, "by its field"
    assert ticked(page) == ids(order, 2)
    assert items(order) == [(1, "Rope", 3)]
    again = named(colleague, order, fields_in(page) | {f"p1-units-{ids(order, 2)[0]}": "2", "p1-notify": "no"})
    assert press(colleague, order, again).status_code == 303
    assert items(order) == [(1, "Rope", 3), (2, "Rope", 2)]


@pytest.mark.database
def test_a_part_of_an_order_that_an_operation_holds_is_not_written_down(
    northwind: Merchant, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "operations"))
    part = in_parcels(colleague, order, {2: 3})
    emulator.fault("disconnect", "/fulfill$")
    press(operations, order, in_parcels(operations, order, {0: 1}))
    answer = press(colleague, order, part)
    assert answer.status_code == 422
    assert "<bdi>Operations</bdi> is changing this order (started" in answer.content.decode()
    assert items(order) == [(1, "Tent", 1)]


@pytest.mark.database
def test_a_part_for_an_order_that_changed_since_is_not_written_down(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    sent = in_parcels(operations, order, {2: 3})
    emulator.send(f"/orders/{order['id']}/fulfill", {"line_item_ids": ids(order, 0), "notify_customer": False})
    answer = press(operations, order, sent)
    assert answer.status_code == 422
    assert "the order changed since this form was opened" in answer.content.decode()
    assert not Fulfillment.objects.exists()


@pytest.mark.database
def test_the_same_form_token_twice_is_one_fulfillment(operations: Client, order: dict[str, Any]) -> None:
    sent = in_parcels(operations, order, {2: 3})
    assert press(operations, order, sent).status_code == press(operations, order, sent).status_code == 303
    assert Fulfillment.objects.count() == 1
    assert items(order) == [(1, "Rope", 3)]


@pytest.mark.database
@pytest.mark.parametrize("units", [{2: 3}, {2: 5}], ids=["kept here alone", "told to RevKeen"])
def test_the_same_form_token_with_something_else_is_said_and_not_sent(
    units: dict[int, int], operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    sent = in_parcels(operations, order, units)
    press(operations, order, sent)
    other = named(operations, order, sent | {f"p1-units-{ids(order, 2)[0]}": "1"})
    answer = operations.post(address(order), other, follow=True)
    assert "This form was already sent with other content." in answer.content.decode()
    assert items(order) == [(1, "Rope", units[2])]
    assert len(effects(emulator, order)) <= 1


def test_the_same_lines_with_another_parcel_are_something_else(operations: Client, order: dict[str, Any]) -> None:
    """What RevKeen is not told of counts as well."""
    sent = in_parcels(operations, order, {0: 1}, tracking_number=UPS)
    press(operations, order, sent)
    other = sent | {"p1-number-1": "T-2", "p1-address-1": ""}
    assert "already sent with other content" in operations.post(address(order), other, follow=True).content.decode()


# Hold and undo


def undo(client: Client, *, follow: bool = True) -> str:
    place = f"/northwind/live/fulfillments/{Fulfillment.objects.get().pk}/undo/"
    return client.post(place, follow=follow).content.decode()


@pytest.mark.database
@pytest.mark.parametrize("units", [{0: 1}, {2: 3}], ids=["told to RevKeen", "a part of a line"])
def test_undone_within_the_hold_nobody_ever_hears_of_it(
    units: dict[int, int],
    held: Merchant,
    connected: None,
    operations: Client,
    order: dict[str, Any],
    emulator: Emulator,
) -> None:
    sent = in_parcels(operations, order, units)
    emulator.forget_calls()
    answer = press(operations, order, sent)
    assert answer["Location"] == f"/northwind/live/orders/{order['id']}/"
    assert [call["method"] for call in emulator.calls()] == ["GET"] * len(emulator.calls())
    assert "10 s" in operations.get(answer["Location"]).content.decode()
    assert leases.claim() is None
    assert "Undone. No system was notified." in undo(operations)
    let_go()
    assert leases.claim() is None
    assert effects(emulator, order) == []
    assert {shipment.state for shipment in Shipment.objects.all()} == {State.UNDONE}
    assert {partner_update.state for partner_update in PartnerUpdate.objects.all()} == {UpdateState.UNDONE}
    assert all(call["method"] == "GET" for call in emulator.calls())
    anew = opened(operations, order, f"{address(order)}?new")
    assert anew["p1-lines"] == ids(order, 0, 1, 2), "the form has them all once more"


@pytest.mark.database
def test_after_the_hold_the_worker_sends_it(
    held: Merchant, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    press(operations, order, in_parcels(operations, order, {0: 1}, {1: 2}))
    assert effects(emulator, order) == []
    let_go()
    assert worker().state == "done"
    assert sent_lines(emulator, order) == [ids(order, 0), ids(order, 1)]
    assert "Too late: it was already sent." in undo(operations)
    assert {shipment.state for shipment in Shipment.objects.all()} == {State.LEFT}


@pytest.mark.database
def test_when_the_hold_is_over_it_is_too_late_though_nobody_was_told_yet(
    held: Merchant, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    press(operations, order, in_parcels(operations, order, {0: 1}))
    let_go()
    assert "Too late: it was already sent." in undo(operations)
    assert worker().state == "done"


@pytest.mark.database
def test_what_a_worker_has_at_hand_cannot_be_undone(held: Merchant, operations: Client, order: dict[str, Any]) -> None:
    press(operations, order, in_parcels(operations, order, {0: 1}))
    Operation.objects.update(lease_until=leases.lease(), next_try_at=Now())
    assert "Too late: it was already sent." in undo(operations)
    assert Shipment.objects.get().state == State.PENDING


@pytest.mark.database
def test_a_double_click_within_the_hold_is_one_fulfillment(
    held: Merchant, operations: Client, order: dict[str, Any]
) -> None:
    sent = in_parcels(operations, order, {0: 1})
    assert press(operations, order, sent)["Location"] == press(operations, order, sent)["Location"]
    assert Fulfillment.objects.count() == Operation.objects.count() == 1
    assert "Undone. No system was notified." in undo(operations)
    assert "It was already undone." in undo(operations)


def test_another_merchants_fulfillment_is_not_there(
    held: Merchant, kestrel: Merchant, operations: Client, order: dict[str, Any]
) -> None:
    press(operations, order, in_parcels(operations, order, {0: 1}))
    stranger = sign_in(make_person("ops@kestrel.example", kestrel, "operations"))
    place = f"fulfillments/{Fulfillment.objects.get().pk}/undo/"
    assert stranger.post(f"/kestrel/live/{place}").status_code == 404
    assert operations.post(f"/northwind/test/{place}").status_code == 404
    assert Fulfillment.objects.get().undone_at is None


# What the partners have to hear


def partner_updates() -> list[tuple[str, str]]:
    found = PartnerUpdate.objects.order_by("shipment_id", "destination")
    return [(partner_update.destination, partner_update.state) for partner_update in found]


@pytest.mark.database
def test_partners_wait_for_revkeen_and_go_when_it_has_accepted(
    connected: None, held: Merchant, operations: Client, order: dict[str, Any]
) -> None:
    press(operations, order, in_parcels(operations, order, {0: 1}, {2: 1}))
    both = ("digital_river", "order_protection")
    assert partner_updates() == [(name, "for_revkeen") for name in both] + [(name, "waiting") for name in both]
    assert {partner_update.next_try_at for partner_update in PartnerUpdate.objects.all()} == {
        Fulfillment.objects.get().undo_until
    }
    let_go()
    worker()
    assert partner_updates() == [(name, "waiting") for name in both] * 2


@pytest.mark.database
def test_partners_are_held_back_when_revkeen_refuses_and_stopped_when_it_is_sent_anew(
    connected: None, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    refusal = {"type": "invalid_request_error", "code": "invalid_request", "message": "It is so.", "param": None}
    emulator.fault("respond", "/fulfill$", status=400, body={"error": refusal})
    answer = press(operations, order, in_parcels(operations, order, {0: 1}))
    assert "Not fulfilled: RevKeen refused." in answer.content.decode()
    assert partner_updates() == [("digital_river", "blocked"), ("order_protection", "blocked")]
    assert Shipment.objects.get().state == State.REFUSED
    press(operations, order, in_parcels(operations, order, {0: 1}))
    states = [state for _, state in partner_updates()]
    assert states == ["stopped", "stopped", "waiting", "waiting"]
    assert items(order)[-1] == (1, "Tent", 1)


@pytest.mark.database
def test_a_refused_second_parcel_holds_back_its_own_partners_alone(
    connected: None, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    sent = in_parcels(operations, order, {0: 1}, {1: 2})
    refusal = {"type": "invalid_request_error", "code": "invalid_request", "message": "It is so.", "param": None}
    emulator.fault("alter", "/fulfill$", set={})
    emulator.fault("respond", "/fulfill$", status=400, body={"error": refusal})
    press(operations, order, sent)
    assert [shipment.state for shipment in Shipment.objects.order_by("pk")] == [State.LEFT, State.REFUSED]
    assert [state for _, state in partner_updates()] == ["waiting", "waiting", "blocked", "blocked"]


@pytest.mark.database
def test_a_lost_answer_holds_the_partners_until_it_is_reconciled(
    connected: None, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/fulfill$", after_work=True)
    fulfill(operations, order, 0, **{f"units-{ids(order, 0)[0]}": "1", "fulfilling": "1:1:1:1"})
    assert {state for _, state in partner_updates()} == {"for_revkeen"}
    reconcile_due(Operation.objects.get())
    assert {state for _, state in partner_updates()} == {"waiting"}
