"""A draft as it is typed. What is not valid is not saved and stays typed; everything else is saved at every step."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict

from orders.apis.decoding import too_deep
from orders.forms.fields.amounts import AmountField
from orders.forms.fields.json_values import can_be_kept, shown
from orders.forms.fields.lines import LineField
from orders.forms.fields.metadata import MetadataForm
from orders.forms.fields.text import TextField
from orders.iso4217 import FUNDS, PLACES
from orders.models import Draft
from orders.moments import near
from orders.money import Money, decimal_places
from orders.replacing import REPLACED_BY, REPLACES
from orders.services.drafts.drafts import LONGEST_DESCRIPTION, MOST_LINES, Line, new_line
from orders.services.drafts.invoice_links import Offered
from orders.states import BILLING_TYPES

CURRENCIES = sorted(PLACES.keys() - FUNDS)
LINE_ID = re.compile(r"^[0-9a-f]{8}$")
MOMENT = "%Y-%m-%dT%H:%M"
ORDER_FIELDS = ("currency", "billing_type", "notes", "expires_at", "invoice_id", "subscription_id")
CONTROL = {"class": "form-control", "autocomplete": "off"}


@dataclass(frozen=True)
class LineRow:
    """A line of the editor: its fields, and its total where quantity and price make one."""

    id: str
    number: int
    product_id: str | None
    position: BoundField
    description: BoundField
    quantity: BoundField
    price: BoundField
    facts: BoundField
    total: Money | None


class FactsField(TextField):
    """Metadata typed as one `name: value` a line. What cannot stand on a line of its own is kept as it was."""

    def __init__(self, *, known: dict[str, Any], **options: Any) -> None:
        self.known = known
        self.lines = {name: shown(value)[1] for name, value in known.items() if _fits_a_line(name, value)}
        text = "\n".join(f"{name}: {value}" for name, value in self.lines.items())
        super().__init__(required=False, max_length=20_000, initial=text, **options)

    def clean(self, value: Any) -> dict[str, Any]:
        typed: dict[str, Any] = {name: kept for name, kept in self.known.items() if name not in self.lines}
        for line in filter(str.strip, super().clean(value).split("\n")):
            name, colon, text = (part.strip() for part in line.partition(":"))
            if not (name and colon):
                raise forms.ValidationError(f"Write “name: value”, not “{line.strip()[:40]}”.")
            if name in typed:
                raise forms.ValidationError(f"“{name[:40]}” already exists.")
            typed[name] = self.known[name] if text == self.lines.get(name) else text
        return typed


class DraftForm(MetadataForm):
    currency = LineField(
        label="Currency", max_length=3, widget=forms.TextInput({"list": "currencies", "autocomplete": "off"})
    )
    billing_type = forms.ChoiceField(
        label="Billing", choices=[(name, f"Billed {word}") for name, word in BILLING_TYPES.items()]
    )
    notes = TextField(
        label="Notes on the order", required=False, max_length=1000, widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text="Sent to RevKeen. Up to 1,000 characters.",
    )  # fmt: skip
    expires_at = forms.DateTimeField(
        label="Expires", required=False, input_formats=[MOMENT, f"{MOMENT}:%S"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=MOMENT),
    )  # fmt: skip
    invoice_id = forms.UUIDField(
        label="Linked invoice", required=False, widget=forms.Select,
        error_messages={"invalid": "Choose an invoice from the list."},
    )  # fmt: skip
    subscription_id = forms.UUIDField(
        label="Linked subscription", required=False, help_text="Its id in RevKeen.",
        error_messages={"invalid": "This is not the id of a subscription."}, widget=forms.TextInput({"class": "mono"}),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None, *, draft: Draft, zone: ZoneInfo) -> None:
        self.draft, self.zone = draft, zone
        self.base = draft.metadata if data is None else _base(data, draft.metadata)
        more = data is not None and "add" in data
        initial = {name: getattr(draft, name) for name in ORDER_FIELDS}
        if draft.expires_at:
            initial["expires_at"] = draft.expires_at.astimezone(zone).replace(tzinfo=None)
        fixed = (REPLACES, REPLACED_BY)
        super().__init__(data, metadata=self.base, fixed=fixed, more_rows=more, initial=initial)
        self.fields["expires_at"].help_text = f"In {zone.key}."
        typed = "" if data is None else known_currency(data.get("currency", ""))
        self.priced = has_prices(draft, data)
        self.asked_currency = typed if self.priced and typed != draft.currency else ""
        self.prices_in = _prices_in(draft, data) if self.priced else typed or draft.currency
        self.line_ids = draft.line_ids if data is None else _line_ids(data)
        for number, line_id in enumerate(self.line_ids, 1):
            self._add_line(number, line_id)

    def offer_invoices(self, offered: Offered) -> None:
        """What can be chosen, by number; what is chosen already stays a choice."""
        field = self.fields["invoice_id"]
        field.widget = forms.Select({"class": "form-select"}, choices=[("", "None"), *offered.choices])
        left_out = f"{offered.left_out} more are closed or belong to other orders." if offered.left_out else ""
        field.help_text = " ".join(filter(None, (offered.problem, left_out)))

    def say(self, problems: list[tuple[str, str]]) -> None:
        """Put what is missing of a draft that was saved by its fields."""
        if problems and not self.is_bound:
            self.full_clean()
            self.cleaned_data: dict[str, Any] = {}
        for name, words in problems:
            self.add_error(name if name in self.fields else None, words)

    def clean_currency(self) -> str:
        currency = known_currency(self.cleaned_data["currency"])
        if not currency:
            raise forms.ValidationError("Enter a known currency code, such as EUR.")
        if self._typed_in_another:
            raise forms.ValidationError(
                f"The draft is in {self.draft.currency} now, and prices typed in {self.prices_in} are not saved. "
                "Reload to enter them."
            )
        if self.asked_currency:
            raise forms.ValidationError(
                f"The lines are priced in {self.draft.currency}. Choose what happens to the prices."
            )
        return currency

    def clean_expires_at(self) -> Any:
        typed = self.cleaned_data["expires_at"]
        if typed and not near(typed):
            raise forms.ValidationError("Enter an earlier year.")
        if typed and typed.replace(tzinfo=None) == _to_the_minute(self.initial.get("expires_at")):
            return self.draft.expires_at  # nobody touched it, and the field has no seconds
        return typed.replace(tzinfo=self.zone) if typed else None

    @property
    def changes(self) -> dict[str, Any]:
        """What can be saved of a form that was read: each valid field, and all lines with what is valid in them."""
        found = {name: self.cleaned_data[name] for name in ORDER_FIELDS if name in self.cleaned_data}
        if self.takes_metadata and not any(name.startswith(("name-", "kind-", "value-")) for name in self.errors):
            found["metadata"] = self.cleaned_data["metadata"]
        found["lines"] = self._lines()
        return found

    @property
    def line_rows(self) -> list[LineRow]:
        return [self._line_row(number, line_id) for number, line_id in enumerate(self.line_ids, 1)]

    @property
    def base_json(self) -> str:
        """The metadata that the rows were drawn from; it comes back with them."""
        return json.dumps(self.base)

    def _add_line(self, number: int, line_id: str) -> None:
        line = self.draft.line(line_id) or new_line()
        price = line["unit_price"]
        currency = self.prices_in
        number_input = {**CONTROL, "inputmode": "numeric"}
        self.fields |= {
            f"position-{line_id}": forms.IntegerField(
                label=f"Position of line {number}", required=False, initial=number,
                widget=forms.TextInput({**number_input, "class": "form-control num place"}),
            ),
            f"description-{line_id}": LineField(
                label=f"Description of line {number}", required=False, max_length=LONGEST_DESCRIPTION,
                initial=line["description"], widget=forms.TextInput({**CONTROL, "dir": "auto"}),
            ),
            f"quantity-{line_id}": forms.IntegerField(
                label=f"Quantity of line {number}", min_value=1, max_value=1_000_000, initial=line["quantity"],
                widget=forms.TextInput({**number_input, "class": "form-control num units"}),
            ),
            f"price-{line_id}": AmountField(
                label=f"Unit price of line {number}, in {currency}", required=False, currency=currency,
                initial=Money(price, self.draft.currency).number if price is not None else "",
                widget=forms.TextInput({**CONTROL, "inputmode": "decimal", "class": "form-control num price"}),
            ),
            f"facts-{line_id}": FactsField(
                label=f"Metadata of line {number}, one “name: value” a line", known=line["metadata"],
                widget=forms.Textarea({**CONTROL, "rows": 2, "dir": "auto"}),
            ),
        }  # fmt: skip

    def _line_row(self, number: int, line_id: str) -> LineRow:
        line = self.draft.line(line_id)
        fields = {name: self[f"{name}-{line_id}"] for name in ("position", "description", "quantity", "price", "facts")}
        total = None
        if line and line["unit_price"] is not None and not fields["price"].errors and not fields["quantity"].errors:
            total = Money(line["unit_price"] * line["quantity"], self.draft.currency)
        return LineRow(line_id, number, line["product_id"] if line else None, **fields, total=total)

    def _lines(self) -> list[Line]:
        """In the order of the positions typed; two with the same one stay in the order they had."""
        places = {line_id: self.cleaned_data.get(f"position-{line_id}") for line_id in self.line_ids}
        numbered = list(enumerate(self.line_ids, 1))
        moved = sorted(numbered, key=lambda pair: (places[pair[1]] or pair[0], _moved_down(pair, places)))
        return [self._line(line_id) for _, line_id in moved]

    def _line(self, line_id: str) -> Line:
        known = self.draft.line(line_id) or new_line(id=line_id)
        line = {**known, "product_id": known["product_id"] or _product_id(self.data, line_id)}
        cleaned = self.cleaned_data
        for name, field in (("description", "description"), ("quantity", "quantity")):
            if f"{field}-{line_id}" in cleaned:
                line[name] = cleaned[f"{field}-{line_id}"]
        if f"facts-{line_id}" in cleaned:
            line["metadata"] = cleaned[f"facts-{line_id}"]
        line["unit_price"] = self._price(line_id, known["unit_price"])
        return line

    def _price(self, line_id: str, known: int | None) -> int | None:
        """What is typed; what was saved where that is not valid, or was typed in a currency that is not the draft's."""
        if f"price-{line_id}" not in self.errors and not self._typed_in_another:
            money = self.cleaned_data.get(f"price-{line_id}")
            return money.minor if money is not None else None
        return known

    @property
    def typed_in(self) -> str:
        """The currency that the prices on the page are in from now on."""
        return self.prices_in if self._typed_in_another else self.draft.currency

    @property
    def _typed_in_another(self) -> bool:
        """Whether somebody changed the draft's currency after the page with these prices was drawn."""
        return self.priced and self.prices_in != self.draft.currency


def has_prices(draft: Draft, data: QueryDict | None) -> bool:
    """Whether a price is saved or typed: then no other currency is taken without a word about what becomes of it."""
    typed = [data.get(f"price-{line_id}", "").strip() for line_id in _line_ids(data)] if data is not None else []
    return any(typed) or any(line["unit_price"] is not None for line in draft.lines)


def _prices_in(draft: Draft, data: QueryDict | None) -> str:
    """The currency under which the prices were typed, as their page said."""
    return (known_currency(data.get("prices_in", "")) if data is not None else "") or draft.currency


def _to_the_minute(moment: datetime | None) -> datetime | None:
    return moment.replace(second=0, microsecond=0) if moment else None


def known_currency(typed: str) -> str:
    """Its code; "" for one whose decimals we do not know, or none at all."""
    code = typed.strip().upper()
    return code if decimal_places(code) is not None else ""


def _moved_down(pair: tuple[int, str], places: dict[str, int | None]) -> int:
    """Of two lines at one position the one that was moved there comes first, unless it came from above."""
    number, line_id = pair
    typed = places[line_id]
    return 0 if typed is None or typed == number else (1 if typed > number else -1)


def _base(data: QueryDict, otherwise: dict[str, Any]) -> dict[str, Any]:
    text = data.get("metadata_base", "")
    try:
        base = None if too_deep(text.encode(errors="replace")) else json.loads(text)
    except ValueError:
        return otherwise
    return base if isinstance(base, dict) and can_be_kept(base) else otherwise


def _line_ids(data: QueryDict) -> list[str]:
    unique = dict.fromkeys(line_id for line_id in data.getlist("line") if LINE_ID.match(line_id))
    return list(unique)[:MOST_LINES]


def _product_id(data: Mapping[str, Any], line_id: str) -> str | None:
    """Of a line that was just added from a product."""
    try:
        return str(uuid.UUID(data.get(f"product-{line_id}", "")))
    except ValueError:
        return None


def _fits_a_line(name: str, value: Any) -> bool:
    """Whether reading `name: value` gives name and value back."""
    text = f"{name}: {shown(value)[1]}"
    found, _, rest = text.partition(":")
    return len(text.splitlines()) == 1 and (found.strip(), rest.strip()) == (name, shown(value)[1]) and name != ""
