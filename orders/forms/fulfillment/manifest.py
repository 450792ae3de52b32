"""Which day the manifest is of."""

from datetime import date
from typing import Any

from django import forms

EARLIEST = date(2000, 1, 1)


class ManifestForm(forms.Form):
    """Today, where no day is asked for."""

    day = forms.DateField(
        label="Shipped on",
        required=False,
        widget=forms.DateInput({"type": "date"}),
        error_messages={"invalid": "Enter a day such as 2026-11-27."},
    )

    def __init__(self, data: Any, *, today: date) -> None:
        super().__init__(data)
        self.today = today

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"] or self.today
        if not EARLIEST <= day <= self.today:
            raise forms.ValidationError("Choose today or a day before.")
        return day

    @property
    def chosen(self) -> date:
        """Of a valid form; else today."""
        return self.cleaned_data["day"] if self.is_valid() else self.today
