"""The manifest: what was shipped on a day by carrier and person, what still waits, and one's own pace."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import Merchant, Packing, Shipment, User
from orders.services.fulfillment import manifest, undo
from orders.services.fulfillment.manifest import Day, Pace
from orders.services.handling import holds
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.moments import noon
from tests.support.pages import prose, text
from tests.support.parcels import paid_order, parcel, send_off

PAGE = "/northwind/live/shipments/manifest/"
UPS = (("1Z12345E0205271688", ""),)


@pytest.fixture
def client(jonas: User) -> Client:
    return sign_in(jonas)


@pytest.fixture
def mara(northwind: Merchant) -> User:
    return make_person("mara@northwind.example", northwind, "operations")


def rows(client: Client, query: str = "") -> list[str]:
    page = client.get(PAGE + query).content.decode()
    table = page[page.index("What was shipped, by carrier and person") :].partition("</table>")[0]
    return [text(row) for row in re.findall(r"<tr role=\"row\">.*?</tr>", table, re.DOTALL)][1:]


@pytest.mark.database
def test_parcels_of_the_day_are_counted_by_carrier_and_person_and_an_order_once(
    client: Client, northwind: Merchant, jonas: User, mara: User, emulator: Emulator
) -> None:
    first, second, third, gone = (paid_order(emulator, ("Tent", 2), ("Rope", 3)) for _ in range(4))
    send_off(northwind, jonas, first, parcel(first, 2, 0, carrier="ups", tracking=UPS))
    send_off(northwind, jonas, first, parcel(first, 0, 3, carrier="fedex"))
    send_off(northwind, jonas, second, parcel(second, 2, 3, carrier="ups"))
    send_off(northwind, mara, third, parcel(third, 1, 0, carrier="ups"))
    Merchant.objects.filter(pk=northwind.pk).update(undo_seconds=60)
    northwind.refresh_from_db()
    (undone,) = send_off(northwind, mara, gone, parcel(gone, 2, 3, carrier="ups"))
    undo.undo(undone.fulfillment, mara)
    send_off(northwind, mara, third, parcel(third, 0, 3, reason="Broken"))
    names = sorted([str(jonas), str(mara)])
    counts = {str(jonas): "2 2 7", str(mara): "1 1 1"}
    of_ups = [f"UPS {name} {counts[name]}" for name in names]
    assert rows(client) == [f"FedEx {jonas} 1 1 3", *of_ups, "All 3 4 11"]
    page = client.get(PAGE).content.decode()
    assert "3 orders, 4 parcels, 11 units shipped from here." in prose(page)
    assert "1Z12345E0205271688" in page
    assert "data-print" not in page
    assert "data-print" in client.get(f"{PAGE}?print=1").content.decode()
    table = manifest.table(Day(northwind, "live", holds.today(northwind)))
    assert table.count(10) == 4
    units = [(row[1], row[2], row[-1]) for row in table.rows]
    assert sorted(units) == sorted(  # type: ignore[type-var]
        [("UPS", str(jonas), 2), ("FedEx", str(jonas), 3), ("UPS", str(jonas), 5), ("UPS", str(mara), 1)]
    )


@pytest.mark.database
def test_a_day_is_the_merchants_and_other_days_have_their_own(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    (sent,) = send_off(northwind, jonas, order, parcel(order, 2, carrier="ups"))
    today = holds.today(northwind)
    yesterday = today - timedelta(days=1)
    for at, day, other in (
        (datetime.combine(today, time.min, northwind.zone), today, yesterday),
        (datetime.combine(today, time.min, northwind.zone) - timedelta(seconds=1), yesterday, today),
    ):
        Shipment.objects.filter(pk=sent.pk).update(created_at=at)
        assert rows(client, f"?day={day}") == [f"UPS {jonas} 1 1 2"]
        assert "Nothing was shipped on this day" in client.get(f"{PAGE}?day={other}").content.decode()
    for wrong in ("x", "1999-12-31", str(today + timedelta(days=1)), "9999-12-31"):
        assert client.get(f"{PAGE}?day={wrong}").status_code == 400
    assert client.get("/northwind/test/shipments/manifest/").content.decode().count("Nothing was shipped") == 1


def test_what_was_paid_by_the_cut_off_and_still_waits_is_said_without_what_is_on_hold(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    for order in emulator.orders("limit=100&status=paid"):
        emulator.patch("orders", order["id"], fulfillment_status="fulfilled", status="fulfilled")
    made = [paid_order(emulator, ("Tent", 2)) for _ in range(4)]
    yesterday, days_ago = noon(northwind, 1), noon(northwind, northwind.review_after_days + 2)
    for order, paid_at in zip(made, (yesterday, yesterday, days_ago), strict=False):
        emulator.patch("orders", order["id"], paid_at=paid_at.isoformat())
    client.post(f"/northwind/live/orders/{made[0]['id']}/hold/", {"reason": "stock"})
    Merchant.objects.filter(pk=northwind.pk).update(cutoff=time(0, 0))
    page = prose(client.get(PAGE).content.decode())
    assert "2 orders, 4 units paid by the cut-off, today 00:00." in page
    assert "1 more is on hold." in page
    assert "1 order waiting for over 7 days." in page


def test_a_person_sees_their_own_pace_and_the_teams_and_nobody_elses(
    northwind: Merchant, jonas: User, mara: User, emulator: Emulator, viewer: Client
) -> None:
    morning = datetime.combine(holds.today(northwind), time(9, 10), northwind.zone) - timedelta(days=1)
    for person, hours in ((jonas, (0, 0, 1)), (mara, (0, 0, 0, 0, 0))):
        for hour in hours:
            order = paid_order(emulator, ("Tent", 1))
            (sent,) = send_off(northwind, person, order, parcel(order, 1))
            Shipment.objects.filter(pk=sent.pk).update(created_at=morning + timedelta(hours=hour))
    day = Day(northwind, "live", holds.today(northwind) - timedelta(days=1))
    assert manifest.paces(day, jonas) == (Pace(3, 2), Pace(8, 2))
    page = f"{PAGE}?day={day.date}"
    assert "You 1.5 The team 4.0" in prose(sign_in(jonas).get(page).content.decode())
    assert "You 5.0 The team 4.0" in prose(sign_in(mara).get(page).content.decode())
    seen = prose(viewer.get(page).content.decode())
    assert "You Nothing shipped The team 4.0" in seen
    assert "1.5" not in seen


def test_what_was_scanned_at_the_station_and_not_confirmed_is_named_also_once_it_was_given_back(
    client: Client, northwind: Merchant, jonas: User, mara: User, emulator: Emulator
) -> None:
    left, empty = paid_order(emulator, ("Tent", 3)), paid_order(emulator, ("Rope", 1))
    hours_ago = timezone.now() - timedelta(hours=2)
    for person, order, counted in ((jonas, left, {"1": {"a": 1}, "2": {"a": 1}}), (mara, empty, {})):
        named = {"order_id": order["id"], "order_number": order["public_id"], "seen_at": hours_ago}
        work = {"fields": {}, "parcels": ["1"], "counted": counted}
        Packing.objects.create(merchant=northwind, mode="live", user=person, work=work, **named)
    page = prose(client.get(PAGE).content.decode())
    assert f"Scanned, not confirmed {left['public_id']}: 2 units By {jonas}" in page
    assert empty["public_id"] not in page
    assert "Scanned, not confirmed" not in client.get(f"{PAGE}?day=2020-01-02").content.decode()
