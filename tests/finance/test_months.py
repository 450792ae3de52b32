"""Closing a month: what it came to, who signed, and what has changed in it since."""

import io
import json
import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from orders.models import (
    AfterClosing,
    ClosedMovement,
    EventLog,
    IndexState,
    Merchant,
    MonthClosing,
    OrderCopy,
    Sweep,
    User,
)
from orders.services import log_chain
from orders.services.finance import months, review
from orders.services.finance.months import NotPossible
from orders.services.finance.review import Wanted
from orders.services.handling import holds
from orders.services.index import clock, forgetting, money_copies, writing
from orders.services.index.order_filters import Place
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.exports import as_dicts, csv_table, start
from tests.support.pages import prose
from tests.support.samples import a_transaction, an_order

pytestmark = pytest.mark.django_db

OCTOBER = "/northwind/live/finance/months/2026-10/"
FIRST = date(2026, 10, 1)
INVOICES = {name: str(uuid.uuid4()) for name in ("september", "october", "november", "edge", "later")}
# In Berlin October begins at 22:00 of the day before, and ends at 23:00: the clocks go back in it.
MOMENTS = {
    "september": "2026-09-30T21:59:59Z",
    "october": "2026-09-30T22:00:00Z",
    "edge": "2026-10-31T22:59:59Z",
    "november": "2026-10-31T23:00:00Z",
    "later": "2026-10-15T12:00:00Z",
}


def place(merchant: Merchant) -> Place:
    return Place(merchant, "live", timezone.now())


def order(name: str, updated: int = 0, **fields: Any) -> Any:
    """Placed at that moment and paid, over 20.90 USD."""
    paid = {"status": "paid", "amount_paid": 2090, "amount_due": 0, "fulfillment_status": None}
    at = {"created_at": MOMENTS[name], "updated_at": f"2026-11-05T10:00:0{updated}Z"}
    id = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    return an_order(id=id, public_id=f"NW-{name}", invoice_id=INVOICES[name], **(paid | at | fields))


def sale(name: str, **fields: Any) -> Any:
    id = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    return a_transaction(id=id, invoice_id=INVOICES[name], created_at=MOMENTS[name], **fields)


def read(merchant: Merchant, *rows: Any) -> None:
    orders = [row for row in rows if hasattr(row, "public_id")]
    writing.apply(merchant, "live", orders, clock.now())
    money_copies.keep_transactions(merchant, "live", [row for row in rows if row not in orders], clock.now())


def complete(merchant: Merchant) -> None:
    """As if all passes of the worker were complete."""
    now = clock.now()
    IndexState.objects.update_or_create(merchant=merchant, mode="live", defaults={"watermark": now})
    for kind in Sweep.Kind:
        Sweep.objects.update_or_create(merchant=merchant, mode="live", kind=kind, defaults={"as_of": now})


@pytest.fixture
def october(northwind: Merchant) -> Merchant:
    for name in ("september", "october", "edge", "november"):
        read(northwind, order(name), sale(name))
    complete(northwind)
    return northwind


def sign(client: Client, **fields: Any) -> Any:
    return client.post(OCTOBER, {"note": "", **fields})


def second(client: Client, answer: str, **fields: Any) -> Any:
    digest = MonthClosing.objects.latest("pk").digest
    return client.post(f"{OCTOBER}second/", {"answer": answer, "digest": digest, **fields})


@pytest.mark.database
def test_a_month_is_that_of_the_merchants_zone_to_the_minor_unit(october: Merchant) -> None:
    [line] = months.lines(place(october), months.month_of(place(october), FIRST))
    assert (line.owed_before, line.ordered, line.collected, line.owed_after) == (0, 4180, 4180, 0)
    assert (line.net_before, line.refunded, line.net_after) == (2090, 0, 6270)
    read(october, order("later", status="pending", amount_paid=0, amount_due=2090))
    read(october, sale("edge", status="voided"), a_transaction(
        type="void", invoice_id=INVOICES["edge"], created_at=MOMENTS["edge"], parent_transaction_id=str(sale("edge").id)
    ))  # fmt: skip
    [line] = months.lines(place(october), months.month_of(place(october), FIRST))
    assert (line.ordered, line.collected, line.refunded, line.owed_after, line.net_after) == (
        6270,
        4180,
        2090,
        2090,
        4180,
    )


@pytest.mark.database
def test_a_closed_month_is_kept_as_it_was_with_its_digest_in_the_chain(october: Merchant, finance: Client) -> None:
    assert sign(finance, note="As the bank has it.").status_code == 302
    closing = MonthClosing.objects.get()
    assert closing.closed_at is not None
    content = json.loads(closing.content)
    assert (content["month"], content["zone"], content["movements"]["count"]) == ("2026-10", "Europe/Berlin", 4)
    events = EventLog.objects.filter(kind__in=("month_signed", "month_closed"))
    assert {event.text for event in events} == {f"October 2026: digest {closing.digest}"}
    log_chain.chain_new()
    assert list(log_chain.faults()) == []
    page = prose(finance.get(OCTOBER).content.decode())
    assert "October 2026 is closed." in page
    assert "As the bank has it." in page
    assert "USD 0.00 41.80 41.80 0.00 20.90 0.00 62.70" in page
    assert "Nothing has changed in it since it was signed." in page
    assert sign(finance).status_code == 422, "it is signed already"


@pytest.mark.database
def test_nobody_changes_what_was_signed(october: Merchant, finance: Client) -> None:
    sign(finance)
    closing = MonthClosing.objects.get()
    rows = ClosedMovement.objects.filter(closing=closing)
    for change in (
        closing.delete,
        lambda: MonthClosing.objects.update(digest="0" * 64),
        lambda: MonthClosing.objects.update(closed_at=None),
        lambda: rows.update(amount=1),
        rows.delete,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_what_is_not_as_it_was_signed_is_said(october: Merchant, finance: Client) -> None:
    sign(finance)
    closing = MonthClosing.objects.get()
    assert months.is_as_signed(closing)
    call_command("verify_log", stdout=io.StringIO())
    closing.content = closing.content.replace("4180", "4181")
    assert not months.is_as_signed(closing)
    closing.refresh_from_db()
    ClosedMovement.objects.bulk_create(
        [ClosedMovement(closing=closing, kind="ordered", row_id=uuid.uuid4(), currency="USD", amount=1)]
    )
    assert not months.is_as_signed(closing)
    assert "This is not what was signed." in prose(finance.get(OCTOBER).content.decode())
    with pytest.raises(CommandError, match="1 fault"):
        call_command("verify_log", stdout=(said := io.StringIO()))
    assert "October 2026 of northwind in live mode is not what was signed." in said.getvalue()


@pytest.mark.database
def test_what_changes_afterwards_is_listed_for_ever(october: Merchant, finance: Client) -> None:
    sign(finance)
    read(october, order("october", 1, status="canceled"), order("november", 1, status="canceled"))
    read(october, order("later"), sale("later"))
    read(october, order("october", 2))
    found = list(AfterClosing.objects.order_by("pk").values_list("kind", "before", "now"))
    expected = [("ordered", 2090, 0), ("ordered", 0, 2090), ("collected", 0, 2090), ("ordered", 0, 2090)]
    assert sorted(found) == sorted(expected)
    page = prose(finance.get(OCTOBER).content.decode())
    assert "Ordered NW-october 20.90 USD 0.00 USD" in page
    assert "USD 0.00 41.80 41.80 0.00 20.90 0.00 62.70" in page, "what was signed stays"
    with pytest.raises(DatabaseError), transaction.atomic():
        AfterClosing.objects.all().delete()


def test_an_index_that_is_made_anew_changes_nothing_in_a_closed_month(october: Merchant, finance: Client) -> None:
    sign(finance)
    forgetting.forget(october, "live")
    for name in ("september", "october", "edge", "november"):
        read(october, order(name), sale(name))
    assert OrderCopy.objects.count() == 4
    assert not AfterClosing.objects.exists()


@pytest.mark.database
def test_two_people_close_a_month_and_never_the_same_one(october: Merchant, finance: Client, mara: User) -> None:
    Merchant.objects.update(two_close_months=True)
    sign(finance)
    closing = MonthClosing.objects.get()
    assert closing.waiting
    assert second(finance, "confirm").status_code == 422
    closing.refresh_from_db()
    assert closing.waiting
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthClosing.objects.update(second=closing.signed_by)
    assert second(sign_in(mara), "confirm").status_code == 302
    closing.refresh_from_db()
    assert (closing.waiting, closing.second_who) == (False, "mara@northwind.example")
    with pytest.raises(NotPossible):
        months.confirm(closing, mara)


def test_a_second_person_declines_with_a_reason_and_it_is_signed_anew(
    october: Merchant, finance: Client, mara: User
) -> None:
    Merchant.objects.update(two_close_months=True)
    sign(finance)
    other = sign_in(mara)
    assert second(other, "decline").status_code == 422
    assert second(other, "decline", reason="The bank has more.").status_code == 302
    assert sign(finance).status_code == 302
    assert MonthClosing.objects.filter(declined_at=None).count() == 1
    answer = other.post(f"{OCTOBER}second/", {"answer": "confirm", "digest": "f" * 64})
    assert answer.status_code == 422


def test_a_month_that_has_not_ended_or_is_not_read_is_not_closed(october: Merchant, finance: Client) -> None:
    here = f"/northwind/live/finance/months/{holds.today(october):%Y-%m}/"
    assert finance.post(here, {"note": ""}).status_code == 422
    assert "has not ended yet" in prose(finance.get(here).content.decode())
    Sweep.objects.filter(kind=Sweep.Kind.REFUNDS).update(as_of=None)
    assert sign(finance).status_code == 422
    assert "still being imported" in prose(finance.get(OCTOBER).content.decode())
    Sweep.objects.filter(kind=Sweep.Kind.REFUNDS).update(as_of=datetime(2026, 10, 31, tzinfo=UTC))
    assert sign(finance).status_code == 422
    assert not MonthClosing.objects.exists()


def test_the_list_has_every_month_that_has_ended(october: Merchant, finance: Client) -> None:
    sign(finance)
    page = prose(finance.get("/northwind/live/finance/months/").content.decode())
    assert "October 2026 Closed Finance" in page
    assert "September 2026 Open" in page
    for wrong in ("2026-13", "0000-10", "2026-1"):
        assert finance.get(f"/northwind/live/finance/months/{wrong}/").status_code == 404


def test_who_may_not_review_closes_nothing(october: Merchant, emulator: Emulator) -> None:
    support = sign_in(make_person("support@northwind.example", october, "support"))
    assert sign(support).status_code == 403
    assert not MonthClosing.objects.exists()


def test_a_closed_month_as_a_file_has_every_movement_and_sums_that_are_its_line(
    october: Merchant, finance: Client
) -> None:
    sign(finance)
    read(october, order("later"), sale("later"))
    table, foot = csv_table(start(finance, "month", "month=2026-10").file)
    rows = as_dicts(table)
    assert [row["What"] for row in rows] == [
        *("Before the month", "Collected", "Collected", "Ordered", "Ordered", "After the month"),
        *("After closing", "After closing"),
    ]
    after = {(row["Words"], row["When signed in minor units"], row["Changed to in minor units"]) for row in rows[-2:]}
    assert after == {("Ordered", "0", "2090"), ("Collected", "0", "2090")}
    sums = dict(zip(table[0], foot[0], strict=False))
    assert foot[0][0] == "Sum in USD"
    [line] = months.lines(place(october), months.month_of(place(october), FIRST))
    closed = json.loads(MonthClosing.objects.get().content)["currencies"][0]
    assert sums["Net before in minor units"] == str(closed["net_before"]) == str(line.net_before)
    for name in ("ordered", "collected", "owed_after", "net_after"):
        assert sums[f"{name.replace('_', ' ').capitalize()} in minor units"] == str(closed[name]), name


@pytest.mark.usefixtures("recorded")
def test_what_is_open_with_a_month_is_of_orders_that_were_placed_before_it_ended(
    october: Merchant, finance: Client
) -> None:
    for name in ("edge", "november"):
        read(october, order(name, updated=1, subtotal=1))
    open_rows = list(review.all_rows(Wanted(place(october))))
    assert {row.order.public_id for row in open_rows} == {"NW-edge", "NW-november"}
    of_edge = sum(row.order.public_id == "NW-edge" for row in open_rows)
    assert finance.get(OCTOBER).context["open_count"] == of_edge
    sign(finance)
    content = json.loads(MonthClosing.objects.get().content)
    assert ({one["order"] for one in content["open"]}, content["open_count"]) == ({"NW-edge"}, of_edge)
