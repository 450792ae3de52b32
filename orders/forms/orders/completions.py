from typing import Any

from django import forms


class CompletionForm(forms.Form):
    """That an order over nothing is completed: in live mode ticked, as each change of a real order is."""

    confirmed = forms.BooleanField(label="Confirmation", required=False)

    def __init__(self, data: Any = None, *, live: bool) -> None:
        super().__init__(data)
        self.live = live

    def clean_confirmed(self) -> bool:
        confirmed: bool = self.cleaned_data["confirmed"]
        if self.live and not confirmed:
            raise forms.ValidationError("Confirm that this completes a real order.")
        return confirmed
