"""What a person says when they decide: what they rest it on, and for a create which order it made."""

import re
import uuid
from typing import Any

from django import forms

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class OrderIdField(forms.CharField):
    """An order's id, also where it stands in the address of a page."""

    def clean(self, value: Any) -> uuid.UUID | None:
        text = super().clean(value)
        ids = {found[0].lower() for found in UUID.finditer(text)}
        if text and len(ids) != 1:
            raise forms.ValidationError("Paste the id of one order, or the address of its page.")
        return uuid.UUID(ids.pop()) if ids else None


class Happened(forms.Form):
    order_id = OrderIdField(
        label="Id of the order that was created",
        max_length=300,
        widget=forms.TextInput({"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
        help_text="We read it before anything is saved.",
        error_messages={"required": "Paste the id of the order that was created."},
    )
    reason = forms.CharField(label="How do you know? (optional)", required=False, max_length=500)

    def __init__(self, data: Any = None, *, creates: bool, money: bool) -> None:
        super().__init__(data, auto_id="happened_%s")
        if money:
            self.fields["reason"] = forms.CharField(
                label="How do you know?",
                max_length=500,
                help_text="Saved in the journal with your name.",
                error_messages={"required": "Enter how you know."},
            )
        if not creates:
            del self.fields["order_id"]


class DidNot(forms.Form):
    reason = forms.CharField(
        label="Why are you sure?",
        max_length=500,
        help_text="Saved in the journal with your name.",
        error_messages={"required": "Enter why you are sure."},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="did_not_%s")


class CloseContradiction(forms.Form):
    reason = forms.CharField(
        label="What explains it, or what was done about it?",
        max_length=500,
        help_text="Saved in the journal with your name.",
        error_messages={"required": "Enter what explains it."},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="close_%s")
