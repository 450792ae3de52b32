"""How much one person, or all of one merchant together, may ask of us: far above what people do, far below what a
script does. Guessing has limits of its own (settings.ACCOUNT_RATE_LIMITS)."""

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest

from orders.models import Merchant, User

PERSON = {"invitations": "10/m/key,100/d/key", "keys": "10/m/key"}
MERCHANT = {"invitations": "20/m/key,200/d/key", "keys": "20/m/key"}
MINUTE = 60.0
MERCHANT_PAGES = 5  # times what one person may open


class SpentTooFast(Exception):
    """`str()` is what to do, for the person."""


def spend(request: HttpRequest, what: str, user: User, merchant: Merchant) -> None:
    """Count one of `what`, over all processes. Raise `SpentTooFast` where the person or the merchant has had enough."""
    for rates, key in ((PERSON, f"person:{user.pk}"), (MERCHANT, f"merchant:{merchant.pk}")):
        if not ratelimit.consume(request, app="orders", action=what, config=rates, key=key):
            raise SpentTooFast("Too many requests in a short time. Wait a minute, then continue.")


def may_open_page(user: User, merchant: Merchant) -> bool:
    """Count a page. Each process counts for itself: this guards the APIs from a script, and must cost nothing."""
    most = settings.PAGES_PER_MINUTE
    alone, together = _count(f"pages:person:{user.pk}"), _count(f"pages:merchant:{merchant.pk}")
    return alone <= most and together <= most * MERCHANT_PAGES


def _count(key: str) -> int:
    """How often it has come in the minute since it first came, this time included."""
    process = caches["process"]
    process.add(key, 0, MINUTE)
    try:
        return process.incr(key)
    except ValueError:  # the minute ended between the two
        return 1
