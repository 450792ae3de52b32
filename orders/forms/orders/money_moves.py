from typing import Any, ClassVar, cast

from django import forms

from orders.forms.fields.amounts import AmountField
from orders.money import Money, decimal_places
from orders.services.changes.snapshots import OrderSnapshot


class MoneyMoveForm(forms.Form):
    """What every form that moves money asks at its end. `snapshot` comes out of the form token: nobody can have
    changed it.

    `typed_above`: a larger sum is typed once more in live mode; None: every sum is.
    `button` is the field that the button sends: what it names. What is sent is never another thing than that.
    """

    button: ClassVar[str]

    confirmed = forms.BooleanField(label="Confirmation", required=False)
    typed = AmountField(
        label="Enter the amount again", required=False, widget=forms.TextInput({"class": "num amount", "value": ""})
    )

    def __init__(
        self, data: Any, *, snapshot: OrderSnapshot, live: bool, typed_above: Money | None, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.snapshot, self.live, self.typed_above = snapshot, live, typed_above
        cast(AmountField, self.fields["typed"]).currency = snapshot.currency

    @property
    def money(self) -> Money | None:
        """All that would move; None while that is not clear."""
        raise NotImplementedError

    @property
    def named(self) -> str:
        """What a button that moves this would carry; "" while it is not clear what would be moved."""
        raise NotImplementedError

    @property
    def asks_to_type(self) -> bool:
        """In live mode a large sum is typed once more, a smaller one is ticked."""
        if not self.live or self.money is None:
            return False
        return self.typed_above is None or self.typed_above < self.money

    @property
    def typed_hint(self) -> str:
        currency = self.snapshot.currency
        if self.typed_above is not None:
            return f"Required in live mode above {self.typed_above}."
        if decimal_places(currency) is None:
            return f"Required in live mode for every amount in {currency}: its decimals are not known."
        return f"Required in live mode for every amount in {currency}: an admin can set a threshold under Settings."

    def refuse(self, field: str, words: str) -> None:
        """Say by a field what RevKeen said of it; the button goes on naming what is chosen."""
        if field:
            chosen = dict(self.cleaned_data)
            self.add_error(field, words)
            self.cleaned_data |= chosen

    def check_button(self) -> bool:
        """Whether the button that was pressed named this move and the person confirmed it; else say what lacks."""
        if self.errors:
            return False
        if self.cleaned_data[self.button] != self.named:
            changed = "The total changed. Review it and confirm again."  # "Continue" named no total yet
            self.add_error(None, changed if self.cleaned_data[self.button] else "Review the total and confirm it.")
        elif self.asks_to_type and self.cleaned_data["typed"] != self.money:
            self.add_error("typed", "Enter the same amount as above.")
        elif self.live and not self.asks_to_type and not self.cleaned_data["confirmed"]:
            self.add_error("confirmed", "Confirm that real money moves.")
        return not self.errors
