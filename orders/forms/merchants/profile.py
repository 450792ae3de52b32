import zoneinfo
from functools import cache
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django import forms

from orders.forms.fields.lines import LineField
from orders.forms.fields.sums_to_type import SumsField
from orders.models import Merchant, User

LONGEST_HOLD = 120  # seconds
MOST_LINES = 8  # of an address


class AddressField(forms.CharField):
    """An address of several lines, without the empty ones."""

    widget = forms.Textarea({"rows": 4, "autocomplete": "off"})
    default_error_messages = {
        "max_length": "This has %(show_value)d characters; an address has at most %(limit_value)d."
    }

    def to_python(self, value: Any) -> str:
        lines = [" ".join(line.split()) for line in (super().to_python(value) or "").splitlines()]
        return "\n".join(filter(None, lines))

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value.splitlines()) > MOST_LINES:
            raise forms.ValidationError(f"Write at most {MOST_LINES} lines.")


class MerchantSettings(forms.ModelForm):
    name = LineField(label="Name", max_length=120, help_text="Shown on every page and in e-mails to members.")
    mfa_required = forms.BooleanField(
        label="Require a second factor from every member",
        required=False,
        help_text="Members without one must set it up before they see anything of this merchant.",
    )

    sums_to_type = SumsField(
        label="Retype live amounts above",
        required=False,
        help_text="One currency per line, in whole units, such as EUR 5,000. Other currencies use the default; "
        "without a default, every amount is retyped. Smaller live amounts are confirmed with a checkbox.",
    )

    undo_seconds = forms.IntegerField(
        label="Undo window after Fulfill",
        min_value=0,
        max_value=LONGEST_HOLD,
        widget=forms.TextInput({"class": "num units", "inputmode": "numeric", "autocomplete": "off"}),
        help_text=f"0 to {LONGEST_HOLD} seconds in which a shipment can be undone before any system is notified. "
        "With 0 it is sent at once.",
    )

    review_after_days = forms.IntegerField(
        label="Review paid orders after",
        min_value=1,
        max_value=365,
        widget=forms.TextInput({"class": "num units", "inputmode": "numeric", "autocomplete": "off"}),
        help_text="Days, 1 to 365. An order that is paid and has not left for longer is one for the finance review.",
    )

    cutoff = forms.TimeField(
        label="Cut-off time",
        widget=forms.TimeInput({"type": "time", "class": "units"}, format="%H:%M"),
        help_text="An order that is paid by then is to leave on the same day. The manifest says what still waits.",
        error_messages={"invalid": "Enter a time such as 16:00."},
    )

    two_close_months = forms.BooleanField(
        label="Two people close a month",
        required=False,
        help_text="Who signs a month first cannot be the second.",
    )

    scan_to_verify = forms.BooleanField(
        label="Scan every unit at the station",
        required=False,
        help_text="Fulfill there then needs all units counted, or a reason, which is in the journal. The fulfill form "
        "asks for neither.",
    )

    sender_address = AddressField(
        label="Sender on packing slips",
        required=False,
        max_length=300,
        help_text="Shown below the name: street, city, country, contact. If empty, slips show the name only.",
    )

    class Meta:
        model = Merchant
        fields = [
            *("name", "time_zone", "mfa_required", "sums_to_type", "undo_seconds"),
            *("review_after_days", "cutoff", "two_close_months", "scan_to_verify", "sender_address"),
        ]
        labels = {"time_zone": "Time zone"}
        help_texts = {"time_zone": "Sets when days begin and end in lists and filters. A name such as Europe/Berlin."}
        widgets = {"time_zone": forms.TextInput({"list": "time-zones", "autocomplete": "off", "spellcheck": "false"})}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_mfa_required(self) -> bool:
        """Whoever switches it on without a second factor would lock themselves out with the same click."""
        asked: bool = self.cleaned_data["mfa_required"]
        if asked and not is_mfa_enabled(self.user):
            raise forms.ValidationError("Set up a second factor for yourself first, under Account.")
        return asked


@cache
def time_zones() -> list[str]:
    """Names to choose from: the places, without the historical and technical aliases."""
    regions = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return ["UTC", *sorted(name for name in zoneinfo.available_timezones() if name.startswith(regions))]
