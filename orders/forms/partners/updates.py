"""Which of the partner updates that need someone are shown, and which were ticked."""

from typing import Any

from django import forms

from orders.forms.fulfillment.shipment_filters import LARGEST_ID, PlaceField
from orders.models import PartnerUpdate

MOST_AT_ONCE = 200


class UpdateFilter(forms.Form):
    destination = forms.ChoiceField(choices=[("", "All"), *PartnerUpdate.Destination.choices], required=False)
    after = PlaceField()
    before = PlaceField()

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("after") and cleaned.get("before"):
            self.add_error("after", "This page link is invalid. Start from the first page.")
        return cleaned


class IdsField(forms.Field):
    """The ids of ticked rows."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> set[int]:
        typed: list[str] = value or []
        if not all(text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID for text in typed):
            raise forms.ValidationError("The selection is not valid.")
        return {int(text) for text in typed}

    def validate(self, value: set[int]) -> None:
        if not value:
            raise forms.ValidationError("Select at least one.")
        if len(value) > MOST_AT_ONCE:
            raise forms.ValidationError(f"At most {MOST_AT_ONCE} at once.")


class TickedForm(forms.Form):
    id = IdsField()
    destination = forms.ChoiceField(
        choices=[("", "All"), *PartnerUpdate.Destination.choices], required=False
    )  # shown then
