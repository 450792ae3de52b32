"""Metadata as rows of name, type and value. RevKeen replaces it as a whole, so what is sent has every row in it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from orders.forms.fields.json_values import KINDS, TEXT, can_be_kept, parsed, same, shown
from orders.forms.fields.lines import LineField
from orders.forms.fields.text import TextField, plain_newlines

MOST_NEW = 40  # rows added at a time
MOST_ROWS = 200  # beyond it a form would have more fields than one may have
LONGEST = 60_000  # characters; beyond it a form would be larger than one may be


@dataclass(frozen=True)
class Row:
    """One name. A row without a `value` is only shown, one with a `name_field` is new."""

    name: str
    original: Any
    kind: BoundField | None = None
    value: BoundField | None = None
    remove: BoundField | None = None
    name_field: BoundField | None = None


@dataclass(frozen=True)
class Edit:
    """What somebody did to a name."""

    kind: str
    text: str
    removed: bool = False


class MetadataForm(forms.Form):
    """The fields of a row end in its place among `metadata`, those of a new one in `n` and a number.

    `fixed` are names that are shown and not changed by hand.
    """

    def __init__(
        self,
        data: Any,
        *,
        metadata: dict[str, Any],
        fixed: tuple[str, ...] = (),
        more_rows: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self.metadata, self.fixed = metadata, fixed
        self.takes_metadata = len(metadata) <= MOST_ROWS and len(str(metadata)) <= LONGEST
        self.places: dict[str, str] = {}
        self.new_keys: list[str] = []
        if self.takes_metadata:
            self.places = {name: str(place) for place, name in enumerate(metadata) if name not in fixed}
            self._add_old_rows()
            self._add_new_rows(more_rows)

    @property
    def rows(self) -> list[Row]:
        """The old ones, the new ones, and those that are only shown."""
        old = [self._row(name, key) for name, key in self.places.items()]
        new = [self._row("", key) for key in self.new_keys]
        return old + new + [Row(name, value) for name, value in self.metadata.items() if name not in self.places]

    @property
    def can_add(self) -> bool:
        return self.takes_metadata and len(self.new_keys) < MOST_NEW

    @property
    def edits(self) -> dict[str, Edit]:
        """What was done, by name. Of a name that was removed and added once more it is the addition."""
        old = {name: self._edit(key) for name, key in self.places.items() if self._touched(name)}
        new = {self._new_name(key): self._edit(key) for key in self.new_keys if self._filled(key)}
        return old | new

    @property
    def metadata_changed(self) -> bool:
        """Of a form that was read."""
        return self.takes_metadata and not same(self.cleaned_data["metadata"], self.metadata)

    def clean(self) -> dict[str, Any]:
        if self.takes_metadata:
            self.cleaned_data["metadata"] = self._typed_metadata()
        return self.cleaned_data

    def edits_over(self, metadata: dict[str, Any]) -> dict[str, str]:
        """The data of a form over another `metadata` that makes the same edits; the rest is taken from there."""
        edits = self.edits
        data: dict[str, str] = {}
        for place, (name, value) in enumerate(metadata.items()):
            edit = edits.pop(name, None) or Edit(*shown(value))
            data |= {f"kind-{place}": edit.kind, f"value-{place}": edit.text}
            data |= {f"remove-{place}": "on"} if edit.removed else {}
        added = [(name, edit) for name, edit in edits.items() if not edit.removed]
        for place, (name, edit) in enumerate(added):
            data |= {f"name-n{place}": name, f"kind-n{place}": edit.kind, f"value-n{place}": edit.text}
        return data

    def _add_old_rows(self) -> None:
        for name, key in self.places.items():
            self._add_value(key, name, *shown(self.metadata[name]))
            self.fields[f"remove-{key}"] = forms.BooleanField(label=f"Remove {name}", required=False)

    def _add_new_rows(self, more_rows: bool) -> None:
        sent = next(number for number in range(MOST_NEW + 1) if f"name-n{number}" not in self.data)
        self.new_keys = [f"n{number}" for number in range(min(MOST_NEW, max(1, sent + more_rows)))]
        for number, key in enumerate(self.new_keys, 1):
            widget = forms.TextInput({"autocomplete": "off", "placeholder": "New name", "class": "form-control mono"})
            self.fields[f"name-{key}"] = LineField(
                label=f"Name of new row {number}", required=False, max_length=200, widget=widget
            )
            self._add_value(key, f"new row {number}", TEXT, "")

    def _add_value(self, key: str, name: str, kind: str, text: str) -> None:
        self.fields[f"kind-{key}"] = forms.ChoiceField(
            label=f"Type of {name}",
            choices=list(KINDS.items()),
            required=False,
            initial=kind,
            widget=forms.Select({"class": "form-select"}),
        )
        rows = min(6, text.count("\n") + len(text) // 60 + 1)
        widget = forms.Textarea({"rows": rows, "class": "form-control mono", "dir": "auto"})
        self.fields[f"value-{key}"] = TextField(
            label=f"Value of {name}", required=False, strip=False, initial=text, widget=widget
        )

    def _row(self, name: str, key: str) -> Row:
        kind, value = self[f"kind-{key}"], self[f"value-{key}"]
        if key in self.new_keys:
            return Row("", None, kind, value, name_field=self[f"name-{key}"])
        return Row(name, self.metadata[name], kind, value, self[f"remove-{key}"])

    def _typed_metadata(self) -> dict[str, Any]:
        """All of it, in its order; what is wrong stands by its row."""
        found: dict[str, Any] = {}
        for name, value in self.metadata.items():
            if not self._touched(name):
                found[name] = value
            elif not self._edit(self.places[name]).removed:
                found[name] = self._value(self.places[name])
        for key in self.new_keys:
            if self._filled(key) and self._name_is_good(key, found):
                found[self.cleaned_data[f"name-{key}"]] = self._value(key)
        if not same(found, self.metadata):
            self._refuse_what_cannot_be_kept(found)
        return found

    def _refuse_what_cannot_be_kept(self, found: dict[str, Any]) -> None:
        """RevKeen may hold what the journal cannot, and what was not touched goes along with every change."""
        for name, key in self.places.items():
            if name in found and not can_be_kept({name: found[name]}) and f"value-{key}" not in self.errors:
                self.add_error(
                    f"value-{key}", "This row contains a NUL character, which cannot be saved. Change or remove it."
                )

    def _name_is_good(self, key: str, found: dict[str, Any]) -> bool:
        name = self.cleaned_data.get(f"name-{key}")
        if name is None:  # refused already
            return False
        why = ""
        if not name:
            why = "Enter a name, or clear the value."
        elif name in found:
            why = f"There is a “{name}” already."
        elif name in self.fixed:
            why = "This name is reserved."
        if why:
            self.add_error(f"name-{key}", why)
        return not why

    def _value(self, key: str) -> Any:
        if f"value-{key}" in self.errors:
            return None
        try:
            return parsed(self._edit(key).kind, self.cleaned_data[f"value-{key}"])
        except forms.ValidationError as error:
            self.add_error(f"value-{key}", error)
            return None

    def _edit(self, key: str) -> Edit:
        kind = self.data.get(f"kind-{key}")
        known = kind if kind in KINDS else str(self.fields[f"kind-{key}"].initial)
        return Edit(known, self.data.get(f"value-{key}", ""), bool(self.data.get(f"remove-{key}")))

    def _touched(self, name: str) -> bool:
        """A row that was not sent was not touched, nor is one that is only shown."""
        if name not in self.places:
            return False
        edit, (kind, text) = self._edit(self.places[name]), shown(self.metadata[name])
        if f"value-{self.places[name]}" not in self.data:
            return edit.removed
        return edit.removed or edit.kind != kind or plain_newlines(edit.text) != plain_newlines(text)

    def _filled(self, key: str) -> bool:
        return bool(self._new_name(key) or self.data.get(f"value-{key}", ""))

    def _new_name(self, key: str) -> str:
        return " ".join(self.data.get(f"name-{key}", "").split())
