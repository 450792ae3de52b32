"""The orders that wait, by what staff said of them: those of a tab, of a person, with a tag, sorted."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from orders.models import User
from orders.services.fulfillment.to_fulfill import Left

NOBODY, NO_BATCH = "nobody", "none"


class Tab(Enum):
    """What is to be done now, what of it is one's own, and what is not to be shipped now."""

    READY = ""
    MINE = "mine"
    ON_HOLD = "on_hold"


@dataclass(frozen=True)
class Wanted:
    """`values`: filter → what is asked of it; without one of them every row fits."""

    values: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""


# By what the list can be sorted; without a word the high priorities first, then the oldest.
SORTS: dict[str, Callable[[Left], Any]] = {
    "waiting": lambda row: -row.order.since.timestamp(),
    "units": lambda row: row.units_left,
    "lines": lambda row: row.lines_left,
}


def of_tab(rows: Iterable[Left], tab: Tab, user: User) -> list[Left]:
    """The rows of a tab in their order."""
    if tab is Tab.ON_HOLD:
        return [row for row in rows if row.handled.hold]
    ready = [row for row in rows if not row.handled.hold]
    return ready if tab is Tab.READY else [row for row in ready if row.handled.assigned_to == user]


def wanted(rows: Iterable[Left], asked: Wanted) -> list[Left]:
    """Those of a tab's rows that fit, sorted."""
    fitting = [row for row in rows if all(value in VALUES[name](row) for name, value in asked.values.items())]
    sort = SORTS.get(asked.sort.removeprefix("-"))
    return sorted(fitting, key=sort, reverse=asked.sort.startswith("-")) if sort else fitting


def counts(rows: Iterable[Left]) -> dict[str, Counter[str]]:
    """Filter → value → how many of these rows have it."""
    every = list(rows)
    return {name: Counter(value for row in every for value in values(row)) for name, values in VALUES.items()}


def _persons(row: Left) -> list[str]:
    return [str(row.handled.assigned_to.pk) if row.handled.assigned_to else NOBODY]


# Filter → the values that a row has: the id of a person or `nobody`, the keys of tags, a priority, a batch.
VALUES: dict[str, Callable[[Left], list[str]]] = {
    "person": _persons,
    "tag": lambda row: [tag.key for tag in row.handled.tags],
    "priority": lambda row: [str(row.handled.priority)],
    "batch": lambda row: [str(row.handled.batch or NO_BATCH)],
}
