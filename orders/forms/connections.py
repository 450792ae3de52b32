from django import forms
from django.core.validators import RegexValidator

from orders.forms.lines import LineField

NAME_HELP = "What you call it here, for example after the month it was made in."


class AddConnection(forms.Form):
    name = LineField(label="Name", max_length=60, help_text=NAME_HELP)
    key = forms.CharField(
        label="Key",
        max_length=200,
        validators=[RegexValidator(r"^[!-~]+$", "A key has no spaces and no special letters. Copy it once more.")],
        # A password field never gets its value back: the typed key is in no page.
        widget=forms.PasswordInput({"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
        help_text="Tried with real reads before it is saved. From then on only its start and last four characters "
        "are shown.",
    )


class RenameConnection(forms.Form):
    name = LineField(label="Name", max_length=60, help_text=NAME_HELP)
