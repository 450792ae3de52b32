"""The partner updates that need someone, over all orders: which ones, why, since when, and sending many again."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import EventLog, Merchant, PartnerUpdate, PartnerUpdateAttempt, Shipment
from orders.services.partners.outbox import STUCK_AFTER
from tests.fulfillment.test_shipment_list import (
    DIGITAL_RIVER,
    HOSTILE,
    ORDER_PROTECTION,
    Make,
    make,
    mara,
    numbers_in,
    operations,
)

__all__ = ["make", "mara", "operations"]

PARTNER_UPDATES = "/northwind/live/partner-updates/"
AGAIN = f"{PARTNER_UPDATES}send-again/"


def failed(make: Make, number: str = "NOR-1", destination: str = DIGITAL_RIVER, **facts: Any) -> PartnerUpdate:
    """A partner update that needs someone, of a shipment of its own."""
    merchant = {name: facts.pop(name) for name in ("merchant", "mode") if name in facts}
    shipment = make(order_number=number, partner_updates={destination: facts.pop("state", "failed")}, **merchant)
    PartnerUpdate.objects.filter(shipment=shipment).update(**{"sent_version": 0, **facts})
    return shipment.partner_updates.get()


def shown(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"{PARTNER_UPDATES}?{query}")
    assert answer.status_code == 200, answer.status_code
    return numbers_in(answer.content.decode())


def counted(client: Client) -> str:
    """What the navigation says after “Partner updates”."""
    page = client.get("/northwind/live/shipments/").content.decode()
    found = re.search(
        r'Partner updates ?(?:<span class="count">(\d+)<span class="visually-hidden"> need review</span>)?', page
    )
    assert found
    return found[1] or ""


@pytest.mark.database
def test_failed_and_stuck_ones_are_shown_longest_waiting_first_and_counted_and_others_are_not(
    operations: Client, kestrel: Merchant, make: Make
) -> None:
    failed(make, "failed")
    failed(make, "held back", state="blocked")
    failed(make, "failing for long", state="waiting", failures=STUCK_AFTER)
    failed(make, "unknown for long", ORDER_PROTECTION, state="in_doubt", failures=STUCK_AFTER)
    failed(make, "failing", state="waiting", failures=STUCK_AFTER - 1)
    for state in ("waiting", "for_revkeen", "sending", "sent", "stopped", "undone"):
        failed(make, state, state=state)
    failed(make, "other merchant", merchant=kestrel)
    failed(make, "other mode", mode="test")
    assert shown(operations) == ["failed", "held back", "failing for long", "unknown for long"]
    assert shown(operations, "destination=order_protection") == ["unknown for long"]
    assert counted(operations) == "4"


def test_nothing_to_do_says_so_and_counts_nothing(operations: Client, make: Make) -> None:
    failed(make, state="sent")
    assert "Nothing needs attention" in operations.get(PARTNER_UPDATES).content.decode()
    assert counted(operations) == ""


def test_a_row_says_why_since_when_and_what_happens_next(operations: Client, make: Make) -> None:
    partner_update = failed(make, "NOR-7", status=409, code="quantity_too_large", message="Too many units.", failures=3)
    since = timezone.now() - timedelta(hours=5)
    for hours in (0, 2):
        PartnerUpdateAttempt.objects.create(
            partner_update=partner_update, at=since + timedelta(hours=hours), what="create", version=1
        )
    page = operations.get(PARTNER_UPDATES).content.decode()
    assert "409 quantity_too_large: Too many units" in page
    assert f'datetime="{since.astimezone(partner_update.merchant.zone).isoformat(timespec="seconds")}"' in page
    assert f'href="/northwind/live/orders/{partner_update.order_id}/"' in page
    assert f'href="/northwind/live/shipments/{partner_update.shipment_id}/"' in page
    PartnerUpdate.objects.update(
        state="waiting", failures=STUCK_AFTER, next_try_at=timezone.now() + timedelta(minutes=9)
    )
    assert "Next try at <time" in operations.get(PARTNER_UPDATES).content.decode()


@pytest.mark.database
def test_since_when_is_told_from_the_calls_after_the_one_that_arrived(operations: Client, make: Make) -> None:
    partner_update = failed(make, sent_version=1)
    Shipment.objects.update(version=2)
    then, now = timezone.now() - timedelta(days=9), timezone.now() - timedelta(minutes=5)
    PartnerUpdateAttempt.objects.create(partner_update=partner_update, at=then, what="create", version=1, status=201)
    PartnerUpdateAttempt.objects.create(partner_update=partner_update, at=now, what="update", version=2, status=400)
    page = operations.get(PARTNER_UPDATES).content.decode()
    assert now.astimezone(partner_update.merchant.zone).isoformat(timespec="seconds") in page
    assert then.astimezone(partner_update.merchant.zone).isoformat(timespec="seconds") not in page


@pytest.mark.database
def test_ticked_ones_are_sent_again_each_with_a_row_of_the_event_log(operations: Client, make: Make) -> None:
    ticked = [failed(make, f"NOR-{place}") for place in range(2)]
    other = failed(make, "NOR-9")
    answer = operations.post(AGAIN, {"id": [one.pk for one in ticked]})
    assert (answer.status_code, answer["Location"]) == (303, PARTNER_UPDATES)
    states = {one.pk: one.state for one in PartnerUpdate.objects.all()}
    assert [states[one.pk] for one in (*ticked, other)] == ["waiting", "waiting", "failed"]
    kept = EventLog.objects.filter(kind=EventLog.Kind.PARTNER_UPDATE_SENT_AGAIN)
    assert {event.order_id for event in kept} == {one.order_id for one in ticked}
    assert "2 updates will be sent again." in operations.get(PARTNER_UPDATES).content.decode()


@pytest.mark.database
def test_all_of_a_page_are_sent_again_with_one_button(operations: Client, make: Make) -> None:
    ids = [str(failed(make).pk) for _ in range(3)]
    failed(make, state="blocked")
    page = operations.get(f"{PARTNER_UPDATES}?destination=digital_river").content.decode()
    form = page[page.index("Send all 3 again") - 1500 : page.index("Send all 3 again")]
    assert re.findall(r'type="hidden" name="id" value="(\d+)"', form) == ids
    answer = operations.post(AGAIN, {"id": ids, "destination": "digital_river"})
    assert answer["Location"] == f"{PARTNER_UPDATES}?destination=digital_river"
    assert PartnerUpdate.objects.filter(state="waiting").count() == 3


def test_one_that_may_have_arrived_is_never_sent_again_in_passing(operations: Client, make: Make) -> None:
    doubtful = failed(make, doubtful=True)
    unknown = failed(make, state="in_doubt", failures=STUCK_AFTER)
    held = failed(make, state="blocked")
    page = operations.get(PARTNER_UPDATES).content.decode()
    assert not re.search(r'type="checkbox"\s+name="id"', page)
    operations.post(AGAIN, {"id": [doubtful.pk, unknown.pk, held.pk]})
    assert [one.state for one in PartnerUpdate.objects.order_by("pk")] == ["failed", "in_doubt", "blocked"]
    assert not PartnerUpdate.objects.filter(by_hand=True).exists()
    assert "2 updates may have arrived" in operations.get(PARTNER_UPDATES).content.decode()


@pytest.mark.database
def test_what_has_moved_on_or_is_anothers_is_left_alone(operations: Client, kestrel: Merchant, make: Make) -> None:
    sent = failed(make, state="sent")
    foreign = failed(make, merchant=kestrel)
    test = failed(make, mode="test")
    operations.post(AGAIN, {"id": [sent.pk, foreign.pk, test.pk, 999_999]})
    assert [one.state for one in PartnerUpdate.objects.order_by("pk")] == ["sent", "failed", "failed"]
    assert "4 updates were not changed" in operations.get(PARTNER_UPDATES).content.decode()


@pytest.mark.parametrize("ids", [[], ["x"], ["-1"], ["1.5"], [str(2**63)], ["１"], [str(one) for one in range(1, 202)]])
def test_ticks_that_are_none_are_refused(ids: list[str], operations: Client, make: Make) -> None:
    failed(make)
    answer = operations.post(AGAIN, {"id": ids})
    assert answer.status_code == 303
    assert PartnerUpdate.objects.get().state == "failed"
    assert "Nothing was sent." in operations.get(PARTNER_UPDATES).content.decode()


def test_who_may_only_look_has_nothing_to_press(viewer: Client, make: Make) -> None:
    partner_update = failed(make, "seen")
    failed(make, "seen too")
    page = viewer.get(PARTNER_UPDATES).content.decode()
    assert numbers_in(page) == ["seen", "seen too"]
    assert "checkbox" not in page
    assert "again</button>" not in page
    assert viewer.post(AGAIN, {"id": [partner_update.pk]}).status_code == 403


@pytest.mark.database
def test_pages_begin_after_a_partner_update(operations: Client, make: Make) -> None:
    for place in range(60):
        failed(make, f"{place:02}")
    first = operations.get(PARTNER_UPDATES).content.decode()
    assert numbers_in(first) == [f"{place:02}" for place in range(50)]
    assert "Send all 50 of this page again" in first
    second = operations.get(address(first, "newer")).content.decode()
    assert numbers_in(second) == [f"{place:02}" for place in range(50, 60)]
    again = operations.get(address(second, "older"), follow=True).content.decode()
    assert numbers_in(again) == numbers_in(first)


def address(page: str, name: str) -> str:
    found = re.search(rf'id="{name}" href="([^"]+)"', page)
    assert found, page
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize("query", ["destination=pigeon", "after=1&before=2", "after=x", f"before={2**63}"])
def test_what_cannot_be_looked_for_is_said(query: str, operations: Client) -> None:
    answer = operations.get(f"{PARTNER_UPDATES}?{query}")
    assert answer.status_code == 400
    assert "These filters are not valid" in answer.content.decode()


@pytest.mark.database
def test_more_rows_cost_no_more_queries(operations: Client, make: Make) -> None:
    def queries() -> int:
        operations.get(PARTNER_UPDATES)
        with CaptureQueriesContext(connection) as captured:
            assert operations.get(PARTNER_UPDATES).status_code == 200
        return len(captured)

    failed(make)
    failed(make, state="blocked")
    few = queries()
    for _ in range(20):
        failed(make)
        failed(make, destination=ORDER_PROTECTION)
    assert queries() == few


def test_hostile_text_stays_text(operations: Client, make: Make) -> None:
    failed(make, HOSTILE, code=HOSTILE, message=HOSTILE)
    page = operations.get(PARTNER_UPDATES).content.decode()
    assert "<script>window" not in page
    assert '"><script>' not in page
