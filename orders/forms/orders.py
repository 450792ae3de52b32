"""What may be asked of the list of orders. Dates are days of the merchant's time zone."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from orders.states import BILLING_TYPES, STATUSES


class OrderFilter(forms.Form):
    status = forms.ChoiceField(choices=[("", "All"), *STATUSES.items()], required=False)
    customer = forms.UUIDField(required=False, error_messages={"invalid": "This is not a customer id."})
    billing_type = forms.ChoiceField(choices=[("", "once or recurring"), *BILLING_TYPES.items()], required=False)
    created_from = forms.DateField(required=False)
    created_to = forms.DateField(required=False)
    starting_after = forms.UUIDField(required=False)
    ending_before = forms.UUIDField(required=False)

    def __init__(self, data: Any, *, zone: ZoneInfo) -> None:
        super().__init__(data)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        created_from, created_to = cleaned.get("created_from"), cleaned.get("created_to")
        if created_from and created_to and created_from > created_to:
            self.add_error("created_to", "This day is before the first one.")
        if cleaned.get("starting_after") and cleaned.get("ending_before"):
            self.add_error("starting_after", "A page begins after one order or ends before one, not both.")
        return cleaned

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters for `reads.orders`: times in whole Unix seconds, both ends included."""
        cleaned = self.cleaned_data
        return {
            "status": cleaned["status"],
            "billing_type": cleaned["billing_type"],
            "customer_id": cleaned["customer"],
            "created_gte": _start(cleaned["created_from"], self.zone),
            "created_lte": _end(cleaned["created_to"], self.zone),
            "starting_after": cleaned["starting_after"],
            "ending_before": cleaned["ending_before"],
        }

    @property
    def customer_id(self) -> uuid.UUID | None:
        return self.cleaned_data.get("customer")

    @property
    def days_in_words(self) -> str:
        """`from 1 Nov 2026 to 20 Nov 2026`, `up to 20 Nov 2026`; what is no day stands as it was typed."""
        first, last = (self._in_words(name) for name in ("created_from", "created_to"))
        if not last:
            return f"from {first}"
        return f"from {first} to {last}" if first else f"up to {last}"

    def _in_words(self, name: str) -> str:
        day = self.cleaned_data.get(name)
        return _day(day) if day else self.data.get(name, "")

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """The set conditions as (field, words), for the page that found nothing."""
        cleaned = self.cleaned_data
        words = {
            "status": STATUSES.get(cleaned.get("status", ""), ""),
            "customer": "This customer" if cleaned.get("customer") else "",
            "billing_type": f"Billed {BILLING_TYPES.get(cleaned['billing_type'])}"
            if cleaned.get("billing_type")
            else "",
            "created_from": f"From {_day(cleaned['created_from'])}" if cleaned.get("created_from") else "",
            "created_to": f"To {_day(cleaned['created_to'])}" if cleaned.get("created_to") else "",
        }
        return [(name, text) for name, text in words.items() if text]


def _start(day: date | None, zone: ZoneInfo) -> int | None:
    return None if day is None else int(datetime.combine(day, time.min, zone).timestamp())


def _end(day: date | None, zone: ZoneInfo) -> int | None:
    """The last second of the day, which may have 23 or 25 hours."""
    if day is None or day == date.max:
        return None
    return int(datetime.combine(day + timedelta(days=1), time.min, zone).timestamp()) - 1


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
