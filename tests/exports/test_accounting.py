"""The accounting feed: each payment and refund in one file, the same file each time, for those who may have it."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from orders.forms.exports import lists
from orders.models import (
    AccountingFile,
    AccountingRow,
    AccountingSchedule,
    EventLog,
    Membership,
    Merchant,
    RefundCopy,
    TransactionCopy,
    User,
)
from orders.services.exports import accounting, work
from tests.support.emulation import Emulator
from tests.support.exports import as_dicts, csv_table, read

pytestmark = pytest.mark.database

MADE = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
PAGE = reverse("accounting_list", args=["northwind", "live"])


def moved(model: Any, merchant: Merchant, **fields: Any) -> Any:
    key = {TransactionCopy: "transaction_id", RefundCopy: "refund_id"}[model]
    same = {"merchant": merchant, "mode": "live", "currency": "EUR", "amount": 1000, key: uuid.uuid4()}
    times = dict.fromkeys(("created_at", "moved_at", "read_started"), MADE)
    return model.objects.create(**same | times | fields)


def paid(merchant: Merchant, **fields: Any) -> TransactionCopy:
    made: TransactionCopy = moved(TransactionCopy, merchant, **{"flow": "in", "type": "payment", **fields})
    return made


def make(client: Client) -> Any:
    return client.post(reverse("accounting_make", args=["northwind", "live"]))


def rows(client: Client, number: int) -> tuple[list[dict[str, str]], list[list[str]]]:
    answer = read(client.get(reverse("accounting_file", args=["northwind", "live", number])))
    assert answer.status_code == 200
    table, foot = csv_table(answer.file)
    return as_dicts(table), foot


def test_each_file_has_what_no_file_had_before_and_nothing_that_has_not_moved(
    finance: Client, northwind: Merchant, kestrel: Merchant
) -> None:
    first = paid(northwind, amount=12345)
    back = paid(northwind, flow="out", type="refund", amount=45, moved_at=MADE + timedelta(seconds=1))
    refund = moved(RefundCopy, northwind, status="succeeded", amount=45, moved_at=MADE + timedelta(seconds=2))
    waiting = paid(northwind, flow="pending")
    for other in ({"flow": "failed"}, {"mode": "test"}, {"unreadable": "amount: not a number"}):
        paid(northwind, **other)
    paid(kestrel)
    moved(RefundCopy, northwind, status="pending")
    make(finance)
    table, foot = rows(finance, 1)
    assert [row["Id"] for row in table] == [str(first.transaction_id), str(back.transaction_id), str(refund.refund_id)]
    assert [row["Moved (Europe/Berlin)"][:10] for row in table] == ["2026-11-01"] * 3
    assert [(row["Received"], row["Given back"], row["Refunded"]) for row in table] == [
        ("123.45", "", ""),
        ("", "0.45", ""),
        ("", "", "0.45"),
    ]
    assert next(row for row in foot if row[0] == "Sum in EUR")[-8:] == [
        "123.45",
        "12345",
        "0.45",
        "45",
        "0.00",
        "0",
        "0.45",
        "45",
    ]
    late = paid(northwind, moved_at=MADE - timedelta(days=400))
    TransactionCopy.objects.filter(pk=waiting.pk).update(flow="in")
    make(finance)
    assert {row["Id"] for row in rows(finance, 2)[0]} == {str(late.transaction_id), str(waiting.transaction_id)}
    make(finance)
    assert AccountingFile.objects.count() == 2


def test_a_file_is_the_same_again_whatever_became_of_its_payments(finance: Client, northwind: Merchant) -> None:
    one = paid(northwind)
    make(finance)
    before, _ = rows(finance, 1)
    TransactionCopy.objects.filter(pk=one.pk).update(amount=1, currency="USD", flow="failed", status="voided")
    assert rows(finance, 1)[0] == before
    make(finance)
    assert AccountingFile.objects.count() == 1


def test_what_is_new_is_cut_into_files_that_one_can_wait_for(
    finance: Client, northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounting, "AT_ONCE", 2)
    made = [paid(northwind, moved_at=MADE + timedelta(seconds=number)) for number in range(5)]
    for _ in range(4):
        make(finance)
    found = [[row["Id"] for row in rows(finance, number)[0]] for number in (1, 2, 3)]
    assert [*found[0], *found[1], *found[2]] == [str(one.transaction_id) for one in made]
    assert list(map(len, found)) == [2, 2, 1]


def test_the_database_refuses_a_payment_in_a_second_file(finance: Client, northwind: Merchant) -> None:
    paid(northwind)
    make(finance)
    row = AccountingRow.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_a_file_that_was_not_finished_is_none(
    finance: Client, northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(northwind)
    person = User.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr("django.db.models.query.QuerySet.bulk_create", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            accounting.make(northwind, "live", person)
    assert not AccountingFile.objects.exists()
    make(finance)
    assert len(rows(finance, 1)[0]) == 1


def _interrupted(*args: Any, **kwargs: Any) -> None:
    raise KeyboardInterrupt


def test_making_and_fetching_are_on_record_and_for_those_who_may(
    finance: Client, support: Client, northwind: Merchant, emulator: Emulator
) -> None:
    paid(northwind)
    assert "Nothing is new" not in finance.get(PAGE).content.decode()
    assert make(support).status_code == 403
    make(finance)
    rows(finance, 1)
    said = list(EventLog.objects.filter(kind="exported").order_by("pk").values_list("text", flat=True))
    assert said == ["accounting file 1 made, 1 rows", "accounting file 1 as CSV"]
    assert support.get(reverse("accounting_file", args=["northwind", "live", 1])).status_code == 403
    assert finance.get(reverse("accounting_file", args=["northwind", "test", 1])).status_code == 404
    assert "Nothing is new since the last file" in finance.get(PAGE).content.decode()


def test_files_are_made_by_themselves_until_nobody_wants_them_or_their_owner_may_not_have_them(
    finance: Client, northwind: Merchant
) -> None:
    address = reverse("accounting_schedule_set", args=["northwind", "live"])
    paid(northwind)
    finance.post(address, {"every": "week"})
    assert AccountingSchedule.objects.get().next_at.astimezone(northwind.zone).strftime("%a %H:%M") == "Mon 06:00"
    assert not work.work(lists.table_of)
    AccountingSchedule.objects.update(next_at=Now() - timedelta(days=20))
    for _ in range(2):
        work.work(lists.table_of)
    assert [file.rows for file in AccountingFile.objects.all()] == [1]
    assert "in the name of" in finance.get(PAGE).content.decode()
    finance.post(address, {"every": ""})
    assert not AccountingSchedule.objects.exists()
    finance.post(address, {"every": "day"})
    Membership.objects.update(roles=["operations"])
    paid(northwind)
    AccountingSchedule.objects.update(next_at=Now() - timedelta(seconds=1))
    work.work(lists.table_of)
    assert AccountingFile.objects.count() == 1
    assert not AccountingSchedule.objects.exists()
