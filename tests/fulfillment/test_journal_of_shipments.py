"""What staff do about shipments stands in the journal: with its order, and a kind of its own."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from orders.forms.changes.journal import GROUPS
from orders.models import EventLog, Merchant, PartnerUpdate, Shipment, User
from orders.services.fulfillment import corrections, undo, unreported
from orders.services.fulfillment.corrections import Tracking
from orders.services.partners import manual
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.exports import start
from tests.support.parcels import connect_partners, parcel, partner_update_of, send_off
from tests.support.parcels import order as order

pytestmark = pytest.mark.database

JOURNAL = "/northwind/live/journal/"
State = PartnerUpdate.State


@pytest.fixture
def mara(northwind: Merchant, emulator: Emulator) -> User:
    connect_partners(northwind)
    return make_person("mara@northwind.example", northwind, "admin")


@pytest.fixture
def client(mara: User) -> Client:
    return sign_in(mara)


@pytest.fixture
def shipment(northwind: Merchant, mara: User, order: dict[str, Any]) -> Shipment:
    return send_off(northwind, mara, order, parcel(order, 2))[0]


def again(shipment: Shipment, user: User) -> None:
    manual.send_again(partner_update_of(shipment, "digital_river", state=State.FAILED), user)


def stop(shipment: Shipment, user: User) -> None:
    manual.stop(partner_update_of(shipment, "digital_river", state=State.FAILED), user, "By hand")


def release(shipment: Shipment, user: User) -> None:
    manual.release(partner_update_of(shipment, "digital_river", state=State.BLOCKED), user)


def correct(shipment: Shipment, user: User) -> None:
    corrections.correct(shipment, 1, Tracking("fedex", (("NEW", ""),)), user)


def status(shipment: Shipment, user: User) -> None:
    corrections.set_status([shipment], "DELIVERED", user)


def known(shipment: Shipment, user: User) -> None:
    Shipment.objects.filter(pk=shipment.pk).update(unreported_since=shipment.created_at, operation=None)
    unreported.known(shipment, user, "Told by hand")


def typed(shipment: Shipment, user: User) -> None:
    address = f"/northwind/live/orders/{shipment.order_id}/partner-ids/"
    sign_in(user).post(address, {"digital_river": "typed", "order_protection": ""})


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (again, "partner_update_sent_again"),
        (stop, "partner_update_stopped"),
        (release, "partner_update_released"),
        (correct, "shipment_corrected"),
        (status, "shipment_status"),
        (known, "revkeen_knows"),
        (typed, "partner_ids"),
    ],
)
def test_each_has_an_entry_with_its_order_and_a_kind_of_its_own(
    act: Callable[[Shipment, User], None], kind: str, client: Client, mara: User, shipment: Shipment
) -> None:
    act(shipment, mara)
    _stands_in_the_journal(client, kind, shipment)


def _stands_in_the_journal(client: Client, kind: str, shipment: Shipment, entries: int = 1) -> None:
    """Found by its kind, its group, and its order's number and id; and it leads to the order."""
    label = EventLog.Kind(kind).label
    for query in (f"kind={kind}", "kind=shipments", f"order={shipment.order_number}", f"order={shipment.order_id}"):
        page = client.get(f"{JOURNAL}?{query}").content.decode()
        rows = [row for row in re.findall(r'<tr role="row">.*?</tr>', page, re.DOTALL) if f">{label}<" in row]
        assert len(rows) == entries, query
        link = f'href="/northwind/live/orders/{shipment.order_id}/"\\s*>{shipment.order_number}<'
        assert all(re.search(link, row) for row in rows)
    assert str(shipment.order_id) in start(client, "journal", f"kind={kind}").file.decode()


@pytest.mark.parametrize("units", [(2,), (1,)], ids=["a whole line", "one of two units"])
def test_giving_up_units_stands_there_once(
    units: tuple[int, ...], client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    (given_up,) = send_off(northwind, mara, order, parcel(order, *units, reason="Out of stock"))
    _stands_in_the_journal(client, "units_given_up", given_up)
    assert f"{units[0]} × Tent. Out of stock" in EventLog.objects.get(kind="units_given_up").text
    timeline = re.sub(r"<[^>]+>", "", client.get(f"/northwind/live/orders/{order['id']}/").content.decode())
    assert timeline.count("Out of stock · by Mara") == 1
    assert "Units given up" not in timeline


def test_giving_up_the_rest_of_a_line_that_revkeen_is_told_of_stands_there_too(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    send_off(northwind, mara, order, parcel(order, 1))
    (rest,) = send_off(northwind, mara, order, parcel(order, 1, reason="Out of stock"))
    assert rest.operation is not None
    _stands_in_the_journal(client, "units_given_up", rest)


def test_that_it_was_undone_stands_there_as_well(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    Merchant.objects.update(undo_seconds=60)
    northwind.refresh_from_db()
    (given_up,) = send_off(northwind, mara, order, parcel(order, 1, reason="Out of stock"))
    undo.undo(given_up.fulfillment, mara)
    _stands_in_the_journal(client, "units_given_up", given_up, entries=2)


def test_who_sees_only_their_own_finds_no_event_of_others_by_an_order(
    northwind: Merchant, mara: User, shipment: Shipment
) -> None:
    stop(shipment, mara)
    jonas = sign_in(make_person("jonas@northwind.example", northwind, "operations"))
    page = jonas.get(f"{JOURNAL}?order={shipment.order_number}").content.decode()
    assert "By hand" not in page


def test_an_order_of_another_mode_or_merchant_finds_nothing(client: Client, mara: User, shipment: Shipment) -> None:
    stop(shipment, mara)
    page = client.get(f"/northwind/test/journal/?order={shipment.order_id}").content.decode()
    assert "By hand" not in page


def test_every_kind_of_event_can_be_asked_for_in_one_group() -> None:
    grouped = [kind for _, kinds in GROUPS.values() for kind in kinds]
    assert sorted(grouped) == sorted(EventLog.Kind)
