"""The journal is not edited: the database itself refuses it, whatever a program asks."""

import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from orders.models import EventLog, Merchant, Operation
from orders.services import audit
from tests.conftest import make_merchant, make_person

pytestmark = pytest.mark.database

State = Operation.State


@pytest.fixture
def operation(northwind: Merchant) -> Operation:
    user = make_person("mara@northwind.example", northwind, "support")
    operation_id = uuid.uuid4()
    return Operation.objects.create(
        pk=operation_id,
        plan_id=operation_id,
        merchant=northwind,
        mode="live",
        connection_id=uuid.uuid4(),
        shown_key="rk_live_…demo",
        kind="pay",
        order_id=uuid.uuid4(),
        order_number="NOR-1",
        body={"amount": 100},
        seen={"currency": "USD"},
        summary="1.00 USD",
        fingerprint="f" * 64,
        later={},
        user=user,
        who=user.email,
        asked_in="req_1",
    )


def refuse(words: str, statement: str, values: list[Any] | None = None) -> None:
    with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values or [])


@pytest.mark.parametrize("state", State.values)
def test_no_operation_is_deleted_in_any_state(state: str, operation: Operation) -> None:
    Operation.objects.filter(pk=operation.pk).update(state=state)
    refuse("a row stays", "DELETE FROM orders_operation")
    with pytest.raises(DatabaseError), transaction.atomic():
        operation.delete()
    assert Operation.objects.count() == 1


def asked(operation: Operation) -> dict[str, Any]:
    """Another value for everything that was asked."""
    other = make_merchant("Kestrel Outdoor", "kestrel", "America/Denver")
    user = make_person("other@northwind.example", other, "support")
    return {
        "merchant": other,
        "mode": "test",
        "connection_id": uuid.uuid4(),
        "shown_key": "x",
        "kind": "refund",
        "order_id": uuid.uuid4(),
        "order_number": "NOR-2",
        "draft_id": uuid.uuid4(),
        "body": {"amount": 1},
        "seen": {},
        "summary": "2.00 USD",
        "fingerprint": "g" * 64,
        "plan_id": uuid.uuid4(),
        "step": 1,
        "later": {"then": []},
        "user": user,
        "who": "somebody",
        "asked_in": "req_2",
        "created_at": operation.created_at.replace(year=2020),
    }


def test_nothing_that_was_asked_is_changed_while_it_is_open_either(operation: Operation) -> None:
    for name, value in asked(operation).items():
        with pytest.raises(DatabaseError, match="what was asked stays"), transaction.atomic():
            Operation.objects.filter(pk=operation.pk).update(**{name: value})


def test_every_column_is_either_what_was_asked_or_what_became_of_it(operation: Operation) -> None:
    """A column that somebody adds has to be put on one side."""
    became = "state status code message param request_id result created_order_id ended_at decided_by reason".split()
    reconciling = "attempts last_sent_at lease_until next_try_at looks unreachable equal_errors quarantined".split()
    names = {field.name for field in Operation._meta.concrete_fields}
    assert names == {"id", *asked(operation), *became, *reconciling}


def test_an_id_is_not_changed(operation: Operation) -> None:
    with pytest.raises(DatabaseError, match="what was asked stays"), transaction.atomic():
        Operation.objects.filter(pk=operation.pk).update(id=uuid.uuid4())


@pytest.mark.parametrize("ended", [State.DONE, State.REFUSED, State.NOT_SENT])
def test_an_outcome_is_written_once(ended: str, operation: Operation) -> None:
    Operation.objects.filter(pk=operation.pk).update(state=ended, message="the first word")
    changes: list[dict[str, Any]] = [
        *({"state": state} for state in State.values),
        {"message": "another word"},
        {"result": {"number": "x"}},
        {"reason": "later"},
        {"looks": 1},
    ]
    for change in changes:
        with pytest.raises(DatabaseError, match="an outcome is written once"), transaction.atomic():
            Operation.objects.filter(pk=operation.pk).update(**change)
    operation.refresh_from_db()
    assert (operation.state, operation.message) == (ended, "the first word")


@pytest.mark.parametrize("state", [State.STARTED, State.IN_DOUBT, State.NEEDS_REVIEW])
def test_what_is_open_can_be_reconciled(state: str, operation: Operation) -> None:
    Operation.objects.filter(pk=operation.pk).update(state=state)
    assert Operation.objects.filter(pk=operation.pk).update(state=State.DONE, result={"number": "NOR-1"}) == 1


def test_a_row_is_not_replaced_by_another_of_its_id(operation: Operation) -> None:
    """SQLite's REPLACE deletes without asking the triggers, unless they are asked to be recursive."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no REPLACE")
    columns = ", ".join(field.column for field in Operation._meta.concrete_fields)
    changed = columns.replace("summary", "'another sum'")
    refuse(
        "append-only",
        f"INSERT OR REPLACE INTO orders_operation ({columns}) SELECT {changed} FROM orders_operation",
    )


@pytest.mark.parametrize("table", ["orders_operation", "orders_eventlog"])
def test_postgresql_does_not_truncate_either_table(table: str, operation: Operation) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else these would refuse it, for the length of this test
    refuse("not edited|append-only", f"TRUNCATE {table} CASCADE")


def test_the_event_log_only_grows(northwind: Merchant) -> None:
    audit.record(EventLog.Kind.KEY_ADDED, "first", merchant=northwind)
    refuse("append-only", "DELETE FROM orders_eventlog")
    refuse("append-only", "UPDATE orders_eventlog SET text = 'other'")
    assert EventLog.objects.get().text == "first"
