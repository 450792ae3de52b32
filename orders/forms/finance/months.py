from typing import Any

from django import forms

from orders.forms.fields.text import TextField

LONGEST_NOTE = 1000
TOO_LONG = "This has %(show_value)d characters; at most %(limit_value)d are kept."


class SignMonthForm(forms.Form):
    note = TextField(
        label="Note",
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 3}),
        help_text="Kept with the month.",
        error_messages={"max_length": TOO_LONG},
    )


class SecondForm(forms.Form):
    """The second signature, or a reason why there is none."""

    CONFIRM, DECLINE = "confirm", "decline"

    answer = forms.ChoiceField(choices=[(CONFIRM, "confirm"), (DECLINE, "decline")], widget=forms.HiddenInput)
    digest = forms.RegexField("^[0-9a-f]{64}$", widget=forms.HiddenInput)
    reason = TextField(
        label="Reason to decline",
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"max_length": TOO_LONG},
    )

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("answer") == self.DECLINE and not self.cleaned_data.get("reason"):
            self.add_error("reason", "Say what is wrong with it.")
        return self.cleaned_data
