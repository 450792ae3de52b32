from typing import Any, cast

from django import forms
from django.core.validators import RegexValidator

from orders.carriers import CARRIERS
from orders.forms.lines import LineField

OTHER = "other"  # the choice of a carrier that is not in the list


def visible(text: str) -> None:
    """A name that reads in another order than it is stored, or holds what nobody sees, is not what was meant."""
    if not text.isprintable():
        raise forms.ValidationError("There are signs in it that cannot be seen. Type it once more.")


class FulfillmentForm(forms.Form):
    """Which lines leave, with whom, and who is told. `seen` comes out of the ticket: nobody can have changed it.

    `fulfilling` is the value of the button: how many lines it names. No other number of lines is ever sent.
    """

    lines = forms.MultipleChoiceField(
        label="Line items",
        error_messages={
            "required": "Tick at least one line.",
            "invalid_choice": "One of these lines has left already, or is no line of this order.",
        },
    )
    carrier = forms.ChoiceField(
        label="Carrier",
        required=False,
        choices=[
            ("", "Not given"),
            *((carrier.code, carrier.name) for carrier in CARRIERS),
            (OTHER, "Another carrier"),
        ],
    )
    carrier_name = LineField(label="Name of the carrier", required=False, max_length=50, validators=[visible])
    tracking_number = LineField(
        label="Tracking number",
        required=False,
        max_length=100,
        validators=[RegexValidator(r"^[ -~]*$", "A tracking number has plain letters, digits and signs only.")],
        widget=forms.TextInput({"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    notify = forms.ChoiceField(
        label="E-mail to the customer",
        choices=[("yes", "E-mail"), ("no", "No e-mail")],
        error_messages={"required": "Choose whether the customer gets an e-mail. It cannot be undone."},
    )
    fulfilling = forms.CharField(required=False, max_length=20)

    def __init__(self, data: Any = None, *, seen: dict[str, Any], **options: Any) -> None:
        super().__init__(data, **options)
        self.seen = seen
        cast(forms.MultipleChoiceField, self.fields["lines"]).choices = [(line, line) for line in seen["lines"]]

    def clean_notify(self) -> bool:
        if self.cleaned_data["notify"] == "yes" and not self.seen["recipient"]:
            raise forms.ValidationError("A guest has no e-mail address: choose “No e-mail”.")
        return bool(self.cleaned_data["notify"] == "yes")

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("carrier") == OTHER and not cleaned.get("carrier_name") and "carrier_name" not in self.errors:
            self.add_error("carrier_name", "Type its name, or choose one from the list.")
        return cleaned

    @property
    def line_ids(self) -> list[str]:
        """Those ticked, in the order's own order; none while they are not right."""
        ticked = set(self.cleaned_data.get("lines", ()))
        return [line for line in self.seen["lines"] if line in ticked]

    @property
    def chosen_carrier(self) -> str:
        """As RevKeen is told; "" when none was given."""
        carrier: str = self.cleaned_data["carrier"]
        return self.cleaned_data["carrier_name"] if carrier == OTHER else carrier

    def check_button(self) -> bool:
        """Whether the button that was pressed named this many lines; else say what lacks."""
        if not self.errors and self.cleaned_data["fulfilling"] != str(len(self.line_ids)):
            self.add_error(None, "The button now names the lines you have ticked. Look at it once more, then press it.")
        return not self.errors
