"""API keys at rest: encrypted with keys from the environment and bound to the row they belong to.

Fernet has no associated data, so what a secret belongs to is encrypted with it and compared when it is opened:
a ciphertext copied into another row does not open there.
"""

import hashlib
import hmac
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

SEPARATOR = b"\x00"


class Unreadable(Exception):
    """The secret was encrypted with a key we do not have, or belongs to another row."""


def seal(secret: str, owner: str) -> str:
    return _fernet().encrypt(owner.encode() + SEPARATOR + secret.encode()).decode()


def unseal(sealed: str, owner: str) -> str:
    """Raise `Unreadable` when `sealed` cannot be opened or was sealed for another `owner`."""
    try:
        bound_to, _, secret = _fernet().decrypt(sealed.encode()).partition(SEPARATOR)
    except InvalidToken as error:
        raise Unreadable("This secret was encrypted with a key that is not in FIELD_ENCRYPTION_KEYS.") from error
    if not hmac.compare_digest(bound_to, owner.encode()):
        raise Unreadable("This secret belongs to another connection.")
    return secret.decode()


def reseal(sealed: str) -> str:
    """Encrypt again with the first of FIELD_ENCRYPTION_KEYS. Raise `Unreadable` if none of them opens it."""
    try:
        return _fernet().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("This secret was encrypted with a key that is not in FIELD_ENCRYPTION_KEYS.") from error


def fingerprint(secret: str) -> str:
    """Tell whether two rows hold the same secret without opening either; useless without SECRET_KEY."""
    return hmac.new(settings.SECRET_KEY.encode(), secret.encode(), hashlib.sha256).hexdigest()


def _fernet() -> MultiFernet:
    return _multi_fernet(tuple(settings.FIELD_ENCRYPTION_KEYS))


@cache
def _multi_fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
