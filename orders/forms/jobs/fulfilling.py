"""What fulfilling many orders asks for: what holds for all of them, and a file, a pasted table, or a row for each."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from orders import carriers
from orders.csv_cells import NotATable
from orders.services.jobs import table_reading
from orders.services.jobs.asking import Given
from orders.services.jobs.table_reading import MOST_BYTES, MOST_ROWS

TYPED = ("tracking", "carrier", "notify")
LONGEST = 300  # characters of a field of a row


class DefaultsForm(forms.Form):
    """What holds for every row that says nothing else."""

    carrier = forms.ChoiceField(label="Carrier", required=False)
    notify = forms.ChoiceField(
        label="E-mail to the customer",
        choices=[("yes", "E-mail"), ("no", "No e-mail")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether customers get an e-mail."},
    )

    def __init__(self, data: Any = None, files: Any = None, *, time_zone: str, **options: Any) -> None:
        super().__init__(data, files, **options)
        listed = [(carrier.code, carrier.name) for carrier in carriers.ordered(time_zone)]
        self.fields["carrier"].choices = [("", "By the number"), *listed]  # type: ignore[attr-defined]

    @property
    def defaults(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("carrier", "notify")}


class TableForm(DefaultsForm):
    """A file, or what was copied out of one."""

    field_order = ("file", "text", "carrier", "notify")

    file = forms.FileField(
        label="CSV file",
        required=False,
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
        help_text=f"At most {MOST_ROWS:,} rows and {MOST_BYTES // 1_000_000} MB. Commas, semicolons or tabs.",
    )
    text = forms.CharField(
        label="Or paste the table",
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 8, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text="With its headings, or order and tracking number alone.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        file, text = cleaned.get("file"), cleaned.get("text", "")
        self.table = table_reading.Table([], [])
        if "file" in self.errors or "text" in self.errors:
            return cleaned
        if bool(file) == bool(text.strip()):
            self.add_error("file", "Choose a file or paste a table, not both." if file else "Choose a file, or paste.")
            return cleaned
        try:
            self.table = table_reading.of_file(file.read(MOST_BYTES + 1)) if file else table_reading.of_text(text)
        except NotATable as error:
            self.add_error("file" if file else "text", str(error))
        return cleaned

    @property
    def defaults(self) -> dict[str, Any]:
        """With the columns that were not read: the check says so."""
        return {**super().defaults, "unread": self.table.unread}

    @property
    def given(self) -> list[Given]:
        return [Given(row.place, row.cells) for row in self.table.rows]

    @property
    def source(self) -> str:
        file = self.cleaned_data.get("file")
        return str(file.name) if file else "Pasted table"


@dataclass(frozen=True)
class TypedRow:
    """An order of a list, and what was typed for it."""

    order_id: uuid.UUID
    number: str
    customer: str
    summary: str
    typed: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.order_id.hex


def typed_in(data: QueryDict | None, order_id: uuid.UUID) -> dict[str, str]:
    """Of the row of this order, by the names of the columns of a table."""
    if data is None:
        return {}
    found = {name: " ".join(str(data.get(f"{name}-{order_id.hex}", "")).split())[:LONGEST] for name in TYPED}
    return {name: text for name, text in found.items() if text}


def given_of(rows: Sequence[TypedRow]) -> list[Given]:
    return [
        Given(place, {"order": row.number, **row.typed}, row.order_id, row.number)
        for place, row in enumerate(rows, start=1)
    ]
