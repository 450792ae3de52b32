"""Units of open lines that will never be shipped."""

from collections.abc import Sequence
from typing import Any

from django import forms

from orders.forms.fields.lines import LineField
from orders.forms.fields.tracking import visible
from orders.forms.fulfillment.parcels import UnitsField, only_left
from orders.models import Shipment
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot, LineSnapshot
from orders.services.fulfillment.shipments import Parcel, ParcelItem


class CancelUnitsForm(forms.Form):
    """Units of open lines that will never be shipped, and a tick that says so: it cannot be taken back for long."""

    reason = LineField(
        label="Reason",
        max_length=200,
        validators=[visible],
        help_text="Stored here only. Digital River gets the units, not the reason.",
        error_messages={"required": "Enter a reason."},
    )
    confirmed = forms.BooleanField(
        label="These units will never be shipped",
        error_messages={"required": "Confirm that these units will never be shipped."},
    )

    def __init__(self, data: Any = None, *, snapshot: FulfillmentSnapshot, before: Sequence[Shipment] = ()) -> None:
        """`before`: what was given up last and came to nothing."""
        items = [item for shipment in before for item in shipment.items.all()]
        units = {f"units-{item.line_item_id}": item.quantity for item in items}
        super().__init__(data, initial=units | {"reason": before[0].reason if before else ""})
        self.snapshot = snapshot
        for line_id, line in snapshot.lines.items():
            self.fields[f"units-{line_id}"] = UnitsField(label=f"Units of {line.description}")
        if data is None and self.rows:
            self.rows[0][1].field.widget.attrs["autofocus"] = True

    @property
    def rows(self) -> list[tuple[LineSnapshot, Any]]:
        return [(line, self[f"units-{line_id}"]) for line_id, line in self.snapshot.lines.items()]

    @property
    def parcel(self) -> Parcel:
        """Of a form that is right."""
        items = tuple(ParcelItem(line, units) for line, units in self.units.items())
        return Parcel(items=items, reason=self.cleaned_data["reason"])

    @property
    def units(self) -> dict[str, int]:
        typed = {line: getattr(self, "cleaned_data", {}).get(f"units-{line}") for line in self.snapshot.lines}
        return {line: units for line, units in typed.items() if units}

    def clean(self) -> dict[str, Any]:
        for line_id, line in self.snapshot.lines.items():
            if self.cleaned_data.get(f"units-{line_id}", 0) and self.cleaned_data[f"units-{line_id}"] > line.left:
                self.add_error(f"units-{line_id}", only_left(line))
        return self.cleaned_data

    def check(self) -> bool:
        """Whether the form is right; else say what lacks."""
        if not self.errors and not self.units:
            self.add_error(None, "Enter how many units to cancel.")
        return not self.errors
