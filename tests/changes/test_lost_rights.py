"""A machine sends nothing on behalf of somebody who lost the right: it stops, and says so to a person."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from orders.models import Membership, Merchant, Operation, PartnerUpdate, User
from orders.services.changes.plans import Step
from orders.services.partners import manual, outbox, partner_worker
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.journal import change_request, payable, payments, reconcile_due, submit
from tests.support.parcels import connect_partners, paid_order, parcel, send_off

State = Operation.State


@pytest.fixture
def mara(northwind: Merchant) -> User:
    return make_person("mara@northwind.example", northwind, "support", "operations")


def demote(user: User) -> None:
    Membership.objects.filter(user=user).update(roles=["viewer"])


def remove(user: User) -> None:
    Membership.objects.filter(user=user).delete()


def close_account(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


LOSSES = pytest.mark.parametrize("lose", [demote, remove, close_account])


@LOSSES
def test_what_was_held_ends_unsent_in_words(lose: Any, northwind: Merchant, mara: User, emulator: Emulator) -> None:
    order = payable(emulator)
    operation = submit(northwind, mara, change_request(northwind, mara, order, 100, undo_seconds=30))
    lose(mara)
    ended = reconcile_due(operation)
    assert (ended.state, ended.code) == (State.NOT_SENT, "right_lost")
    assert "Mara, who requested it, may no longer take payments and cancel orders here" in ended.message
    assert payments(emulator, order) == []


@LOSSES
def test_a_call_in_doubt_is_not_sent_again(lose: Any, northwind: Merchant, mara: User, emulator: Emulator) -> None:
    order = payable(emulator)
    emulator.fault("disconnect", "/pay$")
    operation = submit(northwind, mara, change_request(northwind, mara, order, 100))
    lose(mara)
    admin = sign_in(make_person("ada@northwind.example", northwind, "admin"))
    stopped = reconcile_due(operation)
    assert (stopped.state, stopped.code) == (State.NEEDS_REVIEW, "right_lost")
    assert payments(emulator, order) == []
    page = admin.get(f"/northwind/live/journal/{operation.pk}/").content.decode()
    assert "may no longer take payments and cancel orders here" in page


def test_what_happened_before_is_still_found_out(northwind: Merchant, mara: User, emulator: Emulator) -> None:
    order = payable(emulator)
    emulator.fault("disconnect", "/pay$", after_work=True)
    operation = submit(northwind, mara, change_request(northwind, mara, order, 100))
    remove(mara)
    assert reconcile_due(operation).state == State.DONE


@LOSSES
def test_a_later_step_of_a_plan_waits_for_a_person(
    lose: Any, northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    order = payable(emulator)
    number = order["public_id"]
    step = Step(kind="cancel", order_id=order["id"], order_number=number, body={"reason": "x"}, summary="cancel it")
    emulator.fault("disconnect", "/pay$", after_work=True)
    first = submit(northwind, mara, change_request(northwind, mara, order, 100, then=[step]))
    lose(mara)
    reconcile_due(first)
    second = Operation.objects.get(plan_id=first.pk, step=1)
    assert (second.state, second.code, second.attempts) == (State.NEEDS_REVIEW, "right_lost", 0)
    assert not [call for call in emulator.calls() if call["path"].endswith("/cancel")]


@LOSSES
def test_a_shipment_is_told_to_no_partner_until_another_sends_it(
    lose: Any, northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    connect_partners(northwind)
    other = make_person("ben@northwind.example", northwind, "operations")
    order = paid_order(emulator, ("Tent", 1))
    send_off(northwind, mara, order, parcel(order, 1))
    lose(mara)
    work()
    assert {(row.state, row.code) for row in PartnerUpdate.objects.all()} == {("failed", "right_lost")}
    assert not [row for row in emulator.ledger() if row["provider"] != "revkeen" and row["effect"] == "fulfillment"]
    for row in PartnerUpdate.objects.all():
        manual.send_again(row, other)
    work()
    assert {row.code for row in PartnerUpdate.objects.all()}.isdisjoint({"right_lost"})


def work() -> None:
    PartnerUpdate.objects.update(next_try_at=Now() - timedelta(seconds=1))
    while (claimed := outbox.claim()) is not None:
        partner_worker.send_update(claimed)
