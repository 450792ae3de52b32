"""Who carries a parcel, its tracking numbers, and the addresses that they can be followed at."""

from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.core.validators import RegexValidator

from orders import carriers
from orders.forms.fields.lines import LineField

PLAIN = RegexValidator(r"^[ -~]*$", "A tracking number can only have plain letters, digits and symbols.")
LONGEST = 100  # characters that are kept of a number
MOST_NUMBERS = 10  # of a parcel
OTHER = "other"  # the choice of a carrier that is not in the list


def visible(text: str) -> None:
    """A name that reads in another order than it is stored, or holds what nobody sees, is not what was meant."""
    if not text.isprintable():
        raise forms.ValidationError("It contains invisible characters. Enter it again.")


def https_address(text: str) -> None:
    """Partners pass it on to customers, who follow it."""
    try:
        parts = urlsplit(text)
        is_good = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or not text.isascii() or not text.isprintable() or " " in text:
        raise forms.ValidationError("Enter an address that starts with https://, or leave it empty.")


def short(text: str) -> None:
    """No `maxlength`, which would cut what is pasted without a word."""
    if len(text) > LONGEST:
        raise forms.ValidationError(f"A tracking number has at most {LONGEST} characters. This one has {len(text)}.")


class TrackingNumberField(LineField):
    """What is copied or scanned becomes the number that it holds; marks that nobody sees are left out."""

    widget = forms.TextInput({"class": "mono", "autocomplete": "off", "spellcheck": "false"})

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[PLAIN, short], **options)

    def to_python(self, value: Any) -> str:
        return carriers.plain(super().to_python(value))


class TrackingAddressField(LineField):
    widget = forms.TextInput({"inputmode": "url", "autocomplete": "off", "spellcheck": "false"})

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=500, validators=[https_address], **options)


class CarrierForm(forms.Form):
    """The part of a form that says who carries a parcel: a carrier of the list, or another by its name."""

    carrier = forms.ChoiceField(label="Carrier", required=False)
    carrier_name = LineField(label="Name of the carrier", required=False, max_length=50, validators=[visible])

    def offer_carriers(self, time_zone: str) -> None:
        """Those of the list, the ones of the merchant's time zone first."""
        listed = [(carrier.code, carrier.name) for carrier in carriers.ordered(time_zone)]
        field = cast(forms.ChoiceField, self.fields["carrier"])
        field.choices = [("", "Not given"), *listed, (OTHER, "Another carrier")]

    def clean_carrier_name(self) -> str:
        name: str = self.cleaned_data["carrier_name"]
        if self.cleaned_data.get("carrier") == OTHER and not name:
            raise forms.ValidationError("Enter its name, or choose one from the list.")
        return name

    @property
    def chosen_carrier(self) -> str:
        """A code of the list, or the name of another. Of a form that is valid."""
        carrier: str = self.cleaned_data["carrier"]
        return self.cleaned_data["carrier_name"] if carrier == OTHER else carrier
