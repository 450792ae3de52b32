"""The address of a list of orders, which says what is asked for and carries only what is set.

`?status=paid&-carrier=ups&total=>100&q=tent&sort=-total`: a line that was typed, and the fields of the filter menus,
become such an address. What is unknown or wrong in it is told as broken, and the rest of it counts.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from django.http import QueryDict

from orders.forms.orders import order_columns
from orders.forms.orders.order_columns import COLUMNS_OF_LIST
from orders.services.index import condition_line
from orders.services.index.condition_line import Condition
from orders.services.index.order_filters import FILTERS, Filter
from orders.services.index.order_list import NEWEST_FIRST
from orders.storable import storable

TEXT = "q"
LINE = "line"  # all conditions as one line, in place of any others
SORT = "sort"
PAGE = ("starting_after", "ending_before")
VIEW = "view"  # the saved view that the list began as
TICK = "tick"  # an order that is ticked, to be added up
SUMS = "sums"  # "all": the whole list is added up
BESIDE = (*PAGE, TICK, SUMS, VIEW, COLUMNS_OF_LIST)  # what stands in the address and is no condition
SPANS = {"created": "placed", "updated": "updated", "total": "total"}  # typed as `_from` and `_to`
NAME = re.compile("-?[a-z_]+")
MOST_CONDITIONS = 40
LONGEST = 500  # characters of a condition
LONGEST_LIST = 4_000  # characters of an address that another one carries


def canonical(given: QueryDict, filters: Mapping[str, Filter] = FILTERS, spans: Mapping[str, str] = SPANS) -> QueryDict:
    """The address that asks for the same and carries only what is set; of another list with its filters and spans."""
    asked = QueryDict(mutable=True)
    conditions = condition_line.read(given.get(LINE, "")) if LINE in given else typed(given, spans)
    for condition in settled(conditions, filters):
        asked.appendlist(f"{'-' * condition.negated}{condition.name or TEXT}", condition.text)
    for name in BESIDE:
        if values := [value for value in given.getlist(name) if value]:
            asked.setlist(name, values)
    if columns := order_columns.read(asked.pop(COLUMNS_OF_LIST, [""])[-1]):
        asked[COLUMNS_OF_LIST] = order_columns.write(columns)
    return asked


def left_from(text: str) -> QueryDict:
    """The list that somebody came from, as the address of an order carries it: its conditions, its order, its view."""
    address = canonical(QueryDict(text[:LONGEST_LIST]))
    for name in (*PAGE, TICK, SUMS):
        address.pop(name, None)
    return address


def to_keep(text: str) -> QueryDict:
    """What a saved view keeps of an address: its conditions, its order and its columns."""
    address = left_from(text)
    address.pop(VIEW, None)
    return address


def carried(came_from: QueryDict) -> str:
    """What an order's address has behind it, so that `left_from` finds the list again; "" for the list of all."""
    return f"?{urlencode({'list': came_from.urlencode()})}" if came_from else ""


def typed(given: QueryDict, spans: Mapping[str, str] = SPANS) -> list[Condition]:
    """The conditions of an address or a menu. `carrier.is` says of a menu's `carrier` whether it is turned around."""
    found = []
    for name, values in given.lists():
        base, _, end = name.rpartition("_")
        if base in spans and end in ("from", "to"):
            ends = [given.get(f"{base}_{which}", "").strip() for which in ("from", "to")]
            found.append(Condition(spans[base], "..".join(ends) if any(ends) else ""))
        elif NAME.fullmatch(name):
            negated = name.startswith("-") or given.get(f"{name}.is") == "not"
            found += [Condition(name.removeprefix("-"), value, negated) for value in values]
    return found


def settled(conditions: Iterable[Condition], filters: Mapping[str, Filter] = FILTERS) -> list[Condition]:
    """Each once, without empty ones; of those that there is one of the last, and all text to look for together."""
    found: dict[object, Condition] = {}
    texts = []
    for condition in conditions:
        text = storable(condition.text).strip()[:LONGEST]
        name = "" if condition.name == TEXT and not condition.negated else condition.name
        if not text or name in (*BESIDE, LINE) or (name, text) == (SORT, NEWEST_FIRST):
            continue
        if not name:
            texts.append(text)
            continue
        once = not condition.negated and (name == SORT or (name in filters and filters[name].once))
        one = Condition(name, text, condition.negated)
        found[name if once else one] = one
    if texts:
        found[TEXT] = Condition("", " ".join(dict.fromkeys(texts))[:LONGEST])
    return list(found.values())[:MOST_CONDITIONS]
