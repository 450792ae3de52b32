"""The event log is only ever added to: the database refuses the rest, whoever asks."""

import pytest
from django.db import DatabaseError, connection, transaction

from orders.models import EventLog, Merchant
from orders.services import audit

pytestmark = pytest.mark.database

STATEMENTS = [
    "UPDATE orders_eventlog SET text = 'nothing happened'",
    "UPDATE orders_eventlog SET id = id",
    "DELETE FROM orders_eventlog",
    *(["TRUNCATE orders_eventlog"] if connection.vendor == "postgresql" else []),
]


@pytest.fixture
def row(db: None) -> EventLog:
    audit.record(EventLog.Kind.KEY_ADDED, "rk_live_…9f2c")
    return EventLog.objects.get()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_row_is_neither_changed_nor_removed(statement: str, row: EventLog) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert EventLog.objects.get().text == "rk_live_…9f2c"


def test_the_models_cannot_do_it_either(row: EventLog) -> None:
    for attempt in (row.delete, row.save, EventLog.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()


def test_a_merchant_that_is_deleted_leaves_its_log_behind(northwind: Merchant) -> None:
    audit.record(EventLog.Kind.INVITED, "somebody", merchant=northwind)
    northwind.delete()
    assert EventLog.objects.get().text == "somebody"


def test_a_very_long_text_is_cut_to_what_fits(db: None) -> None:
    audit.record(EventLog.Kind.REFUSED, "GET /" + "x" * 10_000)
    assert len(EventLog.objects.get().text) == 500
