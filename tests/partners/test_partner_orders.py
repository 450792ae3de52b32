"""What identifies an order stays with it: no copy takes it along, and a partner's order is one order of ours."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from orders.models import Draft, Merchant, Operation, PartnerOrder, PartnerSettings, PartnerUpdate, Shipment, User
from orders.services.partners import partner_orders
from orders.services.partners.partner_orders import BelongsElsewhere
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.fulfilling import fulfill
from tests.support.pages import markup
from tests.support.parcels import connect_partners, parcel, partner_update_of, send_off
from tests.support.shipping import DIGITAL_RIVER, ORDER_PROTECTION, captured, work

pytestmark = pytest.mark.database

State = PartnerUpdate.State
RIVER = "257481930336"
IDS = {"dr_order_id": RIVER, "op_order_id": "OP-1", "replaces": str(uuid.uuid4()), "replaced_by": str(uuid.uuid4())}


@pytest.fixture
def jonas(northwind: Merchant) -> User:
    return make_person("jonas@northwind.example", northwind, "operations", "support")


@pytest.fixture
def client(jonas: User, emulator: Emulator) -> Client:
    return sign_in(jonas)


def order(emulator: Emulator, *, paid: bool = True, **metadata: str) -> dict[str, Any]:
    """Two units of a line that Digital River knows, in an order with this metadata."""
    line = {"description": "Tent", "unit_price": 1000, "quantity": 2, "metadata": {"dr_item_id": "81093840002"}}
    line["metadata"] = {**line["metadata"], "sku": "TENT-2"}
    made = emulator.make_order(line_items=[line], metadata={"campaign": "autumn", **metadata})
    if not paid:
        return made
    token = {"payment_token": f"tok_approve_{uuid.uuid4().hex}"}
    return emulator.send(f"/orders/{made['id']}/pay", token)


def calls_to_partners(emulator: Emulator) -> list[str]:
    changes = [call["path"] for call in emulator.calls() if call["method"] in ("POST", "PUT", "PATCH")]
    return [path for path in changes if "digital-river" in path or "order-protection" in path]


# --- Copies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["draft_copy", "draft_revise"])
def test_no_draft_takes_along_what_identifies_an_order_or_its_lines(
    page: str, client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    PartnerSettings.objects.create(merchant=northwind, mode="live", digital_river_order_key="river")
    original = order(emulator, paid=False, river="R-1", **IDS)
    client.post(reverse(page, args=["northwind", "live", original["id"]]))
    draft = Draft.objects.get()
    assert draft.metadata == {"campaign": "autumn"}
    assert [line["metadata"] for line in draft.lines] == [{"sku": "TENT-2"}]
    left_out = [*sorted([*IDS, "river"]), "dr_item_id of 1 line"]
    assert draft.left_out == left_out
    address = f"/northwind/live/drafts/{draft.pk}/"
    for shown in (address, f"{address}create/"):
        assert f"<strong>Not copied:</strong> <bdi>{', '.join(left_out)}</bdi>" in markup(client.get(shown))


def test_the_copy_of_a_paid_order_captures_nothing_of_the_original(
    client: Client, northwind: Merchant, emulator: Emulator, jonas: User
) -> None:
    connect_partners(northwind)
    original = order(emulator, dr_order_id=RIVER)
    emulator.tell_partners(original["id"])
    client.post(reverse("draft_copy", args=["northwind", "live", original["id"]]))
    draft = Draft.objects.get()
    copy = order(emulator, **draft.metadata)
    fulfill(client, copy, 0)
    work()
    shipment = Shipment.objects.get(order_id=copy["id"])
    assert captured(emulator) == {}
    assert partner_update_of(shipment, DIGITAL_RIVER).code == "no_order_id"


def test_an_id_typed_into_the_copy_is_still_the_originals(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    connect_partners(northwind)
    original = order(emulator, dr_order_id=RIVER)
    client.post(reverse("draft_copy", args=["northwind", "live", original["id"]]))
    answer = fulfill(client, order(emulator, dr_order_id=RIVER), 0)
    assert answer.status_code == 422
    assert f"Digital River knows {original['public_id']} by the id {RIVER}" in markup(answer)


# --- One order at a partner, one order of ours ------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "key"), [(DIGITAL_RIVER, "dr_order_id"), (ORDER_PROTECTION, "op_order_id")])
def test_a_second_order_with_a_partners_id_is_refused_before_any_call(
    provider: str, key: str, client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind, provider)
    first, second = order(emulator, **{key: RIVER}), order(emulator, **{key: RIVER})
    send_off(northwind, jonas, first, parcel(first, 1))
    emulator.forget_calls()
    answer = fulfill(client, second, 0)
    assert answer.status_code == 422
    assert f"knows {first['public_id']} by the id {RIVER}" in markup(answer)
    assert f'href="/northwind/live/orders/{first["id"]}/"' in markup(answer)
    assert [call for call in emulator.calls() if call["method"] == "POST"] == []
    assert not Shipment.objects.filter(order_id=second["id"]).exists()
    assert not Operation.objects.filter(order_id=second["id"]).exists()


def test_giving_units_up_under_another_orders_id_is_refused_as_well(
    northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind, DIGITAL_RIVER)
    first, second = order(emulator, dr_order_id=RIVER), order(emulator, dr_order_id=RIVER)
    send_off(northwind, jonas, first, parcel(first, 1))
    with pytest.raises(BelongsElsewhere):
        send_off(northwind, jonas, second, parcel(second, 1, reason="Sold out"))


def test_what_was_written_before_ids_were_claimed_is_not_sent_as_another_order(
    northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind)
    first, second = order(emulator, dr_order_id=RIVER, op_order_id="OP-1"), order(emulator)
    send_off(northwind, jonas, first, parcel(first, 1))
    (shipment,) = send_off(northwind, jonas, second, parcel(second, 1))
    work()
    PartnerUpdate.objects.filter(shipment=shipment, destination=DIGITAL_RIVER).update(
        partner_order_id=RIVER, state=State.WAITING
    )
    emulator.forget_calls()
    work()
    partner_update = partner_update_of(shipment, DIGITAL_RIVER)
    assert (partner_update.state, partner_update.code) == (State.FAILED, "other_order")
    assert first["public_id"] in partner_update.message
    assert calls_to_partners(emulator) == []


def test_an_id_of_another_order_is_not_taken_when_it_is_typed(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind, DIGITAL_RIVER)
    first, second = order(emulator, dr_order_id=RIVER), order(emulator)
    send_off(northwind, jonas, first, parcel(first, 1))
    page = f"/northwind/live/orders/{second['id']}/partner-ids/"
    answer = client.post(page, {"digital_river": RIVER, "order_protection": ""})
    assert answer.status_code == 422
    assert f"{first['public_id']} already has this id." in markup(answer)
    assert f'href="/northwind/live/orders/{first["id"]}/"' in markup(answer)
    assert f'value="{RIVER}"' in markup(answer)
    assert not PartnerOrder.objects.filter(order_id=second["id"]).exists()


def test_an_id_is_free_again_once_nothing_can_have_been_sent_under_it(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind, DIGITAL_RIVER)
    first, second = order(emulator, dr_order_id=RIVER), order(emulator, dr_order_id=RIVER)
    (shipment,) = send_off(northwind, jonas, first, parcel(first, 1))
    partner_update_of(shipment, DIGITAL_RIVER, state=State.UNDONE)
    send_off(northwind, jonas, second, parcel(second, 1))
    assert PartnerOrder.objects.get().order_id == uuid.UUID(second["id"])
    with pytest.raises(BelongsElsewhere):
        send_off(northwind, jonas, first, parcel(first, 1))


def test_a_wrong_claim_by_metadata_ends_when_the_right_id_is_typed(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind, DIGITAL_RIVER)
    copied, right = order(emulator, dr_order_id=RIVER), order(emulator, dr_order_id=RIVER)
    client.post(reverse("draft_copy", args=["northwind", "live", copied["id"]]))
    with pytest.raises(BelongsElsewhere):
        send_off(northwind, jonas, right, parcel(right, 1))
    page = f"/northwind/live/orders/{copied['id']}/partner-ids/"
    assert client.post(page, {"digital_river": "257481930999", "order_protection": ""}).status_code == 302
    assert send_off(northwind, jonas, right, parcel(right, 1))


def test_the_same_id_may_be_in_use_in_test_mode_and_at_another_merchant(northwind: Merchant, kestrel: Merchant) -> None:
    for merchant, mode in ((northwind, "live"), (northwind, "test"), (kestrel, "live")):
        partner_orders.claim(merchant, mode, DIGITAL_RIVER, RIVER, uuid.uuid4(), "NW-1")
    assert PartnerOrder.objects.count() == 3


def test_the_database_lets_one_order_have_a_partners_id(northwind: Merchant) -> None:
    """So that of two at once the second waits for the first, and finds it."""
    same = {"merchant": northwind, "mode": "live", "destination": DIGITAL_RIVER, "partner_order_id": RIVER}
    PartnerOrder.objects.create(**same, order_id=uuid.uuid4())
    with pytest.raises(IntegrityError):
        PartnerOrder.objects.create(**same, order_id=uuid.uuid4())
