"""What happens around signing in without having worked: in the event log, and by mail to whom the account belongs."""

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from orders import links, mails
from orders.known_devices import guesses_key
from orders.models import EventLog, User
from orders.services import audit

Kind = EventLog.Kind
REFUSED_TOLD_EVERY = 15 * 60  # seconds: as long as an account stays closed
REFUSED = "refused after too many wrong guesses"


def origin(request: HttpRequest | None) -> str:
    """The address as the guessing limits see it, so that the log and the limits speak of the same visitor."""
    try:
        return f"from {get_adapter().get_client_ip(request)}" if request is not None else "without a request"
    except PermissionDenied:  # a sign-in that did not come over a socket has no address
        return "from an unknown address"


def sign_in_refused(request: HttpRequest, login: str) -> None:
    """Say once while it lasts that an account is closed to whoever guesses at it from there."""
    key = guesses_key(request, login)
    if not _closed(request, key) or not cache.add(f"sign-in-refused:{key}", True, REFUSED_TOLD_EVERY):
        return
    audit.record(Kind.SIGN_IN_FAILED, f"{REFUSED}, {origin(request)}", who=login)
    user = User.objects.filter(email=login.strip().lower(), is_active=True).first()
    if user is not None:
        _mail(user, "account/email/sign_in_refused", request)


def reset_asked(request: HttpRequest, email: str, user: User | None) -> None:
    audit.record(Kind.PASSWORD_RESET_ASKED, origin(request), user=user, who=email)


def sign_in_changed(request: HttpRequest, user: User, template: str) -> None:
    """Tell somebody that how they sign in was changed: whoever took over their session would not."""
    _mail(user, template, request)


def _closed(request: HttpRequest, key: str) -> bool:
    """Whether it is the account's own limit that is used up, not that of everybody from one place."""
    rate = settings.ACCOUNT_RATE_LIMITS["login_failed"].rpartition(",")[2]
    return not ratelimit.consume(
        request, app="allauth.account", action="login_failed", config={"login_failed": rate}, key=key, dry_run=True
    )


def _mail(user: User, template: str, request: HttpRequest) -> None:
    """Send what stands in `template`_subject.txt and _message.txt."""
    context = {
        "origin": origin(request),
        "at": timezone.now(),
        "account": links.public(reverse("account")),
        "reset": links.public(reverse("account_reset_password")),
    }
    subject = render_to_string(f"{template}_subject.txt").strip()
    mails.send_soon(f"RevKeen Admin: {subject}", render_to_string(f"{template}_message.txt", context), user.email)
