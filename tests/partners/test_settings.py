"""What a merchant sets for its partners, and what they call an order: by metadata, or typed by hand."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import EventLog, Merchant, OrderIds, PartnerSettings, PartnerUpdate, Shipment, ShipmentItem, User
from orders.services.partners import directory
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.pages import markup
from tests.support.parcels import connect_partners, paid_order, parcel, partner_update_of, send_off

PAGE = "/northwind/live/settings/partners/"
DIGITAL_RIVER, ORDER_PROTECTION = PartnerUpdate.Destination.DIGITAL_RIVER, PartnerUpdate.Destination.ORDER_PROTECTION
State = PartnerUpdate.State


@pytest.fixture
def jonas(northwind: Merchant) -> User:
    return make_person("jonas@northwind.example", northwind, "operations")


@pytest.fixture
def client(jonas: User, emulator: Emulator) -> Client:
    return sign_in(jonas)


def save(client: Client, **changes: str) -> Any:
    saved = {
        "digital_river_order_key": "dr_order_id",
        "digital_river_item_key": "dr_item_id",
        "order_protection_order_key": "op_order_id",
        "partner_id": "",
        "subfulfiller_id": "",
        "cost_currency": "",
    }
    return client.post(PAGE, saved | changes)


def ids_page(order: Any, mode: str = "live") -> str:
    return f"/northwind/{mode}/orders/{order['id']}/partner-ids/"


def type_ids(client: Client, order: Any, *items: str, digital_river: str = "", order_protection: str = "") -> Any:
    lines = dict(zip((f"item-{line['id']}" for line in order["line_items"]), items, strict=False))
    return client.post(ids_page(order), {"digital_river": digital_river, "order_protection": order_protection, **lines})


# --- Settings of the merchant and mode --------------------------------------------------------------------------------


def test_settings_begin_with_what_is_usual(admin: Client, northwind: Merchant) -> None:
    page = markup(admin.get(PAGE))
    for value in ("dr_order_id", "dr_item_id", "op_order_id"):
        assert f'value="{value}"' in page
    assert not PartnerSettings.objects.exists()


@pytest.mark.database
def test_settings_are_kept_for_one_mode_and_recorded(admin: Client, northwind: Merchant) -> None:
    answer = save(admin, digital_river_order_key="river", partner_id="WH-7", cost_currency="eur")
    assert answer["Location"] == PAGE
    kept = directory.settings_of(northwind, "live")
    assert (kept.digital_river_order_key, kept.partner_id, kept.cost_currency) == ("river", "WH-7", "EUR")
    assert directory.settings_of(northwind, "test").partner_id == ""
    event = EventLog.objects.latest("pk")
    said = "Digital River’s order id from: river, partner id: WH-7, currency of costs: EUR"
    assert (event.kind, event.mode, event.text) == ("merchant_changed", "live", said)
    assert "Merchant changed" in markup(admin.get(PAGE))


def test_saving_without_a_change_leaves_no_trace(admin: Client) -> None:
    assert save(admin).status_code == 302
    assert not PartnerSettings.objects.exists()
    assert not EventLog.objects.filter(kind="merchant_changed").exists()


def test_without_a_name_order_protection_goes_by_the_id_of_revkeen(
    admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    save(admin, order_protection_order_key="")
    kept = directory.settings_of(northwind, "live")
    assert kept.order_protection_order_key == ""
    newest = emulator.orders("limit=1")[0]
    assert f"On {newest['public_id']} this is {newest['id']}." in markup(admin.get(PAGE))


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("digital_river_order_key", ""),
        ("digital_river_item_key", "x" * 41),
        ("order_protection_order_key", "a\u202eb"),
        ("partner_id", "x" * 101),
        ("subfulfiller_id", "a\x00b"),
        ("cost_currency", "XYZ"),
        ("cost_currency", "EURO"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(field: str, typed: str, admin: Client) -> None:
    answer = save(admin, **{field: typed, "partner_id" if field != "partner_id" else "subfulfiller_id": "Kept <b>"})
    assert answer.status_code == 422
    page = markup(answer)
    assert f'href="#id_{field}"' in page
    assert 'value="Kept &lt;b&gt;"' in page
    assert not PartnerSettings.objects.exists()


def test_the_example_is_of_the_newest_order_that_has_the_value(admin: Client, emulator: Emulator) -> None:
    newest = next(order for order in emulator.orders() if "dr_order_id" in order["metadata"])
    page = markup(admin.get(PAGE))
    river = newest["metadata"]["dr_order_id"]
    assert f"On {newest['public_id']} this is {river}." in page
    save(admin, digital_river_order_key="nobody_has_this")
    assert "None of the newest 20 orders has it." in markup(admin.get(PAGE))


def test_hostile_metadata_is_shown_as_text(admin: Client, emulator: Emulator) -> None:
    emulator.make_order(metadata={"dr_order_id": "<script>alert(1)</script>"})
    page = markup(admin.get(PAGE))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_without_revkeen_the_examples_are_written_ones(admin: Client, emulator: Emulator) -> None:
    emulator.fault("disconnect", times=50)
    answer = admin.get(PAGE)
    assert answer.status_code == 200
    assert "such as 257481930336." in markup(answer)


def test_the_page_says_which_partner_is_not_connected(admin: Client, northwind: Merchant) -> None:
    assert "Digital River and OrderProtection are not connected in live mode." in markup(admin.get(PAGE))
    connect_partners(northwind, "digital_river")
    assert "OrderProtection is not connected in live mode." in markup(admin.get(PAGE))


def test_settings_link_to_it(admin: Client) -> None:
    for page in ("", "connections/", "members/"):
        assert f'href="{PAGE}"' in markup(admin.get(f"/northwind/live/settings/{page}"))


def test_only_who_manages_the_merchant_gets_there(client: Client) -> None:
    assert client.get(PAGE).status_code == 403
    assert save(client).status_code == 403


# --- The ids of one order ---------------------------------------------------------------------------------------------


def test_ids_are_shown_as_the_metadata_say(client: Client, emulator: Emulator) -> None:
    order = next(order for order in emulator.orders() if "dr_order_id" in order["metadata"])
    page = markup(client.get(ids_page(order)))
    assert f"If empty: {order['metadata']['dr_order_id']}, from the order." in page
    for line in order["line_items"]:
        assert line["metadata"]["dr_item_id"] in page
    assert f"If empty: {order['metadata'].get('op_order_id', order['id'])}, from the order." in page


def test_what_is_typed_counts_before_the_metadata(client: Client, northwind: Merchant, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 1), ("Stove", 2), metadata={"dr_order_id": "said"})
    answer = type_ids(client, order, "  line 1 ", "", digital_river="typed", order_protection="shop#1001")
    assert answer["Location"] == f"/northwind/live/orders/{order['id']}/"
    first, second = (line["id"] for line in order["line_items"])
    kept = OrderIds.objects.get()
    assert (kept.digital_river, kept.order_protection) == ("typed", "shop#1001")
    assert kept.digital_river_items == {first: "line 1"}
    event = EventLog.objects.latest("pk")
    assert (event.kind, event.order_id) == ("partner_ids", uuid.UUID(order["id"]))
    assert event.text == "Digital River: typed, OrderProtection: shop#1001, line items: 1"
    page = markup(client.get(ids_page(order)))
    assert 'value="typed"' in page
    assert 'value="line 1"' in page
    assert "If empty: said, from the order." in page
    assert second in page


def test_two_lines_cannot_have_the_same_item_id(client: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2), ("Rope", 3))
    answer = type_ids(client, order, "same", "same")
    assert answer.status_code == 422
    assert markup(answer).count("Another line of this order already has this id.") >= 2
    assert not OrderIds.objects.exists()
    assert type_ids(client, order, "one").status_code == 302


def test_what_was_typed_can_be_taken_back(client: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2))
    type_ids(client, order, "line", digital_river="typed")
    assert type_ids(client, order).status_code == 302
    kept = OrderIds.objects.get()
    assert (kept.digital_river, kept.digital_river_items) == ("", {})


@pytest.mark.parametrize("typed", ["x" * 201, "a\u202eb", "a\x00b", "..", "."])
def test_an_id_that_cannot_be_is_refused_at_its_field(typed: str, client: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2))
    answer = type_ids(client, order, "Kept <b>", digital_river=typed)
    assert answer.status_code == 422
    assert 'href="#id_digital_river"' in markup(answer)
    assert 'value="Kept &lt;b&gt;"' in markup(answer)
    answer = type_ids(client, order, typed)
    assert f'href="#id_item-{order["line_items"][0]["id"]}"' in markup(answer)
    assert not OrderIds.objects.exists()


def test_hostile_names_of_lines_are_shown_as_text(client: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("<script>alert(1)</script>", 1))
    page = markup(client.get(ids_page(order)))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_order_that_is_not_there_is_not_found(client: Client) -> None:
    nothing = {"id": uuid.uuid4(), "line_items": []}
    assert client.get(ids_page(nothing)).status_code == 404
    assert type_ids(client, nothing).status_code == 404


def test_while_revkeen_does_not_answer_nothing_is_saved(client: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2))
    emulator.fault("disconnect", times=50)
    assert type_ids(client, order, digital_river="typed").status_code == 503
    assert not OrderIds.objects.exists()


def test_only_who_may_fulfill_types_ids(viewer: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2))
    assert viewer.get(ids_page(order)).status_code == 403
    assert type_ids(viewer, order, digital_river="typed").status_code == 403
    assert not OrderIds.objects.exists()


# --- Partner updates that wait for an id
# -----------------------------------------------------------------------------------


@pytest.fixture
def shipped(northwind: Merchant, jonas: User, emulator: Emulator) -> tuple[Any, Shipment]:
    """An order that no partner's id is known of, and its one parcel, on its way to both partners."""
    connect_partners(northwind)
    order = paid_order(emulator, ("Tent", 2), ("Stove", 1))
    (shipment,) = send_off(northwind, jonas, order, parcel(order, 2, 1))
    return order, shipment


def item_ids(shipment: Shipment) -> list[str]:
    return list(
        ShipmentItem.objects.filter(shipment=shipment).order_by("pk").values_list("digital_river_item_id", flat=True)
    )


@pytest.mark.database
def test_a_partner_update_that_lacks_an_id_gets_it_and_goes_out(client: Client, shipped: tuple[Any, Shipment]) -> None:
    order, shipment = shipped
    river = partner_update_of(shipment, DIGITAL_RIVER, state=State.FAILED, code="no_order_id", failures=1)
    assert river.partner_order_id == ""
    answer = client.post(
        ids_page(order),
        {
            "digital_river": "8ff1",
            **{f"item-{line['id']}": f"8ff1-{place}" for place, line in enumerate(order["line_items"])},
        },
        follow=True,
    )
    assert "1 update that was waiting for it is sent now." in markup(answer)
    river.refresh_from_db()
    assert (river.partner_order_id, river.state, river.failures) == ("8ff1", State.WAITING, 0)
    assert river.next_try_at <= timezone.now()
    assert item_ids(shipment) == ["8ff1-0", "8ff1-1"]


@pytest.mark.database
def test_the_id_at_order_protection_reaches_a_partner_update_that_never_went(
    client: Client, shipped: tuple[Any, Shipment]
) -> None:
    order, shipment = shipped
    assert partner_update_of(shipment, ORDER_PROTECTION).partner_order_id == order["id"]
    type_ids(client, order, order_protection="shop#1001")
    assert partner_update_of(shipment, ORDER_PROTECTION).partner_order_id == "shop#1001"


@pytest.mark.parametrize(
    "facts",
    [
        {"state": State.SENT, "sent_version": 1, "remote_id": "ful_1"},
        {"state": State.WAITING, "sent_version": 1},
        {"state": State.IN_DOUBT, "doubtful": True},
        {"state": State.WAITING, "doubtful": True},
        {"state": State.SENDING},
    ],
    ids=str,
)
def test_what_a_partner_may_know_already_keeps_its_ids(
    facts: dict[str, Any], client: Client, shipped: tuple[Any, Shipment]
) -> None:
    order, shipment = shipped
    partner_update_of(shipment, DIGITAL_RIVER, partner_order_id="former", **facts)
    type_ids(client, order, "new item", digital_river="new")
    river = partner_update_of(shipment, DIGITAL_RIVER)
    assert (river.partner_order_id, river.state) == ("former", facts["state"])
    assert item_ids(shipment) == ["", ""]


def test_a_partner_update_that_failed_for_another_reason_waits_for_a_person(
    client: Client, shipped: tuple[Any, Shipment]
) -> None:
    order, shipment = shipped
    partner_update_of(shipment, DIGITAL_RIVER, state=State.FAILED, code="charge_expired", partner_order_id="mistyped")
    type_ids(client, order, digital_river="right")
    river = partner_update_of(shipment, DIGITAL_RIVER)
    assert (river.partner_order_id, river.state) == ("right", State.FAILED)


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        (DIGITAL_RIVER, "no_order_id"),
        (DIGITAL_RIVER, "no_item_id"),
        (DIGITAL_RIVER, "not_found"),
        (DIGITAL_RIVER, "other_order"),
        (ORDER_PROTECTION, "order_unknown"),
        (ORDER_PROTECTION, "no_order_id"),
    ],
)
def test_a_failure_that_wants_an_id_leads_to_it_and_saving_it_sends(
    destination: str, code: str, client: Client, shipped: tuple[Any, Shipment]
) -> None:
    order, shipment = shipped
    partner_update_of(shipment, destination, state=State.FAILED, code=code)
    link = f'href="{ids_page(order)}"'
    for page in (
        "/northwind/live/partner-updates/",
        f"/northwind/live/orders/{order['id']}/",
        f"/northwind/live/shipments/{shipment.pk}/",
    ):
        assert link in client.get(page).content.decode(), page
    type_ids(client, order, "item", digital_river="right", order_protection="right")
    found = partner_update_of(shipment, destination)
    assert (found.partner_order_id, found.state) == ("right", State.WAITING)


def test_an_id_that_is_as_it_was_sends_nothing_that_it_failed_for(
    client: Client, shipped: tuple[Any, Shipment]
) -> None:
    order, shipment = shipped
    partner_update_of(shipment, ORDER_PROTECTION, state=State.FAILED, code="order_unknown")
    type_ids(client, order, digital_river="other")
    assert partner_update_of(shipment, ORDER_PROTECTION).state == State.FAILED


def test_a_failure_for_another_reason_leads_to_no_ids(client: Client, shipped: tuple[Any, Shipment]) -> None:
    order, shipment = shipped
    partner_update_of(shipment, DIGITAL_RIVER, state=State.FAILED, code="charge_expired")
    assert f'href="{ids_page(order)}"' not in client.get("/northwind/live/partner-updates/").content.decode()


@pytest.mark.database
def test_ids_of_one_order_change_no_other(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator, shipped: tuple[Any, Shipment]
) -> None:
    other = paid_order(emulator, ("Tent", 2))
    (its,) = send_off(northwind, jonas, other, parcel(other, 2))
    partner_update_of(its, DIGITAL_RIVER, state=State.FAILED, code="no_order_id")
    type_ids(client, shipped[0], "item", digital_river="8ff1")
    river = partner_update_of(its, DIGITAL_RIVER)
    assert (river.partner_order_id, river.state, item_ids(its)) == ("", State.FAILED, [""])
