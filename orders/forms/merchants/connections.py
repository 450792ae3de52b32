from typing import Any

from django import forms
from django.core.validators import RegexValidator

from orders.forms.fields.lines import LineField
from orders.models import Connection

NAME_HELP = "A name for you, such as the month it was created."
HELP = "Tested with real requests before it is saved. Afterwards only its start and last four characters are shown."
# OrderProtection's tokens look alike in both modes, and nothing it answers tells them apart.
HELP_FOR_ORDER_PROTECTION = (
    "Tried with a real read before it is saved. OrderProtection cannot tell whether it is the token of the live or of "
    "the test store: by saving it you vouch that it is the {mode} one. From then on only its last four characters are "
    "shown."
)


class AddConnection(forms.Form):
    name = LineField(label="Name", max_length=60, help_text=NAME_HELP)
    key = forms.CharField(
        label="Key",
        max_length=200,
        validators=[RegexValidator(r"^[!-~]+$", "A key has no spaces or special characters. Copy it again.")],
        # A password field never gets its value back: the typed key is in no page.
        widget=forms.PasswordInput({"class": "mono", "autocomplete": "new-password", "spellcheck": "false"}),
        help_text=HELP,
    )

    def __init__(self, data: Any = None, *, provider: Connection.Provider, mode: str) -> None:
        """Several stand on one page, so each has ids of its own."""
        prefix = "" if provider == Connection.Provider.REVKEEN else f"{provider.value}_"
        super().__init__(data, auto_id=f"id_{prefix}%s")
        self.provider, self.key_word = provider, "key"
        if provider == Connection.Provider.ORDER_PROTECTION:
            self.key_word = "token"
            self.fields["key"].label = "Token"
            self.fields["key"].help_text = HELP_FOR_ORDER_PROTECTION.format(mode=mode)


class ChooseProvider(forms.Form):
    """Of which provider the key is that somebody adds; RevKeen's where the form does not say."""

    provider = forms.ChoiceField(choices=Connection.Provider.choices, required=False)

    @property
    def chosen(self) -> Connection.Provider | None:
        """None for one that we do not know."""
        if not self.is_valid():
            return None
        return Connection.Provider(self.cleaned_data["provider"] or Connection.Provider.REVKEEN)


class RenameConnection(forms.Form):
    name = LineField(label="Name", max_length=60, help_text=NAME_HELP)
