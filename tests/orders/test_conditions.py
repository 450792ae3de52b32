"""The banner of an order says the worst open thing first, and nothing good beside it."""

import html
import re
import uuid
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from orders.models import Connection, Merchant, PartnerUpdate, Shipment, User
from orders.services.orders.conditions import CONDITIONS
from orders.services.orders.plain_state import plain_state
from tests.support.emulation import REFUSAL, Emulator
from tests.support.parcels import connect_partners, paid_order, parcel, partner_update_of, send_off
from tests.support.samples import an_order

pytestmark = pytest.mark.database

Order = dict[str, Any]
LONG_AGO = "2026-01-02T10:00:00Z"


def banner(client: Client, order: Order) -> tuple[str, list[str], str]:
    """The headline with its details, what is open besides, and the blue button."""
    page = client.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    part = page[page.index('aria-label="Next step"') :]
    part = part[: part.index("</section>")]
    buttons = re.findall(r'(?s)<a class="btn btn-primary"[^>]*>(.*?)</a>', part)
    return _text(re.findall(r"(?s)<p .*?</p>", part)[0]), _items(part), _text("".join(buttons))


def _items(part: str) -> list[str]:
    found = re.search(r'(?s)<ul class="plain-list">(.*?)</ul>', part)
    return [_text(item) for item in re.findall(r"(?s)<li>(.*?)</li>", found[1])] if found else []


def _text(part: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split())


def give_back(emulator: Emulator, order: Order, amount: int, status: str) -> None:
    """A refund of so much (minor units) of the order's first payment, that ends so."""
    [sale, *_] = emulator.get(f"/transactions?invoice_id={order['invoice_id']}&type=sale")["data"]
    emulator.settings(refund_status=status)
    emulator.send("/refunds", {"payment_id": sale["id"], "amount_minor": amount})
    emulator.settings(refund_status="succeeded")


def decline(emulator: Emulator, order: Order) -> None:
    with pytest.raises(OSError, match="400"):
        emulator.send(f"/orders/{order['id']}/pay", {"payment_token": f"tok_decline_{uuid.uuid4().hex}"})


def test_an_expired_order_is_not_proposed_to_be_paid(admin: Client, emulator: Emulator) -> None:
    order = emulator.make_order(expires_at="2099-01-02T10:00:00Z")
    assert banner(admin, order)[2] == "Take payment"
    emulator.patch("orders", order["id"], expires_at=LONG_AGO)
    headline, also, button = banner(admin, order)
    assert headline.startswith("Expired. ")
    assert "2 Jan" in headline
    assert also == ["A draft in RevKeen. 60.00 USD will be due; paying turns it into an order."]
    assert button == ""


def test_a_declined_attempt_of_an_expired_order_proposes_no_other_one(admin: Client, emulator: Emulator) -> None:
    order = emulator.make_order(expires_at="2099-01-02T10:00:00Z")
    decline(emulator, order)
    emulator.patch("orders", order["id"], expires_at=LONG_AGO)
    headline, also, button = banner(admin, order)
    assert headline.startswith("Expired. ")
    assert also[0].startswith("The last payment was declined. 60.00 USD from Visa ••1111. Declined. View")
    assert button == ""


def test_a_declined_attempt_is_said_until_a_payment_goes_through(admin: Client, emulator: Emulator) -> None:
    order = emulator.make_order()
    decline(emulator, order)
    headline, _, button = banner(admin, order)
    assert headline.startswith("The last payment was declined. 60.00 USD from Visa ••1111. Declined.")
    assert button == "Take payment"
    emulator.send(f"/orders/{order['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"})
    assert banner(admin, order)[0] == "Paid. Nothing is shipped yet."


@pytest.mark.parametrize(
    ("status", "headline"),
    [
        ("pending", "A refund is on its way: 5.00 USD. The money has not moved yet."),
        ("failed", "A refund failed: 5.00 USD. The money did not move."),
    ],
)
def test_a_refund_that_is_not_through_is_said_before_what_is_to_ship(
    status: str, headline: str, admin: Client, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    give_back(emulator, order, 500, status)
    said, also, button = banner(admin, order)
    assert said.startswith(headline)
    assert also == ["Paid. Nothing is shipped yet."]
    assert button == ("" if status == "pending" else "Refund")


def test_a_canceled_refund_is_not_called_failed(admin: Client, emulator: Emulator) -> None:
    said, _, button = banner(admin, {"id": emulator.cases()["orders"]["refund_canceled"]})
    assert re.match(r"A refund was canceled: [0-9.,]+ [A-Z]{3}\. The money did not move\.", said)
    assert button == "Refund"


def test_a_refund_that_was_canceled_elsewhere_without_an_event_is_not_on_its_way(
    admin: Client, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    give_back(emulator, order, 500, "pending")
    assert banner(admin, order)[0].startswith("A refund is on its way: 5.00 USD.")
    [sale, *_] = emulator.get(f"/transactions?invoice_id={order['invoice_id']}&type=sale")["data"]
    [refund] = emulator.get(f"/refunds?payment_id={sale['id']}")["data"]
    emulator._control("POST", f"refunds/{refund['id']}", {"status": "canceled"})
    assert banner(admin, order)[0].startswith("A refund was canceled: 5.00 USD. The money did not move.")


def test_a_failed_refund_is_made_good_by_a_later_one_of_its_payment(admin: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2))
    give_back(emulator, order, 500, "failed")
    give_back(emulator, order, 500, "succeeded")
    assert banner(admin, order)[0] == "Paid. Nothing is shipped yet. 5.00 USD was refunded."


PART_PAID = {"status": "partially_paid", "total": 6000, "amount_paid": 4000, "amount_due": 2000}
PAID = {"status": "paid", "total": 6000, "amount_paid": 6000, "amount_due": 0}
SHIPPED = PAID | {"fulfillment_status": "fulfilled"}


@pytest.mark.parametrize(
    ("amounts", "refunded", "said"),
    [
        (PART_PAID, 0, "20.00 USD is still due. 40.00 USD of 60.00 USD is paid."),
        (PART_PAID, 1500, "20.00 USD is still due. 40.00 USD of 60.00 USD is paid. 15.00 USD was refunded."),
        (PART_PAID, 4000, "20.00 USD is still due. 40.00 USD of 60.00 USD is paid. Everything paid was refunded."),
        (PAID, 1500, "Paid. Nothing is shipped yet. 15.00 USD was refunded."),
        (PAID | {"fulfillment_status": "partial"}, 1500, "Paid. Some lines are not shipped yet. 15.00 USD was ref"),
        (SHIPPED, 1500, "Finished. Paid, and nothing is left to ship. 15.00 USD was refunded."),
        (SHIPPED, 6000, "Finished. Paid, and nothing is left to ship. Everything paid was refunded."),
        (PAID, 6000, "RevKeen’s data for this order is contradictory. Status “paid”, fulf"),
        (PAID | {"status": "canceled"}, 1500, "Canceled. 45.00 USD was received and is not refunded."),
        (PAID | {"status": "canceled"}, 6000, "Canceled. Nothing is left to do."),
        (PAID | {"status": "refunded"}, 1500, "RevKeen’s data for this order is contradictory. Status “ref"),
        (PAID | {"status": "refunded"}, 6000, "Refunded in full. Nothing is left to do."),
    ],
)  # fmt: skip
def test_where_money_came_in_the_banner_says_what_of_it_went_back(amounts: Order, refunded: int, said: str) -> None:
    order = an_order(**{"fulfillment_status": "unfulfilled", **amounts, "amount_refunded": refunded})
    plain = plain_state(order)
    assert plain is not None
    assert f"{plain.headline} {plain.detail}".startswith(said)
    assert plain.done == (said.startswith("Finished.") or said.endswith("Nothing is left to do."))


def test_the_page_of_a_part_paid_order_says_what_of_it_is_refunded(admin: Client, emulator: Emulator) -> None:
    order = emulator.make_order()
    token = {"payment_token": f"tok_approve_{uuid.uuid4().hex}"}
    order = emulator.send(f"/orders/{order['id']}/pay", {"amount": 4000, **token})
    give_back(emulator, order, 1500, "succeeded")
    headline, also, button = banner(admin, order)
    assert headline == "20.00 USD is still due. 40.00 USD of 60.00 USD is paid. 15.00 USD was refunded."
    assert (also, button) == ([], "Take payment")


def test_failed_partner_updates_are_said_instead_of_finished(
    admin: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind)
    order = paid_order(emulator, ("Tent", 2))
    [shipment] = send_off(northwind, jonas, order, parcel(order, 2))
    for destination in ("digital_river", "order_protection"):
        partner_update_of(shipment, destination, state=PartnerUpdate.State.FAILED)
    headline, also, _ = banner(admin, order)
    assert headline.startswith("2 partner updates failed. Shipment 1 to Digital River, Shipment 1 to OrderProtection.")
    assert also == []
    partner_update_of(shipment, "digital_river", state=PartnerUpdate.State.SENT)
    partner_update_of(shipment, "order_protection", state=PartnerUpdate.State.IN_DOUBT)
    assert banner(admin, order)[0].startswith("A partner update is in doubt.")
    partner_update_of(shipment, "order_protection", state=PartnerUpdate.State.SENT)
    assert banner(admin, order)[0] == "Finished. Paid, and nothing is left to ship."


def test_updates_that_wait_because_revkeen_refused_are_not_called_failed(
    admin: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind)
    order = paid_order(emulator, ("Tent", 2))
    emulator.fault("respond", "/fulfill$", status=422, body={"error": REFUSAL | {"message": "Not from there"}})
    [shipment] = send_off(northwind, jonas, order, parcel(order, 2))
    headline, also, _ = banner(admin, order)
    assert headline.startswith("RevKeen refused shipment 1. Not from there")
    assert also[0].startswith(
        "2 partner updates are blocked. Shipment 1 to Digital River, Shipment 1 to OrderProtection. "
        "If the parcel shipped, release them; otherwise stop them."
    )
    partner_update_of(shipment, "digital_river", state=PartnerUpdate.State.STOPPED)
    assert banner(admin, order)[1][0].startswith("A partner update is blocked. Shipment 1 to OrderProtection.")


def test_what_a_partner_missed_while_it_was_off_is_said_instead_of_finished_once_it_is_on(
    admin: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind)
    order = paid_order(emulator, ("Tent", 2))
    [shipment] = send_off(northwind, jonas, order, parcel(order, 2))
    partner_update_of(shipment, "digital_river", state=PartnerUpdate.State.OFF)
    partner_update_of(shipment, "order_protection", state=PartnerUpdate.State.SENT)
    assert banner(admin, order)[0].startswith(
        "A partner update was not sent. Shipment 1 to Digital River: off when it shipped, now on again. Send it now."
    )
    Connection.objects.filter(provider="digital_river").update(active=False)
    assert banner(admin, order)[0].startswith("Finished.")


@pytest.mark.parametrize(
    ("units", "said", "proposed"),
    [
        (1, "Paid. Some units are not shipped yet.", "Fulfill"),
        (2, "Paid. Everything shipped from here. RevKeen calls it unfulfilled.", ""),
    ],
)
def test_nothing_is_shipped_is_not_said_where_something_left_from_here(
    units: int,
    said: str,
    proposed: str,
    admin: Client,
    northwind: Merchant,
    jonas: User,
    emulator: Emulator,
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    send_off(northwind, jonas, order, parcel(order, units))
    emulator.patch("orders", order["id"], status="paid", fulfillment_status="unfulfilled")
    headline, _, button = banner(admin, order)
    assert (headline, button) == (said, proposed)


def test_a_parcel_that_revkeen_refused_is_said_on_the_order_and_in_to_fulfill_until_it_is_sent_anew(
    admin: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    emulator.fault("respond", "/fulfill$", status=422, body={"error": REFUSAL | {"message": "Not from there"}})
    send_off(northwind, jonas, order, parcel(order, 2))
    headline, also, button = banner(admin, order)
    assert headline.startswith("RevKeen refused shipment 1. Not from there")
    assert also == ["Paid. Nothing is shipped yet."]
    assert button == "Fulfill"
    assert "Refused by RevKeen" in _row(admin, order)
    send_off(northwind, jonas, order, parcel(order, 1))
    assert "RevKeen refused" in banner(admin, order)[0]
    send_off(northwind, jonas, order, parcel(order, 1))
    assert banner(admin, order)[0].startswith("Finished.")


def test_a_parcel_that_revkeen_was_not_told_of_is_said_instead_of_finished(
    admin: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    [shipment] = send_off(northwind, jonas, order, parcel(order, 2))
    Shipment.objects.filter(pk=shipment.pk).update(unreported_since=Now())
    headline, also, _ = banner(admin, order)
    assert headline.startswith("RevKeen was not notified about shipment 1. It shipped anyway.")
    assert also == []


def _row(client: Client, order: Order) -> str:
    page = client.post("/northwind/live/to-fulfill/", follow=True).content.decode()
    return next(row for row in re.findall(r"(?s)<tr .*?</tr>", page) if order["id"] in row)


def test_units_that_were_given_up_and_paid_wait_for_a_refund_of_their_share(
    admin: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 3))
    send_off(northwind, jonas, order, parcel(order, 1), parcel(order, 2, reason="Out of stock"))
    headline, also, button = banner(admin, order)
    assert headline.startswith(
        "2 units will never be shipped. 20.00 USD was paid for them, and 0.00 USD is refunded or on its way."
    )
    assert also == []
    assert button == "Refund"
    give_back(emulator, order, 1500, "pending")
    assert banner(admin, order)[1] == [
        "2 units will never be shipped. 20.00 USD was paid for them, and 15.00 USD is refunded or on its way. "
        "Finance can refund the rest. View"
    ]
    give_back(emulator, order, 500, "succeeded")
    assert banner(admin, order)[0].startswith("A refund is on its way: 15.00 USD.")
    assert banner(admin, order)[1] == []


def test_a_part_that_cannot_be_read_keeps_an_order_from_being_called_finished(
    admin: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    send_off(northwind, jonas, order, parcel(order, 2))
    emulator.fault("error", "/transactions", times=4)
    assert banner(admin, order)[0].startswith("Its payments could not be read.")
    emulator.clear_faults()
    assert banner(admin, order)[0].startswith("Finished.")


def test_the_worst_comes_first_and_the_others_follow_in_their_order(
    admin: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    connect_partners(northwind)
    order = paid_order(emulator, ("Tent", 3))
    give_back(emulator, order, 100, "pending")
    give_back(emulator, order, 200, "failed")
    [shipment, _] = send_off(northwind, jonas, order, parcel(order, 1), parcel(order, 1, reason="Out of stock"))
    partner_update_of(shipment, "digital_river", state=PartnerUpdate.State.FAILED)
    PartnerUpdate.objects.exclude(shipment=shipment, destination="digital_river").update(state=PartnerUpdate.State.SENT)
    emulator.patch("orders", order["id"], tax=7, fulfillment_status="teleported")
    headline, also, button = banner(admin, order)
    found = [headline, *also]
    begins = (
        "The amounts do not add up.",
        "A partner update failed.",
        "A refund failed: 2.00 USD.",
        "A refund is on its way: 1.00 USD.",
        "1 unit will never be shipped.",
        "RevKeen returned a fulfillment status we do not know.",
    )
    assert [said[: len(begin)] for said, begin in zip(found, begins, strict=True)] == list(begins)
    assert button == ""


def test_each_condition_is_in_the_list_once() -> None:
    assert len(set(CONDITIONS)) == len(CONDITIONS)


def test_while_a_change_holds_the_order_what_is_open_besides_is_said_without_buttons(
    admin: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    give_back(emulator, order, 500, "failed")
    emulator.fault("disconnect", "/fulfill$", after_work=True)
    send_off(northwind, jonas, order, parcel(order, 1))
    send_off(northwind, jonas, order, parcel(order, 1))
    headline, also, button = banner(admin, order)
    assert headline == "Also open:"
    assert also[0].startswith("A refund failed: 5.00 USD.")
    assert button == ""
