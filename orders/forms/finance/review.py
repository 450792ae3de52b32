"""What may be asked of the review queue, and what is said of an order's findings."""

import re
from datetime import date, timedelta
from typing import Any

from django import forms

from orders.forms.fields.text import TextField
from orders.models import User
from orders.services.finance.review import Position, State, Wanted
from orders.services.index.order_filters import Place
from orders.services.index.rules import RULES

LONGEST_NOTE = 1000
A_YEAR = timedelta(days=365)
STATES = {State.OPEN: "Open", State.SNOOZED: "Snoozed", State.SIGNED: "Signed off"}
MINE, NOBODY = "me", "nobody"
PERSONS = {MINE: "me", NOBODY: "nobody"}
PERSON_CHOICES: list[Any] = [("", ""), ("Assigned to", list(PERSONS.items()))]
RULE_CHOICES: list[Any] = [
    ("", ""),
    *(
        (group, [(name, rule.label) for name, rule in RULES.items() if rule.unknown is unknown])
        for group, unknown in (("Differences", False), ("Not known", True))
    ),
]
SHOWN = re.compile(r"([a-z_]{1,20}):([0-9a-f]{16})")  # a rule, and the digest of what was shown of it


class PositionField(forms.Field):
    def to_python(self, value: Any) -> Position | None:
        try:
            return Position.read(value) if value else None
        except ValueError as error:
            raise forms.ValidationError("This page link is invalid. Start at the first page.") from error


class ReviewFilter(forms.Form):
    state = forms.ChoiceField(choices=[(state.value, words) for state, words in STATES.items()], required=False)
    rule = forms.ChoiceField(label="Rule", choices=RULE_CHOICES, required=False)
    currency = forms.RegexField(
        "^[A-Za-z]{3}$",
        label="Currency",
        max_length=3,
        required=False,
        help_text="Such as EUR.",
        error_messages={"invalid": "Enter a currency such as EUR.", "max_length": "Enter a currency such as EUR."},
    )
    person = forms.ChoiceField(label="Assigned to", choices=PERSON_CHOICES, required=False)
    after = PositionField(required=False)
    before = PositionField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("after") and cleaned.get("before"):
            self.add_error("after", "This page link is invalid. Start at the first page.")
        return cleaned

    def wanted(self, place: Place, user: User) -> Wanted:
        asked = self.cleaned_data
        return Wanted(
            place,
            State(asked["state"] or State.OPEN.value),
            asked["rule"],
            asked["currency"].upper(),
            user if asked["person"] == MINE else None,
            unassigned=asked["person"] == NOBODY,
        )

    @property
    def words(self) -> str:
        """What a valid form asks for, for the foot of a file."""
        asked = self.cleaned_data
        said = {
            "State": STATES[State(asked["state"] or State.OPEN.value)],
            "Rule": RULES[asked["rule"]].label if asked["rule"] else "",
            "Currency": asked["currency"].upper(),
            "Assigned to": PERSONS.get(asked["person"], ""),
        }
        return ", ".join(f"{name}: {text}" for name, text in said.items() if text)

    @property
    def person_words(self) -> str:
        return PERSONS.get(self.data.get("person", ""), "")


class FindingsField(forms.Field):
    """The findings that were ticked, each with the digest of what was shown."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> dict[str, str]:
        found = [SHOWN.fullmatch(text) for text in value or []]
        ticked = {match[1]: match[2] for match in found if match and match[1] in RULES}
        if len(ticked) != len(found):
            raise forms.ValidationError("The selection is not valid. Open the page again.")
        return ticked

    def validate(self, value: dict[str, str]) -> None:
        if not value:
            raise forms.ValidationError("Select at least one finding.")


class SignOffForm(forms.Form):
    finding = FindingsField(label="Findings")
    note = TextField(
        label="Note",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 3}),
        help_text="Why this may stand. Kept with your name and the amounts as they are now.",
        error_messages={
            "required": "Say why it may stand.",
            "max_length": "This has %(show_value)d characters; at most %(limit_value)d are kept.",
        },
    )


class AssignForm(forms.Form):
    finding = FindingsField(label="Findings")
    person = forms.ModelChoiceField(User.objects.none(), label="Assign to", required=False, empty_label="nobody")
    until = forms.DateField(
        label="Snooze until",
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text="Until this day it is not among the open ones.",
    )

    def __init__(self, *args: Any, people: list[User], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        ids = [user.pk for user in people]
        self.fields["person"].queryset = User.objects.filter(pk__in=ids).order_by("name")  # type: ignore[attr-defined]

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until is not None and not self.today < until <= self.today + A_YEAR:
            raise forms.ValidationError("Choose a day after today, within a year.")
        return until
