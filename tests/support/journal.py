"""Changes at the service: asked for, sent, and looked at as the worker does."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from orders.models import Merchant, Operation, User
from orders.services.changes import form_tokens, journal, reconcile
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.leases import claim
from orders.services.changes.snapshots import OrderSnapshot, snapshot_of
from orders.services.revkeen import session
from tests.conftest import make_person
from tests.support.emulation import Emulator


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


def change_request(merchant: Merchant, user: User, order: dict[str, Any], amount: int, **more: Any) -> ChangeRequest:
    with session.session(merchant, "live") as api:
        from orders.apis.revkeen import reads

        shown = snapshot_of(api.get(reads.order(uuid.UUID(order["id"]))).require())
    text = form_tokens.issue(user, merchant, "live", "pay", uuid.UUID(order["id"]), shown)
    form_token = form_tokens.read(text, user, merchant, "live", "pay", uuid.UUID(order["id"]), OrderSnapshot)
    return ChangeRequest(
        form_token, {"amount": amount}, "a payment", order["public_id"], token=f"tok_approve_{uuid.uuid4()}", **more
    )


def submit(merchant: Merchant, user: User, what: ChangeRequest) -> Operation:
    with session.session(merchant, "live") as api:
        return journal.submit(api, user, what)


def reconcile_due(operation: Operation) -> Operation:
    """As the worker does when it is due."""
    Operation.objects.filter(pk=operation.pk).update(next_try_at=Now(), lease_until=Now() - timedelta(seconds=1))
    claimed = claim()
    assert claimed is not None
    return reconcile.reconcile(claimed)


def payments(emulator: Emulator, order: dict[str, Any]) -> list[int]:
    return [row["amount"] for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == "payment"]


@pytest.fixture
def order(emulator: Emulator) -> dict[str, Any]:
    return payable(emulator)
