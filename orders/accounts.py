"""What we want differently from django-allauth: nobody signs up, second factors are kept encrypted, and a merchant
that asks for a second factor keeps people from switching off their last one."""

from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from orders import known_devices, links, secrets
from orders.models import Merchant, User
from orders.services.accounts import notices

# What the secrets of second factors are sealed for; allauth does not say whose they are when it seals them.
SECOND_FACTOR = "second-factor"
WRONG_SIGN_IN = "The e-mail or the password is incorrect. You are not signed in."
CODE_USED = "This code was already used. Wait for the next one."
LAST_FACTOR = "One of your merchants requires a second factor. Add another one before you remove this one."


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {"email_password_mismatch": WRONG_SIGN_IN}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            notices.sign_in_refused(request, str(credentials.get("email", "")))
            raise

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """allauth counts by the Host header too, which whoever guesses can vary."""
        return known_devices.guesses_key(request, str(credentials.get("email", "")))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        known_devices.remember(request, response, user.email)
        return response

    def get_reset_password_from_key_url(self, key: str) -> str:
        return links.public(urlsplit(super().get_reset_password_from_key_url(key)).path)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        """allauth's own would end the request with an error, after the change, when no mail can be sent."""
        notices.sign_in_changed(self.request, user, template_prefix)

    def format_email_subject(self, subject: str) -> str:
        return f"RevKeen Admin: {subject}"


class ResetPasswordForm(AllauthResetPasswordForm):
    """Answers the same, and as slowly, whether or not the address has an account: a mail goes out either way.

    allauth's own mail for unknown addresses offers to sign up, which nobody can here.
    """

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        notices.reset_asked(request, self.cleaned_data["email"], next(iter(self.users), None))
        if not self.users:
            adapter = AccountAdapter(request)
            adapter.send_mail("account/email/unknown_account", self.cleaned_data["email"], {})
        return cast(str, super().save(request, **kwargs))


class ActivateAppForm(AllauthActivateTOTPForm):
    """The code that switches an app on is used up by it: whoever saw it typed shall not sign in with it."""

    def clean_code(self) -> str:
        code = cast(str, super().clean_code())
        sealed = secrets.seal(self.secret, SECOND_FACTOR)
        factor = Authenticator(user=self.user, type=Authenticator.Type.TOTP, data={"secret": sealed})
        if not factor.wrap().validate_code(code):
            raise ValidationError(CODE_USED)
        return code


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {"cannot_delete_authenticator": LAST_FACTOR}

    def encrypt(self, text: str) -> str:
        return secrets.seal(text, SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.unseal(encrypted_text, SECOND_FACTOR)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not _is_last(authenticator) or not merchants_asking_for_second_factor(authenticator.user).exists()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": context.request.get_host().partition(":")[0], "name": settings.MFA_TOTP_ISSUER}


def merchants_asking_for_second_factor(user: User) -> Any:
    return Merchant.objects.filter(memberships__user=user, mfa_required=True)


def _is_last(authenticator: Authenticator) -> bool:
    """Recovery codes do not count: they only stand in for another factor."""
    others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
    return not others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
