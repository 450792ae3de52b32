"""Browsers in which somebody has signed in before. Their guesses are counted apart, so that strangers who guess at an
account lock only each other out of it (OWASP, device cookies). A known browser gets no more guesses than a stranger."""

import secrets
import unicodedata

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

COOKIE = "known" if settings.PLAIN_HTTP else "__Host-known"
SALT = "orders.known_devices"
LASTS = 180 * 24 * 60 * 60  # seconds
MOST = 5  # people who share a browser


def guesses_key(request: HttpRequest, login: str) -> str:
    """Under what wrong guesses at an account are counted: never by anything that a stranger can vary."""
    account = _account(login)
    known = _known(request).get(account, "")
    return f"known:{known}:{account}" if known else f"strangers:{account}"


def remember(request: HttpRequest, response: HttpResponseBase, login: str) -> None:
    """Let `response` tell the browser that `login` has signed in with it; only after they have."""
    account, known = _account(login), _known(request)
    known = {account: known.get(account) or secrets.token_urlsafe(16), **known}
    response.set_cookie(
        COOKIE,
        signing.dumps(dict(list(known.items())[:MOST]), salt=SALT),
        max_age=LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _account(login: str) -> str:
    """The account as whoever compares addresses sees it: “ſ” is an s there, and a Kelvin sign a k."""
    address = unicodedata.normalize("NFKC", login).strip().casefold()
    return salted_hmac(SALT, address, algorithm="sha256").hexdigest()[:32]


def _known(request: HttpRequest) -> dict[str, str]:
    try:
        known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return {}
    return known if isinstance(known, dict) else {}
