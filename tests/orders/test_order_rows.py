"""Rows of orders are drawn once and kept: whatever a row shows is part of what it is kept under."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from django.template import Context
from django.utils import timezone

from orders.apis.revkeen.objects import Order
from orders.forms.orders.order_columns import COLUMNS, DEFAULT
from orders.money import Money
from orders.states import State
from orders.templatetags.rows import order_row, order_rows
from orders.views.orders.tables import OrderRow

PLACED = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
ROW = OrderRow(
    order=cast(Order, None),  # which no row reads
    id=str(uuid.UUID(int=1)),
    number="NW-1",
    whole_number="NW-1",
    customer="Ada Brand",
    short_customer_id="12345678…",
    summary="Tent and 3 more",
    payment=State("Paid", "circle-check", "good"),
    fulfillment=State("Fulfilled", "square-check", "good"),
    total=Money(1_250, "EUR"),
    due=None,
    placed=PLACED,
    updated=PLACED,
    adds_up=True,
    done=False,
    ticked=False,
)
TABLE = (ROW, dataclasses.replace(ROW, placed=PLACED - timedelta(days=400)))
OTHER = {
    "id": str(uuid.UUID(int=2)),
    "number": "NW-2…",
    "whole_number": "NW-20000000",
    "customer": "Grace Brand",
    "short_customer_id": "",
    "summary": "Stove",
    "payment": State("Paid", "circle-x", "bad"),
    "fulfillment": State("Part fulfilled", "square-half", "wait"),
    "total": Money(1_250, "JPY"),
    "due": Money(0, "EUR"),
    "placed": PLACED + timedelta(seconds=1),
    "updated": PLACED + timedelta(seconds=1),
    "adds_up": False,
    "done": True,
    "ticked": True,
}


def drawn(
    row: OrderRow,
    *,
    columns: tuple[str, ...] = tuple(COLUMNS),
    ticks: bool = True,
    slug: str = "northwind",
    zone: str = "UTC",
) -> str:
    return order_row(around(slug, zone), row, columns, ticks=ticks)


def drawn_table(
    *, columns: tuple[str, ...] = tuple(COLUMNS), ticks: bool = True, slug: str = "northwind", zone: str = "UTC"
) -> str:
    return order_rows(around(slug, zone), TABLE, columns, ticks=ticks)


def around(slug: str, zone: str) -> Context:
    return Context({"merchant": SimpleNamespace(zone=ZoneInfo(zone)), "orders_url": f"/{slug}/live/orders/"})


def test_nothing_that_a_row_shows_is_left_out_here() -> None:
    assert {field.name for field in dataclasses.fields(OrderRow)} == {"order", *OTHER}


@pytest.mark.parametrize("name", OTHER)
def test_a_row_that_shows_something_else_is_drawn_anew(name: str) -> None:
    row = dataclasses.replace(ROW, customer="" if name == "short_customer_id" else ROW.customer)
    assert drawn(row) != drawn(dataclasses.replace(row, **{name: OTHER[name]}))


@pytest.mark.parametrize(
    "other",
    [{"columns": DEFAULT}, {"columns": DEFAULT[::-1]}, {"ticks": False}, {"slug": "kestrel"}, {"zone": "Asia/Tokyo"}],
    ids=str,
)
def test_a_row_is_drawn_anew_for_another_place(other: dict[str, Any]) -> None:
    assert drawn(ROW) != drawn(ROW, **other)
    assert drawn_table() != drawn_table(**other)


def test_a_row_grows_old_though_its_order_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for later in (timedelta(minutes=5), timedelta(minutes=6), timedelta(hours=1), timedelta(hours=30)):
        monkeypatch.setattr(timezone, "now", lambda later=later: PLACED + later)
        seen |= {drawn(ROW), drawn_table()}
    assert len(seen) == 8


def test_a_row_is_drawn_once_for_all_who_look_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first = drawn(ROW)
    assert drawn(dataclasses.replace(ROW)) is first


def test_a_table_that_is_as_it_was_is_drawn_once_and_says_what_its_rows_say() -> None:
    assert drawn_table() is drawn_table()
    assert drawn_table() == "".join(map(drawn, TABLE))
