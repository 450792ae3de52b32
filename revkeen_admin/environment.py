"""What the environment has to say, checked before anything starts: everything that is wrong at once, and what to do."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from environ import Env

SHORTEST_SECRET = 50
T = TypeVar("T")

NEW_SIGNING_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(50))"'
NEW_FERNET_KEY = 'python -c "import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"'
REQUIRED = {
    "SECRET_KEY": f"Signs sessions and links. Make one with: {NEW_SIGNING_KEY}",
    "FIELD_ENCRYPTION_KEYS": f"Encrypts API keys at rest. Make one with: {NEW_FERNET_KEY}",
    "ALLOWED_HOSTS": "The host names that people type, comma-separated, such as orders.example.com",
}


def check(env: Env, *, plain_http: bool) -> None:
    """Raise `ImproperlyConfigured` with everything that is missing or cannot be used; the README of it is
    docs/deployment.md. With `plain_http`, which is for the demo and tests, APIs may be on plain HTTP too."""
    faults = [*_missing(env), *_unusable(env), *([] if plain_http else _plain_addresses(env))]
    if faults:
        heading = "The environment is not complete (docs/deployment.md has every variable):"
        raise ImproperlyConfigured("\n".join([heading, *(f"  {fault}" for fault in faults)]))


def run(start: Callable[[], T], *, exit_code: int = 1) -> T:
    """What `start` returns. Where the environment is not complete the process ends with that, not with a traceback."""
    try:
        return start()
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)  # noqa: T201  (logging is not set up without settings)
        raise SystemExit(exit_code) from None


def same_database(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two of Django's DATABASES are one: a cache there would wait for the data's lock, and go into backups."""
    return all(one.get(part) == other.get(part) for part in ("ENGINE", "HOST", "PORT", "NAME"))


def _missing(env: Env) -> Iterator[str]:
    for name, purpose in REQUIRED.items():
        if not env.str(name, "").strip(" ,"):
            yield f"{name} is missing. {purpose}"


def _unusable(env: Env) -> Iterator[str]:
    secret = env.str("SECRET_KEY", "")
    if secret and len(secret) < SHORTEST_SECRET:
        yield f"SECRET_KEY is shorter than {SHORTEST_SECRET} characters. Make one with: {NEW_SIGNING_KEY}"
    for number, key in enumerate(env.list("FIELD_ENCRYPTION_KEYS", default=[]), 1):
        if not _is_fernet_key(key):
            yield f"FIELD_ENCRYPTION_KEYS: key {number} is not a Fernet key. Make one with: {NEW_FERNET_KEY}"


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def _plain_addresses(env: Env) -> Iterable[str]:
    names = ("REVKEEN_LIVE_URL", "REVKEEN_TEST_URL", "DIGITAL_RIVER_URL", "ORDER_PROTECTION_URL")
    for name in names:
        if (address := env.str(name, "")) and urlsplit(address).scheme != "https":
            yield f"{name} has to begin with https://: keys and customers' data would cross the network in plain."
