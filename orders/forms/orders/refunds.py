from typing import Any

from django import forms

from orders.forms.fields.amounts import AmountField, unit_hint
from orders.forms.fields.text import TextField
from orders.forms.orders.money_moves import MoneyMoveForm
from orders.money import Money
from orders.services.changes.refund_snapshots import RefundSnapshot
from orders.services.orders.refunds import LONGEST_DETAILS, REASONS, amount_field


class RefundForm(MoneyMoveForm):
    """How much goes back to each payment, and why. An amount that is left empty gives nothing back."""

    button = "refunding"
    snapshot: RefundSnapshot

    reason = forms.ChoiceField(
        label="Reason",
        choices=list(REASONS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a reason."},
    )
    details = TextField(
        label="Details",
        required=False,
        max_length=LONGEST_DETAILS,
        widget=forms.Textarea({"rows": 3}),
        help_text="Saved with the reason in RevKeen and in the journal.",
    )
    refunding = forms.CharField(required=False)

    def __init__(self, data: Any, *, snapshot: RefundSnapshot, **options: Any) -> None:
        super().__init__(data, snapshot=snapshot, **options)
        for payment_id, payment in snapshot.payments.items():
            label = f"Refund to {payment.label}, of {snapshot.money(payment.amount)}"
            self.fields[amount_field(payment_id)] = AmountField(label=label, required=False, currency=snapshot.currency)
        self.order_fields([amount_field(payment_id) for payment_id in snapshot.payments])

    def clean(self) -> dict[str, Any]:
        for payment_id in self.snapshot.payments:
            self._check_amount(payment_id)
        self._check_net()
        if not self.amounts and self._first and not self._unclear:
            self.add_error(self._first, "Enter how much to refund.")
        return self.cleaned_data

    def left(self, payment_id: str) -> Money:
        return self.snapshot.money(self.snapshot.payments[payment_id].left)

    @property
    def amounts(self) -> dict[str, Money]:
        """What goes back, by payment id."""
        typed = {payment_id: self.cleaned_data.get(amount_field(payment_id)) for payment_id in self.snapshot.payments}
        return {payment_id: amount for payment_id, amount in typed.items() if amount is not None}

    @property
    def money(self) -> Money | None:
        if self._unclear or not self.amounts:
            return None
        return sum(self.amounts.values(), self.snapshot.money(0))

    @property
    def named(self) -> str:
        if self.money is None:
            return ""
        return " ".join(f"{payment_id}:{amount.minor}" for payment_id, amount in self.amounts.items())

    @property
    def target(self) -> str:
        """Where the money goes, as the button says it."""
        labels = [self.snapshot.payments[payment_id].label for payment_id in self.amounts]
        return labels[0] if len(labels) == 1 else f"{len(labels)} payments"

    @property
    def unit_hint(self) -> str:
        return unit_hint(self.snapshot.currency)

    @property
    def _first(self) -> str:
        return next((amount_field(payment_id) for payment_id in self.snapshot.payments), "")

    @property
    def _unclear(self) -> bool:
        """Whether something was typed for an amount that is none."""
        names = (amount_field(payment_id) for payment_id in self.snapshot.payments)
        return any(name in self.errors and name not in self.cleaned_data for name in names)

    def _check_net(self) -> None:
        """Whatever its payments hold: no more than the order received net leaves it."""
        net = self.snapshot.money(self.snapshot.net_left)
        if self.money is not None and net < self.money:
            last = amount_field(list(self.amounts)[-1])
            self.add_error(last, f"Together this is more than the {net} that this order received net.")

    def _check_amount(self, payment_id: str) -> None:
        name = amount_field(payment_id)
        amount: Money | None = self.cleaned_data.get(name)
        if amount is None:
            return
        if amount.minor < 1:
            self.add_error(name, "Enter an amount greater than 0, or leave it empty.")
        elif self.left(payment_id) < amount:
            self.add_error(name, f"This is more than the {self.left(payment_id)} that is left of this payment.")
