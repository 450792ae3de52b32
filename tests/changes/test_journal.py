"""The rules of money, at the service: row, call, outcome; once; and what becomes of it without an answer."""

import pytest

from orders.models import Merchant, Operation, OperationToken, OrderLock, User
from orders.services.changes.change_request import OrderBusy
from tests.support.emulation import Emulator
from tests.support.journal import change_request, payable, payments, reconcile_due, submit
from tests.support.journal import support as support

pytestmark = pytest.mark.database

State = Operation.State


def test_a_payment_is_done_once_and_its_token_is_wiped(northwind: Merchant, support: User, emulator: Emulator) -> None:
    order = payable(emulator)
    what = change_request(northwind, support, order, 100)
    operation = submit(northwind, support, what)
    assert (operation.state, operation.message) == (State.DONE, "")
    assert submit(northwind, support, what) == operation
    assert payments(emulator, order) == [100]
    assert not OperationToken.objects.exists()
    assert not OrderLock.objects.exists()


def test_a_lost_answer_is_unknown_until_the_event_tells(northwind: Merchant, support: User, emulator: Emulator) -> None:
    order = payable(emulator)
    emulator.fault("disconnect", "/pay$", after_work=True)
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    assert operation.state == State.IN_DOUBT
    assert OrderLock.objects.exists()
    with pytest.raises(OrderBusy):
        submit(northwind, support, change_request(northwind, support, order, 100))
    assert reconcile_due(operation).state == State.DONE
    assert payments(emulator, order) == [100]


def test_a_call_that_did_nothing_is_sent_again_under_its_key(
    northwind: Merchant, support: User, emulator: Emulator
) -> None:
    order = payable(emulator)
    emulator.fault("disconnect", "/pay$")
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    assert operation.state == State.IN_DOUBT
    assert reconcile_due(operation).state == State.DONE
    keys = {call["idempotency_key"] for call in emulator.calls() if call["path"].endswith("/pay")}
    assert keys == {str(operation.pk)}
    assert payments(emulator, order) == [100]
