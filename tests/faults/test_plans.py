"""Half of “create the replacement, cancel the old one” is done: the other half follows, and neither happens twice."""

from typing import Any

import pytest

from chaos.changes import REPLACE
from orders.models import Operation, OrderLock
from orders.services.changes import journal
from tests.support.reliability import Case, House, says_done, words

pytestmark = pytest.mark.database

State = Operation.State
STEPS = {
    "C": ("POST", "/orders$"),
    "U": ("PATCH", "/orders/[^/]+$"),
    "N": ("POST", "/cancel$"),
}
LOST: dict[str, dict[str, Any]] = {
    "before the work": {"kind": "disconnect"},
    "after the work": {"kind": "disconnect", "after_work": True},
    "refused for now": {"kind": "error", "status": 500},
}


@pytest.fixture
def case(house: House) -> Case:
    return Case(house, REPLACE)


def assert_replaced(case: Case) -> None:
    case.assert_invariants(State.DONE, State.DONE, State.DONE)
    order = case.house.emulator.get(f"/orders/{case.house.shop.replaced[case.subject]}")
    created = case.operations[0].created_order_id
    assert order["status"] == "canceled"
    assert order["metadata"]["replaced_by"] == str(created)
    ours = {str(row.pk) for row in case.operations}
    effects = [row["effect"] for row in case.house.emulator.ledger() if row["idempotency_key"] in ours]
    assert effects == ["order_created", "order_updated", "cancel"]
    assert not OrderLock.objects.exists()


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=pytest.mark.fault(46, step if step != "U" else "CN")) for step in STEPS]
)
def test_a_step_that_is_lost_is_found_and_the_rest_follows(step: str, lost: dict[str, Any], case: Case) -> None:
    method, path = STEPS[step]
    case.house.emulator.fault(**lost, path=path, method=method)
    page = case.press()
    assert not says_done(page), words(page)
    case.assert_open()
    case.recover()
    assert_replaced(case)


@pytest.mark.fault(46, "CN")
def test_a_plan_whose_server_was_killed_between_two_steps_goes_on(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(journal, "go_on", lambda api, operation: operation)
        case.press()
    assert [row.state for row in case.operations] == [State.DONE, State.STARTED]
    case.assert_open()
    case.recover()
    assert_replaced(case)
