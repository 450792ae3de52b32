"""The queue, and what people say of findings: signing off, assigning, snoozing; and what reopens them."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import EventLog, Finding, Merchant, OrderCopy, ReviewCase, SignOff, User
from orders.services.finance import review
from orders.services.index import clock, writing
from tests.conftest import make_person
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.pages import prose
from tests.support.samples import an_order

pytestmark = pytest.mark.django_db

QUEUE = "/northwind/live/finance/review/"
TICKED = re.compile(r'name="finding"\s+value="([^"]+)"')
ORDER = uuid.UUID("00000000-0000-4000-8000-00000000a001")


def read(merchant: Merchant, second: int, **fields: Any) -> None:
    """A state of one order, which changed so many seconds after it was created."""
    at = datetime(2026, 11, 1, 10, 0, second, tzinfo=UTC).isoformat()
    order = an_order(id=str(ORDER), public_id="NW-77", updated_at=at, **fields)
    writing.apply(merchant, "live", [order], clock.now())


@pytest.fixture
def wrong(northwind: Merchant) -> Finding:
    read(northwind, 1, amount_due=2000)
    return Finding.objects.get()


def ticked(client: Client) -> list[str]:
    """What the page of the order would send."""
    return TICKED.findall(client.get(f"{QUEUE}{ORDER}/").content.decode())


def say(client: Client, page: str = "", **fields: Any) -> Any:
    return client.post(f"{QUEUE}{ORDER}/{page}", {"finding": ticked(client), **fields})


def shown(client: Client, query: str = "") -> str:
    return prose(client.get(f"{QUEUE}{query}").content.decode())


def test_the_queue_says_the_difference_and_leads_to_the_order(finance: Client, wrong: Finding) -> None:
    page = shown(finance)
    assert "Total, paid and due Total − paid is what is due. 1 0.90 USD" in page
    assert "Total − paid: we calculate 20.90, RevKeen has 20.00, a difference of 0.90." in page
    assert f"/northwind/live/orders/{ORDER}/#h-sum" in finance.get(QUEUE).content.decode()
    assert "NW-77" in shown(finance, "?rule=due&currency=usd&person=nobody")
    for query in ("?rule=lines", "?currency=EUR", "?person=me", "?state=signed", "?state=snoozed"):
        assert "NW-77" not in shown(finance, query)
    for query in ("?rule=no", "?currency=euro", "?state=all", "?after=1.no", "?after=1.due&before=1.due"):
        assert finance.get(f"{QUEUE}{query}").status_code == 400


def test_as_of_when_payments_are_known_is_asked_once_for_a_page(finance: Client, wrong: Finding) -> None:
    finance.get(QUEUE)
    with CaptureQueriesContext(connection) as asked:
        finance.get(QUEUE)
    of_money = [query["sql"] for query in asked if "refund_pending" in query["sql"]]
    assert len(of_money) == 1


def test_pages_go_on_where_the_one_before_ended(finance: Client, northwind: Merchant) -> None:
    orders = [an_order(amount_due=1, total=2000, public_id=f"NW-{number}") for number in range(60)]
    writing.apply(northwind, "live", orders, clock.now())
    first = finance.get(QUEUE).content.decode()
    following = first.split('id="older" href="')[1].split('"')[0].replace("&amp;", "&")
    second = finance.get(following).content.decode()
    back = second.split('id="newer" href="')[1].split('"')[0].replace("&amp;", "&")
    assert finance.get(back)["Location"] == QUEUE, "the first page, whole"
    links = [page.count("Review<span") for page in (first, second)]
    assert links == [50, 50]
    third = finance.get(second.split('id="older" href="')[1].split('"')[0].replace("&amp;", "&")).content.decode()
    assert third.count("Review<span") == 20


@pytest.mark.database
def test_what_is_signed_off_is_kept_with_the_amounts_that_were_seen(finance: Client, wrong: Finding) -> None:
    assert say(finance, note="The bank rounds.").status_code == 302
    kept = SignOff.objects.get()
    assert (kept.who, kept.note, kept.rule) == ("finance@northwind.example", "The bank rounds.", "due")
    assert (kept.seen["amount_due"], kept.seen["total"], kept.currency) == (2000, 2090, "USD")
    assert EventLog.objects.get(kind="signed_off").order_id == ORDER
    assert "NW-77" not in shown(finance)
    assert "Signed off by finance@northwind.example" in shown(finance, "?state=signed")
    for change in (SignOff.objects.filter(pk=kept.pk).delete, lambda: SignOff.objects.update(note="")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_form_that_is_sent_twice_signs_off_once(finance: Client, wrong: Finding) -> None:
    ticks = ticked(finance)
    for _ in range(2):
        finance.post(f"{QUEUE}{ORDER}/", {"finding": ticks, "note": "It may stand."})
    assert SignOff.objects.count() == 1


def test_what_changed_since_the_page_was_opened_is_not_signed_off(
    finance: Client, wrong: Finding, northwind: Merchant
) -> None:
    ticks = ticked(finance)
    read(northwind, 2, amount_due=1900)
    answer = finance.post(f"{QUEUE}{ORDER}/", {"finding": ticks, "note": "It may stand."})
    assert answer.status_code == 422
    assert "The amounts changed since the page was opened." in answer.content.decode()
    assert "It may stand." in answer.content.decode()
    assert not SignOff.objects.exists()


@pytest.mark.database
def test_any_change_of_an_amount_reopens_it_and_is_said(finance: Client, wrong: Finding, northwind: Merchant) -> None:
    say(finance, note="It may stand.")
    read(northwind, 2, amount_due=2000, notes="Nothing of its amounts")
    assert "NW-77" not in shown(finance)
    read(northwind, 3, amount_due=1900, amount_paid=100, status="partially_paid")
    page = shown(finance)
    assert "Reopened" in page
    assert "changed since: Paid 0.00 USD → 1.00 USD, Due 20.00 USD → 19.00 USD" in page
    read(northwind, 4, amount_due=2000)
    assert "NW-77" not in shown(finance), "as it was signed off"


def test_what_people_said_outlives_the_index(finance: Client, wrong: Finding, northwind: Merchant, mara: User) -> None:
    say(finance, "assign/", person=mara.pk, until=str((timezone.now() + timedelta(days=9)).date()))
    say(finance, note="It may stand.")
    OrderCopy.objects.all().delete()
    read(northwind, 2, amount_due=2000)
    again = Finding.objects.get()
    assert (again.signed, again.assigned_to_id) == (True, mara.pk)


@pytest.mark.database
def test_a_finding_is_assigned_and_snoozed_until_a_day_of_the_merchant(
    finance: Client, wrong: Finding, northwind: Merchant, mara: User
) -> None:
    today = timezone.now().astimezone(northwind.zone).date()
    answer = say(finance, "assign/", person=mara.pk, until=str(today))
    assert answer.status_code == 422
    assert not ReviewCase.objects.exists()
    assert say(finance, "assign/", person=mara.pk, until=str(today + timedelta(days=1))).status_code == 302
    assert "NW-77" not in shown(finance)
    assert "Mara" in shown(finance, "?state=snoozed")
    Finding.objects.update(snoozed_until=today)
    assert "NW-77" in shown(finance)
    assert EventLog.objects.get(kind="review_assigned").text.startswith("Total, paid and due: to Mara")


def test_only_those_who_may_review_can_be_assigned_to(finance: Client, wrong: Finding, northwind: Merchant) -> None:
    support = make_person("support@northwind.example", northwind, "support")
    assert say(finance, "assign/", person=support.pk).status_code == 422


@pytest.mark.parametrize(
    "fields",
    [{"note": ""}, {"note": "x" * 1001}, {"note": "x", "finding": []}, {"note": "x", "finding": ["due:0"]}],
)
def test_nothing_is_signed_off_without_a_note_and_a_tick(finance: Client, wrong: Finding, fields: Any) -> None:
    assert say(finance, **fields).status_code == 422
    assert not SignOff.objects.exists()


def test_another_merchant_has_a_queue_of_its_own(northwind: Merchant, kestrel: Merchant, finance: Client) -> None:
    read(kestrel, 1, amount_due=2000)
    assert "NW-77" not in shown(finance)
    assert finance.get(f"{QUEUE}{ORDER}/").status_code == 404
    answer = finance.post(f"{QUEUE}{ORDER}/", {"finding": "due:0123456789abcdef", "note": "x"})
    assert answer.status_code in (404, 422)
    assert not SignOff.objects.exists()


def test_the_page_of_the_order_says_what_was_signed_off(
    finance: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = emulator.cases()["orders"]["due_does_not_add_up"]
    page = f"/northwind/live/orders/{order}/"
    finance.get(page)
    row = Finding.objects.get(order__order_id=order)
    ticks = TICKED.findall(finance.get(f"{QUEUE}{order}/").content.decode())
    finance.post(f"{QUEUE}{order}/", {"finding": ticks, "note": "Agreed by phone."})
    assert "Signed off by finance@northwind.example" in prose(finance.get(page).content.decode())
    assert "Agreed by phone." in prose(finance.get(page).content.decode())
    assert row.rule == "due"


def in_navigation(client: Client) -> str:
    """What stands beside Finance; "" where nothing does."""
    page = client.get("/northwind/live/customers/").content.decode()
    found = re.search(r'finance/"[^>]*>.{0,400}?Finance\s*(.*?)</a>', page, re.DOTALL)
    return prose(found[1]) if found else "no way there"


def test_the_way_to_finance_counts_what_is_open_for_those_who_may_see_it(
    finance: Client, operations: Client, northwind: Merchant, emulator: Emulator
) -> None:
    read(northwind, 1, amount_due=2000)
    assert in_navigation(finance) == "", "not all orders were imported"
    index_everything(northwind)
    caches["process"].clear()
    shown_open = re.search(r"Open (\d+)", shown(finance))
    assert shown_open
    assert in_navigation(finance) == f"{shown_open[1]} open in review"
    assert in_navigation(operations) == "no way there"
    Finding.objects.all().delete()
    with CaptureQueriesContext(connection) as asked:
        assert in_navigation(finance) == f"{shown_open[1]} open in review", "it is kept for some seconds"
    assert not [query for query in asked if "orders_finding" in query["sql"]]
    caches["process"].clear()
    assert in_navigation(finance) == ""


def test_the_navigation_counts_no_further_than_anybody_reads(
    finance: Client, northwind: Merchant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_everything(northwind)
    monkeypatch.setattr(review, "MANY", 3)
    assert in_navigation(finance) == "3+ open in review"
