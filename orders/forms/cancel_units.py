"""Units of open lines that will never be shipped."""

from typing import Any

from django import forms

from orders.forms.lines import LineField
from orders.forms.parcels import UnitsField, only_left
from orders.forms.tracking import visible
from orders.services.shipments import Parcel, ParcelItem


class CancelUnitsForm(forms.Form):
    """Units of open lines that will never be shipped. `giving_up` is the value of the button: what it named."""

    reason = LineField(
        label="Reason",
        max_length=200,
        validators=[visible],
        help_text="Kept here. Digital River hears of the units, not of the reason.",
        error_messages={"required": "Say why they will never be shipped."},
    )
    giving_up = forms.CharField(required=False, max_length=40)

    def __init__(self, data: Any = None, *, seen: dict[str, Any]) -> None:
        super().__init__(data)
        self.seen = seen
        for line_id, line in seen["lines"].items():
            self.fields[f"units-{line_id}"] = UnitsField(label=f"Units of {line['description']}")

    @property
    def rows(self) -> list[tuple[dict[str, Any], Any]]:
        return [(line, self[f"units-{line_id}"]) for line_id, line in self.seen["lines"].items()]

    @property
    def parcel(self) -> Parcel:
        """Of a form that is right."""
        items = tuple(ParcelItem(line, units) for line, units in self.units.items())
        return Parcel(items=items, reason=self.cleaned_data["reason"])

    @property
    def units(self) -> dict[str, int]:
        typed = {line: getattr(self, "cleaned_data", {}).get(f"units-{line}") for line in self.seen["lines"]}
        return {line: units for line, units in typed.items() if units}

    @property
    def total(self) -> int:
        return sum(self.units.values())

    @property
    def value(self) -> str:
        """What the button names once the form was read: lines and units."""
        return f"{len(self.units)}:{self.total}"

    def clean(self) -> dict[str, Any]:
        for line_id, line in self.seen["lines"].items():
            if self.cleaned_data.get(f"units-{line_id}", 0) and self.cleaned_data[f"units-{line_id}"] > line["left"]:
                self.add_error(f"units-{line_id}", only_left(line))
        return self.cleaned_data

    def check_button(self) -> bool:
        """Whether the form is right, and the button that was pressed named this; else say what lacks."""
        if not self.errors and not self.units:
            self.add_error(None, "Type how many units of a line will never be shipped.")
        if not self.errors and self.cleaned_data["giving_up"] != self.value:
            self.add_error(None, "The button now names what you have typed. Look at it once more, then press it.")
        return not self.errors
