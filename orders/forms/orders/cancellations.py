from typing import Any

from django import forms

from orders.forms.fields.text import TextField
from orders.services.orders.cancellations import LONGEST_TEXT, REASONS


class CancellationForm(forms.Form):
    """Why an order is canceled. None of the reasons is preset: a person decides."""

    reason = forms.ChoiceField(
        label="Reason",
        choices=list(REASONS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a reason."},
    )
    text = TextField(
        label="Details",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea({"rows": 3}),
        help_text="Saved with the reason in RevKeen and in the journal. The customer does not see it.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        reason, text = cleaned.get("reason"), cleaned.get("text", "")
        if reason == "other" and not text and "text" not in self.errors:
            self.add_error("text", "Describe the reason for “Other”.")
        return cleaned
