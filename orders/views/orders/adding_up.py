"""What the ticked orders of a list come to, or all of the list: one line a currency."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from orders.apis.revkeen.objects import Order
from orders.forms.orders.order_address import SUMS, TICK
from orders.forms.orders.order_filter import OrderFilter
from orders.requests import MerchantRequest
from orders.services.index import adding_up
from orders.services.orders import order_lists
from orders.services.orders.order_lists import Found
from orders.views.orders.tables import sums_by_currency


def added_up(request: MerchantRequest, form: OrderFilter, found: Found, ticked: list[Order]) -> dict[str, Any]:
    """What the list shows of it. Ticked orders of other pages are added up by the index, and so is a whole list."""
    tab = found.counts.by_status.get(form.tab, 0) if found.counts else 0
    may_add_all = found.counts is not None and found.counts.exact and 0 < tab <= order_lists.MOST_ADDED
    added_all = may_add_all and request.GET.get(SUMS) == "all"
    others = _others(request.GET.getlist(TICK), ticked)
    if added_all:
        sums = sums_by_currency([], order_lists.added_up(form.wanted))
    else:
        sums = sums_by_currency(ticked, adding_up.of_these(form.place, others) if others else [])
    return {
        "sums": sums,
        "summed": sum(one.count for one in sums),
        "added_all": added_all,
        "summed_as_of": _as_of(form) if sums and (added_all or others) else None,
        "missing": 0 if added_all else len(others) + len(ticked) - sum(one.count for one in sums),
        "may_add_all": may_add_all,
    }


def _others(ticks: Iterable[str], ticked: list[Order]) -> list[uuid.UUID]:
    """The ids of ticked orders that this page does not have."""
    here = {order.id for order in ticked}
    ids = dict.fromkeys(one for text in ticks if (one := _uuid(text)) is not None)
    return [one for one in ids if one not in here][: order_lists.MOST_ADDED]


def _as_of(form: OrderFilter) -> datetime | None:
    return form.place.as_of


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
