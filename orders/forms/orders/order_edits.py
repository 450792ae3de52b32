"""The customer, the notes and the metadata of an order, as typed over what the form token says was shown."""

import uuid
from typing import Any, NamedTuple

from django import forms

from orders.forms.fields.json_values import same, shown
from orders.forms.fields.lines import LineField
from orders.forms.fields.metadata import MetadataForm
from orders.forms.fields.text import TextField, plain_newlines
from orders.services.orders.order_edits import FIELDS, LINKS, LONGEST_NOTES, EditSnapshot

NOBODY = "guest"  # the choice of no customer
NOT_THERE = "(not there)"


class Clash(NamedTuple):
    """What somebody else changed since the form was opened, and what was typed over it here, if anything was."""

    what: str
    opened: str
    now: str
    yours: str


class OrderEditForm(MetadataForm):
    """`snapshot` comes out of the form token: nobody can have changed it."""

    customer = forms.CharField(label="Customer", max_length=40, error_messages={"required": "Choose a customer."})
    q = LineField(
        label="Find another by name or e-mail",
        required=False,
        widget=forms.TextInput({"data-enter": "find", "data-longest": "200"}),  # it is not saved: no length is wrong
    )
    notes = TextField(
        label="Notes on the order",
        required=False,
        max_length=LONGEST_NOTES,
        widget=forms.Textarea({"rows": 5, "dir": "auto"}),
        help_text=f"Up to {LONGEST_NOTES:,} characters, kept in RevKeen.",
    )

    def __init__(self, data: Any, *, snapshot: EditSnapshot, more_rows: bool = False) -> None:
        self.snapshot, self.before = snapshot, snapshot.fields
        initial = {"customer": self.before.customer_id or NOBODY, "notes": self.before.notes or ""}
        metadata = self.before.metadata
        super().__init__(data, metadata=metadata, fixed=LINKS, more_rows=more_rows, initial=initial)

    def clean_customer(self) -> str | None:
        """The id of a customer, or None for a guest."""
        choice: str = self.cleaned_data["customer"]
        if choice == NOBODY:
            return None
        try:
            return str(uuid.UUID(choice))
        except ValueError as error:
            raise forms.ValidationError("Choose a customer from the list, or a guest.") from error

    @property
    def changes(self) -> dict[str, Any]:
        """The members that are to be another, as RevKeen takes them; of a form without errors."""
        found: dict[str, Any] = {}
        if self.customer_touched:
            found["customer_id"] = self.cleaned_data["customer"]
        if self.notes_touched:
            found["notes"] = self.cleaned_data["notes"] or None
        if self.metadata_changed:
            found["metadata"] = self.cleaned_data["metadata"]
        return found

    @property
    def customer_touched(self) -> bool:
        return "customer" in self.data and self.data["customer"] != (self.before.customer_id or NOBODY)

    @property
    def notes_touched(self) -> bool:
        return "notes" in self.data and _plain(self.data["notes"]) != _plain(self.before.notes or "")

    def has_changes(self) -> bool:
        """Whether there is something to send; else what is wrong is said."""
        if not self.errors and not self.changes:
            self.add_error(None, "No changes, so nothing was sent.")
        return not self.errors

    def refuse(self, param: str, words: str) -> None:
        """Put RevKeen's refusal by the field that it names, if it names one."""
        self.full_clean()
        member, _, name = param.partition(".")
        field = f"value-{self.places[name]}" if member == "metadata" and name in self.places else FIELDS.get(member)
        if field:
            self.add_error(field, words)

    def carried_over(self, snapshot: EditSnapshot) -> "OrderEditForm":
        """The same edits over the order as it is now: what was not touched here is taken from there."""
        now = snapshot.fields
        data = {
            "customer": self.data["customer"] if self.customer_touched else now.customer_id or NOBODY,
            "notes": self.data["notes"] if self.notes_touched else now.notes or "",
            **self.edits_over(now.metadata),
        }
        return OrderEditForm(data, snapshot=snapshot)

    def clashes(self, snapshot: EditSnapshot, chosen: str) -> list[Clash]:
        """What is another in `snapshot`; `chosen` is the name of the customer who was chosen here."""
        now, found = snapshot.fields, []
        if self.before.customer_id != now.customer_id:
            yours = chosen if self.customer_touched else ""
            found.append(Clash("Customer", self.snapshot.customer, snapshot.customer, yours))
        if self.before.notes != now.notes:
            yours = self.data["notes"] if self.notes_touched else ""
            found.append(Clash("Notes", self.before.notes or "", now.notes or "", yours))
        return found + self._metadata_clashes(now.metadata)

    def describe(self, chosen: str) -> list[str]:
        """What `changes` are about, for the journal."""
        words = {"customer_id": f"customer {chosen}", "notes": "notes", "metadata": "metadata"}
        names = ", ".join(self.edits)
        if names:
            words["metadata"] = f"metadata ({names if len(names) <= 120 else names[:119] + '…'})"
        return [words[member] for member in self.changes]

    def _metadata_clashes(self, now: dict[str, Any]) -> list[Clash]:
        before = self.metadata
        yours = {name: NOT_THERE if edit.removed else edit.text for name, edit in self.edits.items()}
        return [
            Clash(f"Metadata: {name}", _text(before, name), _text(now, name), yours.get(name, ""))
            for name in before | now
            if (name in before) != (name in now) or not same(before[name], now[name])
        ]


def _plain(text: str) -> str:
    return plain_newlines(text).strip()


def _text(metadata: dict[str, Any], name: str) -> str:
    return shown(metadata[name])[1] if name in metadata else NOT_THERE
