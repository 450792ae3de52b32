"""What may be asked of the list of customers."""

from django import forms

MAX_OFFSET = 100_000


class CustomerSearch(forms.Form):
    q = forms.CharField(label="Name or e-mail", max_length=200, required=False)
    offset = forms.IntegerField(
        min_value=0,
        max_value=MAX_OFFSET,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "This page link is invalid."),
    )
