"""The worker's part: what a kill leaves is gone on with, RevKeen's outages pass, its rate is kept, people go first."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.test import Client

from orders.models import IndexState, Job, JobRow, Membership, Merchant, Operation
from orders.services.changes import leases, quarantine, reconcile
from orders.services.jobs import sending, work
from orders.services.jobs.work import Claimed
from orders.services.sync import turns
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.many import apply, paid, paste, run, states, told, ups

pytestmark = pytest.mark.database


class Killed(BaseException):
    """As `kill -9`: nothing catches it."""


@pytest.fixture
def orders(northwind: Merchant, emulator: Emulator) -> list[dict[str, Any]]:
    found = [paid(emulator) for _ in range(2)]
    index_everything(northwind)
    return found


@pytest.fixture
def job(operations: Client, orders: list[dict[str, Any]]) -> Job:
    """Applied, and nothing of it begun."""
    made = paste(operations, *(f"{order['public_id']},UPS,{ups(place)}" for place, order in enumerate(orders)))
    apply(operations, made)
    return made


def claimed() -> Claimed:
    Job.objects.update(next_call_at=Now())
    found = work.claim()
    assert found is not None
    return found


def lease_over() -> None:
    JobRow.objects.update(lease_until=Now())
    Operation.objects.filter(state__in=Operation.OPEN).update(lease_until=Now(), next_try_at=Now())


KILLED_AT = {
    "before the journal": "orders.services.jobs.sending_parcels.fulfill.fulfill",
    "after its row": "orders.services.changes.journal.carry_out",
    "before the call": "orders.services.changes.journal.send",
    "after the call": "orders.services.changes.journal._look_after",
    "before the row’s end": "orders.services.jobs.sending._after",
}


@pytest.mark.parametrize("place", KILLED_AT.values(), ids=KILLED_AT)
def test_a_worker_that_is_killed_leaves_nothing_undone_and_nothing_done_twice(
    job: Job, orders: list[dict[str, Any]], emulator: Emulator, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def kill(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(place, kill)
        with pytest.raises(Killed):
            sending.send(claimed())
    assert work.operation_of(list(job.rows.filter(place=2))) is None or place != KILLED_AT["before the journal"]
    lease_over()
    run()
    while (operation := leases.claim()) is not None:  # the reconciler
        reconcile.reconcile(operation)
        Operation.objects.filter(state__in=Operation.OPEN).update(lease_until=Now(), next_try_at=Now())
    lease_over()
    run()
    assert states(job) == ["done", "done"]
    assert [len(told(emulator, order)) for order in orders] == [1, 1]
    job.refresh_from_db()
    assert job.state == "ended"


def test_while_revkeen_does_not_answer_the_job_waits_and_then_goes_on(
    job: Job, orders: list[dict[str, Any]], emulator: Emulator
) -> None:
    emulator.fault("disconnect", times=2)
    sending.send(claimed())
    job.refresh_from_db()
    assert states(job) == ["ready", "ready"]
    assert job.message.startswith("Waiting for RevKeen: ")
    assert work.claim() is None  # for some seconds
    emulator.clear_faults()
    run()
    assert states(job) == ["done", "done"]
    assert [len(told(emulator, order)) for order in orders] == [1, 1]


def test_an_answer_that_never_came_is_in_doubt_until_the_reconciler_knows(
    job: Job, orders: list[dict[str, Any]], emulator: Emulator
) -> None:
    emulator.fault("cut", path="/fulfill$", method="POST")
    run()
    assert sorted(states(job)) == ["done", "in_doubt"]
    assert Job.objects.get(pk=job.pk).state == "ended"
    Operation.objects.filter(state__in=Operation.OPEN).update(lease_until=Now(), next_try_at=Now())
    operation = leases.claim()
    assert operation is not None
    reconcile.reconcile(operation)
    assert states(job) == ["done", "done"]
    assert [len(told(emulator, order)) for order in orders] == [1, 1]


def test_whoever_lost_the_right_has_nothing_sent_for_them(
    job: Job, orders: list[dict[str, Any]], emulator: Emulator
) -> None:
    Membership.objects.filter(user=job.user).update(roles=["viewer"])
    run()
    assert states(job) == ["not_sent", "not_sent"]
    assert "may no longer fulfill orders here" in job.rows.get(place=2).message
    assert not any(told(emulator, order) for order in orders)


def test_a_restored_backup_sends_no_row(job: Job, orders: list[dict[str, Any]], emulator: Emulator) -> None:
    quarantine.quarantine()
    assert run() == 0
    assert states(job) == ["in_doubt", "in_doubt"]
    assert Job.objects.get(pk=job.pk).state == "stopped"
    assert not any(told(emulator, order) for order in orders)


def test_rows_keep_to_their_share_of_the_rate_and_leave_people_a_fifth(
    job: Job, northwind: Merchant, settings: LazySettings
) -> None:
    assert work.apart(job) == timedelta(seconds=60 * 3 / 700)
    first = claimed()
    assert work.claim() is None
    assert 0 < work.pause() < 0.3
    state = IndexState.objects.get(merchant=northwind, mode="live")
    assert turns._share(state) + settings.JOBS_SHARE <= 0.8 + 1e-9
    sending.send(first)
    Job.objects.update(state=Job.State.ENDED)
    assert turns._share(state) == settings.INDEX_SHARE


def test_another_job_of_the_merchant_waits_for_its_turn(
    job: Job, operations: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = paid(emulator)
    index_everything(northwind)
    second = paste(operations, f"{order['public_id']},UPS,{ups(50)}")
    apply(operations, second)
    assert [claimed().job for _ in range(2)] == [job, job]
    assert work.claim() is None
