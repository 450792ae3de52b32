from typing import Any, cast

from django import forms
from django.core.validators import RegexValidator

from orders.forms.fields.amounts import AmountField, in_currency, unit_hint
from orders.forms.orders.money_moves import MoneyMoveForm
from orders.money import Money
from orders.services.orders.payments import PaymentSnapshot

TOKEN = "token"  # noqa: S105  (the choice of a one-time token, not one)


class PaymentForm(MoneyMoveForm):
    """What is charged, and from where."""

    button = "charging"
    snapshot: PaymentSnapshot

    amount = AmountField()
    method = forms.CharField(max_length=40, error_messages={"required": "Choose a payment method."})
    token = forms.CharField(
        label="Token",
        required=False,
        max_length=255,
        strip=True,
        validators=[RegexValidator(r"^[!-~]+$", "A token has no spaces or special characters. Copy it again.")],
        # A password field never gets its value back: a token is in no page.
        widget=forms.PasswordInput({"class": "mono", "autocomplete": "new-password", "spellcheck": "false"}),
        help_text="Can be used once. Stored encrypted until the payment is complete, then deleted.",
    )
    charging = forms.CharField(required=False, max_length=120)

    def __init__(self, data: Any, *, snapshot: PaymentSnapshot, kept_token: str = "", **options: Any) -> None:
        """`kept_token`: the one of an earlier sending of this form that came to nothing, taken where none is typed."""
        super().__init__(data, snapshot=snapshot, **options)
        self.kept_token = kept_token
        cast(AmountField, self.fields["amount"]).currency = snapshot.currency
        self.fields["amount"].label = f"Amount {in_currency(snapshot.currency)}"
        hint = f"Due: {self.due.as_typed}. A smaller amount leaves it part paid. {unit_hint(snapshot.currency)}"
        self.fields["amount"].help_text = hint.strip()

    @property
    def due(self) -> Money:
        return self.snapshot.money(self.snapshot.amount_due)

    def clean_amount(self) -> Money:
        amount: Money = self.cleaned_data["amount"]
        if amount.minor < 1:
            raise forms.ValidationError("Enter an amount greater than 0.")
        if self.due < amount:
            raise forms.ValidationError(f"This is more than the {self.due} that is due.")
        return amount

    def clean_method(self) -> str:
        method: str = self.cleaned_data["method"]
        if method != TOKEN and method not in self.snapshot.methods:
            raise forms.ValidationError("This method cannot be charged. Choose another.")
        return method

    def clean_token(self) -> str:
        typed: str = self.cleaned_data["token"]
        return typed or self.kept_token

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("method") == TOKEN and not cleaned.get("token") and "token" not in self.errors:
            self.add_error("token", "Paste the token from RevKeen’s payment form.")
        return cleaned

    @property
    def money(self) -> Money | None:
        return self.cleaned_data.get("amount")

    @property
    def method_label(self) -> str:
        method = self.cleaned_data.get("method", "")
        return "a one-time token" if method == TOKEN else self.snapshot.methods.get(method, "")

    @property
    def named(self) -> str:
        """What a button that charges this would carry; "" while it is not clear what would be charged."""
        if self.money is None or not self.method_label:
            return ""
        return f"{self.money.minor} {self.cleaned_data['method']}"
