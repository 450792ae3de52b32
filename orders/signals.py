"""Sign-ins and changes of passwords and second factors go into the event log. Never what was typed as a password."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa import signals as second_factor
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from orders.access import SET_UP_HERE
from orders.models import EventLog, User
from orders.services import events
from orders.services.notices import origin

Kind = EventLog.Kind


@receiver(user_logged_in)
def record_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    used = [record.get("type") or record["method"] for record in get_authentication_records(request, user)]
    methods = ", ".join(dict.fromkeys(method.replace("_", " ") for method in used))
    events.record(Kind.SIGNED_IN, f"{methods or 'password'}, {origin(request)}", user=user)


@receiver(user_logged_out)
def record_sign_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        events.record(Kind.SIGNED_OUT, user=user)


@receiver(user_login_failed)
def record_failed_sign_in(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    events.record(Kind.SIGN_IN_FAILED, origin(request), who=str(credentials.get("email", "")))


@receiver(second_factor.authentication_failed)
def record_failed_second_factor(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    events.record(Kind.SIGN_IN_FAILED, f"wrong second factor, {origin(request)}", user=user)


@receiver([password_changed, password_set])
def record_password_change(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    events.record(Kind.PASSWORD_CHANGED, user=user)


@receiver(password_reset)
def record_password_reset(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    events.record(Kind.PASSWORD_CHANGED, f"by a link sent to the address, {origin(request)}", user=user)


@receiver(second_factor.authenticator_added)
def record_added_factor(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    request.session[SET_UP_HERE] = [*request.session.get(SET_UP_HERE, []), authenticator.pk]
    request.session.save()  # this is told after the commit, when the answer may have been made
    events.record(Kind.MFA_CHANGED, f"added {_name(authenticator)}", user=user)


@receiver(second_factor.authenticator_removed)
def record_removed_factor(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    events.record(Kind.MFA_CHANGED, f"removed {_name(authenticator)}", user=user)


@receiver(second_factor.authenticator_reset)
def record_new_recovery_codes(sender: Any, user: User, **kwargs: Any) -> None:
    events.record(Kind.MFA_CHANGED, "made new recovery codes", user=user)


def _name(authenticator: Authenticator) -> str:
    names = {"totp": "an authenticator app", "webauthn": "a passkey", "recovery_codes": "recovery codes"}
    return names[authenticator.type]
