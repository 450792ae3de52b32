"""Whether bytes that somebody posted were signed by RevKeen, lately, with a secret that we share."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from orders.models import WebhookReceiver, WebhookSecret
from orders.secrets import Unreadable

HEADERS = ("X-Revkeen-Signature", "X-Rk-Signature", "Revkeen-Signature")  # RevKeen's documents and SDKs disagree
TOLERANCE_SECONDS = 300  # either way

Refusal = WebhookReceiver.Refusal


class Wrong(Exception):
    """`reason` says what is wrong with a delivery."""

    def __init__(self, reason: WebhookReceiver.Refusal) -> None:
        super().__init__(reason.label)
        self.reason = reason


class Signature(NamedTuple):
    seconds: int  # when it was made, Unix time
    digests: list[bytes]


def signed_by(
    headers: Mapping[str, str], body: bytes, secrets: Iterable[WebhookSecret], now: datetime
) -> WebhookSecret:
    """The secret that `body` was signed with, within five minutes of `now`. Raise `Wrong`."""
    signature = _parse(next((headers[name] for name in HEADERS if headers.get(name)), ""))
    secret = next((one for one in secrets if _fits(one, signature, body)), None)
    if secret is None:
        raise Wrong(Refusal.OTHER_SECRET)
    if abs(now.timestamp() - signature.seconds) > TOLERANCE_SECONDS:
        raise Wrong(Refusal.OTHER_TIME)
    return secret


def _parse(text: str) -> Signature:
    """`t=1767225600,v1=5257a8…,v1=…`. Raise `Wrong`."""
    if not text:
        raise Wrong(Refusal.UNSIGNED)
    parts = [part.strip().partition("=") for part in text.split(",")]
    seconds = [value for name, _, value in parts if name == "t"]
    digests = [value.encode() for name, _, value in parts if name == "v1"]
    if len(seconds) != 1 or not seconds[0].isdecimal() or len(seconds[0]) > 12 or not digests:
        raise Wrong(Refusal.OTHER_FORM)
    return Signature(int(seconds[0]), digests)


def _fits(secret: WebhookSecret, signature: Signature, body: bytes) -> bool:
    """Compared in a time that tells nothing. The whole secret, its prefix included, is the key."""
    try:
        key = secret.secret.encode()
    except Unreadable:
        return False
    made = hmac.new(key, b"%d." % signature.seconds + body, hashlib.sha256).hexdigest().encode()
    return any(hmac.compare_digest(made, digest) for digest in signature.digests)
