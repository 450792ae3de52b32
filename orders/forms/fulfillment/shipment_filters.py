"""What may be asked of the list of shipments, and of Digital River's own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from orders import carriers, states
from orders.apis.digital_river.client import Filters
from orders.forms.fields.days import DaysForm
from orders.forms.fields.lines import LineField
from orders.models import Merchant, PartnerUpdate, Shipment
from orders.services.fulfillment.shipment_list import NONE, OTHER, REVKEEN, Wanted

LARGEST_ID = 2**63 - 1
LONGEST_ID = 200  # characters of a partner's id
MOST_IDS = 100  # in one question

CARRIERS = {
    **{carrier.code: carrier.name for carrier in carriers.CARRIERS},
    OTHER: "Another carrier",
    NONE: "No carrier given",
}
STATES = {state.value: states.SHIPMENT_STATES[state].word for state in Shipment.State}
# Where it goes, with or without how far it got there: `digital_river.failed`.
DESTINATIONS: dict[str, dict[str, str]] = {
    "RevKeen": {
        REVKEEN: "Sent to RevKeen",
        **{f"{REVKEEN}.{state.value}": f"RevKeen: {words.word}" for state, words in states.OPERATION_STATES.items()},
    },
    **{
        destination.label: {
            destination.value: f"Sent to {destination.label}",
            **{
                f"{destination.value}.{state.value}": f"{destination.label}: {state.label}"
                for state in PartnerUpdate.State
            },
        }
        for destination in PartnerUpdate.Destination
    },
}
DESTINATION_WORDS = {value: words for choices in DESTINATIONS.values() for value, words in choices.items()}
EARLIEST_YEAR, LATEST_YEAR = 1970, 9998
LIMITS = (10, 25, 50, 100)
ROWS = 50  # where no limit is chosen


class PlaceField(forms.IntegerField):
    """The id of the row that a page begins after or ends before."""

    def __init__(self) -> None:
        said = "This page link is invalid. Start from the first page."
        messages = dict.fromkeys(("invalid", "min_value", "max_value"), said)
        super().__init__(required=False, error_messages=messages, min_value=1, max_value=LARGEST_ID)


class ShipmentFilter(DaysForm):
    carrier = forms.ChoiceField(choices=[("", "any carrier"), *CARRIERS.items()], required=False)
    tracking = LineField(
        label="Tracking number",
        required=False,
        max_length=100,
        help_text="The full number, or at least its first six characters. Spaces, dashes and case do not matter.",
    )
    order = LineField(label="Order number or id", required=False, max_length=100)
    state = forms.ChoiceField(choices=[("", "All"), *STATES.items()], required=False)
    destination = forms.ChoiceField(
        label="System and status there",
        choices=[("", "any system"), *((name, list(choices.items())) for name, choices in DESTINATIONS.items())],
        required=False,
    )
    product = LineField(required=False, max_length=100, help_text="Words from a line’s description, or a product id.")
    after = PlaceField()
    before = PlaceField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("after") and cleaned.get("before"):
            self.add_error("after", "This page link is invalid. Start from the first page.")
        return cleaned

    def clean_tracking(self) -> str:
        """Spaces, dashes and case are for the eye."""
        typed: str = self.cleaned_data["tracking"]
        number = carriers.normalized(typed)
        if typed and not number:
            raise forms.ValidationError("Enter a tracking number with letters or digits.")
        return number

    def wanted(self, merchant: Merchant, mode: str) -> Wanted:
        cleaned = self.cleaned_data
        destination, _, destination_state = cleaned["destination"].partition(".")
        return Wanted(
            merchant,
            mode,
            carrier=cleaned["carrier"],
            tracking=cleaned["tracking"],
            order=cleaned["order"],
            state=cleaned["state"],
            destination=destination,
            destination_state=destination_state,
            product=cleaned["product"],
            start=self.start,
            end=self.end,
        )

    @property
    def is_set(self) -> bool:
        """Something but the tab and the page."""
        return any(self.data.get(name) for name in set(self.fields) - {"state", "after", "before"})

    @property
    def carrier_words(self) -> str:
        return CARRIERS.get(self.data.get("carrier", ""), "")

    @property
    def destination_words(self) -> str:
        return DESTINATION_WORDS.get(self.data.get("destination", ""), "")

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """The set conditions as (field, words)."""
        cleaned = self.cleaned_data
        words = {
            "state": STATES.get(cleaned.get("state", ""), ""),
            "order": f"Order {cleaned['order']}" if cleaned.get("order") else "",
            "carrier": CARRIERS.get(cleaned.get("carrier", ""), ""),
            "tracking": f"Tracking number {cleaned['tracking']}" if cleaned.get("tracking") else "",
            "product": f"With {cleaned['product']}" if cleaned.get("product") else "",
            "destination": DESTINATION_WORDS.get(cleaned.get("destination", ""), ""),
            **self.day_conditions,
        }
        return [(name, text) for name, text in words.items() if text]


class IdField(LineField):
    """An id of Digital River's: any visible signs, compared exactly."""

    def __init__(self, label: str | None = None) -> None:
        super().__init__(label=label, required=False, max_length=LONGEST_ID)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text.isprintable():
            raise forms.ValidationError("It contains invisible characters. Enter it again.")
        return text


class IdsField(IdField):
    def __init__(self) -> None:
        super(IdField, self).__init__(required=False, max_length=MOST_IDS * LONGEST_ID)

    def clean(self, value: Any) -> Any:
        """Ids with spaces or commas between them."""
        ids = tuple(dict.fromkeys(super().clean(value).replace(",", " ").split()))
        if len(ids) > MOST_IDS:
            raise forms.ValidationError(f"Enter at most {MOST_IDS} ids.")
        return ids


class MomentField(forms.DateTimeField):
    """A moment of the merchant's time zone, as `2026-11-21T14:30` or with seconds."""

    def __init__(self) -> None:
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]
        said = {"invalid": "Enter a date and time such as 2026-11-21 14:30."}
        super().__init__(required=False, input_formats=formats, error_messages=said)

    def clean(self, value: Any) -> datetime | None:
        """No year that another time zone would lead out of the calendar."""
        moment: datetime | None = super().clean(value)
        if moment is not None and not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
            raise forms.ValidationError(f"Enter a date between {EARLIEST_YEAR} and {LATEST_YEAR}.")
        return moment


@dataclass(frozen=True)
class Bound:
    """A comparison with a moment: the field's name, and what it is called."""

    name: str
    label: str


BOUNDS = (
    Bound("created", "Exactly at"),
    Bound("created_gte", "At or after"),
    Bound("created_gt", "After"),
    Bound("created_lte", "At or before"),
    Bound("created_lt", "Before"),
)


class DigitalRiverFilter(forms.Form):
    """Every filter that Digital River's list has, under its own names but for the times."""

    created = MomentField()
    created_gt = MomentField()
    created_gte = MomentField()
    created_lt = MomentField()
    created_lte = MomentField()
    ids = IdsField()
    order_id = IdField("Digital River’s order id")
    sku_id = IdField("SKU id")
    tracking_company = IdField()
    tracking_number = IdField()
    limit = forms.TypedChoiceField(
        choices=[(str(number), str(number)) for number in LIMITS], coerce=int, empty_value="", required=False
    )
    starting_after = IdField()
    ending_before = IdField()

    def __init__(self, data: Any, *, zone: ZoneInfo) -> None:
        super().__init__(data)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("starting_after") and cleaned.get("ending_before"):
            self.add_error("starting_after", "This page link is invalid. Start from the first page.")
        return cleaned

    @property
    def filters(self) -> Filters:
        cleaned = self.cleaned_data
        moments: dict[str, Any] = {bound.name: self._moment(bound.name) for bound in BOUNDS}
        names = ("ids", "order_id", "sku_id", "tracking_company", "tracking_number", "starting_after", "ending_before")
        return Filters(**moments, **{name: cleaned[name] for name in names}, limit=cleaned["limit"] or ROWS)

    @property
    def time_is_set(self) -> bool:
        return any(self.data.get(bound.name) for bound in BOUNDS)

    @property
    def times(self) -> list[tuple[Bound, str, bool]]:
        """Each comparison, with what was typed and whether that is wrong."""
        return [(bound, self.data.get(bound.name, ""), bound.name in self.errors) for bound in BOUNDS]

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """The set conditions as (field, words)."""
        cleaned = self.cleaned_data
        words = {
            "order_id": "Order {}",
            "sku_id": "SKU {}",
            "tracking_company": "Carrier {}",
            "tracking_number": "Tracking number {}",
        }
        texts = {name: text.format(cleaned[name]) for name, text in words.items() if cleaned.get(name)}
        ids = {"ids": f"{len(cleaned['ids'])} ids"} if cleaned.get("ids") else {}
        given = [bound for bound in BOUNDS if cleaned.get(bound.name)]
        times = {bound.name: f"{bound.label} {_describe(cleaned[bound.name])}" for bound in given}
        return list({**texts, **ids, **times}.items())

    def _moment(self, name: str) -> datetime | None:
        """What was typed is in the merchant's time, whatever this server's is."""
        moment: datetime | None = self.cleaned_data[name]
        return moment and moment.replace(tzinfo=self.zone)


def _describe(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y %H:%M}"
