"""Holds, tags, the person and the priority of an order, or of many at once."""

import uuid
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django import forms

from orders.forms.fields.lines import LineField
from orders.models import Handling, Hold, User
from orders.services.handling.handled import Handled
from orders.services.handling.holds import Why
from orders.services.handling.saying import MOST_TAGS, Change

A_YEAR = timedelta(days=365)
LONGEST_TAG = 30
LEAVE = ("", "Leave as it is")
NOBODY = "nobody"


class TagsField(forms.CharField):
    """Words with commas between them; each once, as it was written first."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=500, required=False, **kwargs)
        self.widget.attrs |= {"list": "known-tags", "autocomplete": "off"}

    def clean(self, value: Any) -> tuple[str, ...]:
        words = [" ".join(word.split()) for word in super().clean(value).split(",")]
        first = {word.casefold(): word for word in reversed(words) if word}
        tags = tuple(first[key] for key in dict.fromkeys(word.casefold() for word in words if word))
        if any(len(tag) > LONGEST_TAG for tag in tags):
            raise forms.ValidationError(f"A tag has at most {LONGEST_TAG} characters.")
        if len(tags) > MOST_TAGS:
            raise forms.ValidationError(f"An order has at most {MOST_TAGS} tags.")
        return tags


class HoldForm(forms.Form):
    reason = forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose a reason"), *Hold.Reason.choices],
        error_messages={"required": "Choose a reason."},
    )
    note = LineField(label="Note", max_length=200, required=False)
    until = forms.DateField(
        label="Hold until",
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text="On this day the order is back in To fulfill. Empty: until somebody releases it.",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until is not None and not self.today < until <= self.today + A_YEAR:
            raise forms.ValidationError("Choose a day after today, within a year.")
        return until

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("reason") == Hold.Reason.OTHER and not self.cleaned_data.get("note"):
            self.add_error("note", "Say why.")
        return self.cleaned_data

    @property
    def why(self) -> Why:
        """What a valid form says."""
        return Why(self.cleaned_data["reason"], self.cleaned_data["note"], self.cleaned_data["until"])


def hold_form(data: Any, hold: Hold | None, today: date) -> HoldForm:
    """The form, with what is said of the hold as yet."""
    initial = {"reason": hold.reason, "note": hold.note, "until": hold.until} if hold else {}
    return HoldForm(data, today=today, initial=initial)


class HandlingForm(forms.Form):
    """Of one order."""

    person = forms.ModelChoiceField(User.objects.none(), label="Assigned to", required=False, empty_label="nobody")
    priority = forms.TypedChoiceField(label="Priority", choices=Handling.Priority.choices, coerce=int)
    tags = TagsField(label="Tags", help_text="With commas between them. Only your team sees them.")

    def __init__(self, data: Any, handled: Handled, people: Collection[User]) -> None:
        tags = ", ".join(tag.name for tag in handled.tags)
        super().__init__(data, initial={"person": handled.assigned_to, "priority": handled.priority, "tags": tags})
        queryset = User.objects.filter(pk__in=_ids(people, handled)).order_by("name")
        self.fields["person"].queryset = queryset  # type: ignore[attr-defined]


class ManyForm(HoldForm):
    """Of many orders: what is left as it is stands first everywhere. `orders` are those of the page before."""

    orders = forms.CharField(widget=forms.HiddenInput)
    hold = forms.ChoiceField(
        label="Hold",
        choices=[LEAVE, ("hold", "Put on hold"), ("release", "Release the hold")],
        required=False,
        help_text="Reason, note and day below are those of the hold.",
    )
    person = forms.ChoiceField(label="Assign to", required=False)
    priority = forms.ChoiceField(label="Priority", choices=[LEAVE, *Handling.Priority.choices], required=False)
    add = TagsField(label="Add tags", help_text="With commas between them.")
    remove = TagsField(label="Remove tags")
    field_order = ("hold", "reason", "note", "until", "person", "priority", "add", "remove")

    def __init__(self, *args: Any, people: Collection[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in people}
        choices = [LEAVE, (NOBODY, "nobody"), *((pk, str(person)) for pk, person in self.people.items())]
        self.fields["person"].choices = choices  # type: ignore[attr-defined]
        self.fields["reason"].required = False

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        if asked.get("hold") == "hold":
            if not asked.get("reason") and "reason" not in self.errors:
                self.add_error("reason", "Choose a reason.")
            super().clean()
        elif asked.get("hold") == "" and (asked.get("reason") or asked.get("until") or asked.get("note")):
            self.add_error("hold", "Choose whether to put the orders on hold.")
        if not any(asked.get(name) for name in ("hold", "person", "priority", "add", "remove")) and not self.errors:
            self.add_error(None, "Nothing to change: choose something.")
        return asked

    def clean_orders(self) -> tuple[uuid.UUID, ...]:
        try:
            return tuple(dict.fromkeys(uuid.UUID(text) for text in self.cleaned_data["orders"].split(",")))
        except ValueError as error:
            raise forms.ValidationError("The selection is not valid. Select the orders again.") from error

    @property
    def change(self) -> Change:
        """What a valid form asks for."""
        asked = self.cleaned_data
        return Change(
            hold=self.why if asked["hold"] == "hold" else None,
            release=asked["hold"] == "release",
            assign=bool(asked["person"]),
            to=self.people.get(asked["person"]),
            priority=int(asked["priority"]) if asked["priority"] else None,
            add=asked["add"],
            remove=asked["remove"],
        )


def _ids(people: Collection[User], handled: Handled) -> list[int]:
    """Whoever has the order stays on the form, though they may fulfill no more."""
    return [person.pk for person in (*people, *([handled.assigned_to] if handled.assigned_to else []))]
