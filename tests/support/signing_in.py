"""Signing in by the form, and the codes of an authenticator app."""

import time
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client, TestCase
from django.urls import reverse

from tests.conftest import SecureClient

PASSWORD = "a good password"
NEW_PASSWORD = "another good password"
TO_TYPE_A_CODE = 2  # seconds


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password, **more})


def signed_in(email: str, password: str = PASSWORD) -> Client:
    client = SecureClient()
    assert sign_in(client, email, password).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def add_app(client: Client) -> str:
    """Set up an authenticator app, after giving the password again, and return its secret."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    secret: str = client.session["mfa.totp.secret"]
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert client.post(reverse("mfa_activate_totp"), {"code": code(secret)}).status_code == 302
    forget_code(secret)
    return secret


def forget_code(secret: str) -> None:
    """As if half a minute had passed and the app showed another code."""
    person = Authenticator.objects.filter(type="totp").latest("pk").user_id
    cache.delete(f"allauth.mfa.totp.used?user={person}&code={code(secret)}")


def code(secret: str) -> str:
    """The code that an app would show now, or the next one where that is about to end."""
    left = app_settings.TOTP_PERIOD - time.time() % app_settings.TOTP_PERIOD
    if left < TO_TYPE_A_CODE:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
