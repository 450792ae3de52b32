"""What a merchant sets for its partners, and what they call an order, typed by hand."""

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django import forms

from orders.apis.revkeen.objects import LineItem
from orders.forms.drafts.drafts import known_currency
from orders.forms.fields.lines import LineField
from orders.forms.fields.tracking import visible
from orders.models import OrderIds, PartnerSettings
from orders.services.partners.directory import PartnerIds

MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}
LONGEST_ID = 200

# What a name may give, for when no order shows it, and what is said beside it in any case.
WRITTEN = {
    "digital_river_order_key": "It is a number such as 257481930336.",
    "digital_river_item_key": "It is a number such as 81093840002.",
}
BESIDE = {
    "order_protection_order_key": "If empty, or missing on an order, RevKeen’s order id is used. "
    "Lines always use RevKeen’s ids.",
}


@dataclass(frozen=True)
class Example:
    """What a name gives on an order; without an `order` none of those `looked` at has it, or none could be read."""

    order: str = ""
    value: str = ""
    looked: int = 0

    @property
    def sentence(self) -> str:
        if self.order:
            return f"On {self.order} this is {self.value[:80]}."
        return f"None of the newest {self.looked} orders has it." if self.looked else ""


def not_only_dots(text: str) -> None:
    """In an address such a name would lead elsewhere."""
    if text and not text.strip("."):
        raise forms.ValidationError("An id cannot consist of dots only.")


class IdField(LineField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=LONGEST_ID,
            validators=[visible, not_only_dots],
            widget=forms.TextInput(MONO),
            **options,
        )


class KeyField(LineField):
    """The name of a metadata value."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(MONO)
        super().__init__(max_length=40, validators=[visible], widget=widget, **options)


class PartnerSettingsForm(forms.ModelForm):
    digital_river_order_key = KeyField(label="Order id from the order’s metadata, under the name")
    digital_river_item_key = KeyField(label="Item ids from each line’s metadata, under the name")
    order_protection_order_key = KeyField(label="Order id from the order’s metadata, under the name", required=False)
    partner_id = LineField(
        label="Partner id (partnerId)",
        required=False,
        max_length=100,
        validators=[visible],
        help_text="The fulfillment partner that ships. Prefilled on each shipment, where you can change it.",
    )
    subfulfiller_id = LineField(
        label="Subfulfiller id (subfulfillerId)",
        required=False,
        max_length=100,
        validators=[visible],
        help_text="Prefilled on each line.",
    )
    cost_currency = LineField(
        label="Currency of costs",
        required=False,
        max_length=3,
        widget=forms.TextInput({"class": "units", "autocomplete": "off", "spellcheck": "false"}),
        help_text="A code such as EUR, for distributor and shipping costs. If empty, entered with each cost.",
    )

    class Meta:
        model = PartnerSettings
        fields = [
            "digital_river_order_key",
            "digital_river_item_key",
            "partner_id",
            "subfulfiller_id",
            "cost_currency",
            "order_protection_order_key",
        ]

    def show_examples(self, examples: dict[str, Example]) -> None:
        """Say of each name what it gives; `examples` are by field."""
        for name, example in examples.items():
            written = "" if example.order else WRITTEN.get(name, "")
            self.fields[name].help_text = " ".join(filter(None, (example.sentence, written, BESIDE.get(name))))

    def clean_cost_currency(self) -> str:
        typed: str = self.cleaned_data["cost_currency"]
        currency = known_currency(typed)
        if typed and not currency:
            raise forms.ValidationError("Enter a known currency code, such as EUR.")
        return currency


class OrderIdsForm(forms.Form):
    """One field for the order at each partner, and one for each line. Empty: as the metadata say."""

    digital_river = IdField(label="Order id at Digital River")
    order_protection = IdField(label="Source order id at OrderProtection")

    def __init__(self, data: Any = None, *, typed: OrderIds, said: PartnerIds, lines: list[LineItem]) -> None:
        """`said` is what holds where nothing is typed."""
        super().__init__(
            data, initial={"digital_river": typed.digital_river, "order_protection": typed.order_protection}
        )
        self.lines, self.said = lines, said
        self.fields["digital_river"].help_text = _otherwise(said.digital_river)
        self.fields["order_protection"].help_text = _otherwise(said.order_protection)
        for line in lines:
            field = IdField(
                label=f"Item id of {line.description[:100]}", initial=typed.digital_river_items.get(str(line.id))
            )
            field.widget.attrs["class"] = "form-control mono"
            self.fields[_item(line.id)] = field

    def clean(self) -> dict[str, Any]:
        """Units of one line would count as units of another that is called the same."""
        typed, said = self.items, self.said.digital_river_items
        names = Counter(typed.get(str(line.id)) or said[str(line.id)] for line in self.lines)
        for line in self.lines:
            if str(line.id) in typed and names[typed[str(line.id)]] > 1:
                self.add_error(_item(line.id), "Another line of this order already has this id.")
        return self.cleaned_data

    @property
    def rows(self) -> list[tuple[LineItem, Any]]:
        return [(line, self[_item(line.id)]) for line in self.lines]

    @property
    def items(self) -> dict[str, str]:
        """What was typed, by line; lines where nothing was are not in it."""
        typed = {str(line.id): self.cleaned_data.get(_item(line.id), "") for line in self.lines}
        return {line_id: text for line_id, text in typed.items() if text}


def _item(line_id: uuid.UUID) -> str:
    return f"item-{line_id}"


def _otherwise(said: str) -> str:
    return f"If empty: {said}, from the order." if said else "Not in the order’s metadata."
