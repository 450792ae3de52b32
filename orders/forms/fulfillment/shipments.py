"""What can be put right about a shipment after it was sent off, and why a partner update is given up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from orders import carriers
from orders.apis.order_protection.objects import STATUSES
from orders.carriers import Doubt
from orders.forms.fields.lines import LineField
from orders.forms.fields.tracking import (
    MOST_NUMBERS,
    OTHER,
    CarrierForm,
    TrackingAddressField,
    TrackingNumberField,
    visible,
)
from orders.models import Shipment
from orders.services.fulfillment import tracking_numbers
from orders.services.fulfillment.corrections import Tracking, tracking_of


@dataclass(frozen=True)
class Row:
    """A tracking number and where it can be followed."""

    number: BoundField
    address: BoundField


class TrackingForm(CarrierForm):
    """Carrier and tracking numbers of a shipment. An address that is left empty is the carrier's own page.

    `version` is that of the shipment which the form was opened with. Rows are numbered; empty ones count for nothing.
    """

    version = forms.IntegerField(min_value=1, max_value=32_767, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, shipment: Shipment, more_rows: bool = False) -> None:
        super().__init__(data, initial=_initial(shipment))
        self.shipment = shipment
        self.doubts: dict[int, list[Doubt]] = {}
        self.sure = ""  # what the box sends that overrules them: the carrier and the numbers that somebody was sure of
        self.offer_carriers(shipment.merchant.time_zone)
        written = tracking_of(shipment).numbers
        self.count = _rows_of(data, written, more_rows)
        for place in range(self.count):
            number, address = written[place] if place < len(written) and data is None else ("", "")
            kept = "" if address == carriers.tracking_address(shipment.carrier, number) else address
            self.fields[f"number_{place}"] = _number_field(place, number)
            self.fields[f"address_{place}"] = _address_field(place, kept)
        if data is None:
            self.fields["number_0"].widget.attrs["autofocus"] = True

    @property
    def rows(self) -> Iterator[Row]:
        return (Row(self[f"number_{place}"], self[f"address_{place}"]) for place in range(self.count))

    @property
    def can_add(self) -> bool:
        return self.count < MOST_NUMBERS

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        seen: set[str] = set()
        for place in range(self.count):
            self._check_row(place, seen)
        if not self.errors:
            self._check_doubts()
        return cleaned

    @property
    def tracking(self) -> Tracking:
        """Of a form that is valid."""
        carrier = self.chosen_carrier
        rows = ((self.cleaned_data[f"number_{place}"], self.cleaned_data[f"address_{place}"]) for place in self._places)
        numbers = (
            (number, address or carriers.tracking_address(carrier, number)) for number, address in rows if number
        )
        return Tracking(carrier, tuple(numbers))

    def on_top_of(self, shipment: Shipment) -> None:
        """Sent once more it replaces what `shipment` has now."""
        self.data = {name: self.data[name] for name in self.data} | {"version": str(shipment.version)}

    @property
    def is_sure(self) -> bool:
        return str(self.data.get("sure", "")) == self.sure

    def _check_doubts(self) -> None:
        """What speaks against a number that was not there before is said before anybody is told of it."""
        plain = (carriers.normalized(number) for number, _ in self.tracking.numbers)
        self.sure = "|".join([self.chosen_carrier, *plain])[:500]
        self.doubts = self._doubts()
        if self.is_sure:
            return
        for place, found in self.doubts.items():
            words = " ".join(doubt.words for doubt in found)
            self.add_error(f"number_{place}", f"{words} Fix it, or confirm that everything is correct.")

    def _doubts(self) -> dict[int, list[Doubt]]:
        """By the place of the number."""
        carrier, shipment = self.chosen_carrier, self.shipment
        typed = {place: self.cleaned_data[f"number_{place}"] for place in self._places}
        had = {number for number, _ in tracking_of(shipment).numbers} if carrier == shipment.carrier else set()
        plain = {place: carriers.normalized(number) for place, number in typed.items() if number not in had}
        taken = tracking_numbers.taken(shipment.merchant, shipment.mode, shipment.order_id, plain.values())
        found = {place: self._doubts_of(carrier, typed[place], taken.get(plain[place])) for place in plain}
        return {place: doubts for place, doubts in found.items() if doubts}

    def _doubts_of(self, carrier: str, number: str, taken_by: Shipment | None) -> list[Doubt]:
        taken_number = taken_by.order_number if taken_by else ""
        return carriers.doubts(carrier, number, order_number=self.shipment.order_number, taken_by=taken_number)

    @property
    def _places(self) -> range:
        return range(self.count)

    def _check_row(self, place: int, seen: set[str]) -> None:
        number, address = (self.cleaned_data.get(f"{name}_{place}", "") for name in ("number", "address"))
        if address and not number and f"number_{place}" not in self.errors:
            self.add_error(f"number_{place}", "Enter the tracking number for this address, or clear both.")
        plain = carriers.normalized(number) or number
        if number and plain in seen:
            self.add_error(f"number_{place}", "This number is already listed above.")
        seen.add(plain)


class StatusForm(forms.Form):
    status = forms.ChoiceField(
        label="New status",
        choices=[("", "Choose one"), *STATUSES],
        error_messages={"required": "Choose a status."},
    )


class StopForm(forms.Form):
    reason = LineField(
        label="Why stop this update?",
        max_length=200,
        validators=[visible],
        help_text="Shown with your name on the update.",
        error_messages={"required": "Enter a reason."},
    )


def _initial(shipment: Shipment) -> dict[str, Any]:
    known = any(carrier.code == shipment.carrier for carrier in carriers.CARRIERS)
    chosen = shipment.carrier if known or not shipment.carrier else OTHER
    return {
        "version": shipment.version,
        "carrier": chosen,
        "carrier_name": shipment.carrier if chosen == OTHER else "",
    }


def _rows_of(data: Any, written: tuple[tuple[str, str], ...], more_rows: bool) -> int:
    """As many as were sent, or one more than there are numbers."""
    if data is None:
        return min(len(written) + 1, MOST_NUMBERS)
    sent = next((place for place in range(MOST_NUMBERS) if f"number_{place}" not in data), MOST_NUMBERS)
    return min(sent + more_rows, MOST_NUMBERS)


def _number_field(place: int, initial: str) -> forms.Field:
    return TrackingNumberField(label=f"Tracking number {place + 1}", required=False, initial=initial)


def _address_field(place: int, initial: str) -> forms.Field:
    field = TrackingAddressField(label=f"Address of tracking number {place + 1}", required=False, initial=initial)
    field.widget.attrs["placeholder"] = "The carrier’s page"
    return field
