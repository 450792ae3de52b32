import re
from typing import Any

from django import forms

from orders.money import decimal_places

LARGEST = 2_000_000_000_000  # whole units
LINE = re.compile(r"([A-Za-z]{3})[\s:=]+(\d{1,3}(?:,\d{3})+|\d+)", re.ASCII)


class SumsField(forms.CharField):
    """One currency a line, `EUR 5,000`, as a dict of whole units by currency."""

    widget = forms.Textarea({"rows": 4, "autocomplete": "off", "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        read = [_read(line) for line in lines]
        sums = dict(read)
        if len(sums) != len(read):
            raise forms.ValidationError("Enter only one amount for each currency.")
        return sums

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(f"{currency} {whole:,}" for currency, whole in sorted(value.items()))
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != (initial or {}))
        except forms.ValidationError:
            return True


def _read(line: str) -> tuple[str, int]:
    found = LINE.fullmatch(line)
    if not found:
        words = f"“{line[:40]}” is not a currency and a whole amount."
        raise forms.ValidationError(f"{words} Enter a line such as EUR 5,000.")
    currency, whole = found[1].upper(), int(found[2].replace(",", "")[:20])
    if decimal_places(currency) is None:
        raise forms.ValidationError(f"{currency} is not a currency of ISO 4217.")
    if whole > LARGEST:
        raise forms.ValidationError(f"The amount for {currency} is too large.")
    return currency, whole
