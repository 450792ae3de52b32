from django import forms
from django.core.validators import MinLengthValidator, RegexValidator


class WebhookSecretForm(forms.Form):
    """RevKeen's documents show secrets of several forms, so only what cannot be one is refused."""

    secret = forms.CharField(
        label="Signing secret",
        max_length=200,
        validators=[
            RegexValidator(r"^[!-~]+$", "A secret has no spaces or special characters. Copy it again."),
            MinLengthValidator(16, "A secret is longer than that. Copy it again."),
        ],
        # A password field never gets its value back: the typed secret is in no page.
        widget=forms.PasswordInput({"class": "mono", "autocomplete": "new-password", "spellcheck": "false"}),
        help_text="RevKeen shows it once, when the endpoint is created. It is never shown here.",
    )
