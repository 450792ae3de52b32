"""The rules of money, at the service: row, call, outcome; once; and what becomes of it without an answer."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from orders.models import Merchant, Operation, OperationToken, OrderLock, User
from orders.services import journal, revkeen, settling, tickets
from orders.services.asked import Asked, OrderBusy
from orders.services.leases import claim
from orders.services.snapshots import OrderSnapshot, snapshot_of
from tests.conftest import make_person
from tests.support.emulation import Emulator

pytestmark = pytest.mark.database

State = Operation.State


@pytest.fixture
def support(northwind: Merchant) -> User:
    return make_person("support@northwind.example", northwind, "support")


def payable(emulator: Emulator) -> dict[str, Any]:
    """An order with something due and a customer whose first card is good."""
    cases = emulator.cases()
    wallet = cases["customers"]["wallet_0"]
    orders = emulator.orders(f"customer_id={wallet['id']}&limit=100")
    found = next((order for order in orders if order["status"] == "pending"), None)
    return found or emulator.make_order(customer_id=wallet["id"])


def asked(merchant: Merchant, user: User, order: dict[str, Any], amount: int, **more: Any) -> Asked:
    with revkeen.session(merchant, "live") as api:
        from orders.apis.revkeen import reads

        shown = snapshot_of(api.get(reads.order(uuid.UUID(order["id"]))).require())
    text = tickets.issue(user, merchant, "live", "pay", uuid.UUID(order["id"]), shown)
    ticket = tickets.read(text, user, merchant, "live", "pay", uuid.UUID(order["id"]), OrderSnapshot)
    return Asked(
        ticket, {"amount": amount}, "a payment", order["public_id"], token=f"tok_approve_{uuid.uuid4()}", **more
    )


def submit(merchant: Merchant, user: User, what: Asked) -> Operation:
    with revkeen.session(merchant, "live") as api:
        return journal.submit(api, user, what)


def settle(operation: Operation) -> Operation:
    """As the worker does when it is due."""
    Operation.objects.filter(pk=operation.pk).update(next_try_at=Now(), lease_until=Now() - timedelta(seconds=1))
    claimed = claim()
    assert claimed is not None
    return settling.settle(claimed)


def payments(emulator: Emulator, order: dict[str, Any]) -> list[int]:
    return [row["amount"] for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == "payment"]


def test_a_payment_is_done_once_and_its_token_is_wiped(northwind: Merchant, support: User, emulator: Emulator) -> None:
    order = payable(emulator)
    what = asked(northwind, support, order, 100)
    operation = submit(northwind, support, what)
    assert (operation.state, operation.message) == (State.DONE, "")
    assert submit(northwind, support, what) == operation
    assert payments(emulator, order) == [100]
    assert not OperationToken.objects.exists()
    assert not OrderLock.objects.exists()


def test_a_lost_answer_is_unknown_until_the_event_tells(northwind: Merchant, support: User, emulator: Emulator) -> None:
    order = payable(emulator)
    emulator.fault("disconnect", "/pay$", after_work=True)
    operation = submit(northwind, support, asked(northwind, support, order, 100))
    assert operation.state == State.UNKNOWN
    assert OrderLock.objects.exists()
    with pytest.raises(OrderBusy):
        submit(northwind, support, asked(northwind, support, order, 100))
    assert settle(operation).state == State.DONE
    assert payments(emulator, order) == [100]


def test_a_call_that_did_nothing_is_sent_again_under_its_key(
    northwind: Merchant, support: User, emulator: Emulator
) -> None:
    order = payable(emulator)
    emulator.fault("disconnect", "/pay$")
    operation = submit(northwind, support, asked(northwind, support, order, 100))
    assert operation.state == State.UNKNOWN
    assert settle(operation).state == State.DONE
    keys = {call["idempotency_key"] for call in emulator.calls() if call["path"].endswith("/pay")}
    assert keys == {str(operation.pk)}
    assert payments(emulator, order) == [100]
