"""What may be asked of To fulfill. Each choice says how many orders of the tab have it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms

from orders.models import Handling, User
from orders.services.fulfillment import queue
from orders.services.fulfillment.queue import NO_BATCH, NOBODY, SORTS, VALUES, Tab, Wanted
from orders.services.fulfillment.to_fulfill import Left

LABELS = {"person": "Assigned to", "tag": "Tag", "priority": "Priority", "batch": "Batch"}
TABS = {Tab.READY: "To fulfill", Tab.MINE: "Assigned to me", Tab.ON_HOLD: "On hold"}
LONGEST = 50


class QueueFilter(forms.Form):
    """Bound to the address. What no order has finds nothing; a tab or a sort that is none counts as unsaid."""

    person = forms.ChoiceField(label=LABELS["person"], required=False)
    tag = forms.ChoiceField(label=LABELS["tag"], required=False)
    priority = forms.ChoiceField(label=LABELS["priority"], required=False)
    batch = forms.ChoiceField(label=LABELS["batch"], required=False)

    def __init__(self, data: Mapping[str, str], rows: Iterable[Left], user: User) -> None:
        """`rows`: everything that waits."""
        super().__init__(data)
        every = list(rows)
        self.tabs = {tab: queue.of_tab(every, tab, user) for tab in Tab}
        self.words = _words(every)
        counts = queue.counts(self.tabs[self.tab])
        for name in VALUES:
            asked = {value} if (value := self._asked(name)) else set()
            values = sorted({*counts[name], *asked}, key=_order(name, self.words[name]))
            choices = [(value, f"{self._said(name, value)} ({counts[name][value]:,})") for value in values]
            field: Any = self.fields[name]
            field.choices = [("", ""), *([(field.label, choices)] if choices else [])]

    @property
    def tab(self) -> Tab:
        return next((tab for tab in Tab if tab.value == self.data.get("tab", "")), Tab.READY)

    @property
    def sort(self) -> str:
        asked = str(self.data.get("sort", ""))
        return asked if asked.removeprefix("-") in SORTS else ""

    @property
    def wanted(self) -> Wanted:
        return Wanted({name: value for name in VALUES if (value := self._asked(name))}, self.sort)

    @property
    def found(self) -> list[Left]:
        """The rows of the tab that fit, sorted."""
        return queue.wanted(self.tabs[self.tab], self.wanted)

    @property
    def chosen(self) -> dict[str, str]:
        """Filter → what was chosen, in words."""
        return {name: self._said(name, value) for name in VALUES if (value := self._asked(name))}

    def _asked(self, name: str) -> str:
        return str(self.data.get(name, ""))[:LONGEST]

    def _said(self, name: str, value: str) -> str:
        return self.words[name].get(value, value)


def _words(rows: Iterable[Left]) -> dict[str, dict[str, str]]:
    """Filter → value → what it is called."""
    persons: dict[str, str] = {NOBODY: "nobody"}
    tags: dict[str, str] = {}
    batches: dict[str, str] = {NO_BATCH: "no batch"}
    for row in rows:
        if row.handled.assigned_to is not None:
            persons[str(row.handled.assigned_to.pk)] = str(row.handled.assigned_to)
        if row.handled.batch:
            batches[str(row.handled.batch)] = f"batch {row.handled.batch}"
        tags = {tag.key: tag.name for tag in row.handled.tags} | tags
    priorities = {str(one.value): one.label for one in Handling.Priority}
    return {"person": persons, "tag": tags, "priority": priorities, "batch": batches}


def _order(name: str, words: Mapping[str, str]) -> Callable[[str], Any]:
    """High before low; nobody and no batch first; the newest batch before older ones; the rest by name."""
    if name == "priority":
        return lambda value: list(words).index(value) if value in words else len(words)
    if name == "batch":
        return lambda value: (value != NO_BATCH, -int(value) if value.isdecimal() else 0)
    return lambda value: (value != NOBODY, words.get(value, value).casefold())
