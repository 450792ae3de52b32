"""A filter by days of the merchant's time zone, both ends included."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms


class DaysForm(forms.Form):
    created_from = forms.DateField(required=False)
    created_to = forms.DateField(required=False)

    def __init__(self, data: Any, *, zone: ZoneInfo) -> None:
        super().__init__(data)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        created_from, created_to = cleaned.get("created_from"), cleaned.get("created_to")
        if created_from and created_to and created_from > created_to:
            self.add_error("created_to", "The last day is before the first one.")
        return cleaned

    @property
    def start(self) -> datetime | None:
        """The first moment that is wanted."""
        day = self.cleaned_data["created_from"]
        return None if day in (None, date.min) else datetime.combine(day, time.min, self.zone)

    @property
    def end(self) -> datetime | None:
        """The first moment that is not wanted any more: the day before it may have 23 or 25 hours."""
        day = self.cleaned_data["created_to"]
        return None if day in (None, date.max) else datetime.combine(day + timedelta(days=1), time.min, self.zone)

    @property
    def span_days(self) -> list[str]:
        """As they were typed."""
        return [self.data.get("created_from", ""), self.data.get("created_to", "")]

    @property
    def reset(self) -> str:
        """The query of *Reset*: it keeps the tab with its state, and nothing else."""
        state = self.data.get("state")
        return f"?{urlencode({'state': state})}" if state else ""

    @property
    def days_in_words(self) -> str:
        """`from 1 Nov 2026 to 20 Nov 2026`, `up to 20 Nov 2026`; what is no day stands as it was typed."""
        first, last = (self._describe(name) for name in ("created_from", "created_to"))
        if not last:
            return f"from {first}"
        return f"from {first} to {last}" if first else f"up to {last}"

    @property
    def day_conditions(self) -> dict[str, str]:
        """The set days as words by field, "" for one that is not set."""
        first, last = (self.cleaned_data.get(name) for name in ("created_from", "created_to"))
        return {
            "created_from": f"From {describe(first)}" if first else "",
            "created_to": f"To {describe(last)}" if last else "",
        }

    def _describe(self, name: str) -> str:
        day = self.cleaned_data.get(name)
        return describe(day) if day else self.data.get(name, "")


def describe(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
