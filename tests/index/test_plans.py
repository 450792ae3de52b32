"""Each shape of question is answered by an index, however many rows there are: its plan names it."""

import re
import uuid

import pytest
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from django.http import QueryDict

from orders.among import among
from orders.forms.orders.order_address import canonical
from orders.forms.orders.order_filter import OrderFilter
from orders.forms.orders.order_views import VIEWS
from orders.models import Merchant, OrderCopy, Sweep, ToRead
from orders.services.fulfillment import known_numbers, waiting_orders
from orders.services.handling import holds
from orders.services.index import clock, counting, finding, order_filters, order_list, parts, writing
from orders.services.index.condition_line import Condition
from orders.services.index.order_filters import Place
from tests.support.plans import POSTGRESQL, as_of_many_rows, begin_with_new_files, is_by, plans
from tests.support.samples import an_order

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def some_rows(northwind: Merchant) -> None:
    begin_with_new_files("orders_ordercopy", "orders_shipment")
    writing.apply(northwind, "live", [an_order(public_id=f"NW-{number}") for number in range(100)], clock.now())
    as_of_many_rows("orders_ordercopy", "orders_term", "orders_shipment")


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
    assert is_by(plan, index)
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    ("index", "columns"),
    [
        ("copies_by_total", ("currency", "total")),
        ("copies_by_update", ("updated_at",)),
        ("copies_by_payment_time", ("paid_at",)),
    ],
)
def test_sorting_by_a_column_walks_its_index(index: str, columns: tuple[str, ...], northwind: Merchant) -> None:
    rows = OrderCopy.objects.filter(merchant=northwind, mode="live").order_by(*columns, "-id")
    (plan,) = plans(lambda: list(rows[:50]))
    assert is_by(plan, index)
    assert "TEMP B-TREE" not in plan


# A filter → the indexes of which one finds few orders, and counts many. Of those that begin alike either will do.
OF_STATUS = ("copies_counted", "copies_by_status", "copies_to_fulfill")
FOUND_BY = {
    Condition("status", "paid"): OF_STATUS,
    Condition("billing_type", "recurring"): ("copies_by_billing",),
    Condition("updated", "2026-01-01..2026-01-03"): ("copies_by_update",),
    Condition("total", "<1"): ("copies_by_total",),
    Condition("has", "note"): ("copies_with_notes",),
    Condition("adds_up", "no"): ("copies_not_adding_up",),
    Condition("expires", "expired"): ("copies_expiring",),
    Condition("carrier", "ups"): ("shipments_of_orders", "shipments_by_carrier", "shipments_by_order"),
    Condition("product", str(uuid.UUID(int=3))): ("line_copies_by_product",),
}


@pytest.mark.parametrize("condition", FOUND_BY, ids=lambda one: one.name)
def test_what_a_filter_finds_is_found_by_an_index(condition: Condition, northwind: Merchant) -> None:
    question = asked(northwind, condition)
    *_, plan = plans(lambda: order_list.look_up(place_of(northwind), question, 1000))
    assert is_by(plan, *FOUND_BY[condition])


@pytest.mark.skipif(POSTGRESQL, reason="there it is asked for together with what else is asked")
def test_words_of_a_product_are_looked_for_in_the_lines_of_the_orders_that_have_them(northwind: Merchant) -> None:
    found = plans(lambda: asked(northwind, Condition("product", "tent")))
    lines = [plan for plan in found if "orderlinecopy" in plan]
    assert lines
    assert all("orders_orderlinecopy_order_id" in plan for plan in lines)


def test_words_of_a_product_that_many_have_are_looked_for_in_the_lines_of_each_order_by_itself(
    northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Joined, the lines of all orders were read for the first fifty: half a minute at thirty thousand orders."""
    monkeypatch.setattr(parts, "RARE", 10)
    question = asked(northwind, Condition("product", "tent"))
    *_, plan = plans(lambda: order_list.look_up(place_of(northwind), question, 1000))
    assert ("SubPlan" if POSTGRESQL else "CORRELATED SCALAR SUBQUERY") in plan
    assert "Semi Join" not in plan
    assert order_list.look_up(place_of(northwind), question).statuses


@pytest.mark.parametrize(
    ("column", "by"), [("order_id", ("one_copy_per_order", "copies_by_order")), ("pk", ("AND id=?", "id = ANY"))]
)
def test_one_of_many_values_is_looked_up_by_an_index(column: str, by: tuple[str, ...], northwind: Merchant) -> None:
    here = OrderCopy.objects.filter(merchant=northwind, mode="live")
    values = list(here.values_list(column, flat=True)[:3])
    assert set(here.filter(among(column, values)).values_list(column, flat=True)) == set(values)
    assert not here.filter(among(column, [])).exists()
    (plan,) = plans(lambda: list(here.filter(among(column, values))))
    assert is_by(plan, *by)
    assert "Filter" not in plan


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite has no such figure")
def test_postgresql_takes_rows_to_lie_in_memory() -> None:
    """Else it reads all orders to find a twentieth of them."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW random_page_cost")
        assert cursor.fetchone() == ("1.1",)


@pytest.mark.parametrize("condition", [Condition("metadata", "channel"), Condition("metadata", "channel=web")])
def test_metadata_and_codes_are_looked_up_among_the_terms(condition: Condition, northwind: Merchant) -> None:
    assert any("terms_by_value" in plan for plan in plans(lambda: asked(northwind, condition)))


@pytest.mark.parametrize(("sort", "index"), [("-due", "copies_by_due_down"), ("-payment", "copies_by_payment")])
def test_the_first_of_many_are_looked_for_among_those_that_come_first(
    sort: str, index: str, northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_list, "FEW", 10)
    question = asked(northwind, Condition("currency", "USD"))
    found = plans(lambda: order_list.page(place_of(northwind), question, sort, size=20))
    assert any(is_by(plan, index) for plan in found)


def test_of_a_list_by_currency_nothing_is_looked_through_before_the_one_that_is_asked_for(
    northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_list, "FEW", 10)
    monkeypatch.setattr(order_list, "NEAR", (30, 60))
    writing.apply(northwind, "live", [an_order(currency="eur") for _ in range(30)], clock.now())
    place, question = place_of(northwind), asked(northwind, Condition("currency", "EUR"))
    found = plans(lambda: order_list.page(place, question, "-due", size=20))
    assert len(found) == 2  # how many there are, and the first of them
    assert is_by(found[-1], "copies_by_due")


def test_what_waits_to_be_fulfilled_is_counted_by_its_index(northwind: Merchant) -> None:
    (plan,) = plans(lambda: waiting_orders.to_ship(northwind, "live").count())
    assert is_by(plan, *OF_STATUS)


@pytest.mark.skipif(POSTGRESQL, reason="there it follows from when the table was vacuumed")
def test_the_counts_of_the_navigation_look_at_no_order_but_at_their_indexes_alone(northwind: Merchant) -> None:
    forms = [OrderFilter(canonical(QueryDict(query)), northwind, "live", clock.now()) for _, query in VIEWS]
    questions = [form.wanted.question for form in forms if form.conditions[0].name != "adds_up"]
    assert len(questions) == len(VIEWS) - 1  # of few orders, and the one whose index SQLite takes a look behind
    found = plans(lambda: counting.count_each(place_of(northwind), questions))
    found += plans(lambda: waiting_orders._counts(northwind.pk, "live", holds.today(northwind)))
    looks = [line for plan in found for line in plan.splitlines() if re.search(r"SEARCH .*\bcopies_", line)]
    assert len(looks) == len(questions) + 2
    assert [look for look in looks if "COVERING" not in look] == []


def place_of(merchant: Merchant) -> Place:
    return Place(merchant, "live", clock.now())


def asked(merchant: Merchant, condition: Condition) -> Q:
    question = order_filters.asked(place_of(merchant), condition).q
    assert question is not None
    return question


@pytest.mark.parametrize("typed", ["NW-77", "someone@example.com", "120.50 eur", "1Z999AA10123456784"])
def test_whole_terms_and_beginnings_are_looked_up(typed: str, northwind: Merchant) -> None:
    of_terms = [plan for plan in plans(lambda: finding.find_ids(northwind, "live", typed)) if "orders_term" in plan]
    assert of_terms
    assert all("terms_by_value" in plan for plan in of_terms)


@pytest.mark.parametrize("table", ["orders_ordercopy", "orders_customercopy"])
def test_parts_of_words_are_looked_up_by_trigrams(table: str, northwind: Merchant) -> None:
    """PostgreSQL would rather read the few rows of the merchant, so it is asked for the part alone."""
    if POSTGRESQL:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN SELECT id FROM {table} WHERE text LIKE '%idgelin%'")
            assert f"{table}_text" in str(cursor.fetchall())
    else:
        find = finding.find_ids if table == "orders_ordercopy" else finding.find_customer_ids
        assert "VIRTUAL TABLE INDEX" in plans(lambda: find(northwind, "live", "idgelin"))[-1]


def test_a_parcel_that_left_without_us_is_looked_up_by_its_number(northwind: Merchant) -> None:
    begin_with_new_files("orders_partnershipment")
    *_, plan = plans(lambda: known_numbers.of_parcel(northwind, "live", "1Z999AA10123456784"))
    assert is_by(plan, "partner_shipments_by_number")


def test_what_is_due_is_found_without_looking_at_the_rest(northwind: Merchant) -> None:
    due = ToRead.objects.filter(merchant=northwind, mode="live", due_at__lte=Now()).order_by("due_at")
    assert "marks_due" in plans(lambda: list(due[:4]))[0]
    assert "sweeps_due" in plans(lambda: list(Sweep.objects.filter(due_at__lte=Now())))[0]
