"""Numbers in the form that fulfills: cleaned, taken apart, compared with their carrier, and doubts overruled."""

import re
from typing import Any

import pytest
from django.test import Client

from orders.models import Merchant, Shipment
from tests.fulfillment.test_fulfill import order as order
from tests.support.emulation import Emulator
from tests.support.fulfilling import address, effects, fields_in, in_parcels, look, named, paid_order, press

UPS, UPS_2, FEDEX = "1Z999AA10123456784", "1Z5R89390357567127", "986578788855"
USPS = "9400111206206406260787"


def typed(client: Client, order: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The form with one line, and nobody who is sure of anything."""
    sent = in_parcels(client, order, {0: 2}, **more)
    return {name: value for name, value in sent.items() if "-sure-" not in name}


def shown(client: Client, order: dict[str, Any], sent: dict[str, Any], do: str = "look") -> dict[str, Any]:
    return fields_in(client.post(address(order), sent | {"do": do}).content.decode())


@pytest.mark.parametrize(
    ("carrier", "number", "words"),
    [
        ("fedex", UPS, "This looks like a number from UPS, not from FedEx."),
        ("fedex", "12345", "This does not look like a number from FedEx."),
        ("ups", UPS[:-1], "A UPS number that starts with 1Z has 18 characters. This one has 17."),
        ("usps", f"{USPS[:-1]}8", "Check digit wrong for USPS. Compare it with the label."),
        ("", "{order}", "This is the order number, not a tracking number."),
        ("ups", f"{UPS},{UPS_2}", f"These look like 2 numbers: {UPS}, {UPS_2}."),
        ("ups", "{taken}", "already has this tracking number."),
    ],
)
def test_each_doubt_is_said_before_anything_is_sent_and_can_be_overruled(
    carrier: str, number: str, words: str, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    if number == "{taken}":
        other = paid_order(emulator, 1)
        press(operations, other, in_parcels(operations, other, {0: 2}, carrier="ups", tracking_number=UPS))
        number = UPS
    number = number.replace("{order}", order["public_id"])
    sent = typed(operations, order, carrier=carrier, tracking_number=number)
    answer = press(operations, order, sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'id="id_p1-number-0_error"' in page
    assert effects(emulator, order) == []
    assert not Shipment.objects.filter(order_id=order["id"]).exists()
    sure = page.partition('name="p1-sure-0" value="')[2].partition('"')[0]
    assert press(operations, order, sent | {"p1-sure-0": sure}).status_code == 303
    assert [row["tracking_number"] for row in effects(emulator, order)] == [number]


@pytest.mark.parametrize(
    ("carrier", "number"),
    [("", f"{UPS[:-1]}5"), ("ups", f"{UPS[:-1]}5"), ("", f"{USPS[:-1]}8"), ("fedex", UPS), ("ups", "{order}")],
)
def test_one_mistake_is_said_in_one_sentence_before_and_after_the_press(
    carrier: str, number: str, operations: Client, order: dict[str, Any]
) -> None:
    number = number.replace("{order}", order["public_id"])
    sent = typed(operations, order, carrier=carrier, tracking_number=number)
    looked, pressed = look(operations, order, sent), press(operations, order, sent).content.decode()
    assert (looked.count("hint wait"), looked.count("Fix it, or")) == (1, 0)
    assert (pressed.count("hint wait"), pressed.count("Fix it, or")) == (0, 1)
    assert "Looks like" not in looked + pressed


def test_who_was_sure_of_one_number_is_not_sure_of_the_next(operations: Client, order: dict[str, Any]) -> None:
    sent = typed(operations, order, carrier="fedex", tracking_number=UPS) | {"p1-sure-0": f"fedex|{UPS}"}
    for other in ({"p1-number-0": UPS_2}, {"p1-carrier": "usps"}):
        assert press(operations, order, sent | other).status_code == 422
    assert not Shipment.objects.exists()


def test_the_number_of_another_order_is_shown_with_a_link_and_not_in_another_mode_or_merchant(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    other = paid_order(emulator, 1)
    press(operations, other, in_parcels(operations, other, {0: 2}, carrier="ups", tracking_number=UPS))
    sent = typed(operations, order, carrier="ups", tracking_number="1z 999 aa1 01 2345 6784")
    page = look(operations, order, sent)
    assert f"Order {other['public_id']} already has this tracking number." in page
    assert f'href="/northwind/live/orders/{other["id"]}/"' in page
    Shipment.objects.update(mode="test")
    assert "already" not in look(operations, order, sent)
    kestrel = Merchant.objects.create(name="Kestrel", slug="kestrel", time_zone="Europe/Berlin")
    Shipment.objects.update(mode="live", merchant=kestrel)
    assert "already" not in look(operations, order, sent)
    Shipment.objects.update(merchant=Merchant.objects.get(slug="northwind"), state="undone")
    assert "already" not in look(operations, order, sent)


@pytest.mark.parametrize("between", [",", " ", "\n", ""])
def test_several_numbers_are_offered_as_several(between: str, operations: Client, order: dict[str, Any]) -> None:
    sent = typed(operations, order, carrier="ups", tracking_number=between.join([UPS, UPS_2]))
    assert "Split into 2 numbers" in look(operations, order, sent)
    apart = shown(operations, order, sent, "split:1:0")
    assert (apart["p1-number-0"], apart["p1-number-1"]) == (UPS, UPS_2)
    assert apart["p1-address-1"] == f"https://www.ups.com/track?tracknum={UPS_2}"
    sent = named(operations, order, apart | {"p1-notify": "no"})
    assert press(operations, order, sent).status_code == 303
    assert [row.number for row in Shipment.objects.get().tracking.all()] == [UPS, UPS_2]


def test_numbers_that_stand_below_stay_when_others_are_taken_apart(operations: Client, order: dict[str, Any]) -> None:
    rows = {"number-0": f"{UPS} {UPS_2}", "address-0": "", "number-1": FEDEX, "address-1": "https://a.example/1"}
    apart = shown(operations, order, typed(operations, order, **rows), "split:1:0")
    assert [apart[f"p1-number-{place}"] for place in range(3)] == [UPS, UPS_2, FEDEX]
    assert apart["p1-address-2"] == "https://a.example/1"
    many = {f"number-{place}": f"T-{place}" for place in range(1, 10)}
    full = shown(operations, order, typed(operations, order, **{"number-0": f"{UPS} {UPS_2}"} | many), "split:1:0")
    assert full["p1-number-0"] == f"{UPS} {UPS_2}"  # there is no room for one more, and none is lost
    assert full["p1-number-9"] == "T-9"


@pytest.mark.parametrize(
    ("pasted", "number"),
    [
        (f"\u202a{UPS}\u202c", UPS),
        ("\u200b1Z\xa0999\u2011AA10123456784 ", "1Z 999-AA10123456784"),
        ("1001921334250001000300779017972697", "779017972697"),
        (f"420221530001{USPS}", USPS),
    ],
)
def test_what_is_copied_or_scanned_becomes_the_number(
    pasted: str, number: str, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    sent = typed(operations, order, tracking_number=pasted)
    assert shown(operations, order, sent)["p1-number-0"] == number
    scanned = "Read from the scanned barcode" in look(operations, order, sent)
    assert scanned == (len(pasted) > 30)
    assert press(operations, order, sent).status_code == 303
    assert effects(emulator, order)[0]["tracking_number"] == number


def test_a_bar_code_that_is_certain_sets_the_carrier_though_the_number_in_it_is_not(
    operations: Client, order: dict[str, Any]
) -> None:
    label, number = "9632013200001010121200123456789012", "123456789012"  # 12 digits are FedEx's or Canada Post's
    sent = typed(operations, order, tracking_number=label) | {"p1-carrier": "ups", "p1-proposed-carrier": "ups"}
    page = look(operations, order, sent)
    assert "Set to FedEx based on the number." in page
    after = shown(operations, order, sent)
    assert (after["p1-carrier"], after["p1-number-0"]) == ("fedex", number)
    assert "Set to FedEx based on the number." in look(operations, order, after)
    assert "Same as your last" not in look(operations, order, after | {"p1-number-0": "7"})


def test_a_certain_number_sets_the_carrier_that_nobody_chose_and_says_so(
    operations: Client, order: dict[str, Any]
) -> None:
    sent = typed(operations, order, tracking_number=UPS)
    page = look(operations, order, sent)
    assert "Set to UPS based on the number." in page
    assert shown(operations, order, sent)["p1-carrier"] == "ups"
    preset = {"p1-carrier": "fedex", "p1-proposed-carrier": "fedex"}
    assert shown(operations, order, sent | preset)["p1-carrier"] == "ups"
    chosen = look(operations, order, sent | {"p1-carrier": "fedex"})
    assert "Set to UPS" not in chosen
    assert "This looks like a number from UPS, not from FedEx." in chosen
    assert 'id="p1-use-ups"' in chosen


def test_dhl_paket_comes_first_for_a_merchant_in_germany(
    operations: Client, order: dict[str, Any], northwind: Merchant
) -> None:
    northwind.time_zone = "Europe/Berlin"
    northwind.save()
    page = operations.get(address(order)).content.decode()
    choices = page.partition('id="id_p1-carrier"')[2].partition("</select>")[0]
    assert choices.index("dhl_paket") < choices.index('"ups"')
    northwind.time_zone = "Europe/Madrid"
    northwind.save()
    page = operations.get(address(order)).content.decode()
    choices = page.partition('id="id_p1-carrier"')[2].partition("</select>")[0]
    assert choices.index("dhl_paket") > choices.index('"ups"')


def focused(page: str) -> list[str]:
    """The ids of what has the focus, of which there is never more than one."""
    tags = [tag for tag in re.findall(r"<[a-z]+ [^>]*>", page) if re.search(r"\sautofocus\b", tag)]
    return [found[1] for tag in tags if (found := re.search(r' id="([^"]*)"', tag))]


@pytest.mark.parametrize(
    ("more", "leads_to"),
    [
        ({}, "id_p1-number-0"),
        ({"tracking_number": UPS}, "p1-yes"),
        ({"tracking_number": UPS, "notify": "no"}, "p1-no"),
        ({"tracking_number": UPS, "notify": "yes"}, "p1-yes"),
        ({"tracking_number": "7 7"}, "id_p1-carrier"),
        ({"tracking_number": "7 7", "carrier": "other"}, "id_p1-carrier_name"),
        ({"tracking_number": UPS[:-1], "carrier": "ups"}, "id_p1-number-0"),
        ({"tracking_number": UPS, "number-1": "", "address-1": ""}, "id_p1-number-1"),
        ({"tracking_number": UPS, "number-1": UPS_2, "address-1": "", "notify": "no"}, "p1-no"),
    ],
)
def test_enter_leads_on_to_what_is_open_and_never_to_the_button(
    more: dict[str, str], leads_to: str, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    sent = typed(operations, order, **{"notify": "", "carrier": ""} | more)
    page = look(operations, order, sent, "next")
    assert focused(page) == [leads_to]
    assert ("data-select" in page) == ("This one has 17." in page)
    assert effects(emulator, order) == []


def test_after_a_refused_press_or_an_undo_the_focus_is_where_the_work_is(
    operations: Client, order: dict[str, Any]
) -> None:
    sent = typed(operations, order, carrier="ups", tracking_number=UPS[:-1])
    assert focused(press(operations, order, sent).content.decode()) == ["id_p1-number-0"]
    undone = operations.post(address(order), sent | {"do": "undo:nothing"}).content.decode()
    assert focused(undone) == ["id_p1-number-0"]
