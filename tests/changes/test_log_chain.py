"""The event log and the journal are chained by hash: who gets past the triggers is found out."""

import uuid
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from orders.models import ChainHead, ChainLink, EventLog, Merchant, Operation, Unchained
from orders.services import audit, log_chain
from tests.conftest import make_person

pytestmark = pytest.mark.database

TABLES = ("orders_eventlog", "orders_operation", "orders_chainlink", "orders_chainhead", "orders_unchained")


def make_operation(merchant: Merchant, **values: Any) -> Operation:
    user = make_person(f"{uuid.uuid4()}@northwind.example", merchant, "support")
    operation_id = uuid.uuid4()
    asked = {"mode": "live", "connection_id": uuid.uuid4(), "kind": "create", "draft_id": uuid.uuid4()}
    said = {"body": {"amount": 100}, "seen": {}, "summary": "1.00 USD", "fingerprint": "f" * 64, "who": user.email}
    return Operation.objects.create(
        pk=operation_id, plan_id=operation_id, merchant=merchant, user=user, **asked | said | values
    )


@pytest.fixture
def written(northwind: Merchant) -> Operation:
    """Two events, an operation that has ended and one that is open, all of them chained."""
    audit.record(EventLog.Kind.KEY_ADDED, "rk_live_…9f2c", merchant=northwind)
    operation = make_operation(northwind)
    make_operation(northwind)
    Operation.objects.filter(pk=operation.pk).update(state="done", result={"number": "NW-1"})
    audit.record(EventLog.Kind.SIGNED_IN)
    log_chain.chain_new()
    operation.refresh_from_db()
    return operation


def behind_the_triggers(statement: str, *values: Any) -> None:
    """What somebody with the database's owner's password could do."""
    with connection.cursor() as cursor:
        for table in TABLES:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(statement, values)


def texts() -> list[str]:
    return [fault.text for fault in log_chain.faults()]


def test_every_event_and_both_ends_of_an_operation_have_a_link_in_the_order_they_were_written(
    written: Operation,
) -> None:
    facts = list(ChainLink.objects.order_by("position").values_list("position", "fact"))
    assert facts == [(1, "event"), (2, "asked"), (3, "asked"), (4, "ended"), (5, "event")]
    assert not Unchained.objects.exists()
    assert texts() == []


def test_an_operation_that_is_written_as_ended_has_both_its_links(northwind: Merchant) -> None:
    make_operation(northwind, state="not_sent")
    log_chain.chain_new()
    assert list(ChainLink.objects.order_by("position").values_list("fact", flat=True)) == ["asked", "ended"]


def test_what_is_rolled_back_leaves_nothing_to_be_chained(northwind: Merchant) -> None:
    with transaction.atomic():
        audit.record(EventLog.Kind.SIGNED_IN)
        transaction.set_rollback(True)
    assert log_chain.chain_new() == 0


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE orders_eventlog SET text = 'nothing' WHERE kind = 'key_added'", "was changed after"),
        ("UPDATE orders_operation SET summary = '9.00 USD' WHERE state = 'done'", "was changed after"),
        ("UPDATE orders_operation SET state = 'refused' WHERE state = 'done'", "was changed after"),
        ("DELETE FROM orders_eventlog WHERE kind = 'key_added'", "has been removed"),
        ("DELETE FROM orders_chainlink WHERE position = 2", "are missing"),
        ("UPDATE orders_chainlink SET digest = '0' WHERE position = 2", "does not follow"),
        ("DELETE FROM orders_chainlink WHERE position = 5", "is not in the chain"),
    ],
)
def test_what_was_changed_or_removed_behind_the_triggers_is_found(
    statement: str, said: str, written: Operation
) -> None:
    behind_the_triggers(statement)
    assert said in " ".join(texts())


def test_a_row_that_was_added_behind_the_triggers_is_found(written: Operation) -> None:
    behind_the_triggers("UPDATE orders_eventlog SET id = id")  # the triggers are gone now
    audit.record(EventLog.Kind.SIGNED_OUT)
    assert "is not in the chain" in " ".join(texts())


def write_the_chain_anew() -> None:
    """As somebody would who has the database and has read the code."""
    behind_the_triggers("DELETE FROM orders_chainlink")
    for position, event in enumerate(EventLog.objects.order_by("pk"), 1):
        Unchained.objects.create(fact="event", row=str(event.pk), pk=position)
    for operation in Operation.objects.all():
        Unchained.objects.create(fact="asked", row=str(operation.pk))
        if not operation.open:
            Unchained.objects.create(fact="ended", row=str(operation.pk))
    log_chain.chain_new()


def test_a_chain_that_was_written_anew_does_not_hold_its_signed_heads(written: Operation) -> None:
    head = log_chain.sign_head()
    assert head
    behind_the_triggers("UPDATE orders_eventlog SET text = 'nothing' WHERE kind = 'key_added'")
    write_the_chain_anew()
    assert texts() == [f"The head signed on {head.day} is no longer in the chain."]
    behind_the_triggers("DELETE FROM orders_chainhead")
    assert texts() == []  # which is why each head is logged, and can be held against the chain
    [fault] = log_chain.faults(head.link)
    assert "was written anew" in fault.text


def test_a_head_is_signed_once_a_day_and_by_no_key_that_is_not_ours(written: Operation, settings: LazySettings) -> None:
    head = log_chain.sign_head()
    assert head
    audit.record(EventLog.Kind.SIGNED_OUT)
    log_chain.chain_new()
    assert log_chain.sign_head() is None
    ours = list(settings.FIELD_ENCRYPTION_KEYS)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *ours]
    assert texts() == []  # a former key still verifies
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert texts() == [f"The head of {head.day} is not signed with a key of FIELD_ENCRYPTION_KEYS."]


def test_the_next_day_has_a_head_of_its_own_where_something_is_new(written: Operation) -> None:
    head = log_chain.sign_head()
    assert head
    yesterday = timezone.now().date() - timedelta(days=1)
    behind_the_triggers("UPDATE orders_chainhead SET day = %s", yesterday)
    assert log_chain.sign_head() is None  # nothing is new
    Unchained.objects.create(fact="event", row=str(EventLog.objects.create(kind="signed_out").pk))
    log_chain.chain_new()
    log_chain.sign_head()
    assert ChainHead.objects.count() == 2


@pytest.mark.parametrize("table", ["orders_chainlink", "orders_chainhead"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET link = '0'"])
def test_the_chain_itself_is_only_added_to(table: str, statement: str, written: Operation) -> None:
    log_chain.sign_head()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_the_command_says_what_does_not_agree_and_fails(written: Operation) -> None:
    said = StringIO()
    call_command("verify_log", stdout=said)
    assert "All 5 links agree" in said.getvalue()
    behind_the_triggers("UPDATE orders_operation SET summary = '9.00 USD' WHERE id = %s", stored(written.pk))
    with pytest.raises(CommandError, match="2 faults"):
        call_command("verify_log", stdout=said)
    assert f"Position 2: Operation, as asked {written.pk} was changed" in said.getvalue()


def stored(key: uuid.UUID) -> str:
    return key.hex if connection.vendor == "sqlite" else str(key)


def test_the_links_say_which_columns_of_which_version_they_are_of() -> None:
    """A column that somebody adds is vouched for from then on, by a new version, or says how a call is followed up."""
    followed_up = "attempts last_sent_at lease_until next_try_at looks unreachable equal_errors quarantined".split()
    asked, ended, event = (log_chain.COLUMNS[log_chain.VERSION, fact] for fact in ("asked", "ended", "event"))
    assert {field.attname for field in Operation._meta.concrete_fields} == {*ended, *followed_up}
    assert {field.attname for field in EventLog._meta.concrete_fields} == set(event)
    assert set(asked) < set(ended)


# --- REPLACE on SQLite ------------------------------------------------------------------------------------------------

UNIQUE = {
    "orders_eventlog": [["id"]],
    "orders_operation": [["id"], ["draft_id"], ["created_order_id"]],
    "orders_chainlink": [["position"], ["fact", "row"]],
    "orders_chainhead": [["id"], ["day"]],
}
NEW = {"id": "'00000000000000000000000000000001'", "position": "99", "day": "'2001-01-01'", "row": "'99'"}


@pytest.mark.parametrize("table", UNIQUE)
def test_every_unique_index_is_one_that_the_triggers_for_inserts_know(table: str, written: Operation) -> None:
    """Else a REPLACE that is stopped by the index removes a row without a trigger noticing."""
    if connection.vendor != "sqlite":
        return  # PostgreSQL has no REPLACE, and fires its triggers for deletes whatever deletes
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM pragma_index_list('{table}') WHERE \"unique\"")
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute(f"SELECT name FROM pragma_table_info('{table}') WHERE pk")
        found = {tuple(name for (name,) in cursor.fetchall())}
        for name in names:
            cursor.execute(f"SELECT name FROM pragma_index_info('{name}')")
            found.add(tuple(column for (column,) in cursor.fetchall()))
    assert found == {tuple(columns) for columns in UNIQUE[table]}


@pytest.mark.parametrize(("table", "kept"), [(table, kept) for table, each in UNIQUE.items() for kept in each])
def test_no_row_is_replaced_by_a_program_without_recursive_triggers(
    table: str, kept: list[str], written: Operation
) -> None:
    if connection.vendor != "sqlite":
        return
    log_chain.sign_head()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM pragma_table_info('{table}')")
        names = [name for (name,) in cursor.fetchall()]
        fresh = [name if name in kept or name not in NEW else NEW[name] for name in names]
        if table == "orders_eventlog":
            fresh = names
        cursor.execute(f"SELECT count(*) FROM {table}")
        before = cursor.fetchone()
        cursor.execute("PRAGMA recursive_triggers=OFF")
        try:
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(f"REPLACE INTO {table} ({','.join(names)}) SELECT {','.join(fresh)} FROM {table}")
        finally:
            cursor.execute("PRAGMA recursive_triggers=ON")
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == before
