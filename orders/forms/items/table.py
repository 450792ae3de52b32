"""A table of items that is pasted: delimiter and columns are found out, and an error names row and column."""

from dataclasses import dataclass
from typing import Any

from django import forms

from orders import csv_cells, item_keys
from orders.csv_cells import NotATable
from orders.forms.items.items import ItemForm
from orders.services.items.items import ItemRow

MOST_ROWS = 5000
MOST_ERRORS = 20  # that are shown at once
DELIMITERS = ("\t", ";", ",", "|")
NAMES = {
    "sku": ("sku", "item", "code", "product code", "item number"),
    "name": ("name", "product", "description", "title"),
    "bin": ("bin", "bin location", "location", "shelf", "place"),
    "barcodes": ("barcodes", "barcode", "ean", "upc", "gtin"),
    "picture": ("picture", "image", "image url", "picture url", "photo"),
}
HEADINGS = {"sku": "SKU", "name": "Name", "bin": "Bin", "barcodes": "Barcodes", "picture": "Picture"}
NO_SKU = "The first row must name the columns, and one of them must be SKU."


@dataclass(frozen=True)
class Table:
    rows: list[ItemRow]
    columns: list[str]


class TableForm(forms.Form):
    """`table` of a form that is right."""

    text = forms.CharField(
        label="Paste from a spreadsheet",
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 10, "class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    table: Table

    def clean(self) -> dict[str, Any]:
        text: str = self.cleaned_data.get("text", "")
        try:
            lines = list(csv_cells.rows_of(text, _delimiter(text)))
        except NotATable as error:
            raise forms.ValidationError(str(error)) from error
        columns = _columns(lines[0][1]) if lines else {}
        if "sku" not in columns.values():
            raise forms.ValidationError(NO_SKU if lines else "Paste a table.")
        if len(lines) > MOST_ROWS + 1:
            raise forms.ValidationError(f"At most {MOST_ROWS:,} rows at once. This table has {len(lines) - 1:,}.")
        self._read(lines[1:], columns)
        return self.cleaned_data

    def _read(self, lines: list[tuple[int, list[str]]], columns: dict[int, str]) -> None:
        rows, errors, seen = [], [], dict[str, int]()
        for nth, line in lines:
            form = ItemForm({name: _cell(line, at) for at, name in columns.items()})
            errors += [f"Row {nth}, {HEADINGS[name]}: {found[0]}" for name, found in form.errors.items()]
            if form.is_valid():
                rows.append(form.row)
                key = item_keys.key(form.row.sku)
                if key in seen:
                    errors.append(f"Row {nth}, SKU: {form.row.sku} is in row {seen[key]} too.")
                seen.setdefault(key, nth)
        if errors:
            more = [f"And {len(errors) - MOST_ERRORS} more."] if len(errors) > MOST_ERRORS else []
            raise forms.ValidationError(errors[:MOST_ERRORS] + more)
        if not rows:
            raise forms.ValidationError("The table has no rows below its headings.")
        self.table = Table(rows, list(columns.values()))


def _delimiter(text: str) -> str:
    heading = text.lstrip().partition("\n")[0]
    return max(DELIMITERS, key=heading.count)


def _columns(heading: list[str]) -> dict[int, str]:
    """Place → which column it is, of those that we know; each once."""
    found: dict[int, str] = {}
    for at, cell in enumerate(heading):
        said = " ".join(cell.replace("_", " ").replace("\ufeff", "").casefold().split())
        name = next((name for name, names in NAMES.items() if said in names), None)
        if name is not None and name not in found.values():
            found[at] = name
    return found


def _cell(line: list[str], at: int) -> str:
    """Without the apostrophe that keeps a spreadsheet from rounding it (csv_cells.py)."""
    return line[at].strip().removeprefix("'") if at < len(line) else ""
