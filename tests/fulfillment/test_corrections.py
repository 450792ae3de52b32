"""What is put right after a parcel was sent off: who hears of it, what stays as it was, and two people at once."""

import re
from typing import Any

import pytest
from django.test import Client

from orders import carriers
from orders.apis.order_protection.objects import STATUSES
from orders.models import Connection, EventLog, Merchant, PartnerUpdate, Shipment, User
from orders.services.fulfillment import corrections
from orders.services.fulfillment.corrections import Stale, Tracking
from orders.services.partners import attempt, outbox
from tests.conftest import make_merchant, make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.parcels import connect_partners, paid_order, parcel, partner_update_of, send_off
from tests.support.parcels import order as order
from tests.support.processes import READY, Site

State = PartnerUpdate.State
UPS = (("1Z999AA10123456784", "https://www.ups.com/track?tracknum=1Z999AA10123456784"),)
FEDEX = Tracking("fedex", (("986578788855", "https://www.fedex.com/fedextrack/?trknbr=986578788855"),))


@pytest.fixture
def mara(northwind: Merchant, emulator: Emulator) -> User:
    return make_person("mara@northwind.example", northwind, "operations")


@pytest.fixture
def client(mara: User) -> Client:
    return sign_in(mara)


@pytest.fixture
def shipment(northwind: Merchant, mara: User, order: dict[str, Any]) -> Shipment:
    """With UPS; RevKeen was told, and both partners have it."""
    connect_partners(northwind)
    (sent,) = send_off(northwind, mara, order, parcel(order, 2, carrier="ups", tracking=UPS))
    for destination in PartnerUpdate.Destination:
        partner_update_of(sent, destination, state=State.SENT, sent_version=1)
    return sent


def correct(client: Client, shipment: Shipment, version: int = 1, **more: Any) -> Any:
    typed = {"version": version, "carrier": "fedex", "number_0": "986578788855", "address_0": "", "save": "yes"}
    return client.post(f"/northwind/live/shipments/{shipment.pk}/correct/", {**typed, **more})


def states(shipment: Shipment) -> dict[str, tuple[str, int]]:
    found = PartnerUpdate.objects.filter(shipment=shipment)
    return {partner_update.destination: (partner_update.state, partner_update.sent_version) for partner_update in found}


def tracking(shipment: Shipment) -> Tracking:
    return corrections.tracking_of(Shipment.objects.get(pk=shipment.pk))


# Tracking


@pytest.mark.database
def test_a_correction_is_a_new_version_that_the_partners_hear_of(client: Client, shipment: Shipment) -> None:
    assert correct(client, shipment).status_code == 303
    shipment.refresh_from_db()
    assert shipment.version == 2
    assert tracking(shipment) == FEDEX
    assert states(shipment) == {"digital_river": (State.WAITING, 1), "order_protection": (State.WAITING, 1)}


def test_the_page_says_which_systems_differ_from_then_on(client: Client, shipment: Shipment) -> None:
    page = correct(client, shipment).wsgi_request and client.get(f"/northwind/live/shipments/{shipment.pk}/")
    text = page.content.decode()
    assert "It still has UPS 1Z999AA10123456784, and cannot be corrected." in text
    assert text.count("It still has the details from before the correction.") == 2
    for destination in PartnerUpdate.Destination:
        partner_update_of(shipment, destination, state=State.SENT, sent_version=2)
    partner_update_of(shipment, "order_protection", tracking_refused=True)
    text = client.get(f"/northwind/live/shipments/{shipment.pk}/").content.decode()
    assert "before the correction" not in text
    assert "It accepted the status but no new tracking" in text


@pytest.mark.database
def test_it_stands_in_the_log_and_on_the_timeline_of_the_order(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    correct(client, shipment)
    noted = EventLog.objects.get(kind="shipment_corrected")
    assert noted.text == f"Shipment 1 of {shipment.order_number}: UPS 1Z999AA10123456784 → FedEx 986578788855"
    page = client.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    assert "Shipment corrected: Shipment 1 of" in page


def test_several_numbers_each_with_its_address(client: Client, shipment: Shipment) -> None:
    more: dict[str, Any] = {
        "carrier": "other",
        "carrier_name": "Bike courier",
        "number_0": "A-1",
        "address_0": "https://bikes.example/A-1",
        "number_1": "",
        "address_1": "",
        "number_2": " B   2 ",
        "address_2": "",
    }
    assert correct(client, shipment, **more).status_code == 303
    assert tracking(shipment) == Tracking("Bike courier", (("A-1", "https://bikes.example/A-1"), ("B 2", "")))
    page = client.get(f"/northwind/live/shipments/{shipment.pk}/correct/").content.decode()
    assert 'value="https://bikes.example/A-1"' in page
    assert 'value="Bike courier"' in page


def test_an_address_of_the_carrier_follows_the_number(client: Client, shipment: Shipment) -> None:
    page = client.get(f"/northwind/live/shipments/{shipment.pk}/correct/").content.decode()
    assert "ups.com" not in page.replace(UPS[0][1], "", 0)
    assert correct(client, shipment, carrier="ups", number_0="1Z 999 AA1 01 2345 6784").status_code == 303
    assert tracking(shipment).numbers[0][1] == carriers.tracking_address("ups", "1Z999AA10123456784")


def test_what_is_typed_again_as_it_was_changes_nothing(client: Client, shipment: Shipment) -> None:
    answer = correct(client, shipment, carrier="ups", number_0=UPS[0][0])
    assert answer.status_code == 303
    shipment.refresh_from_db()
    assert shipment.version == 1
    assert states(shipment)["digital_river"] == (State.SENT, 1)
    assert not EventLog.objects.filter(kind="shipment_corrected").exists()


@pytest.mark.parametrize(
    ("carrier", "number", "words"),
    [
        ("ups", "1Z999AA10123456785", "Check digit wrong for UPS."),
        ("fedex", "1Z5R89390357567127", "This looks like a number from UPS, not from FedEx."),
        ("ups", "{order}", "This is the order number, not a tracking number."),
        ("ups", "{taken}", "already has this tracking number."),
    ],
)
def test_each_doubt_is_said_before_anybody_is_told_and_can_be_overruled(
    carrier: str, number: str, words: str, client: Client, shipment: Shipment, mara: User, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    address = "https://www.ups.com/track?tracknum=1Z5R89390357567127"
    tracked = parcel(order, 2, carrier="ups", tracking=(("1Z5R89390357567127", address),))
    send_off(shipment.merchant, mara, order, tracked)
    number = number.replace("{order}", shipment.order_number).replace("{taken}", "1Z5R89390357567127")
    answer = correct(client, shipment, carrier=carrier, number_0=number)
    page, before = answer.content.decode(), tracking(shipment)
    assert answer.status_code == 422
    assert f"{words.removesuffix('.')}" in page
    assert states(shipment)["digital_river"] == (State.SENT, 1)
    sure = page.partition('name="sure" value="')[2].partition('"')[0]
    assert correct(client, shipment, carrier=carrier, number_0="1Z999AA10123456786", sure=sure).status_code == 422
    assert tracking(shipment) == before
    assert correct(client, shipment, carrier=carrier, number_0=number, sure=sure).status_code == 303
    assert tracking(shipment).numbers[0][0] == number


def test_the_first_number_has_the_focus(client: Client, shipment: Shipment) -> None:
    page = client.get(f"/northwind/live/shipments/{shipment.pk}/correct/").content.decode()
    (focused,) = re.findall(r"<[^>]* autofocus[ >][^>]*", page)
    assert 'name="number_0"' in focused


def test_a_number_that_was_there_before_is_not_doubted_again(client: Client, shipment: Shipment) -> None:
    wrong = "1Z999AA10123456785"
    sure = {"carrier": "ups", "number_0": wrong, "sure": f"ups|{wrong}"}
    assert correct(client, shipment, **sure).status_code == 303
    more = {"carrier": "ups", "number_0": wrong, "number_1": "1Z999AA10123456784", "address_1": ""}
    assert correct(client, shipment, version=2, **more).status_code == 303


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"address_0": "javascript:alert(1)"}, "address_0"),
        ({"address_0": "http://track.example/1"}, "address_0"),
        ({"address_0": "https://"}, "address_0"),
        ({"address_0": "https://ups.com@evil.example/"}, "address_0"),
        ({"address_0": "https://track.example/\u202e1"}, "address_0"),
        ({"address_0": "https://track.example/" + "1" * 500}, "address_0"),
        ({"address_0": "https://[track.example/"}, "address_0"),
        ({"address_0": "https://track.example/1", "number_0": ""}, "number_0"),
        ({"number_0": "Nº ü"}, "number_0"),
        ({"number_0": "1" * 101}, "number_0"),
        ({"number_0": "1Z\x00"}, "number_0"),
        ({"number_1": "9865 7878-8855", "address_1": ""}, "number_1"),
        ({"carrier": "other", "carrier_name": ""}, "carrier_name"),
        ({"carrier": "other", "carrier_name": "UPS\u202e"}, "carrier_name"),
        ({"carrier": "pigeon"}, "carrier"),
    ],
)
def test_what_cannot_be_is_said_by_its_field_and_nothing_is_saved(
    typed: dict[str, Any], field: str, client: Client, shipment: Shipment
) -> None:
    answer = correct(client, shipment, **typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count(f'id="id_{field}_error"') == 1
    assert f'href="#id_{field}"' in page
    shipment.refresh_from_db()
    assert (shipment.version, tracking(shipment).numbers) == (1, UPS)


def test_hostile_text_is_shown_as_text(client: Client, northwind: Merchant, mara: User, order: dict[str, Any]) -> None:
    hostile = '"><script>window.pwned=1</script>'
    (sent,) = send_off(northwind, mara, order, parcel(order, 1, carrier=hostile, tracking=((hostile, ""),)))
    for page in (f"orders/{order['id']}", f"shipments/{sent.pk}", f"shipments/{sent.pk}/correct"):
        text = client.get(f"/northwind/live/{page}/").content.decode()
        assert "<script>window" not in text
        assert "&lt;script&gt;window" in text


def test_one_more_row_is_drawn_and_nothing_saved(client: Client, shipment: Shipment) -> None:
    answer = client.post(
        f"/northwind/live/shipments/{shipment.pk}/correct/",
        {"version": 1, "carrier": "fedex", "number_0": "KEPT", "address_0": "", "add": "yes"},
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="KEPT"' in page
    assert 'name="number_1"' in page
    shipment.refresh_from_db()
    assert shipment.version == 1


def test_a_parcel_on_hold_is_undone_and_not_corrected(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    northwind.undo_seconds = 60
    northwind.save()
    (held,) = send_off(northwind, mara, order, parcel(order, 2, carrier="ups", tracking=UPS))
    answer = correct(client, held)
    assert answer.status_code == 422
    assert "Undo it and fulfill again" in answer.content.decode()
    assert tracking(held).numbers == UPS


def test_units_that_were_given_up_have_no_tracking(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    (given_up,) = send_off(northwind, mara, order, parcel(order, 1, reason="Out of stock"))
    assert correct(client, given_up).status_code == 422
    with pytest.raises(Stale):
        corrections.correct(given_up, 1, FEDEX, mara)


# Two people, and the worker


@pytest.mark.database
def test_whoever_comes_second_sees_what_the_first_saved_and_may_replace_it(
    client: Client, shipment: Shipment, mara: User
) -> None:
    assert corrections.correct(shipment, 1, FEDEX, mara)
    answer = correct(client, shipment, carrier="dpd", number_0="MINE", sure="dpd|MINE")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Someone else changed this shipment." in page
    assert "986578788855" in page
    assert 'value="MINE"' in page
    assert tracking(shipment) == FEDEX
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    assert (
        correct(client, shipment, int(version[1]), carrier="dpd", number_0="MINE", sure="dpd|MINE").status_code == 303
    )
    assert tracking(shipment).carrier == "dpd"


@pytest.mark.database
def test_the_same_form_sent_twice_corrects_once(client: Client, shipment: Shipment) -> None:
    assert correct(client, shipment).status_code == 303
    assert correct(client, shipment).status_code == 303
    shipment.refresh_from_db()
    assert shipment.version == 2


@pytest.mark.database
def test_what_is_being_sent_is_left_to_whoever_sends_it(shipment: Shipment, mara: User) -> None:
    partner_update = partner_update_of(shipment, "digital_river", state=State.SENDING)
    corrections.correct(shipment, 1, FEDEX, mara)
    partner_update.refresh_from_db()
    assert partner_update.state == State.SENDING
    finish(partner_update)
    partner_update.refresh_from_db()
    assert (partner_update.state, partner_update.sent_version) == (State.WAITING, 1)


@pytest.mark.database
@pytest.mark.parametrize("state", [State.FAILED, State.BLOCKED, State.STOPPED, State.IN_DOUBT, State.FOR_REVKEEN])
def test_a_correction_changes_no_other_state(state: str, shipment: Shipment, mara: User) -> None:
    partner_update_of(shipment, "digital_river", state=state)
    corrections.correct(shipment, 1, FEDEX, mara)
    assert states(shipment)["digital_river"] == (state, 1)


MANY_BEING_SENT = f"""
import json, sys, uuid
from orders.models import Connection, PartnerUpdate, Fulfillment, Merchant, Shipment, User
merchant = Merchant.objects.create(name="X", slug="x", time_zone="UTC")
user = User.objects.create_user("mara@example.com", "a good password", name="Mara")
key = Connection(merchant=merchant, mode="live", provider="digital_river", name="Demo", active=True)
key.secret = "sk_x"
key.save()
about = dict(merchant=merchant, mode="live")
for _ in range(40):
    about["order_id"] = uuid.uuid4()
    fulfillment = Fulfillment.objects.create(
        pk=uuid.uuid4(), fingerprint="", user=user, who="Mara", **about
    )
    shipment = Shipment.objects.create(fulfillment=fulfillment, number=1, notified=False, state="left", **about)
    PartnerUpdate.objects.create(shipment=shipment, destination="digital_river", state="sending", **about)
{READY}
print("null")
"""
AT_ONCE = f"""
import json, sys
from orders.models import Connection, PartnerUpdate, Shipment, User
from orders.services.fulfillment import corrections
from orders.services.partners import outbox, attempt
from orders.services.fulfillment.corrections import Tracking
key, user = Connection.objects.get(), User.objects.get()
{READY}
for pk in PartnerUpdate.objects.order_by("pk").values_list("pk", flat=True):
    partner_update = outbox.as_it_is(pk)
    if sys.argv[1] == "worker":
        attempt.finish(attempt.Sending(partner_update, key, client=None), attempt.Sent(version=1))
    else:
        corrections.correct(partner_update.shipment, 1, Tracking("ups", (("1Z", ""),)), user)
print("null")
"""
WHAT_BECAME = """
SELECT partner_update.state, sent_version, version FROM orders_partnerupdate AS partner_update
JOIN orders_shipment AS shipment ON shipment.id = shipment_id
"""


@pytest.mark.database
def test_a_correction_in_the_very_moment_a_sending_ends_is_never_lost(site: Site) -> None:
    """Whoever writes first lets the other wait: in the end every partner update is known to be behind."""
    site.run(MANY_BEING_SENT)
    site.run_together(AT_ONCE, [("worker",), ("person",)])
    assert site.rows(WHAT_BECAME) == [("waiting", 1, 2)] * 40


def finish(partner_update: PartnerUpdate) -> None:
    """As the worker does when the partner has taken version 1."""
    partner_update = outbox.as_it_is(partner_update.pk)
    key = Connection.objects.get(provider=partner_update.destination)
    attempt.finish(attempt.Sending(partner_update, key, client=None), attempt.Sent(version=1))


# OrderProtection's status


def set_status(client: Client, shipment: Shipment, status: str, merchant: str = "northwind") -> Any:
    return client.post(f"/{merchant}/live/shipments/{shipment.pk}/status/", {"status": status})


@pytest.mark.parametrize("status", [status for status, _ in STATUSES])
def test_each_of_the_statuses_can_be_set_and_goes_to_order_protection_alone(
    status: str, client: Client, shipment: Shipment
) -> None:
    Shipment.objects.filter(pk=shipment.pk).update(status="LABEL_PRINTED" if status != "LABEL_PRINTED" else "DELIVERED")
    assert set_status(client, shipment, status).status_code == 303
    shipment.refresh_from_db()
    assert (shipment.status, shipment.version) == (status, 2)
    assert shipment.status_at is not None
    assert states(shipment) == {"digital_river": (State.SENT, 2), "order_protection": (State.WAITING, 1)}


@pytest.mark.parametrize("state", [State.FAILED, State.STOPPED, State.BLOCKED])
def test_it_is_not_said_that_order_protection_is_told_where_it_hears_nothing(
    state: str, client: Client, shipment: Shipment
) -> None:
    PartnerUpdate.objects.filter(shipment=shipment, destination="order_protection").update(state=state)
    set_status(client, shipment, "DELIVERED")
    page = client.get(f"/northwind/live/shipments/{shipment.pk}/").content.decode()
    assert "OrderProtection is notified." not in page
    assert "OrderProtection gets 1 of these only after someone sends it again." in page


@pytest.mark.parametrize("status", ["", "delivered", "NOT_DELIVERED", "GONE"])
def test_no_other_status_can_be_set(status: str, client: Client, shipment: Shipment) -> None:
    assert set_status(client, shipment, status).status_code == 422
    shipment.refresh_from_db()
    assert (shipment.status, shipment.version) == ("FULFILLED", 1)


def test_the_status_it_has_already_changes_nothing(client: Client, shipment: Shipment) -> None:
    assert set_status(client, shipment, "FULFILLED").status_code == 303
    shipment.refresh_from_db()
    assert shipment.version == 1


def test_where_order_protection_never_hears_of_it_there_is_no_status(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    (sent,) = send_off(northwind, mara, order, parcel(order, 2))
    page = client.get(f"/northwind/live/shipments/{sent.pk}/").content.decode()
    assert "Set status" not in page
    set_status(client, sent, "DELIVERED")
    sent.refresh_from_db()
    assert (sent.status, sent.version) == ("FULFILLED", 1)


@pytest.mark.database
def test_many_at_once_and_what_cannot_take_it_is_left(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any], shipment: Shipment
) -> None:
    (second,) = send_off(northwind, mara, order, parcel(order, 0, 1))
    (given_up,) = send_off(northwind, mara, order, parcel(order, 0, 1, reason="Out of stock"))
    answer = client.post(
        "/northwind/live/shipments/statuses/",
        {"id": [shipment.pk, second.pk, given_up.pk, "x", "9" * 30], "status": "DELIVERED"},
        follow=True,
    )
    page = answer.content.decode()
    assert "2 shipments: Delivered." in page
    assert "1 was not changed" in page
    assert set(Shipment.objects.filter(status="DELIVERED").values_list("pk", flat=True)) == {shipment.pk, second.pk}
    assert EventLog.objects.filter(kind="shipment_status").count() == 2


@pytest.mark.parametrize(
    ("given", "query"),
    [("carrier%3Dups%26after%3D9", "?carrier=ups&after=9"), ("", ""), ("%0d%0aX%3A1%2F%2Fevil.example", None)],
)
def test_from_a_list_they_lead_back_to_it_with_its_filter(
    given: str, query: str | None, client: Client, shipment: Shipment
) -> None:
    page = f"/northwind/live/shipments/statuses/?list={given}"
    answer = client.post(page, {"id": [shipment.pk], "status": "DELIVERED"})
    assert answer.status_code == 303
    assert answer["Location"].startswith("/northwind/live/shipments/")
    assert query is None or answer["Location"] == f"/northwind/live/shipments/{query}"


@pytest.mark.database
def test_shipments_of_others_are_never_among_many(emulator: Emulator, shipment: Shipment, client: Client) -> None:
    kestrel = make_merchant("Kestrel Outdoor", "kestrel", "America/Denver")
    other = sign_in(make_person("sam@kestrel.example", kestrel, "admin"))
    sent = {"id": [shipment.pk], "status": "DELIVERED"}
    assert other.post("/kestrel/live/shipments/statuses/", sent).status_code == 303
    assert client.post("/northwind/test/shipments/statuses/", sent).status_code == 303
    assert set_status(other, shipment, "DELIVERED", "kestrel").status_code == 404
    shipment.refresh_from_db()
    assert shipment.status == "FULFILLED"
