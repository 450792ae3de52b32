"""Packing slips: what a packer reads, what a scanner reads, and who printed it."""

import html
import re
import string
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from orders.barcodes import WIDEST, code128
from orders.carriers.check_digits import COUNTRIES
from orders.countries import NAMES, country_name
from orders.models import Merchant, Shipment, SlipPrint, User
from orders.services.fulfillment import undo
from orders.templatetags import look
from tests.conftest import make_merchant, sign_in
from tests.support.emulation import Emulator
from tests.support.parcels import paid_order, parcel, send_off
from tests.support.scanning import STOP, SYMBOLS, scanned

HOSTILE = '"><script>window.pwned=1</script>'
UPS = (("1Z999AA10123456784", "https://www.ups.com/track?tracknum=1Z999AA10123456784"), ("SECOND 2", ""))

PRINTED = string.digits + string.ascii_letters + string.punctuation + " "


# What a scanner reads


@pytest.mark.parametrize(
    "number",
    [
        "NW-10482",
        "1",
        "12",
        "123",
        "1234567",
        "99999999999999999999",
        "9912",
        "AB12345",
        "12345AB",
        "A1234B",
        "00A0000",
        " lower case ~",
        "<\"&'>",
        *(PRINTED[place : place + 20] for place in range(0, len(PRINTED), 20)),
    ],
)
def test_a_scanner_reads_the_number_that_is_drawn(number: str) -> None:
    assert scanned(look.code128(number)) == number


def test_the_standards_table_is_whole() -> None:
    assert len(set(SYMBOLS)) == 107
    assert {sum(map(int, widths)) for widths in SYMBOLS[:STOP]} == {11}


@pytest.mark.parametrize("number", ["", "Ä-1", "１２", "A\t1", "A\x7f", "A\u202e1", "x" * 40])
def test_what_code_128_cannot_hold_or_a_page_is_too_narrow_for_has_no_bars(number: str) -> None:
    assert code128(number) is None
    assert look.code128(number) == ""


def test_the_longest_bars_are_still_within_the_margins_of_a4() -> None:
    bars = code128("x" * 36)
    assert bars is not None
    assert bars.width <= WIDEST
    assert float(bars.millimetres.removesuffix("mm")) <= 210 - 2 * 14


def test_the_drawing_needs_no_inline_style_and_escapes_what_it_shows() -> None:
    drawing = look.code128('A"<b>')
    assert "style" not in drawing
    assert 'aria-label="Code 128: A&quot;&lt;b&gt;"' in drawing
    assert drawing.count("<path") == 1


# What is on the paper

pages = pytest.mark.database


@pytest.fixture
def client(jonas: User) -> Client:
    return sign_in(jonas)


@pytest.fixture
def order(emulator: Emulator, customer: dict[str, Any]) -> dict[str, Any]:
    return paid_order(emulator, ("Tent", 2), ("Rope", 3), customer_id=customer["id"], notes="Ring twice.\nGreen door.")


@pytest.fixture
def parcels(northwind: Merchant, jonas: User, order: dict[str, Any]) -> list[Shipment]:
    """One tent with UPS, then the other and all ropes."""
    return send_off(
        northwind, jonas, order, parcel(order, 1, carrier="ups", tracking=UPS), parcel(order, 1, 3, carrier="dhl")
    )


def address(*shipments: Shipment, mode: str = "live") -> str:
    if len(shipments) == 1:
        return f"/northwind/{mode}/shipments/{shipments[0].pk}/slip/"
    return f"/northwind/{mode}/shipments/slips/?" + "&".join(f"id={shipment.pk}" for shipment in shipments)


def slips(client: Client, *shipments: Shipment, mode: str = "live") -> list[str]:
    """The text of each slip, barcodes and all other marks taken out."""
    page = client.get(address(*shipments, mode=mode)).content.decode()
    found = re.findall(r'<article class="slip".*?</article>', page, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", slip)).split()) for slip in found]


@pages
def test_a_slip_has_the_lines_and_units_of_its_parcel_only(
    client: Client, order: dict[str, Any], parcels: list[Shipment], customer: dict[str, Any]
) -> None:
    first, second = slips(client, *parcels)
    assert first.startswith(f"{order['public_id']} Parcel 1 of 2 · Northwind Trading")
    assert f"{order['public_id']} , parcel 1 of 2: 1 line Units" in first
    assert "Tent 1 of 2" in first
    assert "Rope" not in first
    assert "1 unit in this parcel." in first
    assert "UPS 1Z999AA10123456784 SECOND 2" in first
    assert "Parcel 2 of 2" in second
    assert "Tent 1 of 2 Rope 3 of 3" in second
    assert "4 units in this parcel." in second
    assert customer["name"] in first
    assert "For the packer Ring twice. Green door." in first


@pages
def test_a_slip_says_who_sends_it_to_whom_with_the_name_of_the_country(
    client: Client, parcels: list[Shipment], customer: dict[str, Any]
) -> None:
    assert customer["country"] == "US"
    slip = slips(client, parcels[0])[0]
    assert "From Northwind Trading" in slip
    assert slip.partition("Ship to ")[2].partition(" From ")[0].endswith(country_name("US"))
    assert [country_name(code) for code in ("US", "de", "GB", "XX", "")] == [
        "United States", "Germany", "United Kingdom", "XX", ""
    ]  # fmt: skip
    assert set(NAMES) | {"AC", "TA"} == COUNTRIES


@pages
def test_the_slip_of_a_guest_says_so_and_one_that_could_not_be_asked_claims_nothing(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    guest = paid_order(emulator, ("Tent", 1))
    parcels = send_off(northwind, jonas, guest, parcel(guest, 1))
    assert "Ship to Guest: RevKeen has no address." in slips(client, *parcels)[0]
    caches["copies"].clear()
    emulator.fault("error", times=100)
    assert "Ship to Unknown: RevKeen did not answer." in slips(client, *parcels)[0]


@pages
def test_the_number_on_a_slip_can_be_scanned(client: Client, order: dict[str, Any], parcels: list[Shipment]) -> None:
    page = client.get(address(parcels[0])).content.decode()
    drawing = re.search(r'<svg class="bars".*?</svg>', page)
    assert drawing
    assert scanned(drawing[0]) == order["public_id"]


@pages
def test_a_number_that_is_no_ascii_stands_as_text_alone(client: Client, parcels: list[Shipment]) -> None:
    Shipment.objects.update(order_number="Auftrag-Ü-7")
    page = client.get(address(parcels[0])).content.decode()
    assert "<bdi>Auftrag-Ü-7</bdi>" in page
    assert 'class="bars"' not in page


@pages
def test_a_slip_has_no_price(client: Client, parcels: list[Shipment]) -> None:
    for slip in slips(client, *parcels):
        assert not re.search(r"10[.,]00|30[.,]00|50[.,]00|USD|EUR|\$|€", slip)


@pages
def test_the_batch_has_one_slip_each_in_the_order_given_and_none_twice(client: Client, parcels: list[Shipment]) -> None:
    first, second = parcels
    found = slips(client, second, first, second)
    assert [re.search(r"Parcel (\d)", slip)[1] for slip in found] == ["2", "1"]  # type: ignore[index]


@pages
def test_test_mode_is_said_in_words(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator, order: dict[str, Any], parcels: list[Shipment]
) -> None:
    Shipment.objects.update(mode="test")
    assert "Test order: do not ship" in slips(client, parcels[0], mode="test")[0]
    Shipment.objects.update(mode="live")
    assert "do not ship" not in slips(client, parcels[0])[0]


@pages
def test_what_was_given_up_has_no_slip_and_is_no_parcel_of_the_order(
    client: Client, northwind: Merchant, jonas: User, order: dict[str, Any]
) -> None:
    (gone,) = send_off(northwind, jonas, order, parcel(order, 1, reason="Out of stock"))
    (sent,) = send_off(northwind, jonas, order, parcel(order, 1, 3))
    assert "Parcel 1 of 1" in slips(client, sent, gone)[0]
    page = client.get(address(gone)).content.decode()
    assert "its units were canceled" in page
    assert 'class="slip"' not in page
    client.post(address(gone))
    assert not SlipPrint.objects.exists()


@pages
def test_what_was_undone_has_no_slip_and_is_no_parcel_of_the_order(
    client: Client, northwind: Merchant, jonas: User, order: dict[str, Any]
) -> None:
    northwind.undo_seconds = 60
    northwind.save()
    (undone,) = send_off(northwind, jonas, order, parcel(order, 1))
    undo.undo(undone.fulfillment, jonas)
    (sent,) = send_off(northwind, jonas, order, parcel(order, 1))
    assert ["Parcel 1 of 1" in slip for slip in slips(client, undone, sent)] == [True]
    assert "it was undone" in client.get(address(undone)).content.decode()


@pages
def test_a_slip_needs_no_revkeen(client: Client, emulator: Emulator, parcels: list[Shipment]) -> None:
    caches["copies"].clear()
    emulator.fault("error", times=100)
    page = client.get(address(*parcels))
    assert page.status_code == 200
    assert "RevKeen could not be reached about the orders of 2 of 2 parcels" in page.content.decode()
    first, second = slips(client, *parcels)
    assert "Tent 1 of 2" in first
    assert "Tent 1 of 2 Rope 3 of 3" in second
    assert "For the packer" not in first


@pages
def test_what_stands_in_for_revkeens_answer_is_said_to_be_old(
    client: Client, emulator: Emulator, parcels: list[Shipment]
) -> None:
    slips(client, *parcels)
    emulator.fault("error", times=100)
    page = client.get(address(*parcels)).content.decode()
    assert "RevKeen did not answer.</strong> Customer and notes are as of <time" in page
    assert "Ring twice." in page


@pages
def test_a_batch_asks_for_each_order_and_customer_once(
    client: Client, emulator: Emulator, parcels: list[Shipment]
) -> None:
    emulator.forget_calls()
    slips(client, *parcels)
    asked = [call["path"].split("/revkeen/v2")[-1].split("/")[1] for call in emulator.calls()]
    assert sorted(asked) == ["customers", "orders", "products"]


@pages
def test_an_order_that_was_called_off_is_said_before_it_is_packed(
    client: Client, emulator: Emulator, order: dict[str, Any], parcels: list[Shipment]
) -> None:
    emulator.patch("orders", order["id"], status="canceled")
    assert "is canceled in RevKeen" in client.get(address(parcels[0])).content.decode()


@pages
def test_nothing_that_others_wrote_is_trusted(
    client: Client, emulator: Emulator, order: dict[str, Any], parcels: list[Shipment], customer: dict[str, Any]
) -> None:
    lines = [{**line, "description": HOSTILE} for line in order["line_items"]]
    emulator.patch("orders", order["id"], notes=HOSTILE, line_items=lines)
    emulator.patch("customers", customer["id"], name=HOSTILE, address_line1=HOSTILE)
    Shipment.objects.update(order_number=HOSTILE, carrier=HOSTILE[:50])
    page = client.get(address(*parcels)).content.decode()
    assert "<script>window" not in page
    assert page.count("&lt;script&gt;") >= 6


# Who printed it


@pages
def test_looking_keeps_nothing_and_printing_keeps_who_and_when(
    client: Client, jonas: User, parcels: list[Shipment]
) -> None:
    preview = client.get(address(*parcels)).content.decode()
    assert "data-print" not in preview
    assert "review" not in preview.partition("<article")[2]
    assert not SlipPrint.objects.exists()
    answer = client.post(address(*parcels))
    assert (answer.status_code, answer["Location"]) == (303, address(*parcels))
    assert [(row.shipment, row.user, row.who) for row in SlipPrint.objects.order_by("pk")] == [
        (parcels[0], jonas, "Jonas"),
        (parcels[1], jonas, "Jonas"),
    ]


@pages
def test_the_page_after_the_button_opens_the_dialog_once_and_names_who_printed(
    client: Client, parcels: list[Shipment]
) -> None:
    printed = client.post(address(*parcels), follow=True).content.decode()
    assert "data-print" in printed
    assert "2 slips recorded as printed. If no print dialog opens, print with Ctrl+P." in printed
    assert len(re.findall(r"Printed <time [^>]*>\d+ \w+ \d{4}, \d\d:\d\d \w+</time> by <bdi>Jonas</bdi>", printed)) == 2
    again = client.get(address(*parcels)).content.decode()
    assert "data-print" not in again
    assert again.count("Printed by <bdi>Jonas</bdi>") == 2
    assert SlipPrint.objects.count() == 2


@pages
def test_another_page_in_between_does_not_open_the_dialog(client: Client, parcels: list[Shipment]) -> None:
    client.post(address(parcels[0]))
    assert "data-print" not in client.get(address(parcels[1])).content.decode()


@pages
def test_too_many_at_once_are_refused_and_none_is_said(client: Client, parcels: list[Shipment]) -> None:
    path = "/northwind/live/shipments/slips/"
    answer = client.get(path, {"id": range(1, 102)})
    assert answer.status_code == 400
    assert "101 slips are too many at once" in answer.content.decode()
    for query in ("", "?id=", "?id=x&id=-1&id=%D9%A1", f"?id={'9' * 40}", "?id=999999"):
        assert "No parcels selected" in client.get(path + query).content.decode()


@pages
def test_a_parcel_of_another_merchant_or_mode_has_no_slip_here(client: Client, parcels: list[Shipment]) -> None:
    Shipment.objects.filter(pk=parcels[0].pk).update(merchant=make_merchant("Kestrel", "kestrel", "America/Denver"))
    Shipment.objects.filter(pk=parcels[1].pk).update(mode="test")
    assert [client.get(address(shipment)).status_code for shipment in parcels] == [404, 404]
    assert slips(client, *parcels) == []
    client.post(address(*parcels))
    assert not SlipPrint.objects.exists()


@pages
def test_who_may_not_fulfill_prints_nothing(viewer: Client, parcels: list[Shipment]) -> None:
    assert viewer.get(address(parcels[0])).status_code == 403
    assert viewer.post(address(parcels[0])).status_code == 403
    assert not SlipPrint.objects.exists()
