"""What the lists of finance are asked for, in their addresses: the same way as the list of orders."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property, reduce
from operator import and_

from django.db.models import Q
from django.http import QueryDict

from orders.forms.orders.order_address import PAGE, SORT, canonical, settled, typed
from orders.forms.orders.order_filter import Chip, Field, chip, days_in_words
from orders.models import Merchant
from orders.services.finance import money_list, receivables
from orders.services.finance.money_filters import FILTERS
from orders.services.finance.money_list import Source
from orders.services.index import condition_line, order_filters, spans
from orders.services.index.condition_line import Condition
from orders.services.index.order_filters import Asked, Filter, Place

STATE = "state"  # which of the lists of a page; without it the first one
TYPED = {"moved": "moved", "placed": "placed", "amount": "amount"}  # as `_from` and `_to`


class FinanceFilter:
    """What a canonical address asks for. `days` is the filter by days, which has a menu of its own."""

    presets = list(spans.PRESETS.items())
    filters: Mapping[str, Filter] = {}
    days = ""
    choices: Mapping[str, str] = {}  # of STATE

    def __init__(self, address: QueryDict, merchant: Merchant, mode: str, now: datetime) -> None:
        self.data = address
        self.place = Place(merchant, mode, now)

    @classmethod
    def canonical(cls, given: QueryDict) -> QueryDict:
        """The address that asks for the same and carries only what is set."""
        return canonical(given, cls.filters, TYPED)

    @cached_property
    def conditions(self) -> list[Condition]:
        return [one for one in settled(typed(self.data, TYPED), self.filters) if one.name not in (SORT, STATE)]

    @cached_property
    def asked(self) -> list[Asked]:
        return [order_filters.asked(self.place, one, self.filters) for one in self.conditions if one.name]

    @property
    def question(self) -> Q:
        return reduce(and_, (one.q for one in self.asked if one.q is not None), Q())

    @property
    def state(self) -> str:
        said = self._said(STATE)
        return said if said in self.choices else next(iter(self.choices))

    @property
    def states(self) -> list[tuple[str, str]]:
        return list(self.choices.items())

    @property
    def sort(self) -> str:
        """`amount`, or `-amount` for the largest first."""
        asked = self._said(SORT)
        return asked if asked.removeprefix("-") in money_list.SORTS else money_list.NEWEST_FIRST

    @property
    def page(self) -> dict[str, uuid.UUID | None]:
        """The row after which the page begins, or before which it ends."""
        given = {name: _uuid(self._said(name)) for name in PAGE}
        return given if not all(given.values()) else dict.fromkeys(PAGE)

    @property
    def span(self) -> str:
        """The days that are asked for, as filters write them."""
        return self.value(self.days)

    @property
    def span_days(self) -> list[str]:
        return self.span.split("..", 1) if ".." in self.span else ["", ""]

    @property
    def span_words(self) -> str:
        return days_in_words(self.span)

    @property
    def fields(self) -> list[Field]:
        """Those of the menu *More filters*."""
        return [
            Field(name, one.label, list((one.choices or {}).items()), one.hint, one.span)
            for name, one in self.filters.items()
            if name != self.days
        ]

    @property
    def line(self) -> str:
        """Everything that is asked for, as people type it."""
        return condition_line.write(self.conditions)

    @cached_property
    def chips(self) -> list[Chip]:
        """Each condition in words, broken ones too."""
        found = [chip(one, [self.days]) for one in self.asked]
        texts = [one.text for one in self.conditions if not one.name]
        found += [Chip("q", text, f"“{text}”", "Name what it is, as in customer:Ruiz.") for text in texts]
        wrong = [name for name in PAGE if self._said(name) and self.page[name] is None]
        wrong += [STATE] if self._said(STATE) not in ("", self.state) else []
        wrong += [SORT] if self._said(SORT) not in ("", self.sort) else []
        return [*found, *(Chip(name, self._said(name), f"{name}:{self._said(name)}", "Unknown.") for name in wrong)]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the form of the menus carries along: all that has no field in it."""
        shown = [STATE, *([self.days] if any(self.span_days) else []), *PAGE]
        return [(name, value) for name, values in self.data.lists() if name not in shown for value in values]

    def value(self, name: str) -> str:
        """The text of a condition that is not turned around, or ""."""
        return next((one.text for one in self.conditions if one.name == name and not one.negated), "")

    def _said(self, name: str) -> str:
        return str(self.data.get(name) or "")


class PaymentFilter(FinanceFilter):
    filters, days = FILTERS, "moved"
    sources: Mapping[str, Source] = money_list.PAYMENTS
    choices = {name: source.label for name, source in money_list.PAYMENTS.items()}

    @property
    def source(self) -> Source:
        return self.sources[self.state]


class RefundFilter(PaymentFilter):
    sources = money_list.REFUNDS
    choices = {name: source.label for name, source in money_list.REFUNDS.items()}


class ReceivableFilter(FinanceFilter):
    filters, days = receivables.FILTERS, "placed"
    choices = {"orders": "By order", "customers": "By customer"}


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
