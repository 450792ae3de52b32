"""Orders on hold: out of what is to be fulfilled, refused where they are shipped, back by themselves on their day."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from orders.models import EventLog, Fulfillment, Hold, Merchant, OrderCopy, User
from orders.services.fulfillment import waiting_orders
from orders.services.handling import holds
from orders.services.handling.holds import OnHold, Why
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.fulfilling import form_token, fulfill
from tests.support.indexed import index_everything
from tests.support.pages import prose
from tests.support.parcels import paid_order, parcel, send_off

QUEUE = "/northwind/live/to-fulfill/"


@pytest.fixture
def client(jonas: User) -> Client:
    return sign_in(jonas)


@pytest.fixture
def two(emulator: Emulator) -> list[dict[str, Any]]:
    """The only orders that wait, the older one first."""
    for order in emulator.orders("limit=100&status=paid"):
        emulator.patch("orders", order["id"], fulfillment_status="fulfilled", status="fulfilled")
    made = [paid_order(emulator, ("Lamp", 1)), paid_order(emulator, ("Tent", 2))]
    emulator.patch("orders", made[0]["id"], paid_at="2024-01-01T00:00:00Z")
    return made


def page_of(order: dict[str, Any], page: str = "") -> str:
    return f"/northwind/live/orders/{order['id']}/{page}"


def put_on_hold(client: Client, order: dict[str, Any], **fields: Any) -> Any:
    return client.post(page_of(order, "hold/"), {"reason": "stock", **fields})


def listed(client: Client, query: str = "") -> list[str]:
    """The numbers of the orders in the table, and nothing of them elsewhere."""
    page = client.get(QUEUE + query).content.decode()
    return re.findall(r'<th role="rowheader".*?>\s*<a class="plain"[^>]*>([^<]+)</a>', page, re.DOTALL)


def tabs(client: Client) -> str:
    page = client.get(QUEUE).content.decode()
    return prose(page.partition('aria-label="Orders that wait">')[2].partition("</nav>")[0])


@pytest.mark.database
def test_an_order_on_hold_leaves_the_queue_and_is_back_by_itself_on_its_day(
    client: Client, northwind: Merchant, two: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    index_everything(northwind)
    until = holds.today(northwind) + timedelta(days=3)
    answer = put_on_hold(client, two[0], note="More on Monday", until=until.isoformat())
    assert (answer.status_code, answer["Location"]) == (303, page_of(two[0]))
    assert listed(client) == [two[1]["public_id"]]
    assert listed(client, "?tab=on_hold") == [two[0]["public_id"]]
    assert tabs(client) == "To fulfill 1 Assigned to me 0 On hold 1"
    words = f"Out of stock until {until.day} {until:%b %Y}: More on Monday"
    assert words in prose(client.get(f"{QUEUE}?tab=on_hold").content.decode())
    page = prose(client.get(page_of(two[0])).content.decode())
    assert f"On hold: {words}." in page
    assert f"Put on hold: {words} · by Jonas" in page
    monkeypatch.setattr(holds, "today", lambda merchant: until)  # a new day begins; nobody did anything
    assert listed(client) == [one["public_id"] for one in two]
    assert tabs(client) == "To fulfill 2 Assigned to me 0 On hold 0"
    assert "On hold:" not in prose(client.get(page_of(two[0])).content.decode()).partition("Timeline")[0]


@pytest.mark.database
def test_next_and_the_count_in_the_navigation_pass_over_what_is_on_hold(
    client: Client, northwind: Merchant, jonas: User, two: list[dict[str, Any]], emulator: Emulator
) -> None:
    third = paid_order(emulator, ("Rope", 1))
    index_everything(northwind)
    holds.hold(northwind, "live", [uuid.UUID(two[1]["id"])], Why("fraud"), jonas)
    caches["process"].clear()
    answer = client.get(page_of(two[0], "next-to-fulfill/"))
    assert answer["Location"] == page_of(third, "fulfill/")
    page = client.get(QUEUE).content.decode()
    assert re.search(r'To fulfill\s*<span class="count"[^>]*>\s*2', page)


@pytest.mark.database
def test_what_waits_is_counted_without_what_is_on_hold_however_many_there_are(
    northwind: Merchant, jonas: User, two: list[dict[str, Any]], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [two[0]["id"], *(paid_order(emulator, ("Rope", 1))["id"] for _ in range(3))]
    index_everything(northwind)
    not_held = OrderCopy.objects.filter(order_id=two[1]["id"])
    holds.hold(northwind, "live", [uuid.uuid4(), *map(uuid.UUID, held)], Why("fraud"), jonas)
    for most in (1, 2, 3, 4, 5000):
        monkeypatch.setattr(waiting_orders, "MOST", most)
        monkeypatch.setattr(waiting_orders._counts, "_by_lengths", {})
        for lines, units, waits in ((True, 1, 1), (True, 0, 0), (False, 0, 1)):
            not_held.update(has_lines=lines, units_left=units)
            assert waiting_orders._count(northwind, "live") == waits


@pytest.mark.database
def test_nothing_of_a_held_order_is_shipped_until_the_hold_is_released_and_units_can_still_be_given_up(
    client: Client, northwind: Merchant, jonas: User, two: list[dict[str, Any]], emulator: Emulator
) -> None:
    put_on_hold(client, two[1])
    page = client.get(page_of(two[1], "fulfill/")).content.decode()
    assert "On hold: Out of stock" in prose(page)
    assert 'name="parcel"' not in page
    with pytest.raises(OnHold):
        send_off(northwind, jonas, two[1], parcel(two[1], 2))
    with pytest.raises(OnHold):  # a parcel of which RevKeen hears nothing
        send_off(northwind, jonas, two[1], parcel(two[1], 1))
    assert not Fulfillment.objects.exists()
    assert not [row for row in emulator.ledger() if row["order_id"] == two[1]["id"] and row["effect"] == "fulfillment"]
    send_off(northwind, jonas, two[1], parcel(two[1], 1, reason="Broken"))
    answer = client.post(page_of(two[1], "release/"), {"back": "order_fulfill"})
    assert answer["Location"] == page_of(two[1], "fulfill/")
    assert send_off(northwind, jonas, two[1], parcel(two[1], 1))


def test_a_form_that_was_open_when_the_order_was_put_on_hold_sends_nothing_and_keeps_what_was_typed(
    client: Client, two: list[dict[str, Any]]
) -> None:
    lines = [two[0]["line_items"][0]["id"]]
    typed = {"form_token": form_token(client, two[0]), f"units-{lines[0]}": "1", "fulfilling": "1:1:1:1"}
    put_on_hold(client, two[0])
    answer = fulfill(client, two[0], lines=lines, carrier="ups", tracking_number="1Z12345E0205271688", **typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was sent. The order is on hold." in prose(page)
    assert "1Z12345E0205271688" in page
    assert not Fulfillment.objects.exists()


def test_a_hold_says_why_and_until_a_day_to_come(client: Client, two: list[dict[str, Any]]) -> None:
    refusals = [
        ({"reason": ""}, "Choose a reason."),
        ({"reason": "weather"}, "Select a valid choice"),
        ({"reason": "other"}, "Say why."),
        ({"until": "2020-01-01"}, "Choose a day after today, within a year."),
        ({"until": "soon"}, "Enter a valid date."),
    ]
    for fields, words in refusals:
        answer = put_on_hold(client, two[0], **fields)
        assert answer.status_code == 422
        assert words in prose(answer.content.decode())
    assert not Hold.objects.exists()


def test_saying_it_again_changes_the_hold_and_each_change_is_on_record_once(
    client: Client, northwind: Merchant, two: list[dict[str, Any]]
) -> None:
    for fields in ({}, {}, {"reason": "address"}):
        put_on_hold(client, two[0], **fields)
    assert Hold.objects.get().words == "Address to be checked"
    for _ in range(2):
        client.post(page_of(two[0], "release/"))
    kinds = EventLog.objects.filter(order_id=two[0]["id"]).order_by("id").values_list("kind", "text")
    assert list(kinds) == [
        ("order_held", "Out of stock"),
        ("order_held", "Address to be checked"),
        ("hold_released", "Address to be checked"),
    ]


@pytest.mark.database
def test_the_note_of_a_hold_finds_the_order_until_it_is_released(
    client: Client, northwind: Merchant, emulator: Emulator, two: list[dict[str, Any]]
) -> None:
    index_everything(northwind)
    put_on_hold(client, two[0], note="Ask Frau Müller’s neighbor 田中太郎 first")
    opened = (302, page_of(two[0]))
    assert [looked_for(client, typed) for typed in ("muller neigh", "田中")] == [opened] * 2
    emulator.patch("orders", two[0]["id"], notes="Ring twice", updated_at="2030-01-01T00:00:00Z")
    client.get(page_of(two[0]))
    assert [looked_for(client, typed) for typed in ("ring twice", "muller neigh", "田中")] == [opened] * 3
    client.post(page_of(two[0], "release/"))
    assert opened not in [looked_for(client, typed) for typed in ("muller neigh", "田中")]


def looked_for(client: Client, typed: str) -> tuple[int, str]:
    """What the box above the page leads to."""
    answer = client.get("/northwind/live/search/", {"q": typed})
    return answer.status_code, answer.get("Location", "")


def test_a_hold_of_another_mode_or_merchant_holds_nothing_here(
    client: Client, kestrel: Merchant, northwind: Merchant, jonas: User, two: list[dict[str, Any]]
) -> None:
    order_id = uuid.UUID(two[0]["id"])
    holds.hold(kestrel, "live", [order_id], Why("stock"), jonas)
    holds.hold(northwind, "test", [order_id], Why("stock"), jonas)
    assert holds.of_order(northwind, "live", order_id) is None
    assert listed(client) == [one["public_id"] for one in two]


def test_who_sees_it_may_not_change_it(viewer: Client, client: Client, two: list[dict[str, Any]]) -> None:
    put_on_hold(client, two[0])
    page = viewer.get(page_of(two[0])).content.decode()
    assert "On hold: Out of stock." in prose(page)
    assert "release/" not in page
    assert "handling/" not in page


# Person, priority and tags


def test_tags_person_and_priority_are_said_on_the_orders_page_and_found_in_the_queue(
    client: Client, northwind: Merchant, jonas: User, two: list[dict[str, Any]]
) -> None:
    mara = make_person("mara@northwind.example", northwind, "operations")
    said = {"person": jonas.pk, "priority": "1", "tags": "Gift,  rush order, gift"}
    client.post(page_of(two[1], "handling/"), said)
    client.post(page_of(two[0], "handling/"), {"person": mara.pk, "priority": "0", "tags": "gift"})
    older, newer = (one["public_id"] for one in two)
    assert listed(client) == [newer, older], "high priority first"
    assert listed(client, "?tab=mine") == [newer]
    assert listed(client, f"?person={mara.pk}") == [older]
    assert listed(client, "?tag=gift") == [newer, older]
    assert listed(client, "?tag=rush order&priority=1") == [newer]
    assert listed(client, "?person=nobody") == []
    assert listed(client, "?sort=-waiting") == [older, newer]
    assert listed(client, "?sort=-units") == [newer, older]
    page = prose(client.get(QUEUE).content.decode())
    for choice in ("Gift (2)", "rush order (1)", "High (1)", "Normal (1)", f"{jonas} (1)"):
        assert choice in page
    assert "No order fits these filters" in prose(client.get(f"{QUEUE}?tag=none").content.decode())
    log = EventLog.objects.filter(order_id=two[1]["id"]).order_by("id").values_list("kind", "text")
    assert list(log) == [
        ("order_assigned", f"to {jonas}"),
        ("priority_set", "High"),
        ("order_tagged", "+ Gift, + rush order"),
    ]
    client.post(page_of(two[1], "handling/"), said | {"tags": "rush order"})
    assert EventLog.objects.filter(order_id=two[1]["id"]).latest("id").text == "− Gift"


def test_what_is_too_much_for_tags_is_refused_in_words(client: Client, two: list[dict[str, Any]]) -> None:
    for tags, words in (("x" * 31, "A tag has at most 30 characters."), (",".join("abcdefghijk"), "at most 10 tags")):
        answer = client.post(page_of(two[0], "handling/"), {"priority": "0", "tags": tags})
        assert answer.status_code == 422
        assert words in prose(answer.content.decode())
    assert not EventLog.objects.filter(order_id=two[0]["id"]).exists()
