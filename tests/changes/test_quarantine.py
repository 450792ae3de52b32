"""A restored backup sends nothing: what was open in it waits until a person has looked."""

import resource
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from django.conf import LazySettings, settings
from django.core.management import CommandError, call_command

from orders.models import JournalCounter, Merchant, Operation, User
from orders.services.changes import journal, quarantine
from orders.services.changes.change_request import NoJournal
from orders.services.changes.plans import Step
from orders.services.revkeen import session
from tests.conftest import make_person, sign_in
from tests.support.at_work import until, worker
from tests.support.emulation import Emulator
from tests.support.journal import change_request, payable, payments, reconcile_due, submit
from tests.support.journal import support as support
from tests.support.pages import form_token_in, source
from tests.support.processes import Site

pytestmark = pytest.mark.database

State = Operation.State


@pytest.fixture
def lost(northwind: Merchant, support: User, emulator: Emulator) -> Operation:
    """A payment whose answer never came; RevKeen did nothing, so a machine would send it again."""
    emulator.fault("disconnect", "/pay$")
    return submit(northwind, support, change_request(northwind, support, payable(emulator), 100))


def test_what_was_open_in_a_restored_backup_is_never_sent_again(lost: Operation, emulator: Emulator) -> None:
    Path(settings.COUNTER_FILE).write_text(f"{JournalCounter.objects.get().installation} 7")
    emulator.forget_calls()
    assert quarantine.check() == 1
    reconciled = reconcile_due(lost)
    assert (reconciled.state, reconciled.code) == (State.NEEDS_REVIEW, "quarantined")
    assert {call["method"] for call in emulator.calls()} == {"GET"}


def test_a_database_of_another_installation_is_a_restored_one(lost: Operation) -> None:
    Path(settings.COUNTER_FILE).write_text(f"{uuid.uuid4()} 1")
    assert quarantine.check() == 1
    assert quarantine.check() == 0


@pytest.mark.parametrize("file", ["", "gone/counter"], ids=["a folder is there", "its folder is missing"])
def test_without_a_counter_file_nothing_is_sent_and_the_form_says_so(
    file: str, lost: Operation, northwind: Merchant, emulator: Emulator, settings: LazySettings, tmp_path: Path
) -> None:
    settings.COUNTER_FILE = str(tmp_path / file)
    client = sign_in(make_person("another@northwind.example", northwind, "admin"))
    order = emulator.make_order()
    path = f"/northwind/live/orders/{order['id']}/cancel/"
    answer = client.post(
        path, {"form_token": form_token_in(source(client, path)), "reason": "other", "text": "Ring twice."}
    )
    assert answer.status_code == 503
    assert "counter file" in answer.content.decode()
    assert "Ring twice." in answer.content.decode()
    assert emulator.get(f"/orders/{order['id']}")["status"] == order["status"]


@contextmanager
def full_disk(left: int) -> Iterator[None]:
    """Files of this process hold no more than `left` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("left", [0, 10])
def test_a_full_disk_when_the_counter_file_is_made_does_not_pass_for_a_restored_backup(
    left: int, northwind: Merchant, support: User, emulator: Emulator
) -> None:
    JournalCounter.objects.get_or_create(pk=1)
    order = payable(emulator)
    what = change_request(northwind, support, order, 100)
    with full_disk(left), pytest.raises(NoJournal):
        submit(northwind, support, what)
    assert (Operation.objects.count(), Path(settings.COUNTER_FILE).exists()) == (0, False)
    emulator.fault("disconnect", "/pay$")
    operation = submit(northwind, support, what)
    assert quarantine.check() == 0
    assert reconcile_due(operation).state == State.DONE
    assert payments(emulator, order) == [100]


def test_a_database_that_belongs_to_its_file_is_left_alone(lost: Operation) -> None:
    assert quarantine.check() == 0
    lost.refresh_from_db()
    assert (lost.state, lost.quarantined) == (State.IN_DOUBT, False)


def test_a_further_machine_gets_its_file_and_takes_nothing_for_restored(lost: Operation) -> None:
    Path(settings.COUNTER_FILE).unlink()
    call_command("add_machine", stdout=StringIO())
    assert quarantine.check() == 0
    lost.refresh_from_db()
    assert not lost.quarantined
    with pytest.raises(CommandError, match="belongs to an installation already"):
        call_command("add_machine", stdout=StringIO())


def test_the_command_says_how_many_it_put_into_quarantine(lost: Operation) -> None:
    said = []
    for _ in range(2):
        out = StringIO()
        call_command("quarantine", stdout=out)
        said.append(out.getvalue())
    assert said[0].startswith("1 operation is in quarantine.")
    assert said[1].startswith("Nothing was open")
    lost.refresh_from_db()
    assert (lost.state, lost.quarantined) == (State.NEEDS_REVIEW, True)


def test_an_event_that_comes_late_reconciles_what_is_in_quarantine(
    northwind: Merchant, support: User, emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$", after_work=True)
    operation = submit(northwind, support, change_request(northwind, support, payable(emulator), 100))
    quarantine.quarantine()
    assert reconcile_due(operation).state == State.DONE


def test_the_step_after_one_in_quarantine_waits_for_a_person_too(
    northwind: Merchant, support: User, emulator: Emulator
) -> None:
    """It may have been done since the backup was made: an event that reconciles the first says nothing of the
    second.
    """
    order = payable(emulator)
    token = {"payment_method_id": emulator.cases()["customers"]["wallet_0"]["1111"]}
    second = Step(
        kind="pay",
        order_id=order["id"],
        order_number=order["public_id"],
        body={"amount": 200, **token},
        summary="the second part",
    )
    emulator.fault("disconnect", "/pay$", after_work=True)
    operation = submit(northwind, support, change_request(northwind, support, order, 100, then=[second]))
    quarantine.quarantine()
    last = reconcile_due(operation)
    assert (last.step, last.state, last.code) == (1, State.NEEDS_REVIEW, "quarantined")
    with session.session(northwind, "live") as api:
        operation.refresh_from_db()
        assert journal.go_on(api, operation) == last
    assert reconcile_due(last).state == State.NEEDS_REVIEW
    assert payments(emulator, order) == [100]


MAKE = """
import json, sys, uuid
from orders.apis.revkeen import reads
from orders.models import Connection, Membership, Merchant, Operation, User
from orders.services.changes import journal, form_tokens
from orders.services.revkeen import session
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.snapshots import OrderSnapshot, snapshot_of
from tests.support.processes import READY
exec(READY)
order_id = uuid.UUID(sys.argv[1])
merchant, made = Merchant.objects.get_or_create(slug="northwind", defaults={"name": "Northwind"})
user, _ = User.objects.get_or_create(email="support@northwind.example", defaults={"name": "Support"})
if made:
    connection = Connection(merchant=merchant, mode="live", provider="revkeen", name="Demo", active=True)
    connection.secret = "rk_live_northwind_demo"
    connection.save()
    Membership.objects.create(user=user, merchant=merchant, roles=["support"])
with session.session(merchant, "live") as api:
    order = api.get(reads.order(order_id)).require()
    form_token = form_tokens.read(
        form_tokens.issue(user, merchant, "live", "pay", order_id, snapshot_of(order)),
        user, merchant, "live", "pay", order_id, OrderSnapshot,
    )
    change_request = ChangeRequest(form_token, {"amount": 100}, "1.00", token=f"tok_approve_{uuid.uuid4()}")
    operation = journal.submit(api, user, change_request)
print(json.dumps({"id": str(operation.pk), "state": operation.state}))
"""


class Looked(NamedTuple):
    """How the only operation of a site stands."""

    state: str
    code: str
    looks: int
    quarantined: bool


def looked_at(site: Site) -> Looked:
    """How it stands once a worker has looked at it, or when the time is over."""
    return until(
        lambda: Looked(*site.rows("SELECT state, code, looks, quarantined FROM orders_operation")[0]),
        lambda found: found.looks > 0 or found.state == "done",
    )


def back_up(site: Site, folder: Path) -> None:
    if site.environment["DATABASE_URL"].startswith("sqlite"):
        shutil.copy(folder / "site.sqlite3", folder / "backup.sqlite3")
    else:
        _on_server(site, "CREATE DATABASE {name}_backup TEMPLATE {name}")


def restore(site: Site, folder: Path) -> None:
    if site.environment["DATABASE_URL"].startswith("sqlite"):
        for leftover in folder.glob("site.sqlite3-*"):
            leftover.unlink()
        shutil.move(folder / "backup.sqlite3", folder / "site.sqlite3")
    else:
        _on_server(site, "DROP DATABASE {name} WITH (FORCE)")
        _on_server(site, "ALTER DATABASE {name}_backup RENAME TO {name}")


def _on_server(site: Site, statement: str) -> None:
    server, name = site.environment["DATABASE_URL"].rsplit("/", 1)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement.format(name=name))


def test_a_worker_on_a_restored_database_reads_and_sends_nothing(
    site: Site, tmp_path: Path, running_emulator: Emulator
) -> None:
    """Fault 43. Nothing tells of the payment that is open in the backup: a machine would send it again."""
    running_emulator.reset()
    site.environment |= {"REVKEEN_LIVE_URL": running_emulator.api, "REVKEEN_TEST_URL": running_emulator.api}
    first, second = (running_emulator.make_order()["id"] for _ in range(2))
    running_emulator.fault("disconnect", "/pay$")
    assert site.run(MAKE, first)["state"] == "in_doubt"
    back_up(site, tmp_path)
    assert site.run(MAKE, second)["state"] == "done"
    restore(site, tmp_path)
    ledger = running_emulator.ledger()
    running_emulator.forget_calls()
    with worker(site):
        found = looked_at(site)
    assert (found.state, found.code) == ("needs_review", "quarantined")
    assert {call["method"] for call in running_emulator.calls()} == {"GET"}
    assert running_emulator.ledger() == ledger


def test_a_backup_is_noticed_when_nothing_was_begun_since_it_was_made_but_something_ended(
    site: Site, tmp_path: Path, running_emulator: Emulator
) -> None:
    """Where no event tells of it, a machine would send it again."""
    running_emulator.reset()
    site.environment |= {"REVKEEN_LIVE_URL": running_emulator.api, "REVKEEN_TEST_URL": running_emulator.api}
    running_emulator.fault("disconnect", "/pay$")
    assert site.run(MAKE, running_emulator.make_order()["id"])["state"] == "in_doubt"
    back_up(site, tmp_path)
    with worker(site):
        assert looked_at(site).state == "done"
    restore(site, tmp_path)
    with worker(site):
        assert looked_at(site).quarantined


def test_the_first_operation_of_all_is_not_taken_for_one_of_a_backup(
    northwind: Merchant, support: User, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process looks between its row and its number in the file, or it was killed there."""
    monkeypatch.setattr(quarantine, "note_count", lambda: None)
    emulator.fault("disconnect", "/pay$")
    first = submit(northwind, support, change_request(northwind, support, payable(emulator), 100))
    assert quarantine.check() == 0
    first.refresh_from_db()
    assert (first.state, first.quarantined) == (State.IN_DOUBT, False)
