"""Telling RevKeen of a parcel that was released without it, or saying that it has nothing to hear of it."""

from typing import Any

from django import forms

from orders.forms.fields.lines import LineField
from orders.forms.fields.tracking import visible


class TellForm(forms.Form):
    """Only the e-mail is asked: lines, carrier and number are those of the parcel that left."""

    notify = forms.ChoiceField(
        choices=[("yes", "E-mail"), ("no", "No e-mail")],
        error_messages={"required": "Choose whether to e-mail the customer. An e-mail cannot be undone."},
    )

    def __init__(self, data: Any = None, *, recipient: str, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.recipient = recipient

    def clean_notify(self) -> bool:
        if self.cleaned_data["notify"] == "yes" and not self.recipient:
            raise forms.ValidationError("Guests have no e-mail address: choose “No e-mail”.")
        return bool(self.cleaned_data["notify"] == "yes")


class KnownForm(forms.Form):
    reason = LineField(
        label="Why does RevKeen not need it?",
        max_length=200,
        validators=[visible],
        help_text="Shown with your name in the journal and on the order.",
        error_messages={"required": "Enter a reason."},
    )
