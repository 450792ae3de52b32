"""Who carries a parcel, its numbers, and what speaks against them, as they stand in the form that fulfills."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.forms.boundfield import BoundField
from django.http import QueryDict

from orders import carriers
from orders.carriers import Carrier, Certainty, Doubt, Guess
from orders.carriers.doubts import Kind
from orders.forms.fields.tracking import MOST_NUMBERS, OTHER, CarrierForm, TrackingAddressField, TrackingNumberField
from orders.models import Shipment

MOST_GUESSES = 3  # carriers that are proposed for a number


@dataclass(frozen=True)
class TrackingRow:
    """`proposal` is the address that follows from carrier and number, "" where none does.

    `sure` is what the box sends that overrules the doubts: the carrier and the number that somebody was sure of.
    """

    place: int
    number: BoundField
    address: BoundField
    proposal: str
    doubts: list[Doubt]
    parts: list[str]  # the numbers that were typed into one field; [] where it is one
    taken_by: Shipment | None  # of another order, which has the number already
    sure: str
    is_sure: bool
    scanned: bool  # it was taken out of a bar code just now

    @property
    def is_doubted(self) -> bool:
        return bool(self.doubts) and not self.is_sure


class ParcelNumbers(CarrierForm):
    """The part of a parcel's form that is about its carrier and its numbers."""

    data: QueryDict
    numbers: int  # rows of tracking numbers
    zone: str  # the merchant's time zone
    order_number: str
    taken: Mapping[str, Shipment]  # by the normalized number: another order's shipment that has it
    scanned: set[int]  # places whose number was taken out of a bar code just now

    @property
    def tracking(self) -> list[TrackingRow]:
        return [self._tracking_row(place) for place in range(self.numbers)]

    @property
    def can_add_number(self) -> bool:
        return self.numbers < MOST_NUMBERS

    @property
    def carrier_typed(self) -> str:
        """A code of the list, or the name of another."""
        code = self._typed("carrier")
        return self._typed("carrier_name") if code == OTHER else code

    @property
    def carrier_proposed(self) -> str:
        """The code that stands there though nobody chose it, "" where none did."""
        return self._typed("proposed-carrier")

    @property
    def carrier_proposed_by(self) -> str:
        """The normalized number that it stands there for, "" where it is the one that was chosen last time."""
        return self._typed("proposed-by")

    @property
    def set_by_number(self) -> Carrier | None:
        """The carrier, where nobody chose it and the first number, or the bar code that held it, left no doubt."""
        number = carriers.normalized(self._typed("number-0"))
        is_by_it = bool(number) and number == self.carrier_proposed_by
        return carriers.find(self.carrier_proposed) if is_by_it and self._is_as_proposed else None

    @property
    def set_as_last_time(self) -> bool:
        return self._is_as_proposed and not self.carrier_proposed_by

    @property
    def _is_as_proposed(self) -> bool:
        return bool(self._typed("carrier")) and self._typed("carrier") == self.carrier_proposed

    @property
    def guesses(self) -> list[Guess]:
        """Whose number the first one may be, equally likely, while no carrier is chosen or it is another's.

        None for a wrong check digit: that is a doubt, and said as one.
        """
        first = self._tracking_row(0)
        if self._typed("carrier") and Kind.OTHER_CARRIER not in {doubt.kind for doubt in first.doubts}:
            return []
        found = [] if first.parts else carriers.detect(self._typed("number-0"), self.zone)
        best = [guess for guess in found if guess.certainty == found[0].certainty]
        return best[:MOST_GUESSES] if best and best[0].certainty < Certainty.WRONG else []

    @property
    def doubted(self) -> str:
        """The id of the first number that something speaks against, "" where there is none."""
        return next((row.number.auto_id for row in self.tracking if row.is_doubted), "")

    @property
    def notify_typed(self) -> str:
        return self._typed("notify")

    @property
    def open_number_or_carrier(self) -> str:
        """The id of the first of these fields that is empty, "" where none is."""
        if not self._typed("number-0"):
            return self["number-0"].auto_id
        if not self.carrier_typed:
            return self["carrier_name" if self._typed("carrier") == OTHER else "carrier"].auto_id
        return next((row.number.auto_id for row in self.tracking if not row.number.value()), "")

    def proposal(self, place: int) -> str:
        return carriers.tracking_address(self.carrier_typed, self._typed(f"number-{place}"))

    def _tracking_row(self, place: int) -> TrackingRow:
        typed = str(self.data.get(self.add_prefix(f"number-{place}"), ""))
        plain = carriers.normalized(typed)
        taken_by = self.taken.get(plain)
        sure = f"{self.carrier_typed}|{plain}"[:200]
        return TrackingRow(
            place,
            self[f"number-{place}"],
            self[f"address-{place}"],
            self.proposal(place),
            carriers.doubts(
                self.carrier_typed,
                typed,
                order_number=self.order_number,
                taken_by=taken_by.order_number if taken_by else "",
            ),
            carriers.several(typed),
            taken_by,
            sure,
            self._typed(f"sure-{place}") == sure,
            place in self.scanned,
        )

    def _add_tracking(self) -> None:
        self.offer_carriers(self.zone)
        self.fields["carrier"].widget.attrs["data-look"] = ""
        self.numbers = self._places("number", MOST_NUMBERS)
        for place in range(self.numbers):
            nth = f" {place + 1}" if place else ""
            number = TrackingNumberField(label=f"Tracking number{nth}", required=False)
            number.widget.attrs["data-look"] = ""
            self.fields[f"number-{place}"] = number
            self.fields[f"address-{place}"] = TrackingAddressField(label=f"Tracking address{nth}", required=False)

    def _clean_tracking(self) -> None:
        for row in self.tracking:
            name = f"number-{row.place}"
            if self.cleaned_data.get(f"address-{row.place}") and not self._typed(name):
                self.add_error(name, "Enter the tracking number for this address.")
            elif row.is_doubted and name not in self.errors:
                words = " ".join(doubt.words for doubt in row.doubts)
                self.add_error(name, f"{words} Fix it, or confirm that it is correct.")

    def _tracking(self) -> tuple[tuple[str, str], ...]:
        rows = ((place, self.cleaned_data[f"number-{place}"]) for place in range(self.numbers))
        return tuple((number, self.cleaned_data[f"address-{place}"]) for place, number in rows if number)

    def _places(self, name: str, most: int) -> int:
        """How many rows were sent, one at least."""
        sent = (place for place in range(most) if self.add_prefix(f"{name}-{place}") not in self.data)
        return max(1, next(sent, most))

    def _typed(self, name: str) -> str:
        return " ".join(str(self.data.get(self.add_prefix(name), "")).split())
