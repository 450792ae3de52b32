"""What may be asked of the list of orders."""

import uuid
from typing import Any

from django import forms

from orders.forms.fields.days import DaysForm
from orders.states import BILLING_TYPES, STATUSES


class OrderFilter(DaysForm):
    status = forms.ChoiceField(choices=[("", "All"), *STATUSES.items()], required=False)
    customer = forms.UUIDField(required=False, error_messages={"invalid": "This is not a customer id."})
    billing_type = forms.ChoiceField(choices=[("", "once or recurring"), *BILLING_TYPES.items()], required=False)
    starting_after = forms.UUIDField(required=False)
    ending_before = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("starting_after") and cleaned.get("ending_before"):
            self.add_error("starting_after", "This page link is invalid. Start at the first page.")
        return cleaned

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters for `reads.orders`: times in whole Unix seconds, both ends included."""
        cleaned = self.cleaned_data
        return {
            "status": cleaned["status"],
            "billing_type": cleaned["billing_type"],
            "customer_id": cleaned["customer"],
            "created_gte": int(self.start.timestamp()) if self.start else None,
            "created_lte": int(self.end.timestamp()) - 1 if self.end else None,
            "starting_after": cleaned["starting_after"],
            "ending_before": cleaned["ending_before"],
        }

    @property
    def narrowed(self) -> bool:
        """Whether anything is asked for that *Reset* would take away, valid or not."""
        return any(self.data.get(name) for name in ("status", "customer", "billing_type", "created_from", "created_to"))

    @property
    def customer_id(self) -> uuid.UUID | None:
        return self.cleaned_data.get("customer")

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
            **self.day_conditions,
        }
        return [(name, text) for name, text in words.items() if text]
