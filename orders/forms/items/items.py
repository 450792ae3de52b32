"""An item as it is typed: SKU, bin, barcodes and picture. A pasted table (table.py) is checked by the same rules."""

import re
from typing import Any

from django import forms

from orders import item_keys
from orders.forms.fields.lines import LineField
from orders.forms.fields.text import TextField
from orders.forms.fields.tracking import https_address, visible
from orders.models import Item
from orders.services.items.items import ItemRow

MOST_BARCODES = 20  # of one item
BETWEEN = re.compile(r"[\s,;|]+")  # of several barcodes
DAMAGED = re.compile(r"[0-9]{1,20}([.,][0-9]{1,20})?[eE]\+[0-9]{1,3}")
MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


def undamaged(text: str) -> None:
    """A spreadsheet shows 4006381333931 as 4.00638E+12, and what is copied then is not the number any more."""
    if any(DAMAGED.fullmatch(part) for part in BETWEEN.split(text)):
        raise forms.ValidationError("A spreadsheet has rounded this number. Format the column as text there.")


def several(text: str) -> tuple[str, ...]:
    """Each barcode once."""
    return tuple({item_keys.key(part): part for part in BETWEEN.split(text) if part}.values())


def few_and_short(text: str) -> None:
    barcodes = several(text)
    if len(barcodes) > MOST_BARCODES:
        raise forms.ValidationError(f"An item has at most {MOST_BARCODES} barcodes.")
    if any(len(barcode) > item_keys.LONGEST for barcode in barcodes):
        raise forms.ValidationError(f"A barcode has at most {item_keys.LONGEST} characters.")
    for barcode in barcodes:
        visible(barcode)


class ItemForm(forms.Form):
    sku = LineField(
        label="SKU",
        max_length=item_keys.LONGEST,
        validators=[visible, undamaged],
        widget=forms.TextInput(MONO),
        help_text="As in the line’s metadata (sku), or the product’s code in RevKeen.",
    )
    name = LineField(label="Name", required=False, max_length=200, validators=[visible])
    bin = LineField(
        label="Bin",
        required=False,
        max_length=40,
        validators=[visible],
        help_text="Where it lies, such as A-12-3. Printed on pick lists, shown at the station.",
    )
    barcodes = TextField(
        label="Barcodes",
        required=False,
        validators=[undamaged, few_and_short],
        widget=forms.Textarea({"rows": 3, **MONO}),
        help_text="One per line: EAN, UPC, or your own.",
    )
    picture = LineField(
        label="Picture",
        required=False,
        max_length=500,
        validators=[https_address],
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        help_text="An address that starts with https://.",
    )

    @property
    def row(self) -> ItemRow:
        """Of a form that is right."""
        return ItemRow(**{**self.cleaned_data, "barcodes": several(self.cleaned_data["barcodes"])})


def initial_of(item: Item | None) -> dict[str, Any]:
    if item is None:
        return {}
    barcodes = "\n".join(barcode.text for barcode in item.barcodes.all())
    return {"sku": item.sku, "name": item.name, "bin": item.bin, "barcodes": barcodes, "picture": item.picture}
