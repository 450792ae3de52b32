"""On PostgreSQL the site runs as a role that owns no table: not even a forged statement switches a trigger off."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from orders.models import EventLog, Merchant
from orders.services import audit, log_chain

pytestmark = pytest.mark.database

ROLE = "site_of_the_tests"


@pytest.fixture
def as_the_site(northwind: Merchant) -> Iterator[None]:
    """What follows runs with the rights of the site's role; all of it is undone at the end of the test."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP ROLE IF EXISTS {ROLE}")
            cursor.execute(f"CREATE ROLE {ROLE}")
            call_command("grant_site_role", ROLE, stdout=StringIO())
            cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def test_the_site_writes_and_chains_what_it_has_to(as_the_site: None, northwind: Merchant) -> None:
    audit.record(EventLog.Kind.SIGNED_IN, merchant=northwind)
    Merchant.objects.filter(pk=northwind.pk).update(name="Northwind")
    assert log_chain.chain_new() == 1
    assert log_chain.sign_head()
    assert list(log_chain.faults()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE orders_eventlog DISABLE TRIGGER USER",
        "ALTER TABLE orders_operation DISABLE TRIGGER ALL",
        "DROP TRIGGER orders_eventlog_no_change ON orders_eventlog",
        "CREATE OR REPLACE FUNCTION orders_eventlog_refuse() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
        "SET session_replication_role = replica",
        "DELETE FROM orders_operation",
        "DELETE FROM orders_chainlink",
        "UPDATE orders_eventlog SET text = ''",
        "TRUNCATE orders_chainlink",
        "DROP TABLE orders_chainhead",
    ],
)
def test_the_site_can_change_nothing_that_keeps_the_log(statement: str, as_the_site: None) -> None:
    if connection.vendor != "postgresql":
        with pytest.raises(CommandError, match="SQLite has no roles"):
            call_command("grant_site_role", ROLE)
        return
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize("name", ["site; DROP TABLE orders_eventlog", "Site", "", '"site"'])
def test_a_role_whose_name_is_none_is_not_granted_anything(name: str, db: None) -> None:
    with pytest.raises(CommandError, match=r"small letters|no roles"):
        call_command("grant_site_role", name)
