"""What left though RevKeen did not take it: it stays in sight until RevKeen was told under a new operation."""

import uuid
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from orders.models import EventLog, Merchant, Operation, PartnerUpdate, Shipment, User
from orders.services.fulfillment import unreported
from tests.conftest import make_person, sign_in
from tests.support.emulation import REFUSAL, Emulator
from tests.support.pages import FORM_TOKEN, form_token_in, prose
from tests.support.parcels import connect_partners, paid_order, parcel, partner_update_of, send_off
from tests.support.shipping import work

pytestmark = pytest.mark.database

LIST = "/northwind/live/to-fulfill/"
UPS = (("1Z999AA10123456784", "https://www.ups.com/track?tracknum=1Z999AA10123456784"),)


@pytest.fixture
def jonas(northwind: Merchant, emulator: Emulator) -> User:
    connect_partners(northwind)
    return make_person("jonas@northwind.example", northwind, "operations")


@pytest.fixture
def client(jonas: User) -> Client:
    return sign_in(jonas)


@pytest.fixture
def order(emulator: Emulator) -> dict[str, Any]:
    return paid_order(emulator, ("Tent", 2), ("Rope", 3), metadata={"dr_order_id": "dro_1"})


def refuse_once(emulator: Emulator) -> None:
    emulator.fault("respond", "/fulfill$", times=1, status=422, body={"error": REFUSAL})


def release(client: Client, shipment: Shipment, destination: str = "digital_river") -> None:
    partner_update = partner_update_of(shipment, destination)
    answer = client.post(f"/northwind/live/partner-updates/{partner_update.pk}/release/", {"confirmed": "yes"})
    assert answer.status_code == 303


@pytest.fixture
def released(client: Client, northwind: Merchant, jonas: User, order: dict[str, Any], emulator: Emulator) -> Shipment:
    """A parcel with all of the order, which RevKeen refused and Digital River hears of."""
    refuse_once(emulator)
    (shipment,) = send_off(northwind, jonas, order, parcel(order, 2, 3, carrier="ups", tracking=UPS))
    release(client, shipment)
    shipment.refresh_from_db()
    return shipment


def page(client: Client, shipment: Shipment) -> str:
    answer = client.get(f"/northwind/live/shipments/{shipment.pk}/tell/")
    assert answer.status_code == 200
    return answer.content.decode()


def tell(client: Client, shipment: Shipment, form: str = "", **sent: str) -> Any:
    body = {"form_token": form_token_in(form or page(client, shipment)), "notify": "no", **sent}
    return client.post(f"/northwind/live/shipments/{shipment.pk}/tell/", body)


def test_releasing_says_first_what_comes_of_it_and_does_nothing(
    client: Client, northwind: Merchant, jonas: User, order: dict[str, Any], emulator: Emulator
) -> None:
    refuse_once(emulator)
    (refused,) = send_off(northwind, jonas, order, parcel(order, 2))
    partner_update = partner_update_of(refused, "digital_river")
    address = f"/northwind/live/partner-updates/{partner_update.pk}/release/"
    for answer in (client.get(address), client.post(address, {})):
        words = prose(answer.content.decode())
        assert "RevKeen refused shipment 1: Not today" in words
        assert "Digital River captures the payment for it at once." in words
        assert "This does not notify RevKeen." in words
    partner_update.refresh_from_db()
    refused.refresh_from_db()
    assert (partner_update.state, refused.state) == (PartnerUpdate.State.BLOCKED, Shipment.State.REFUSED)


def test_what_was_released_stays_in_sight_wherever_somebody_looks(
    client: Client, order: dict[str, Any], released: Shipment
) -> None:
    listed = client.get(LIST).content.decode()
    assert "RevKeen was not notified" in listed
    tell_it = f'href="/northwind/live/shipments/{released.pk}/tell/"'
    for address in (LIST, f"/northwind/live/orders/{order['id']}/", f"/northwind/live/shipments/{released.pk}/"):
        assert tell_it in client.get(address).content.decode()
    assert "Not notified RevKeen refused it: Not today. The parcel shipped anyway." in prose(
        client.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    )
    assert "nothing left here" not in prose(listed)


def test_it_is_listed_where_revkeen_does_not_answer(client: Client, released: Shipment, emulator: Emulator) -> None:
    emulator.fault("respond", "/orders", times=20, status=503, body={})
    assert f"/shipments/{released.pk}/tell/" in client.get(LIST).content.decode()


def test_telling_is_a_new_operation_and_ends_it(
    client: Client, order: dict[str, Any], released: Shipment, emulator: Emulator
) -> None:
    refused = released.operation
    assert refused is not None
    answer = tell(client, released)
    assert answer.status_code == 303
    operation = Operation.objects.exclude(pk=refused.pk).get()
    assert (operation.kind, operation.state) == (Operation.Kind.FULFILL, Operation.State.DONE)
    assert operation.body == {
        "line_item_ids": [line["id"] for line in order["line_items"]],
        "notify_customer": False,
        "carrier": "ups",
        "tracking_number": UPS[0][0],
    }
    assert emulator.get(f"/orders/{order['id']}")["fulfillment_status"] == "fulfilled"
    released.refresh_from_db()
    assert (released.unreported_since, released.operation_id) == (None, operation.pk)
    assert "RevKeen was not notified" not in client.get(LIST).content.decode()
    assert "Notify RevKeen" not in client.get(f"/northwind/live/orders/{order['id']}/").content.decode()


def test_once_revkeen_has_it_the_partner_it_was_kept_from_hears_of_it(client: Client, released: Shipment) -> None:
    kept_from = partner_update_of(released, "order_protection")
    assert kept_from.state == PartnerUpdate.State.BLOCKED
    tell(client, released)
    kept_from.refresh_from_db()
    assert (kept_from.state, kept_from.by_hand) == (PartnerUpdate.State.WAITING, True)


def test_refused_once_more_it_stays_and_says_why(client: Client, released: Shipment, emulator: Emulator) -> None:
    refuse_once(emulator)
    answer = tell(client, released)
    assert answer.status_code == 422
    assert "RevKeen was not notified: it refused." in prose(answer.content.decode())
    released.refresh_from_db()
    assert released.unreported_since is not None
    assert tell(client, released).status_code == 303
    released.refresh_from_db()
    assert released.unreported_since is None


def test_the_same_form_sent_twice_tells_once(
    client: Client, order: dict[str, Any], released: Shipment, emulator: Emulator
) -> None:
    form = page(client, released)
    tell(client, released, form)
    tell(client, released, form)
    assert Operation.objects.filter(kind=Operation.Kind.FULFILL).count() == 2  # the refused one and this


def test_of_two_forms_the_second_sends_nothing(client: Client, released: Shipment) -> None:
    first, second = page(client, released), page(client, released)
    tell(client, released, first)
    answer = tell(client, released, second)
    assert answer.status_code in (409, 422)
    assert Operation.objects.filter(kind=Operation.Kind.FULFILL, state=Operation.State.DONE).count() == 1


def test_lost_on_the_way_it_is_in_doubt_and_not_offered_again(
    client: Client, released: Shipment, emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/fulfill$", after_work=True)
    tell(client, released)
    assert Operation.objects.filter(state=Operation.State.IN_DOUBT).exists()
    assert "Notifying" in client.get(LIST).content.decode()
    assert not FORM_TOKEN.search(page(client, released))


def test_each_parcel_of_a_plan_that_never_went_can_be_told(
    client: Client, northwind: Merchant, jonas: User, order: dict[str, Any], emulator: Emulator
) -> None:
    refuse_once(emulator)
    first, second = send_off(northwind, jonas, order, parcel(order, 2), parcel(order, 0, 3))
    for shipment in (first, second):
        release(client, shipment)
    assert [row.line_ids for row in unreported.waiting(northwind, "live")] == [
        [line["id"]] for line in order["line_items"]
    ]
    for shipment in (second, first):
        assert tell(client, shipment).status_code == 303
    assert unreported.waiting(northwind, "live") == []
    assert emulator.get(f"/orders/{order['id']}")["fulfillment_status"] == "fulfilled"


def test_what_revkeen_has_already_is_taken_off_with_a_reason(client: Client, released: Shipment) -> None:
    address = f"/northwind/live/shipments/{released.pk}/known/"
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "Fulfilled in RevKeen itself"}).status_code == 303
    released.refresh_from_db()
    assert released.unreported_since is None
    noted = EventLog.objects.get(kind="revkeen_knows")
    assert noted.order_id == released.order_id
    assert "Fulfilled in RevKeen itself" in noted.text
    assert client.post(address, {"reason": "Again"}).status_code == 303
    assert EventLog.objects.filter(kind="revkeen_knows").count() == 1


def test_the_form_of_one_parcel_tells_of_no_other(
    client: Client, northwind: Merchant, jonas: User, order: dict[str, Any], emulator: Emulator
) -> None:
    refuse_once(emulator)
    first, second = send_off(northwind, jonas, order, parcel(order, 2), parcel(order, 0, 3))
    for shipment in (first, second):
        release(client, shipment)
    assert tell(client, second, page(client, first)).status_code == 404
    assert not Operation.objects.filter(state=Operation.State.DONE, kind=Operation.Kind.FULFILL).exists()


def test_a_form_that_tells_sends_off_nothing_more(client: Client, order: dict[str, Any], released: Shipment) -> None:
    line = order["line_items"][0]["id"]
    parcel = {"parcel": "1", "p1-lines": line, f"p1-units-{line}": "1", "p1-notify": "no"}
    body = {"form_token": form_token_in(page(client, released)), **parcel}
    answer = client.post(f"/northwind/live/orders/{order['id']}/fulfill/", body)
    assert answer.status_code == 422
    assert Shipment.objects.count() == 1


def test_a_viewer_sees_it_and_tells_nobody(viewer: Client, released: Shipment) -> None:
    assert "RevKeen was not notified" in viewer.get(LIST).content.decode()
    assert "/tell/" not in viewer.get(LIST).content.decode()
    assert viewer.get(f"/northwind/live/shipments/{released.pk}/tell/").status_code == 403


@pytest.mark.parametrize(("said", "code"), [({"status": 503}, "http_503"), ({"status": 404}, "")])
def test_where_the_order_cannot_be_read_before_it_is_sent_the_code_says_what_was_answered(
    said: dict[str, Any], code: str, client: Client, released: Shipment, emulator: Emulator
) -> None:
    form = page(client, released)
    emulator.fault("error", "/orders/", method="GET", times=9, code="resource_missing", message="No.", **said)
    tell(client, released, form)
    emulator.clear_faults()
    operation = Operation.objects.order_by("-created_at")[0]
    assert operation.state == Operation.State.NOT_SENT
    assert operation.code == (code or "resource_missing")


@pytest.mark.parametrize(
    ("state", "attempts", "words"),
    [
        ("started", 0, "Not yet: RevKeen sends it once notified"),
        ("started", 1, "RevKeen was asked to e-mail the customer"),
        ("done", 1, "RevKeen was asked to e-mail the customer"),
        ("refused", 1, "Not yet: RevKeen sends it once notified"),
        ("not_sent", 0, "Not yet: RevKeen sends it once notified"),
    ],
)
def test_that_revkeen_was_asked_to_write_is_said_only_when_it_was(state: str, attempts: int, words: str) -> None:
    operation = Operation(state=state, attempts=attempts)
    said = render_to_string(
        "orders/fulfillment/shipments/_mail.html", {"shipment": Shipment(notified=True, operation=operation)}
    )
    assert said.split() == words.split()


def test_a_guest_gets_no_e_mail_from_it(client: Client, released: Shipment) -> None:
    assert tell(client, released, notify="yes").status_code == 422
    assert not Operation.objects.filter(state=Operation.State.DONE, kind=Operation.Kind.FULFILL).exists()


def test_another_shipment_has_nothing_to_be_told(
    client: Client, northwind: Merchant, jonas: User, order: dict[str, Any]
) -> None:
    (shipment,) = send_off(northwind, jonas, order, parcel(order, 2))
    assert "RevKeen does not need to be notified about shipment 1." in prose(page(client, shipment))
    assert uuid.UUID(order["id"]) == shipment.order_id
    work()
