"""A note, or a name of metadata with its value, for many orders."""

from typing import Any

from django import forms

from orders.forms.fields.lines import LineField
from orders.forms.fields.text import TextField
from orders.services.jobs.other_changes import fixed_name

LONGEST_NOTE, LONGEST_NAME, LONGEST_VALUE = 500, 40, 500


class EditManyForm(forms.Form):
    note = TextField(
        label="Note",
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text="Added below the notes that an order has.",
    )
    name = LineField(
        label="Metadata: name",
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    value = LineField(
        label="Metadata: value",
        required=False,
        max_length=LONGEST_VALUE,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Takes the place of the value that the name has.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if not cleaned.get("note") and not cleaned.get("name"):
            self.add_error("note", "Enter a note, or a name of metadata.")
        if cleaned.get("value") and not cleaned.get("name"):
            self.add_error("name", "Enter the name that has this value.")
        if fixed_name(cleaned.get("name", "")):
            self.add_error("name", "Only replacing an order writes this name.")
        return cleaned
