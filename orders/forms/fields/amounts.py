import re
from typing import Any

from django import forms

from orders.money import LARGEST_MINOR, Money, decimal_places

GROUPED = re.compile(r"^\d{1,3}(,\d{3})+(\.\d+)?$")


class AmountField(forms.CharField):
    """An amount typed in major units becomes `Money`: "1,234.50", or "1234.50". Nothing is rounded, nothing guessed.

    In a currency whose decimals we do not know it is typed in minor units.
    """

    widget = forms.TextInput({"class": "num amount", "inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, *, currency: str = "", **options: Any) -> None:
        super().__init__(max_length=30, **options)
        self.currency = currency

    def clean(self, value: Any) -> Money | None:
        text = super().clean(value)
        return _money(text, self.currency) if text else None


def in_currency(currency: str) -> str:
    """What a label says of the unit: `in EUR`, or `in minor units of QQQ`."""
    return f"in {currency}" if decimal_places(currency) is not None else f"in minor units of {currency}"


def unit_hint(currency: str) -> str:
    """Why amounts are in minor units; "" for a currency that we know."""
    if decimal_places(currency) is not None:
        return ""
    return f"The number of decimals of {currency} has, so amounts are whole minor units, as RevKeen has them."


def _money(text: str, currency: str) -> Money:
    plain = text.replace(",", "") if GROUPED.match(text) else text
    if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", plain, re.ASCII):
        raise forms.ValidationError("Enter an amount such as 1250 or 1,250.00.")
    try:
        money = Money.typed(plain, currency)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error
    if money.minor > LARGEST_MINOR:
        raise forms.ValidationError("This amount is too large.")
    return money
