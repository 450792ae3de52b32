"""What a list of orders is asked for, in its address: how each condition is asked, and what it is called."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, reduce
from operator import and_
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from orders.forms.fields.days import describe
from orders.forms.orders.order_address import PAGE, SORT, SUMS, TEXT, TICK, VIEW, settled, typed
from orders.forms.orders.order_columns import COLUMNS_OF_LIST
from orders.models import Merchant
from orders.services.index import condition_line, order_filters, order_list, spans
from orders.services.index.condition_line import Condition
from orders.services.index.order_filters import FILTERS, Asked, Place
from orders.services.orders.order_lists import Wanted
from orders.states import BILLING_TYPES

LIVE = ("status", "customer", "billing_type", "placed")  # what RevKeen's own list can be asked for
SORTED = {
    "number": ("A to Z", "Z to A"),
    "customer": ("A to Z", "Z to A"),
    "payment": ("A to Z", "Z to A"),
    "fulfillment": ("A to Z", "Z to A"),
    "total": ("smallest first", "largest first"),
    "due": ("smallest first", "largest first"),
    "placed": ("oldest first", "newest first"),
    "updated": ("oldest first", "newest first"),
}


@dataclass(frozen=True)
class Field:
    """A filter of the menu *More filters*."""

    name: str
    label: str
    choices: list[tuple[str, str]]
    hint: str
    span: str


FIELDS = [
    Field(name, one.label, list((one.choices or {}).items()), one.hint, one.span)
    for name, one in FILTERS.items()
    if name not in ("customer", "billing_type", "placed")
]


@dataclass(frozen=True)
class Chip:
    """A condition in words; `name` and `text` are those of the address."""

    name: str
    text: str
    words: str
    broken: str = ""  # why it does not count
    in_sentence: bool = False  # a tab or a menu shows it already


class OrderFilter:
    """What a canonical address asks for."""

    presets = list(spans.PRESETS.items())
    billing_types = list(BILLING_TYPES.items())

    def __init__(self, address: QueryDict, merchant: Merchant, mode: str, now: datetime) -> None:
        self.data = address
        self.place = Place(merchant, mode, now)

    @cached_property
    def conditions(self) -> list[Condition]:
        """All but the order and the page, as they stand in the address."""
        return [one for one in settled(typed(self.data)) if one.name != SORT or one.negated]

    @cached_property
    def asked(self) -> list[Asked]:
        """Every condition but the text to look for."""
        return [order_filters.asked(self.place, one) for one in self.conditions if one.name]

    @property
    def view_id(self) -> uuid.UUID | None:
        """The saved view that the list began as."""
        return _uuid(self._said(VIEW))

    @property
    def columns(self) -> str:
        """The columns that the list has of its own, or ""."""
        return self._said(COLUMNS_OF_LIST)

    @property
    def text(self) -> str:
        """What is to be looked for, or ""."""
        return next((one.text for one in self.conditions if not one.name), "")

    @property
    def sort(self) -> str:
        """How it is sorted: `total`, or `-total` for the largest first."""
        asked = self._said(SORT)
        return asked if asked.removeprefix("-") in order_list.SORTS else order_list.NEWEST_FIRST

    @property
    def live(self) -> bool:
        """Whether RevKeen itself can answer."""
        counted = [one.condition for one in self.asked if one.q is not None]
        answerable = all(one.name in LIVE and not one.negated for one in counted)
        return answerable and not self.text and self.sort == order_list.NEWEST_FIRST

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            self.place,
            _together(one for one in self.asked if not _is_tab(one.condition)),
            self._of_revkeen() if self.live else None,
            tab=self.tab,
            text=self.text,
            sort=self.sort,
            after=self.page["starting_after"],
            before=self.page["ending_before"],
            counted_as=condition_line.write(one for one in self.conditions if not _is_tab(one)),
        )

    def _of_revkeen(self) -> dict[str, Any]:
        """The parameters for `reads.orders`: times in whole Unix seconds, both ends included."""
        said = {one.condition.name: one.condition.text for one in self.asked if one.q is not None}
        start, end = self._moments(said["placed"]) if "placed" in said else (None, None)
        return {
            "status": said.get("status", ""),
            "billing_type": said.get("billing_type", ""),
            "customer_id": self.customer_id,
            "created_gte": int(start.timestamp()) if start else None,
            "created_lte": int(end.timestamp()) - 1 if end else None,
            **self.page,
        }

    @property
    def page(self) -> dict[str, uuid.UUID | None]:
        """The order after which the page begins, or before which it ends."""
        given = {name: _uuid(self._said(name)) for name in PAGE}
        return given if not all(given.values()) else dict.fromkeys(PAGE)

    @property
    def customer_id(self) -> uuid.UUID | None:
        return _uuid(self.value("customer"))

    @property
    def tab(self) -> str:
        """The status whose tab is shown; "" for that of all, where what is asked for is no status too."""
        return next((one.condition.text for one in self.asked if one.q is not None and _is_tab(one.condition)), "")

    def value(self, name: str) -> str:
        """The text of a condition that is not turned around, or ""."""
        return next((one.text for one in self.conditions if one.name == name and not one.negated), "")

    @property
    def line(self) -> str:
        """Everything that is asked for, as people type it."""
        sorted_by = [Condition(SORT, self._said(SORT))] if self._said(SORT) else []
        named = [one for one in self.conditions if one.name]
        text = [Condition("", self.text)] if self.text else []
        return condition_line.write([*named, *sorted_by, *text])

    @cached_property
    def chips(self) -> list[Chip]:
        """Each condition in words, broken ones too."""
        found = [chip(one) for one in self.asked]
        if self.text:
            found.append(Chip(TEXT, self.text, f"“{self.text}”"))
        if (sort := self._said(SORT)) and sort != self.sort:
            found.append(Chip(SORT, sort, f"{SORT}:{sort}", "There is no such column."))
        wrong = [name for name in PAGE if self._said(name) and self.page[name] is None]
        return [*found, *(Chip(name, self._said(name), "This page", "This page link is invalid.") for name in wrong)]

    @property
    def customer(self) -> str:
        return self.value("customer")

    @property
    def billing_type(self) -> str:
        return self.value("billing_type")

    @property
    def placed(self) -> str:
        return self.value("placed")

    @property
    def placed_days(self) -> list[str]:
        """The first and the last day as they were typed; "" for one that was not, and for a preset."""
        return self.placed.split("..", 1) if ".." in self.placed else ["", ""]

    @property
    def placed_words(self) -> str:
        return days_in_words(self.placed)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the form of the menus carries along: all that has no field in it."""
        shown = ["billing_type", *(["placed"] if any(self.placed_days) else []), *PAGE, TICK, SUMS]
        return [(name, value) for name, values in self.data.lists() if name not in shown for value in values]

    @property
    def sort_words(self) -> str:
        """`newest first`, or `by total, largest first`."""
        name, descending = self.sort.removeprefix("-"), self.sort.startswith("-")
        words = SORTED[name][descending]
        return words if name == "placed" else f"by {name}, {words}"

    def _said(self, name: str) -> str:
        return str(self.data.get(name) or "")

    def _moments(self, text: str) -> spans.Moments:
        return spans.moments(text, self.place.merchant.zone, self.place.now)


def _together(asked: Iterable[Asked]) -> Q:
    return reduce(and_, (one.q for one in asked if one.q is not None), Q())


def _is_tab(condition: Condition) -> bool:
    return condition.name == "status" and not condition.negated


def chip(one: Asked, shown: Collection[str] = LIVE) -> Chip:
    """A condition in words; menus show those of the names in `shown`."""
    condition, known = one.condition, one.filter
    name = f"{'-' * condition.negated}{condition.name}"
    if known is None:
        return Chip(name, condition.text, condition.written, one.broken)
    words: Mapping[str, str] = known.choices or spans.PRESETS
    said = f"{known.label}{' not' * condition.negated}: {words.get(condition.text, condition.text)}"
    in_sentence = condition.name in shown and not condition.negated and not one.broken
    return Chip(name, condition.text, said, one.broken, in_sentence)


def days_in_words(text: str) -> str:
    """`from 1 Nov 2026 to 20 Nov 2026`, `up to 20 Nov 2026`, `today`; what is no day stands as it was typed."""
    first, last = map(_day, text.split("..", 1) if ".." in text else ["", ""])
    if not first and not last:
        return spans.PRESETS.get(text, text).lower()
    if not last:
        return f"from {first}"
    return f"from {first} to {last}" if first else f"up to {last}"


def _day(text: str) -> str:
    try:
        return describe(date.fromisoformat(text))
    except ValueError:
        return text


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
