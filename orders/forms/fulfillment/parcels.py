"""One parcel of the form that fulfills: what is in it, who carries it, and what only one partner takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils import timezone

from orders.apis.order_protection.objects import STATUSES
from orders.forms.fields.amounts import AmountField
from orders.forms.fields.lines import LineField
from orders.forms.fields.tracking import visible
from orders.forms.fulfillment.parcel_numbers import ParcelNumbers
from orders.models import PartnerUpdate, Shipment
from orders.money import decimal_places
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot, LineSnapshot
from orders.services.fulfillment.shipments import Parcel, ParcelItem

MOST_METADATA = 18  # Digital River keeps 20 keys, and two of them may be ours
OURS = "shipmentRef"  # that one
EARLIEST, YEAR = datetime(2000, 1, 1, tzinfo=UTC), timedelta(days=366)

DigitalRiver, OrderProtection = PartnerUpdate.Destination.DIGITAL_RIVER, PartnerUpdate.Destination.ORDER_PROTECTION


def a_currency(code: str) -> None:
    if decimal_places(code.upper()) is None:
        raise forms.ValidationError("Enter a three-letter currency code, such as EUR.")


def near(moment: datetime) -> None:
    if not EARLIEST < moment < timezone.now() + YEAR:
        raise forms.ValidationError("This date is too far in the past or in the future.")


class MomentField(forms.DateTimeField):
    widget = forms.DateTimeInput({"type": "datetime-local"})

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, validators=[near], **options)


class UnitsField(forms.IntegerField):
    """How many units of a line; which of them may be is for the form to say, which knows all parcels."""

    widget = forms.TextInput({"class": "form-control num units", "inputmode": "numeric", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            min_value=1,
            error_messages={"invalid": "Enter a whole number.", "min_value": "Enter 1 or more, or deselect the line."},
            **options,
        )


def only_left(line: LineSnapshot) -> str:
    return f"{line.left} of {line.ordered} units {'is' if line.left == 1 else 'are'} left."


@dataclass(frozen=True)
class LineRow:
    """A line that may leave, as the form token has it."""

    id: str
    line: LineSnapshot
    units: BoundField
    ticked: bool
    more: list[BoundField]  # what Digital River takes of it


class ParcelForm(ParcelNumbers):
    """`snapshot` is out of the form token, so nobody can have changed it. `destinations` are the connected partners.

    The names of its fields begin with `p` and the parcel's key; those of a line end in the line's id, those of a
    tracking number or a row of metadata in its place.
    """

    field_order = ("lines", "carrier", "carrier_name", "notify")

    lines = forms.MultipleChoiceField(
        label="Line items",
        error_messages={
            "required": "Select at least one line.",
            "invalid_choice": "One of these lines has already shipped or is not in this order.",
        },
    )
    notify = forms.ChoiceField(
        label="E-mail to the customer", required=False, choices=[("yes", "E-mail"), ("no", "No e-mail")]
    )

    def __init__(
        self,
        data: QueryDict,
        *,
        key: str,
        snapshot: FulfillmentSnapshot,
        destinations: set[str],
        zone: str = "",
        taken: Mapping[str, Shipment] | None = None,
        scanned: set[int] | None = None,
    ) -> None:
        super().__init__(data, prefix=f"p{key}")
        self.key, self.snapshot, self.destinations = key, snapshot, destinations
        self.zone, self.order_number = zone, snapshot.number
        self.taken, self.scanned = taken or {}, scanned or set()
        # Both for the whole form to say: the lines RevKeen is told of with this parcel, and when of which one.
        self.completes: list[str] = []
        self.hears: dict[str, list[str]] = {}
        self.pairs = 0
        self.fields["lines"].choices = [(line, line) for line in snapshot.lines]  # type: ignore[attr-defined]
        self._add_lines()
        self._add_tracking()
        if DigitalRiver in destinations:
            self._add_digital_river()
        if OrderProtection in destinations:
            self._add_order_protection()

    ticks = (("all", "Select all"), ("none", "Select none"))  # buttons: what they do, and what they say

    # What it is made of

    @property
    def rows(self) -> list[LineRow]:
        return [
            LineRow(line_id, line, self[f"units-{line_id}"], line_id in self.ticked, self._more(line_id))
            for line_id, line in self.snapshot.lines.items()
        ]

    @property
    def metadata(self) -> list[tuple[BoundField, BoundField]]:
        """Name and value, row by row."""
        return [(self[f"name-{place}"], self[f"value-{place}"]) for place in range(self.pairs)]

    @property
    def digital_river(self) -> list[BoundField]:
        names = ("partner_id", "cost_currency", "shipment_id")
        return [self[name] for name in names if name in self.fields]

    @property
    def order_protection(self) -> list[BoundField]:
        return [self[name] for name in ("status", "shipped_at", "status_at") if name in self.fields]

    @property
    def more_is_open(self) -> bool:
        """Something is wrong in what is behind *More*."""
        plain = ("lines", "carrier", "carrier_name", "notify")
        return any(name not in plain and name.partition("-")[0] not in ("units", "number") for name in self.errors)

    @property
    def can_add_pair(self) -> bool:
        return self.pairs < MOST_METADATA

    # What was typed, right or not

    @property
    def ticked(self) -> list[str]:
        """In the order's own order."""
        sent = set(self.data.getlist(self.add_prefix("lines")))
        return [line for line in self.snapshot.lines if line in sent]

    @property
    def units(self) -> dict[str, int]:
        """Of the lines that are ticked with a number that may be."""
        typed = {line: self.cleaned_data.get(f"units-{line}") for line in self.ticked}
        return {line: units for line, units in typed.items() if units}

    # What it comes to, once it is right

    @property
    def parcel(self) -> Parcel:
        typed = self.cleaned_data
        return Parcel(
            items=self.items,
            carrier=self.chosen_carrier,
            tracking=self._tracking(),
            notify=bool(self.completes) and typed["notify"] == "yes",
            partner_id=typed.get("partner_id", ""),
            cost_currency=typed.get("cost_currency", ""),
            shipment_id=typed.get("shipment_id", ""),
            metadata=self._metadata(),
            **{name: typed[name] for name in ("status", "shipped_at", "status_at") if typed.get(name)},
        )

    @property
    def items(self) -> tuple[ParcelItem, ...]:
        return tuple(
            ParcelItem(
                line,
                units,
                distributor_cost=self._cost(f"distributor-{line}"),
                shipping_cost=self._cost(f"shipping-{line}"),
                subfulfiller_id=self.cleaned_data.get(f"subfulfiller-{line}", ""),
                shipment_item_id=self.cleaned_data.get(f"item-{line}", ""),
            )
            for line, units in self.units.items()
        )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        for line in self.snapshot.lines:
            if line not in self.ticked:
                self.errors.pop(f"units-{line}", None)
            elif f"units-{line}" not in self.errors and not cleaned.get(f"units-{line}"):
                self.add_error(f"units-{line}", "Enter how many units to ship.")
        self._clean_tracking()
        self._clean_costs()
        self._clean_metadata()
        return cleaned

    def keep_errors_of_units(self) -> None:
        """While somebody is still at it only these are of use."""
        for name in [name for name in self.errors if not name.startswith("units-")]:
            del self.errors[name]

    def _add_lines(self) -> None:
        for line_id, line in self.snapshot.lines.items():
            self.fields[f"units-{line_id}"] = UnitsField(label=f"Units of {line.description}")
            self.fields[f"units-{line_id}"].widget.attrs["data-look"] = ""

    def _add_digital_river(self) -> None:
        for name, label in (("partner_id", "Partner id"), ("shipment_id", "Shipment id")):
            self.fields[name] = _short(label)
        self.fields["cost_currency"] = LineField(
            label="Currency of costs",
            required=False,
            max_length=3,
            validators=[a_currency],
            widget=forms.TextInput({"autocomplete": "off"}),
        )
        currency = self._typed("cost_currency").upper()
        for line in self.ticked:
            what = self.snapshot.lines[line].description
            for name, label in (("distributor", "Distributor’s cost"), ("shipping", "Shipping cost")):
                cost = AmountField(label=f"{label} of {what}", required=False, currency=currency)
                cost.widget.attrs["class"] += " form-control"
                self.fields[f"{name}-{line}"] = cost
            for name, label in (("subfulfiller", "Subfulfiller"), ("item", "Shipment item id")):
                self.fields[f"{name}-{line}"] = _short(f"{label} of {what}")
        self.pairs = self._places("name", MOST_METADATA)
        for place in range(self.pairs):
            self.fields[f"name-{place}"] = LineField(
                label=f"Name {place + 1}", required=False, max_length=40, validators=[visible], widget=_text()
            )
            self.fields[f"value-{place}"] = LineField(
                label=f"Value {place + 1}", required=False, max_length=500, validators=[visible], widget=_text()
            )

    def _add_order_protection(self) -> None:
        self.fields["status"] = forms.ChoiceField(label="Status", required=False, choices=STATUSES, initial="FULFILLED")
        self.fields["shipped_at"] = MomentField(label="Shipped at")
        self.fields["status_at"] = MomentField(label="Status since")

    def _more(self, line_id: str) -> list[BoundField]:
        names = [f"{name}-{line_id}" for name in ("distributor", "shipping", "subfulfiller", "item")]
        return [self[name] for name in names if name in self.fields]

    def _clean_costs(self) -> None:
        if "cost_currency" not in self.fields:
            return
        self.cleaned_data["cost_currency"] = self.cleaned_data.get("cost_currency", "").upper()
        costs = [name for name in self.fields if re.match("distributor-|shipping-", name)]
        if any(self._typed(name) for name in costs) and not self._typed("cost_currency"):
            self.add_error("cost_currency", "Enter the currency of the costs.")
        if "cost_currency" in self.errors:  # what an amount is depends on it
            for name in costs:
                self.errors.pop(name, None)

    def _clean_metadata(self) -> None:
        names = [self.cleaned_data.get(f"name-{place}", "") for place in range(self.pairs)]
        for place, name in enumerate(names):
            if name and (name in names[:place] or name == OURS):
                self.add_error(f"name-{place}", f"“{name}” already exists.")
            elif not name and self._typed(f"value-{place}") and f"name-{place}" not in self.errors:
                self.add_error(f"name-{place}", "Enter a name, or clear the value.")

    def _metadata(self) -> dict[str, str | int | bool]:
        rows = range(self.pairs)
        typed = ((self.cleaned_data[f"name-{place}"], self.cleaned_data[f"value-{place}"]) for place in rows)
        return {name: value for name, value in typed if name}

    def _cost(self, name: str) -> int | None:
        money = self.cleaned_data.get(name)
        return money.minor if money is not None else None


def _short(label: str) -> LineField:
    return LineField(label=label, required=False, max_length=100, validators=[visible], widget=_text())


def _text() -> forms.TextInput:
    return forms.TextInput({"class": "form-control", "autocomplete": "off", "spellcheck": "false"})
