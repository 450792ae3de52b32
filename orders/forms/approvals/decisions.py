"""What a person says when they approve or decline what another asked for."""

from typing import Any

from django import forms


class Approve(forms.Form):
    reason = forms.CharField(
        label="Why is it right?",
        max_length=500,
        help_text="Saved in the journal with your name.",
        error_messages={"required": "Enter why it is right."},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="approve_%s")


class Decline(forms.Form):
    reason = forms.CharField(
        label="Why not?",
        max_length=500,
        help_text="Saved in the journal with your name, and sent to who asked.",
        error_messages={"required": "Enter why not."},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="decline_%s")
