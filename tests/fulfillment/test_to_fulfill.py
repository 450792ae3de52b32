"""To fulfill: the paid orders that wait, the oldest first, with what is left of them."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from orders.models import Connection, CustomerCopy, IndexState, Merchant, OrderLock, User
from orders.services.fulfillment import to_fulfill, waiting_orders
from orders.services.picking import batches
from orders.views.fulfillment import to_fulfill as page_of
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.pages import text
from tests.support.parcels import paid_order, parcel, send_off

pytestmark = pytest.mark.database

PAGE = "/northwind/live/to-fulfill/"
HOSTILE = '"><script>window.pwned=1</script>'


@pytest.fixture
def client(jonas: User) -> Client:
    return sign_in(jonas)


@pytest.fixture
def nothing_waits(emulator: Emulator) -> None:
    """The orders that the emulator begins with have left."""
    for order in emulator.orders("limit=100&status=paid"):
        emulator.patch("orders", order["id"], fulfillment_status="fulfilled", status="fulfilled")


def shown(client: Client, page: str = PAGE) -> str:
    answer = client.get(page)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(client: Client, page: str = PAGE) -> dict[str, str]:
    """Order id → what its row says."""
    row = r'<tr role="row">\s*(?:<td role="cell" class="tick">\s*<input[^>]*>\s*</td>\s*)?<th role="rowheader".*?</tr>'
    found = re.findall(row, shown(client, page), re.DOTALL)
    return {re.search(r"/orders/([^/]+)/", row)[1]: text(row) for row in found}  # type: ignore[index]


@pytest.mark.usefixtures("nothing_waits")
def test_the_oldest_stands_first_with_lines_units_and_customer(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    customer_id = emulator.cases()["customers"]["wallet_0"]["id"]
    CustomerCopy.objects.create(merchant=northwind, mode="live", customer_id=customer_id, name="Ana Figueiredo")
    newer = paid_order(emulator, ("Tent", 2), ("Rope", 3), customer_id=customer_id)
    older = paid_order(emulator, ("Lamp", 1))
    emulator.patch("orders", older["id"], paid_at="2024-01-01T00:00:00Z")
    emulator.make_order()  # not paid
    found = rows(client)
    assert list(found) == [older["id"], newer["id"]]
    assert f"{older['public_id']} Guest Lamp 1 of 1 1 of 1 1 Jan 2024" in found[older["id"]]
    assert f"{newer['public_id']} Ana Figueiredo Tent and 1 more 2 of 2 5 of 5 Today" in found[newer["id"]]
    assert re.search(f'/{older["id"]}/fulfill/"[^>]*>Fulfill the oldest', shown(client))
    assert "2 orders, 6 units left." in text(shown(client))


@pytest.mark.usefixtures("nothing_waits")
def test_what_left_from_here_is_counted_at_once_though_the_search_is_kept(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2), ("Rope", 3))
    assert "2 of 2 5 of 5" in rows(client)[order["id"]]
    send_off(northwind, jonas, order, parcel(order, 1))
    emulator.forget_calls()
    assert "Part fulfilled 2 of 2 4 of 5" in rows(client)[order["id"]]
    assert emulator.calls() == []
    send_off(northwind, jonas, order, parcel(order, 1, 2))
    assert "1 of 2 1 of 5" in rows(client)[order["id"]]
    send_off(northwind, jonas, order, parcel(order, 0, 1, reason="Out of stock"))
    assert rows(client) == {}
    assert "1 more has nothing left to ship" in text(shown(client))


@pytest.mark.usefixtures("nothing_waits")
def test_of_what_left_elsewhere_only_the_most_that_can_be_left_is_known(client: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2), ("Rope", 3))
    body = {"line_item_ids": [order["line_items"][0]["id"]], "notify_customer": False}
    emulator.send(f"/orders/{order['id']}/fulfill", body)
    assert "Part fulfilled 2 of 2 at most 5 of 5" in rows(client)[order["id"]]


@pytest.mark.usefixtures("nothing_waits")
def test_an_order_that_another_change_holds_is_marked_and_not_offered(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    OrderLock.objects.create(merchant=northwind, mode="live", order_id=order["id"], plan_id=uuid.uuid4())
    page = shown(client)
    assert "Locked" in rows(client)[order["id"]]
    assert f"/orders/{order['id']}/fulfill/" not in page
    assert "Fulfill the oldest" not in page


@pytest.mark.usefixtures("nothing_waits")
def test_it_is_kept_for_half_a_minute_unless_it_is_read_anew(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    assert "Nothing to fulfill" in shown(client)
    order = paid_order(emulator, ("Tent", 2))
    assert "Nothing to fulfill" in shown(client)
    answer = client.post(PAGE)
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    assert list(rows(client)) == [order["id"]]
    caches["copies"].clear()
    assert list(rows(client)) == [order["id"]]


def test_what_one_merchant_or_mode_found_is_not_shown_for_another(
    client: Client, kestrel: Merchant, emulator: Emulator
) -> None:
    live = rows(client)
    test = rows(client, "/northwind/test/to-fulfill/")
    other = rows(sign_in(make_person("k@kestrel.example", kestrel, "operations")), "/kestrel/live/to-fulfill/")
    assert live
    assert test
    assert not set(live) & set(test)
    assert not set(live) & set(other)


def test_it_says_how_fresh_it_is_and_when_all_was_looked_at(client: Client, emulator: Emulator) -> None:
    paid = len(emulator.orders("limit=100&status=paid"))
    assert f"All {paid} paid orders were checked" in text(shown(client))
    assert re.search(r"Live, as of\s+<time [^>]*>\d\d:\d\d:\d\d \w+</time>", shown(client))


def test_it_says_where_it_stopped_looking(client: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(to_fulfill, "PAGES", 1)
    monkeypatch.setattr("orders.apis.revkeen.reads.LARGEST_PAGE", 5)
    emulator.forget_calls()
    assert "Only the newest 5 paid orders were checked; there are older ones" in text(shown(client))
    assert len(emulator.calls()) == 1


def test_many_are_shown_page_by_page(client: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = list(rows(client))
    monkeypatch.setattr(page_of, "ROWS", 2)
    assert list(rows(client)) == everything[:2]
    assert list(rows(client, f"{PAGE}?page=2")) == everything[2:4]
    assert list(rows(client, f"{PAGE}?page=x")) == everything[:2]


def test_more_than_are_listed_or_go_at_once_is_said_before_anything_is_pressed(
    client: Client, northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_everything(northwind)
    monkeypatch.setattr(waiting_orders, "MOST", 3)
    monkeypatch.setattr(page_of, "ROWS", 2)
    page = text(shown(client))
    assert "More orders wait than are listed here: only the oldest 3." in page
    assert "All 3 of this view" in page
    assert "Create batch of 3 orders" in page
    monkeypatch.setattr(batches, "MOST", 2)
    page = text(shown(client))
    assert "A batch has at most 2 orders." in page
    assert "Create batch of" not in page


def test_without_revkeen_the_last_copy_is_shown_or_the_error(client: Client, emulator: Emulator) -> None:
    before = list(rows(client))
    _forget_the_search(caches["copies"])
    emulator.fault("error", times=100)
    assert list(rows(client)) == before
    assert "You see the copy as of" in shown(client)
    caches["copies"].clear()
    answer = client.get(PAGE)
    assert answer.status_code in (502, 503)
    assert "RevKeen" in text(answer.content.decode())
    assert client.post(PAGE).status_code == 303


def _forget_the_search(cache: Any) -> None:
    """The half minute is over; the copies are kept for a day."""
    for connection in Connection.objects.all():
        cache.delete(f"to-fulfill:{to_fulfill.SHAPE}:{connection.pk}")


@pytest.mark.usefixtures("nothing_waits")
def test_an_order_without_lines_and_hostile_texts_are_shown_as_they_are(client: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, ("Tent", 2))
    emulator.patch("orders", order["id"], line_items=None)
    hostile = paid_order(emulator, (HOSTILE, 1))
    emulator.patch("orders", hostile["id"], public_id=HOSTILE)
    page = shown(client)
    assert set(rows(client)) == {order["id"], hostile["id"]}
    assert "not sent" in rows(client)[order["id"]]
    assert "<script>window" not in page


def test_who_may_not_fulfill_sees_what_waits_and_no_button(viewer: Client, emulator: Emulator) -> None:
    page = shown(viewer)
    assert rows(viewer)
    assert "/fulfill/" not in page
    assert f'<a href="{PAGE}" aria-current="page">' in page


@pytest.mark.usefixtures("nothing_waits")
def test_after_the_last_one_next_leads_here(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    send_off(northwind, jonas, order, parcel(order, 2))
    answer = client.get(f"/northwind/live/orders/{order['id']}/next-to-fulfill/", follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Nothing else to fulfill." in answer.content.decode()


@pytest.mark.usefixtures("nothing_waits")
def test_the_index_has_all_of_them_the_oldest_first_and_revkeen_is_not_asked(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_fulfill, "PAGES", 0)
    newer, older = paid_order(emulator, ("Tent", 2)), paid_order(emulator, ("Lamp", 1))
    emulator.patch("orders", older["id"], paid_at="2024-01-01T00:00:00Z")
    strange = paid_order(emulator, ("Rope", 1))
    emulator.patch("orders", strange["id"], fulfillment_status="on_a_ship")
    index_everything(northwind)
    emulator.forget_calls()
    assert list(rows(client)) == [older["id"], newer["id"]]
    page = text(shown(client))
    assert "Index, as of" in page
    assert "To fulfill 2 orders" in page
    assert "Unknown fulfillment status" in page
    assert emulator.calls() == []
    send_off(northwind, jonas, newer, parcel(newer, 2))
    assert list(rows(client)) == [older["id"]]


@pytest.mark.usefixtures("nothing_waits")
def test_an_index_that_nobody_keeps_fresh_stands_in_only_while_revkeen_does_not_answer(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    index_everything(northwind)
    hours_ago = timezone.now() - timedelta(hours=2)
    IndexState.objects.update(as_of=hours_ago)
    assert "Live, as of" in text(shown(client))
    caches["copies"].clear()
    emulator.fault("error", times=100)
    assert list(rows(client)) == [order["id"]]
    assert "Index, as of" in text(shown(client))
    assert "You see the copy as of" in text(shown(client))
    assert f"/{order['id']}/fulfill/" not in shown(client), "it would only fail"


@pytest.mark.usefixtures("nothing_waits")
def test_as_soon_as_the_worker_has_no_answer_the_queue_says_so(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = paid_order(emulator, ("Tent", 2))
    index_everything(northwind)
    IndexState.objects.update(wait_until=timezone.now() + timedelta(seconds=30))
    assert f"/{order['id']}/fulfill/" in shown(client), "RevKeen answers again"
    caches["copies"].clear()
    emulator.fault("error", times=100)
    assert "You see the copy as of" in text(shown(client))
