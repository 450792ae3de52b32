"""The most each role may move without approval, in one go and in a day, by kind of change and currency."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from orders.forms.fields.sums_to_type import SumsField
from orders.models import Merchant, Operation
from orders.permissions import ROLES, Role
from orders.services.changes.limits import DAY, NOUNS, ONCE
from orders.services.changes.requesters import RIGHTS

Kind = Operation.Kind

TITLES = {Kind.PAY: "Payments", Kind.REFUND: "Refunds", Kind.CANCEL: "Cancellations", Kind.CREATE: "Discounts"}
HINTS = {
    Kind.PAY: "What is charged.",
    Kind.REFUND: "What is refunded, over all payments of an order together.",
    Kind.CANCEL: "What is no longer due once an order is canceled.",
    Kind.CREATE: "What a new order is below the catalog’s prices, or a replacement below the order it replaces. A line "
    "that is not of the catalog has no other price than its own.",
}


@dataclass(frozen=True)
class RoleRow:
    role: Role
    once: BoundField
    day: BoundField


@dataclass(frozen=True)
class Group:
    kind: str
    title: str
    hint: str
    rows: list[RoleRow]


class LimitsForm(forms.Form):
    approval_days = forms.IntegerField(
        label="Days that a request waits",
        min_value=1,
        max_value=30,
        widget=forms.TextInput({"class": "num units", "inputmode": "numeric", "autocomplete": "off"}),
        help_text="1 to 30. Then it expires, and who asked is told.",
    )

    def __init__(self, data: Any, *, merchant: Merchant) -> None:
        super().__init__(data, initial={"approval_days": merchant.approval_days})
        for kind, role in _each():
            kept = merchant.limits.get(role.value, {}).get(kind.value, {})
            for span, words in ((ONCE, f"{role.label}: one {NOUNS[kind]}"), (DAY, f"{role.label}: in a day")):
                field = SumsField(label=words, required=False, initial=kept.get(span, {}))
                field.widget = forms.Textarea(
                    {"rows": 3, "autocomplete": "off", "spellcheck": "false", "placeholder": "No limit"}
                )
                self.fields[_name(kind, role, span)] = field

    @property
    def groups(self) -> list[Group]:
        return [
            Group(kind.value, TITLES[kind], HINTS[kind], [self._row(kind, role) for role in _roles(kind)])
            for kind in NOUNS
        ]

    @property
    def limits(self) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
        """As a merchant keeps them, without what is empty."""
        found: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
        for kind, role in _each():
            sums = {span: self.cleaned_data[_name(kind, role, span)] for span in (ONCE, DAY)}
            if any(sums.values()):
                found.setdefault(role.value, {})[kind.value] = {span: kept for span, kept in sums.items() if kept}
        return found

    def _row(self, kind: Kind, role: Role) -> RoleRow:
        return RoleRow(role, self[_name(kind, role, ONCE)], self[_name(kind, role, DAY)])


def _each() -> list[tuple[Kind, Role]]:
    return [(kind, role) for kind in NOUNS for role in _roles(kind)]


def _roles(kind: Kind) -> list[Role]:
    """Those that allow it at all."""
    return [role for role in Role if role in ROLES[RIGHTS[kind]]]


def _name(kind: Kind, role: Role, span: str) -> str:
    return f"{kind.value}_{role.value}_{span}"
