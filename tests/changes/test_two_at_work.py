"""Two at one operation: a second worker after a lease, a person and a worker at one plan. It is sent by one of them,
and whoever comes later never writes down that nothing was sent."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now

from orders.models import Connection, Merchant, Operation, OrderLock, User
from orders.services.changes import journal, reconcile, verification
from orders.services.changes.plans import Step
from orders.services.revkeen import session
from tests.conftest import add_key
from tests.support.emulation import Emulator
from tests.support.journal import change_request, payments, reconcile_due, submit
from tests.support.journal import order as order
from tests.support.journal import support as support

pytestmark = pytest.mark.database

State = Operation.State


@pytest.fixture
def after_the_call(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something else happen between the answer to a change and the outcome that is written of it, once."""

    def arrange(meanwhile: Callable[[], object]) -> None:
        true, waiting = verification.contradiction, [meanwhile]

        def interrupted(*arguments: Any) -> str:
            if waiting:
                waiting.pop()()
            return true(*arguments)

        monkeypatch.setattr(verification, "contradiction", interrupted)

    return arrange


def in_two(emulator: Emulator, order: dict[str, Any]) -> Step:
    """The second step of a plan: another payment of the same order."""
    card = emulator.cases()["customers"]["wallet_0"]["1111"]
    body = {"amount": 200, "payment_method_id": card}
    number = order["public_id"]
    return Step(kind="pay", order_id=order["id"], order_number=number, body=body, summary="the second part")


def lost_first_step(northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator) -> Operation:
    emulator.fault("disconnect", "/pay$", after_work=True)
    return submit(northwind, support, change_request(northwind, support, order, 100, then=[in_two(emulator, order)]))


def as_read_by_another(operation: Operation) -> Operation:
    return Operation.objects.select_related("merchant").annotate(now=Now()).get(pk=operation.pk)


def test_two_who_go_on_with_a_plan_send_its_step_once_and_say_that_it_is_done(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator, after_the_call: Any
) -> None:
    """A person decides while a worker reads, or two read the event that ends the step before."""
    first = lost_first_step(northwind, support, order, emulator)
    second = as_read_by_another(first)
    emulator.forget_calls()
    after_the_call(lambda: reconcile.reconcile(second))
    reconcile_due(first)
    steps = Operation.objects.filter(plan_id=first.pk).order_by("step")
    assert [(step.state, step.code) for step in steps] == [(State.DONE, ""), (State.DONE, "")]
    assert payments(emulator, order) == [100, 200]
    assert len([call for call in emulator.calls() if call["path"].endswith("/pay")]) == 1
    assert not OrderLock.objects.exists()


def test_a_step_that_follows_when_the_key_was_replaced_is_sent_with_the_key_that_its_row_names(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    first = lost_first_step(northwind, support, order, emulator)
    replace_key(northwind)
    reconcile_due(first)
    step = Operation.objects.get(plan_id=first.pk, step=1)
    assert step.state == State.DONE
    assert step.connection_id == Connection.objects.get(merchant=northwind, mode="live", active=True).pk
    assert step.shown_key.endswith("emo2")
    assert payments(emulator, order) == [100, 200]


def test_a_page_whose_key_was_replaced_meanwhile_leaves_the_step_to_the_worker(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator, after_the_call: Any
) -> None:
    after_the_call(lambda: replace_key(northwind))
    first = submit(northwind, support, change_request(northwind, support, order, 100, then=[in_two(emulator, order)]))
    step = Operation.objects.get(plan_id=first.plan_id, step=1)
    assert (step.state, step.attempts) == (State.STARTED, 0)
    assert reconcile_due(step).state == State.DONE
    assert payments(emulator, order) == [100, 200]


def replace_key(merchant: Merchant) -> None:
    """By another one of the same account."""
    Connection.objects.filter(merchant=merchant, mode="live").update(active=False)
    add_key(merchant, "live", "rk_live_northwind_demo2", active=True)


def test_a_page_that_slept_past_its_lease_does_not_say_that_nothing_was_sent(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator, after_the_call: Any
) -> None:
    with session.session(northwind, "live") as api:
        asleep, _ = journal.begin(api, support, change_request(northwind, support, order, 100))
        after_the_call(lambda: journal.carry_out(api, asleep))
        assert reconcile_due(asleep).state == State.DONE
    assert payments(emulator, order) == [100]


def test_a_page_that_slept_past_its_lease_and_cannot_read_does_not_say_that_nothing_was_sent(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator, after_the_call: Any
) -> None:
    def wake() -> None:
        emulator.fault("error", "/orders/[^/]+$", method="GET", times=2)
        assert journal.carry_out(api, asleep).open
        emulator.clear_faults()

    with session.session(northwind, "live") as api:
        asleep, _ = journal.begin(api, support, change_request(northwind, support, order, 100))
        after_the_call(wake)
        assert reconcile_due(asleep).state == State.DONE
    assert payments(emulator, order) == [100]


def test_a_page_that_slept_until_it_was_reconciled_sends_nothing(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    with session.session(northwind, "live") as api:
        asleep, _ = journal.begin(api, support, change_request(northwind, support, order, 100))
        Operation.objects.filter(pk=asleep.pk).update(state=State.REFUSED, ended_at=Now())
        assert journal.carry_out(api, asleep).state == State.REFUSED
    assert payments(emulator, order) == []


def test_what_was_never_sent_says_so_when_the_order_has_changed(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    """Its process was killed before the call: there is nothing for a person to decide."""
    with session.session(northwind, "live") as api:
        killed, _ = journal.begin(api, support, change_request(northwind, support, order, 100))
    emulator.send(f"/orders/{order['id']}", {"notes": "changed elsewhere"}, method="PATCH")
    reconciled = reconcile_due(killed)
    assert (reconciled.state, reconciled.code) == (State.NOT_SENT, "order_changed")
