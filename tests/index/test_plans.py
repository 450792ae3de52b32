"""Each shape of question is answered by an index, however many rows there are: its plan names it."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from orders.models import Merchant, OrderCopy, Sweep, ToRead
from orders.services.index import clock, finding, writing
from tests.support.samples import an_order

pytestmark = [pytest.mark.django_db, pytest.mark.database]

POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture(autouse=True)
def some_rows(northwind: Merchant) -> None:
    writing.apply(northwind, "live", [an_order(public_id=f"NW-{number}") for number in range(100)], clock.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_term" if POSTGRESQL else "SELECT 1")
        if POSTGRESQL:  # a hundred rows are read faster without any index
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")


def plans(ask: Callable[[], object]) -> list[str]:
    """The plan of each question that is asked."""
    with CaptureQueriesContext(connection) as asked:
        ask()
    explain = "EXPLAIN " if POSTGRESQL else "EXPLAIN QUERY PLAN "
    found = []
    with connection.cursor() as cursor:
        for statement in [query["sql"] for query in asked if query["sql"].startswith("SELECT")]:
            cursor.execute(explain + statement.replace("%", "%%"))
            found.append("\n".join(" ".join(map(str, row)) for row in cursor.fetchall()))
    return found


FILTERS = {
    "copies_newest": {},
    "copies_by_status": {"status": "paid"},
    "copies_by_customer": {"customer_id": uuid.UUID(int=1)},
    "copies_by_payment": {"payment_state": "Paid"},
    "copies_by_fulfillment": {"fulfillment_state": "Unfulfilled"},
}


@pytest.mark.parametrize("index", FILTERS)
def test_newest_first_by_one_filter_walks_its_index(index: str, northwind: Merchant) -> None:
    rows = OrderCopy.objects.filter(merchant=northwind, mode="live", **FILTERS[index]).order_by("-id")
    (plan,) = plans(lambda: list(rows[:50]))
    assert index in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    ("index", "column"),
    [("copies_by_total", "total"), ("copies_by_update", "updated_at"), ("copies_by_payment_time", "paid_at")],
)
def test_sorting_by_a_column_walks_its_index(index: str, column: str, northwind: Merchant) -> None:
    rows = OrderCopy.objects.filter(merchant=northwind, mode="live").order_by(column, "-id")
    (plan,) = plans(lambda: list(rows[:50]))
    assert index in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("typed", ["NW-77", "someone@example.com", "120.50 eur", "1Z999AA10123456784"])
def test_whole_terms_and_beginnings_are_looked_up(typed: str, northwind: Merchant) -> None:
    of_terms = [plan for plan in plans(lambda: finding.find_ids(northwind, "live", typed)) if "orders_term" in plan]
    assert of_terms
    assert all("terms_by_value" in plan for plan in of_terms)


def test_parts_of_words_are_looked_up_by_trigrams(northwind: Merchant) -> None:
    by_parts = plans(lambda: finding.find_ids(northwind, "live", "idgelin"))[-1]
    assert ("orders_ordercopy_text" if POSTGRESQL else "VIRTUAL TABLE INDEX") in by_parts
    by_parts = plans(lambda: finding.find_customer_ids(northwind, "live", "idgelin"))[-1]
    assert ("orders_customercopy_text" if POSTGRESQL else "VIRTUAL TABLE INDEX") in by_parts


def test_what_is_due_is_found_without_looking_at_the_rest(northwind: Merchant) -> None:
    due = ToRead.objects.filter(merchant=northwind, mode="live", due_at__lte=Now()).order_by("due_at")
    assert "marks_due" in plans(lambda: list(due[:4]))[0]
    assert "sweeps_due" in plans(lambda: list(Sweep.objects.filter(due_at__lte=Now())))[0]
