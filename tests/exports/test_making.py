"""Files that are too large to wait for: made by a worker, whole or not at all, and had by their owner alone."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from orders import mails
from orders.forms.exports import lists
from orders.models import EventLog, Export, ExportChunk, ExportSchedule, Membership, Merchant, SavedView
from orders.services.exports import asking, making, work
from orders.services.exports.making import Lost, NotAllowed
from orders.tables import Column, NotReady, Table, Value
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.exports import csv_table, exported, read, start
from tests.support.indexed import index_everything

pytestmark = pytest.mark.database

PAGE = reverse("export_list", args=["northwind", "live"])
ROWS = 1_300


def table(rows: int = ROWS, until: int | None = None, error: BaseException | None = None) -> Table:
    """Numbers; at the one `until` it ends with the error."""

    def numbers() -> Iterator[Sequence[Value]]:
        for number in range(rows):
            if number == until and error is not None:
                raise error
            yield [f"row {number}"]

    return Table("Numbers", [Column("Name")], numbers(), lambda most: min(rows, most))


@pytest.fixture(autouse=True)
def mailed() -> Iterator[None]:
    """No mail of one test is still on its way in the next."""
    yield
    mails.wait()


@pytest.fixture
def owner(northwind: Merchant) -> Membership:
    user = make_person("finance@northwind.example", northwind, "finance")
    return Membership.objects.get(user=user)


@pytest.fixture
def asked(owner: Membership, monkeypatch: pytest.MonkeyPatch) -> Export:
    """A file that waits for a worker; it has several chunks."""
    monkeypatch.setattr(making, "CHUNK", 1_000)
    monkeypatch.setattr(making, "ROWS", 100)
    return ask(owner)


def ask(owner: Membership, **fields: Any) -> Export:
    how = {"file_format": "comma", "mark": True, "lines": False, "list": "orders", "title": "Orders"}
    return asking.ask(owner, "live", **how | fields)


def again(export: Export) -> Export:
    export.refresh_from_db()
    return export


def download(client: Client, export: Export) -> Any:
    return read(client.get(reverse("export_file", args=["northwind", "live", export.pk])))


def names(file: bytes) -> list[str]:
    return [row[0] for row in csv_table(file)[0][1:]]


def lapse(export: Export) -> None:
    """As if the worker that was at it had been killed long ago."""
    Export.objects.filter(pk=export.pk).update(lease_until=Now() - timedelta(seconds=1), due_at=Now())


def test_a_file_is_made_told_of_once_and_fetched_whole_by_its_owner(asked: Export) -> None:
    assert work.work(lambda export: table())
    mails.wait()
    assert not work.work(lambda export: table())
    (told,) = mail.outbox
    assert told.to == ["finance@northwind.example"]
    assert PAGE in told.body
    made = again(asked)
    assert (made.state, made.rows, made.expected, made.chunks.count() > 3) == ("ready", ROWS, ROWS, True)
    answer = download(sign_in(asked.owner), asked)
    assert names(answer.file) == [f"row {number}" for number in range(ROWS)]
    assert answer["Content-Length"] == str(len(answer.file))
    assert EventLog.objects.filter(kind="exported", user=asked.owner).count() == 1


def test_nobody_else_gets_to_a_file_or_removes_it(asked: Export, northwind: Merchant) -> None:
    work.work(lambda export: table())
    client = sign_in(make_person("other@northwind.example", northwind, "admin"))
    assert download(client, asked).status_code == 404
    assert client.post(reverse("export_remove", args=["northwind", "live", asked.pk])).status_code == 404
    assert "<bdi>Orders</bdi>" not in client.get(PAGE).content.decode()
    elsewhere = reverse("export_file", args=["northwind", "test", asked.pk])
    assert sign_in(asked.owner).get(elsewhere).status_code == 404


def test_whoever_lost_the_right_gets_neither_the_file_nor_one_more(asked: Export, owner: Membership) -> None:
    work.work(lambda export: table())
    client = sign_in(asked.owner)
    Membership.objects.filter(pk=owner.pk).update(roles=["support"])
    assert download(client, asked).status_code == 403
    assert "Download" not in client.get(PAGE).content.decode()
    later = ask(owner)
    with pytest.raises(NotAllowed):
        lists.table_of(later)


@pytest.mark.parametrize("until", [0, 150, ROWS - 1])
def test_of_a_file_whose_worker_was_killed_nothing_is_offered_and_another_makes_it_whole(
    until: int, asked: Export
) -> None:
    client = sign_in(asked.owner)
    with pytest.raises(KeyboardInterrupt):
        work.work(lambda export: table(until=until, error=KeyboardInterrupt()))
    assert download(client, asked).status_code == 404
    assert making.claim() is None  # it may still be alive
    lapse(asked)
    work.work(lambda export: table())
    assert names(download(client, asked).file) == [f"row {number}" for number in range(ROWS)]
    assert set(ExportChunk.objects.values_list("attempt", flat=True)) == {2}


def test_a_worker_that_was_too_slow_writes_nothing_into_the_file_of_another(asked: Export) -> None:
    slow = making.claim()
    assert slow is not None
    lapse(asked)
    work.work(lambda export: table())
    whole = names(download(sign_in(asked.owner), asked).file)
    making.make(slow, lambda export: table(5))
    assert names(download(sign_in(asked.owner), asked).file) == whole
    with pytest.raises(Lost):
        making._finish(slow, 5, 5)


def test_a_worker_that_is_told_to_stop_leaves_the_file_to_the_next_one_at_once(asked: Export) -> None:
    work.work(lambda export: table(), stopping=lambda: True)
    assert again(asked).state == "waiting"
    work.work(lambda export: table())
    assert again(asked).state == "ready"


def test_what_is_not_ready_is_tried_again_later_and_given_up_at_last(asked: Export) -> None:
    def not_yet(export: Export) -> Table:
        raise NotReady("All orders are still being imported.")

    work.work(not_yet)
    assert "still being imported" in sign_in(asked.owner).get(PAGE).content.decode()
    assert making.claim() is None
    for _ in range(making.MOST_ATTEMPTS):
        lapse(asked)
        work.work(not_yet)
    mails.wait()
    assert again(asked).state == "failed"
    assert [one.subject for one in mail.outbox] == ["Your export of Northwind Trading could not be made"]


@pytest.mark.parametrize(
    ("bound", "value", "words"), [("MOST_ROWS", 1_000, "more than 1,000 rows"), ("MOST_BYTES", 5_000, "larger than")]
)
def test_a_file_that_would_be_too_large_fails_and_leaves_nothing(
    bound: str, value: int, words: str, asked: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, bound, value)
    work.work(lambda export: table())
    assert (again(asked).state, words in asked.message) == ("failed", True)
    assert not ExportChunk.objects.exists()


def test_a_file_is_deleted_after_a_day_and_one_that_is_removed_at_once(asked: Export, owner: Membership) -> None:
    work.work(lambda export: table())
    Export.objects.update(ends_at=Now() - timedelta(seconds=1))
    assert work.DUE[-1]().now
    work.work(lambda export: table())
    assert not Export.objects.exists()
    assert not ExportChunk.objects.exists()
    other = ask(owner)
    work.work(lambda export: table())
    sign_in(other.owner).post(reverse("export_remove", args=["northwind", "live", other.pk]))
    assert not ExportChunk.objects.exists()


def test_a_file_that_is_removed_while_it_is_made_is_made_no_further(asked: Export) -> None:
    def removed(export: Export) -> Table:
        Export.objects.filter(pk=export.pk).delete()
        return table()

    work.work(removed)
    assert not ExportChunk.objects.exists()


def test_one_person_cannot_fill_the_database(owner: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(asking.MOST_WAITING):
        ask(owner)
    with pytest.raises(asking.TooMany):
        ask(owner)
    Export.objects.update(state="ready")
    monkeypatch.setattr(asking, "MOST_KEPT", asking.MOST_WAITING)
    with pytest.raises(asking.TooMany):
        ask(owner)


def test_what_is_large_is_made_by_the_worker_and_is_the_same_file(
    finance: Client, northwind: Merchant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_everything(northwind)
    quick = exported(finance, "orders", "status=paid&sort=-total", lines="on")
    monkeypatch.setattr("orders.services.exports.files.XLSX_AT_ONCE", 3)
    monkeypatch.setattr("orders.services.exports.files.at_once", lambda table, file_format: 3)
    answer = start(finance, "orders", "status=paid&sort=-total", lines="on")
    assert answer["Location"] == PAGE
    export = Export.objects.get()
    assert (export.title, export.words) == ("Order line items", "Status: Paid")
    page = finance.get(PAGE).content.decode()
    assert 'hx-trigger="every 2s"' in page
    work.work(lists.table_of)
    made = csv_table(download(finance, export).file)[0]
    assert [row[1] for row in made[1:]] == [row["Order id"] for row in quick]
    assert 'hx-trigger="every 2s"' not in finance.get(PAGE).content.decode()


# Schedules


def schedule(client: Client, query: str = "status=paid", every: str = "day", **fields: str) -> Any:
    address = f"{reverse('export_schedule_add', args=['northwind', 'live'])}?list=orders"
    sent = {"list": "orders", "query": query, "every": every, "file_format": "comma", "mark": "on", **fields}
    return client.post(address, sent)


def fall_due() -> None:
    ExportSchedule.objects.update(next_at=Now() - timedelta(days=3))


def test_a_schedule_has_one_file_made_each_time_and_keeps_it_for_its_owner(
    finance: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    assert schedule(finance, every="week")["Location"] == PAGE
    fall_due()
    for _ in range(2):
        work.work(lists.table_of)
    export = Export.objects.get()
    assert export.ready_at is not None
    assert export.ends_at is not None
    assert export.ends_at - export.ready_at > timedelta(days=34)
    assert names(download(finance, export).file)
    assert ExportSchedule.objects.get().next_at.astimezone(northwind.zone).strftime("%a %H:%M") == "Mon 06:00"
    assert "Every Monday" in finance.get(PAGE).content.decode()


def test_an_owner_who_lost_the_right_gets_no_file_no_mail_and_no_more_of_them(
    finance: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    schedule(finance)
    Membership.objects.update(roles=["operations"])
    fall_due()
    work.work(lists.table_of)
    mails.wait()
    assert (Export.objects.get().state, ExportChunk.objects.count(), mail.outbox) == ("failed", 0, [])
    fall_due()
    assert not work.begin_scheduled()
    assert "Stopped" in finance.get(PAGE).content.decode()


def test_the_file_of_a_view_follows_the_view(finance: Client, northwind: Merchant, emulator: Emulator) -> None:
    index_everything(northwind)
    finance.post(
        reverse("saved_view_add", args=["northwind", "live"]), {"name": "Mine", "whose": "mine", "list": "status=paid"}
    )
    view = str(SavedView.objects.get().pk)
    schedule(finance, f"status=paid&view={view}")
    made = ExportSchedule.objects.get()
    assert (str(made.view_id), made.title) == (view, "Mine")
    SavedView.objects.update(query="status=canceled")
    fall_due()
    work.work(lists.table_of)
    assert "Status: Canceled" in download(finance, Export.objects.get()).file.decode()


def test_whoever_may_not_export_a_list_cannot_have_it_every_day(support: Client, emulator: Emulator) -> None:
    assert schedule(support).status_code == 403
    assert not ExportSchedule.objects.exists()


def test_a_schedule_is_removed_by_its_owner_alone(finance: Client, admin: Client, northwind: Merchant) -> None:
    index_everything(northwind)
    schedule(finance)
    address = reverse("export_schedule_remove", args=["northwind", "live", ExportSchedule.objects.get().pk])
    assert admin.post(address).status_code == 404
    assert finance.post(address).status_code == 302
    assert not ExportSchedule.objects.exists()


def test_the_next_time_is_a_morning_of_the_merchants_across_a_change_of_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    saturday = datetime(2026, 3, 28, 6, 0, tzinfo=berlin)
    assert asking.next_time("day", berlin, saturday).isoformat() == "2026-03-29T06:00:00+02:00"
    assert asking.next_time("week", berlin, saturday).isoformat() == "2026-03-30T06:00:00+02:00"
    assert asking.next_time("month", berlin, saturday).isoformat() == "2026-04-01T06:00:00+02:00"
    early = datetime(2026, 4, 1, 5, 59, tzinfo=berlin)
    assert asking.next_time("month", berlin, early).isoformat() == "2026-04-01T06:00:00+02:00"
