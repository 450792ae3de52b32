from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.utils.html import format_html

from orders.forms.fields.lines import LineField
from orders.models import User
from orders.permissions import Role


class Roles(forms.Form):
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=[(role.value, format_html("{} <small>{}</small>", role.label, role.summary)) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one role."},
    )


class Invite(Roles):
    email = forms.EmailField(label="E-mail", max_length=254, help_text="The link in the e-mail works once, for 7 days.")

    field_order = ["email", "roles"]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class NewAccount(forms.Form):
    """Name and password of somebody who was invited; the address is the one the invitation went to."""

    name = LineField(label="Name", max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label="Password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label="Repeat password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, merchant: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email, self.merchant = email, merchant
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        password = cleaned.get("password")
        if password and "repeated" in cleaned and password != cleaned["repeated"]:
            self.add_error("repeated", "The passwords do not match.")
        elif password:
            self._check_strength(password)
        return cleaned

    def new_user(self) -> User:
        """The account, not saved yet: its password is hashed here, outside any transaction."""
        user = User(email=self.email, name=self.cleaned_data["name"])
        user.set_password(self.cleaned_data["password"])
        return user

    def _check_strength(self, password: str) -> None:
        user = User(email=self.email, name=self.cleaned_data.get("name", ""))
        user.invited_to = (self.merchant,)
        try:
            validate_password(password, user)
        except forms.ValidationError as error:
            self.add_error("password", error)
