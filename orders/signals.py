"""Sign-ins and changes of passwords and second factors go into the event log. Never what was typed as a password."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.signals import authentication_step_completed, password_changed, password_reset, password_set
from allauth.core import context
from allauth.mfa import signals as second_factor
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from orders import sessions
from orders.access import SET_UP_HERE
from orders.models import EventLog, User
from orders.services import audit
from orders.services.accounts import signed_in
from orders.services.accounts.notices import origin

Kind = EventLog.Kind


@receiver(user_logged_in)
def record_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    sessions.begin(request.session, request.headers.get("User-Agent", ""), origin(request))
    used = [record.get("type") or record["method"] for record in get_authentication_records(request, user)]
    methods = ", ".join(dict.fromkeys(method.replace("_", " ") for method in used))
    audit.record(Kind.SIGNED_IN, f"{methods or 'password'}, {origin(request)}", user=user)


@receiver(user_logged_out)
def record_sign_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        audit.record(Kind.SIGNED_OUT, user=user)


@receiver(user_login_failed)
def record_failed_sign_in(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    audit.record(Kind.SIGN_IN_FAILED, origin(request), who=str(credentials.get("email", "")))


@receiver(second_factor.authentication_failed)
def record_failed_second_factor(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.record(Kind.SIGN_IN_FAILED, f"wrong second factor, {origin(request)}", user=user)


@receiver([password_changed, password_set])
def record_password_change(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    signed_in.end_others(user, request.session)
    audit.record(Kind.PASSWORD_CHANGED, user=user)


@receiver(password_reset)
def record_password_reset(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    signed_in.end_others(user, None)
    audit.record(Kind.PASSWORD_CHANGED, f"by a link sent to the address, {origin(request)}", user=user)


@receiver(authentication_step_completed)
def renew_session(sender: Any, request: HttpRequest, reauthenticated: bool = False, **kwargs: Any) -> None:
    """Whoever stole the session's key before does not share in what the person has just been asked for."""
    if reauthenticated:
        request.session.cycle_key()


@receiver([post_save, post_delete], sender=Authenticator)
def end_other_sessions(sender: Any, instance: Authenticator, created: bool = True, **kwargs: Any) -> None:
    """When a factor is added or removed, by whomever: whoever signed in without it shall not stay."""
    if not created:  # its last use was noted
        return
    request = context.request
    own = request is not None and request.user == instance.user
    if own:
        request.session.cycle_key()
    signed_in.end_others(instance.user, request.session if own else None)


@receiver(second_factor.authenticator_added)
def record_added_factor(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    request.session[SET_UP_HERE] = [*request.session.get(SET_UP_HERE, []), authenticator.pk]
    request.session.save()  # this is told after the commit, when the answer may have been made
    audit.record(Kind.MFA_CHANGED, f"added {_name(authenticator)}", user=user)


@receiver(second_factor.authenticator_removed)
def record_removed_factor(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    audit.record(Kind.MFA_CHANGED, f"removed {_name(authenticator)}", user=user)


@receiver(second_factor.authenticator_reset)
def record_new_recovery_codes(sender: Any, user: User, **kwargs: Any) -> None:
    audit.record(Kind.MFA_CHANGED, "made new recovery codes", user=user)


def _name(authenticator: Authenticator) -> str:
    names = {"totp": "an authenticator app", "webauthn": "a passkey", "recovery_codes": "recovery codes"}
    return names[authenticator.type]
