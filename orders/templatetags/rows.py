"""What of a list of orders is drawn once for all who look at it: drawing fifty rows anew is half of its time."""

from datetime import date
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from orders.apis.revkeen.objects import Unreadable
from orders.forms.orders.order_filter import FIELDS
from orders.templatetags import figures
from orders.views.orders.tables import OrderRow

register = template.Library()

WIDE = ("customer", "items")  # where a flag has room
DRAWN = 4_096  # rows that a process keeps, of about 2 KB


@register.simple_tag(takes_context=True)
def order_row(
    context: template.Context, row: OrderRow | Unreadable, columns: tuple[str, ...], ticks: bool = False
) -> SafeString:
    """The row of an order with these columns behind its number."""
    if isinstance(row, Unreadable):
        facts = {"row": row, "columns": columns, "flag_in": _wide(columns), "ticks": ticks}
        return render_to_string("orders/orders/_unreadable_row.html", facts)
    zone = context["merchant"].zone
    carried = context.get("list_suffix", "")
    return _drawn(
        row, columns, ticks, context["orders_url"], carried, zone, figures.today(zone), figures.age(row.placed)
    )


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
    """Everything that the row depends on is an argument, the day too: it says "Today" and "Yesterday"."""
    facts: dict[str, Any] = {
        "row": row,
        "columns": columns,
        "flag_in": _wide(columns),
        "ticks": ticks,
        "orders_url": orders_url,
        "carried": carried,
        "zone": zone,
        "age": age,
    }
    return render_to_string("orders/orders/_row.html", facts)


def _wide(columns: tuple[str, ...]) -> str:
    return next((name for name in columns if name in WIDE), "")
