"""What of a list of orders is drawn once for all who look at it: drawing fifty rows anew is half of its time."""

from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.loader import get_template, render_to_string
from django.utils.safestring import SafeString, mark_safe

from orders.apis.revkeen.objects import Unreadable
from orders.forms.orders.order_filter import FIELDS
from orders.permissions import PAGES
from orders.same import Same
from orders.templatetags import figures
from orders.views.orders.tables import OrderRow

register = template.Library()

# What a row depends on beside itself: the columns, whether it can be ticked, the addresses before and behind its own,
# the zone, and the day in it.
Around = tuple[tuple[str, ...], bool, str, str, ZoneInfo, date]

JOBS = ("job_fulfill", "job_edit", "job_status", "job_cancel")  # that orders are ticked for
WIDE = ("customer", "items")  # where a flag has room
DRAWN = 4_096  # rows that a process keeps, of about 2 KB
DRAWN_WAYS = 512  # menus, of some 3 KB
DRAWN_TABLES = 32  # tables of them, of about 100 KB


@register.simple_tag(takes_context=True)
def order_rows(
    context: template.Context, rows: Sequence[OrderRow | Unreadable], columns: tuple[str, ...], ticks: bool = False
) -> SafeString:
    """The rows of orders with these columns behind their numbers."""
    return _drawn_rows(Same(rows), (columns, ticks, *_around(context)), tuple(map(_age, rows)))


@register.simple_tag(takes_context=True)
def order_row(
    context: template.Context, row: OrderRow | Unreadable, columns: tuple[str, ...], ticks: bool = False
) -> SafeString:
    """The row of an order with these columns behind its number."""
    return _row(row, (columns, ticks, *_around(context)), _age(row))


def _around(context: template.Context) -> tuple[str, str, ZoneInfo, date]:
    """What a row depends on that is the same for all rows of a table; the day too: it says "Today" and "Yesterday"."""
    zone = context["merchant"].zone
    return context["orders_url"], str(context.get("list_suffix", "")), zone, figures.today(zone)


@lru_cache(maxsize=DRAWN_TABLES)
def _drawn_rows(rows: Same[Sequence[OrderRow | Unreadable]], around: Around, ages: tuple[str, ...]) -> SafeString:
    """A list that has not changed since it was last drawn is not even looked through."""
    drawn = [_row(row, around, age) for row, age in zip(rows.it, ages, strict=True)]
    return mark_safe("".join(drawn))  # noqa: S308  (each is a template's)


def _row(row: OrderRow | Unreadable, around: Around, age: str) -> SafeString:
    if isinstance(row, OrderRow):
        return _drawn(row, *around, age)
    columns, ticks, *_ = around
    facts = {"row": row, "columns": columns, "flag_in": _wide(columns), "ticks": ticks}
    return render_to_string("orders/orders/_unreadable_row.html", facts)


def _age(row: OrderRow | Unreadable) -> str:
    return figures.age(row.placed) if isinstance(row, OrderRow) else ""


@register.simple_tag(takes_context=True)
def change_many(context: template.Context) -> SafeString:
    """The ways to jobs of the ticked orders, and of all where they are on several pages."""
    pages = tuple(page for page in JOBS if context["membership"].may(PAGES[page]))
    several = bool(context["newer"] or context["older"])
    total = str(context["total"]) if several else ""
    return _drawn_ways(context["merchant"].slug, context["mode"], pages, context["list_suffix"] or "?", total, several)


@lru_cache(maxsize=DRAWN_WAYS)
def _drawn_ways(
    slug: str, mode: str, pages: tuple[str, ...], all_of_list: str, total: str, several: bool
) -> SafeString:
    facts = {"slug": slug, "mode": mode, "pages": pages, "all": all_of_list, "total": total, "several": several}
    return render_to_string("orders/jobs/_many.html", facts)


@register.simple_tag
@cache
def filter_fields() -> SafeString:
    """The fields of all filters: the same for everybody, and a quarter of a list's time to draw."""
    return render_to_string("orders/orders/_filter_fields.html", {"fields": FIELDS})


@lru_cache(maxsize=DRAWN)
def _drawn(
    row: OrderRow,
    columns: tuple[str, ...],
    ticks: bool,
    orders_url: str,
    carried: str,
    zone: ZoneInfo,
    day: date,
    age: str,
) -> SafeString:
    """Everything that the row depends on is an argument."""
    facts: dict[str, Any] = {
        "row": vars(row),  # of an object, templates look for an item before the attribute
        "cells": _cells(columns),
        "flag_in": _wide(columns),
        "ticks": ticks,
        "orders_url": orders_url,
        "carried": carried,
        "zone": zone,
        "age": age,
    }
    return render_to_string("orders/orders/_row.html", facts)


@lru_cache(maxsize=DRAWN_WAYS)
def _cells(columns: tuple[str, ...]) -> list[Any]:
    """The templates of these columns. To compare a column's name with all others took a third of a row's time."""
    return [get_template(f"orders/orders/cells/{name}.html") for name in columns]


def _wide(columns: tuple[str, ...]) -> str:
    return next((name for name in columns if name in WIDE), "")
