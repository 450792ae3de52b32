"""What is shown of a shipment: on its order, system by system, and on its own page; and what a person does there."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from orders import shipped_units
from orders.models import Connection, EventLog, Merchant, Operation, PartnerUpdate, PartnerUpdateAttempt, Shipment, User
from orders.services.fulfillment import undo
from orders.services.partners import directory
from orders.templatetags import figures
from orders.views.fulfillment import update_words
from tests.conftest import make_merchant, make_person, sign_in
from tests.support.emulation import REFUSAL, Emulator
from tests.support.moments import clock
from tests.support.parcels import connect_partners, paid_order, parcel, partner_update_of, send_off
from tests.support.parcels import order as order

State = PartnerUpdate.State
HOSTILE = '"><script>window.pwned=1</script>'
UPS = (("1Z999AA10123456784", "https://www.ups.com/track?tracknum=1Z999AA10123456784"),)


@pytest.fixture
def mara(northwind: Merchant, emulator: Emulator) -> User:
    return make_person("mara@northwind.example", northwind, "operations")


@pytest.fixture
def client(mara: User) -> Client:
    return sign_in(mara)


@pytest.fixture
def connected(northwind: Merchant) -> Merchant:
    connect_partners(northwind)
    return northwind


@pytest.fixture
def shipment(connected: Merchant, mara: User, order: dict[str, Any]) -> Shipment:
    """Both tents and one rope, with UPS; RevKeen took it, the partners wait."""
    (sent,) = send_off(connected, mara, order, parcel(order, 2, 1, carrier="ups", tracking=UPS))
    return sent


def order_page(client: Client, order: dict[str, Any]) -> str:
    return client.get(f"/northwind/live/orders/{order['id']}/").content.decode()


def page_of(client: Client, shipment: Shipment) -> str:
    return client.get(f"/northwind/live/shipments/{shipment.pk}/").content.decode()


def rows(page: str) -> dict[str, str]:
    """What the first card says of each system, as text."""
    table = re.search(r'<table class="ledger stack dest".*?</table>', page, re.DOTALL)
    assert table, page
    found = re.findall(r'<tr role="row">\s*<th role="rowheader".*?>(.*?)</th>(.*?)</tr>', table[0], re.DOTALL)
    return {name: _text(cells) for name, cells in found}


def _text(cells: str) -> str:
    """Without what its buttons say."""
    cells = re.sub(r"<(a class=\"btn|button).*?</(a|button)>", "", cells, flags=re.DOTALL)
    return re.sub(r" (?=[.,:;])", "", " ".join(re.sub(r"<[^>]+>", " ", cells).split()))


# On the order


def test_a_card_has_tracking_lines_and_who_and_a_row_for_each_system(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    page = order_page(client, order)
    assert f'<a class="mono" href="{UPS[0][1]}" rel="noreferrer">{UPS[0][0]}</a>' in page
    assert "2 of 2 × <bdi>Tent</bdi>" in page
    assert "1 of 3 × <bdi>Rope</bdi>" in page
    assert "by <bdi>Mara</bdi>" in page
    told = rows(page)
    assert list(told) == ["RevKeen", "Digital River", "OrderProtection"]
    assert shipment.operation
    assert told["RevKeen"] == f"Sent {clock(shipment.operation.ended_at, shipment.merchant)}, 1 line"
    assert told["Digital River"] == "Waiting Sends in a moment."


def test_every_tracking_number_of_a_parcel_has_its_link(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    numbers = tuple((f"NUMBER-{place}", f"https://track.example/{place}") for place in range(10))
    send_off(northwind, mara, order, parcel(order, 1, carrier="Bike courier", tracking=numbers))
    page = order_page(client, order)
    for number, address in numbers:
        assert f'<a class="mono" href="{address}" rel="noreferrer">{number}</a>' in page


def test_a_system_that_is_not_connected_is_named_as_that(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    connect_partners(northwind, "order_protection")
    send_off(northwind, mara, order, parcel(order, 2))
    told = rows(order_page(client, order))
    assert told["Digital River"].startswith("Not connected")
    assert told["OrderProtection"].startswith("Waiting")


@pytest.mark.database
def test_part_of_a_line_is_told_to_revkeen_when_the_rest_of_it_leaves(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    (first,) = send_off(northwind, mara, order, parcel(order, 0, 2))
    assert (
        rows(order_page(client, order))["RevKeen"]
        == "Waiting It only takes whole lines: sent when the rest of Rope ships."
    )
    send_off(northwind, mara, order, parcel(order, 0, 1))
    assert rows(page_of(client, first))["RevKeen"] == "Not needed Sent with shipment 2."


def test_a_line_says_how_many_of_its_units_have_left(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    send_off(northwind, mara, order, parcel(order, 2, 1))
    send_off(northwind, mara, order, parcel(order, 0, 1, reason="Out of stock"))
    page = order_page(client, order)
    assert "Shipped</span> in <a" in page
    assert "1 of 3 shipped, 1 canceled</span> in <a" in page
    assert len(re.findall(r">shipment 2</a>\s*</small>", page)) == 1


@pytest.mark.database
def test_units_given_up_are_told_to_digital_river_alone(
    client: Client, connected: Merchant, mara: User, order: dict[str, Any]
) -> None:
    send_off(connected, mara, order, parcel(order, 0, 1, reason="Out of stock"))
    page = order_page(client, order)
    told = rows(page)
    assert told["RevKeen"].startswith("Not needed")
    assert told["Digital River"].startswith("Waiting")
    assert told["OrderProtection"].startswith("Not needed")
    assert "<dt>Reason</dt><dd><bdi>Out of stock</bdi></dd>" in page


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            {"state": State.WAITING, "failures": 5, "status": 503},
            r"Failing 503, 5 times\. Next try at {at}\.",
        ),
        (
            {"state": State.FAILED, "failures": 1, "status": 409, "code": "quantity_too_large", "message": "Too many."},
            r"Failed 409 quantity_too_large: Too many\. Not retried until someone sends it again\.",
        ),
        (
            {"state": State.WAITING, "next_try_at": timezone.now() - timedelta(hours=1)},
            r"Waiting Due since {at}: waiting for an earlier update of this order, or for a worker\.",
        ),
        ({"state": State.SENDING}, "Sending"),
        (
            {"state": State.IN_DOUBT, "message": "The answer did not come in time."},
            r"In doubt The answer did not come in time\. It may have arrived: we check Digital River at {at} "
            r"and send again only if it is not there\.",
        ),
        ({"state": State.SENT, "sent_at": Now(), "sent_version": 1}, "Sent {at}$"),
        ({"state": State.STOPPED, "stopped_by": "Mara", "reason": "By hand"}, "Stopped By Mara: By hand"),
    ],
)
def test_each_state_of_a_partner_update_says_what_happened_and_what_comes_next(
    facts: dict[str, Any], expected: str, client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    later = {"next_try_at": timezone.now() + timedelta(minutes=10)}
    partner_update = partner_update_of(shipment, "digital_river", **later | facts)
    at = clock(partner_update.sent_at or partner_update.next_try_at, shipment.merchant)
    said = rows(order_page(client, order))["Digital River"]
    assert re.match(expected.replace("{at}", re.escape(at)), said), said


def test_a_parcel_that_revkeen_refuses_is_held_back_from_the_partners(
    client: Client, connected: Merchant, mara: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("respond", "/fulfill$", status=422, body={"error": REFUSAL})
    send_off(connected, mara, order, parcel(order, 2))
    page = order_page(client, order)
    assert "Not shipped" in page
    told = rows(page)
    assert told["RevKeen"] == "Refused Not today"
    assert told["Digital River"].startswith("Blocked RevKeen refused it: Not today. Release or stop")
    assert page.count('aria-label="Release shipment 1 to') == 2


def test_days_left_to_claim_count_from_when_the_parcel_left(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    partner_update_of(shipment, "order_protection", state=State.SENT, sent_at=Now(), sent_version=1)
    assert rows(order_page(client, order))["OrderProtection"].endswith("shipped; 44 days left to claim")
    Shipment.objects.filter(pk=shipment.pk).update(shipped_at=timezone.now() - timedelta(days=45, minutes=1))
    assert rows(order_page(client, order))["OrderProtection"].endswith("shipped; no longer possible to claim")


@pytest.mark.parametrize(("days", "left"), [(0, 45), (44, 1), (45, 0)])
def test_the_claim_window_is_counted_in_whole_days(days: int, left: int) -> None:
    now = timezone.now()
    assert update_words.claim_days_left(Shipment(shipped_at=now - timedelta(days=days)), now) == left


# While it is held, and undone


def test_a_parcel_on_hold_can_be_undone_and_says_when_it_goes(
    client: Client, connected: Merchant, mara: User, order: dict[str, Any], emulator: Emulator
) -> None:
    connected.undo_seconds = 60
    connected.save()
    emulator.forget_calls()
    (held,) = send_off(connected, mara, order, parcel(order, 2))
    page = order_page(client, order)
    assert re.search(r'<strong data-goes-in="(59|60)">Sending at <time', page)
    assert f'action="/northwind/live/fulfillments/{held.fulfillment_id}/undo/"' in page
    assert {text.partition(" Sends at")[0] for text in rows(page).values()} == {"Undo window"}
    assert 'hx-trigger="every 2s"' in page
    undo.undo(held.fulfillment, mara)
    page = order_page(client, order)
    assert "Undone by <bdi>Mara</bdi> at <time" in page
    assert "no system was notified" in page
    assert [call for call in emulator.calls() if call["method"] == "POST"] == []


def test_the_cards_refresh_themselves_only_while_a_machine_is_at_work(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    address = f"/northwind/live/orders/{order['id']}/shipments/"
    htmx = {"HX-Request": "true", "HX-Target": "shipments"}
    assert 'hx-trigger="every 2s"' in client.get(address, headers=htmx).content.decode()
    for destination in PartnerUpdate.Destination:
        partner_update_of(shipment, destination, next_try_at=timezone.now() + timedelta(minutes=10))
    assert 'hx-trigger="every 15s"' in client.get(address, headers=htmx).content.decode()
    partner_update_of(shipment, "digital_river", state=State.FAILED)
    partner_update_of(shipment, "order_protection", state=State.SENT, sent_version=1)
    ended = client.get(address, headers=htmx).content.decode()
    assert "hx-trigger" not in ended
    assert 'data-announce="Shipment 1, Digital River: Failed."' in ended
    assert client.get(address)["Location"] == f"/northwind/live/orders/{order['id']}/"


@pytest.mark.database
def test_the_refreshed_cards_cost_no_call_and_few_queries(
    client: Client,
    connected: Merchant,
    mara: User,
    emulator: Emulator,
    django_assert_max_num_queries: Any,
) -> None:
    order = paid_order(emulator, ("Tent", 20))
    for _ in range(6):
        send_off(connected, mara, order, parcel(order, 1))
    emulator.forget_calls()
    with django_assert_max_num_queries(14):
        client.get(
            f"/northwind/live/orders/{order['id']}/shipments/", headers={"HX-Request": "true", "HX-Target": "shipments"}
        )
    assert emulator.calls() == []


# Its own page


def test_its_page_has_all_fields_and_the_costs_in_their_currency(
    client: Client, connected: Merchant, mara: User, order: dict[str, Any]
) -> None:
    made = parcel(order, 2, carrier="ups", tracking=UPS, partner_id="P-7", cost_currency="JPY", metadata={"pallet": 4})
    items = [type(item)(item.line_id, item.quantity, 1200, 345, "SUB-1", "SI-1") for item in made.items]
    (sent,) = send_off(connected, mara, order, type(made)(**{**made.__dict__, "items": tuple(items)}))
    page = page_of(client, sent)
    for text in ("P-7", "pallet", ">1,200<", ">345<", "Costs in JPY", "SUB-1", "SI-1", str(sent.reference)):
        assert text in page


def test_what_was_answered_is_shown_and_its_bodies_to_whom_raw_data_is(
    client: Client, admin: Client, shipment: Shipment
) -> None:
    PartnerUpdateAttempt.objects.create(
        partner_update=partner_update_of(shipment, "digital_river"),
        what="create",
        version=1,
        body={"orderId": "secret-body"},
        status=409,
        code="quantity_too_large",
        message=f"Too many {HOSTILE}",
        answer=f"secret-answer {HOSTILE}",
        request_id="req-9",
    )
    page = page_of(client, shipment)
    assert "409 <bdi" in page
    assert "quantity_too_large" in page
    assert "req-9" in page
    assert "<script>window" not in page
    assert "secret-" not in page
    raw = page_of(admin, shipment)
    assert "secret-body" in raw
    assert "secret-answer" in raw
    assert "<script>window" not in raw


@pytest.mark.parametrize("page", ["", "correct/"])
def test_a_shipment_of_another_merchant_or_mode_is_not_there(
    page: str, client: Client, shipment: Shipment, emulator: Emulator
) -> None:
    make_merchant("Kestrel Outdoor", "kestrel", "America/Denver")
    other = sign_in(make_person("sam@kestrel.example", Merchant.objects.get(slug="kestrel"), "admin"))
    assert other.get(f"/kestrel/live/shipments/{shipment.pk}/{page}").status_code == 404
    assert client.get(f"/northwind/test/shipments/{shipment.pk}/{page}").status_code == 404
    assert client.get(f"/northwind/live/shipments/{10**30}/{page}").status_code == 404


@pytest.mark.parametrize("action", ["send-again", "stop", "release"])
def test_a_partner_update_of_another_merchant_is_not_there(action: str, shipment: Shipment, emulator: Emulator) -> None:
    kestrel = make_merchant("Kestrel Outdoor", "kestrel", "America/Denver")
    other = sign_in(make_person("sam@kestrel.example", kestrel, "admin"))
    partner_update = partner_update_of(shipment, "digital_river", state=State.FAILED)
    answer = other.post(
        f"/kestrel/live/partner-updates/{partner_update.pk}/{action}/", {"reason": "No", "confirmed": "yes"}
    )
    assert answer.status_code == 404
    partner_update.refresh_from_db()
    assert partner_update.state == State.FAILED


def test_a_viewer_sees_all_of_it_and_changes_nothing(viewer: Client, shipment: Shipment, order: dict[str, Any]) -> None:
    partner_update = partner_update_of(shipment, "digital_river", state=State.FAILED)
    page = page_of(viewer, shipment)
    assert "Failed" in page
    for word in ("Send again", "Stop trying", "Correct tracking", "Set status"):
        assert word not in page
        assert word not in order_page(viewer, order)
    for path in (
        f"partner-updates/{partner_update.pk}/stop/",
        f"shipments/{shipment.pk}/correct/",
        "shipments/statuses/",
    ):
        assert viewer.post(f"/northwind/live/{path}", {"reason": "No"}).status_code == 403


# One partner update


def act(client: Client, partner_update: PartnerUpdate, action: str, **sent: str) -> Any:
    return client.post(f"/northwind/live/partner-updates/{partner_update.pk}/{action}/", sent)


@pytest.mark.database
def test_a_failed_partner_update_is_sent_again_and_it_is_said_by_whom(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    partner_update = partner_update_of(shipment, "digital_river", state=State.FAILED, failures=9, status=409)
    answer = act(client, partner_update, "send-again")
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/northwind/live/orders/{order['id']}/#shipment-{shipment.pk}",
    )
    partner_update.refresh_from_db()
    assert (partner_update.state, partner_update.failures, partner_update.by_hand) == (State.WAITING, 0, True)
    page = order_page(client, order)
    assert "Partner update sent again: Shipment 1 of" in page
    assert EventLog.objects.get(kind="partner_update_sent_again").order_id == shipment.order_id


def test_the_timeline_does_not_say_that_what_is_only_read_first_was_sent(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    partner_update = partner_update_of(shipment, "digital_river", state=State.IN_DOUBT, doubtful=True)
    act(client, partner_update, "send-again", confirmed="yes")
    assert "checked there first, and sent only if it is not there" in order_page(client, order)


def test_sent_again_before_revkeen_has_it_is_said_as_that(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    partner_update = partner_update_of(shipment, "digital_river", state=State.STOPPED)
    Shipment.objects.update(state=Shipment.State.PENDING)
    act(client, partner_update, "send-again")
    partner_update.refresh_from_db()
    assert partner_update.state == State.FOR_REVKEEN
    assert "Shipment 1 to Digital River will be sent when RevKeen accepts." in order_page(client, order)


def test_one_that_may_have_arrived_is_asked_about_first(client: Client, shipment: Shipment) -> None:
    partner_update = partner_update_of(shipment, "digital_river", state=State.IN_DOUBT, doubtful=True)
    asked = act(client, partner_update, "send-again")
    assert asked.status_code == 422
    assert "captured twice" in asked.content.decode()
    partner_update.refresh_from_db()
    assert not partner_update.by_hand
    assert act(client, partner_update, "send-again", confirmed="yes").status_code == 303
    partner_update.refresh_from_db()
    assert (partner_update.state, partner_update.by_hand, partner_update.doubtful) == (State.IN_DOUBT, True, True)


@pytest.mark.database
@pytest.mark.parametrize("days", [0, 1])
def test_sent_again_while_the_earlier_call_may_be_under_way_it_says_when_it_is_looked_at(
    days: int, client: Client, order: dict[str, Any], shipment: Shipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_at = timezone.now() - timedelta(minutes=4)
    day = sent_at.astimezone(shipment.merchant.zone).date() + timedelta(days=days)
    monkeypatch.setattr(figures, "today", lambda zone: day)
    facts = {"state": State.IN_DOUBT, "doubtful": True, "last_sent_at": sent_at, "attempts": 1}
    partner_update = partner_update_of(shipment, "digital_river", **facts)
    at = clock(sent_at + timedelta(minutes=10), shipment.merchant)
    address = f"/northwind/live/partner-updates/{partner_update.pk}/send-again/"
    asked = _text(client.get(address).content.decode())
    assert f"It may still arrive, so we check Digital River at {at}, not before, and send nothing if" in asked
    act(client, partner_update, "send-again", confirmed="yes")
    said = html.unescape(_text(order_page(client, order)))
    assert "Shipment 1 to Digital River was not sent yet: the earlier request may still arrive." in said
    assert f"We check Digital River at {at}, and send it only if it is not there." in said
    partner_update.refresh_from_db()
    assert partner_update.next_try_at == sent_at + timedelta(minutes=10)


def test_sent_again_after_that_it_says_what_happens_in_a_moment(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    sent_at = timezone.now() - timedelta(minutes=11)
    facts = {"state": State.FAILED, "doubtful": True, "last_sent_at": sent_at, "attempts": 1}
    partner_update = partner_update_of(shipment, "digital_river", **facts)
    act(client, partner_update, "send-again", confirmed="yes")
    assert "may have arrived: we check Digital River in a moment, and send it only if" in order_page(client, order)


def test_sent_again_while_the_partner_is_off_it_says_that_it_waits(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    partner_update = partner_update_of(shipment, "digital_river", state=State.FAILED)
    Connection.objects.filter(provider="digital_river").update(active=False)
    act(client, partner_update, "send-again")
    assert "waits until Digital River is switched on again." in order_page(client, order)


@pytest.mark.database
def test_stopping_needs_a_reason_which_stands_with_the_name(
    client: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    partner_update = partner_update_of(shipment, "digital_river", state=State.FAILED)
    answer = act(client, partner_update, "stop", reason="")
    assert answer.status_code == 422
    assert "Enter a reason." in answer.content.decode()
    assert act(client, partner_update, "stop", reason=f"By hand {HOSTILE}").status_code == 303
    page = order_page(client, order)
    assert rows(page)["Digital River"].startswith("Stopped By Mara: By hand")
    assert "<script>window" not in page
    assert "Partner update stopped: Shipment 1 of" in page


@pytest.mark.database
def test_what_is_held_back_is_released_and_the_parcel_counts_as_left(
    client: Client, connected: Merchant, mara: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("respond", "/fulfill$", status=422, body={"error": REFUSAL})
    (refused,) = send_off(connected, mara, order, parcel(order, 2))
    partner_update = partner_update_of(refused, "digital_river")
    assert act(client, partner_update, "release", confirmed="yes").status_code == 303
    partner_update.refresh_from_db()
    assert partner_update.state == State.WAITING
    assert partner_update_of(refused, "order_protection").state == State.BLOCKED
    refused.refresh_from_db()
    assert refused.state == Shipment.State.LEFT


@pytest.mark.database
def test_what_was_sent_off_anew_cannot_be_released(
    client: Client, connected: Merchant, mara: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("respond", "/fulfill$", status=422, body={"error": REFUSAL})
    (refused,) = send_off(connected, mara, order, parcel(order, 2))
    send_off(connected, mara, order, parcel(order, 2))
    partner_update = partner_update_of(refused, "digital_river", state=State.BLOCKED)
    answer = client.post(
        f"/northwind/live/partner-updates/{partner_update.pk}/release/", {"confirmed": "yes"}, follow=True
    )
    assert "Nothing was changed." in answer.content.decode()
    partner_update.refresh_from_db()
    assert partner_update.state == State.BLOCKED


def test_what_was_stopped_because_it_was_sent_off_anew_is_not_sent_again(
    client: Client, connected: Merchant, mara: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("respond", "/fulfill$", status=422, body={"error": REFUSAL})
    (refused,) = send_off(connected, mara, order, parcel(order, 2))
    send_off(connected, mara, order, parcel(order, 2))
    stopped = partner_update_of(refused, "digital_river")
    assert (stopped.state, stopped.reason) == (State.STOPPED, "The order was fulfilled again.")
    assert f'id="again-{stopped.pk}"' not in order_page(client, order)
    act(client, stopped, "send-again")
    stopped.refresh_from_db()
    assert stopped.state == State.STOPPED


@pytest.mark.database
@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.UNDONE])
@pytest.mark.parametrize("action", ["send-again", "stop", "release"])
def test_what_has_moved_on_is_left_alone(action: str, state: str, client: Client, shipment: Shipment) -> None:
    partner_update = partner_update_of(shipment, "digital_river", state=state)
    act(client, partner_update, action, reason="Why", confirmed="yes")
    partner_update.refresh_from_db()
    assert partner_update.state == state
    assert not EventLog.objects.filter(order_id=shipment.order_id).exists()


# The timeline


def test_the_timeline_tells_of_parcels_that_revkeen_does_not_hear_of(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    send_off(northwind, mara, order, parcel(order, 0, 1, carrier="ups", tracking=UPS))
    send_off(northwind, mara, order, parcel(order, 0, 1, reason="Out of stock"))
    page = re.sub(r"<[^>]+>", "", order_page(client, order))
    assert "Shipment 1: 1 × Rope, UPS 1Z999AA10123456784 · by Mara" in page
    assert "Units canceled: 1 × Rope. Out of stock · by Mara" in page


@pytest.mark.database
def test_the_timeline_tells_who_undid_what(
    client: Client, northwind: Merchant, mara: User, order: dict[str, Any]
) -> None:
    northwind.undo_seconds = 60
    northwind.save()
    (held,) = send_off(northwind, mara, order, parcel(order, 0, 1))
    undo.undo(held.fulfillment, mara)
    assert "Undone: Shipment 1: 1 × Rope · by Mara" in re.sub(r"<[^>]+>", "", order_page(client, order))


def test_an_operation_is_linked_only_for_whom_it_is(
    client: Client, viewer: Client, order: dict[str, Any], shipment: Shipment
) -> None:
    link = f"/northwind/live/journal/{Operation.objects.get().pk}/"
    assert link in order_page(client, order)
    assert link not in order_page(viewer, order)
    assert directory.connected(shipment.merchant, "live")
    assert shipped_units.all_of_order(shipment.merchant, "live", shipment.order_id)
