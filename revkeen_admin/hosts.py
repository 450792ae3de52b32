"""The name of this site: one, however it was asked for."""

from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured


def public_url(said: str, allowed_hosts: Sequence[str], *, plain_http: bool) -> str:
    """`said` without a slash at its end, or else the first of `allowed_hosts`, which has to be a whole name then."""
    if said:
        return said.rstrip("/")
    host = next(iter(allowed_hosts), "")
    if not host or host[0] in "*.":
        raise ImproperlyConfigured("Set PUBLIC_URL, for example https://admin.example.com: mailed links lead there.")
    return f"{'http' if plain_http else 'https'}://{host}"


def normal(host: str) -> str:
    """A Host header as its name is written: `LOCALHOST.:8000` is `localhost:8000`."""
    name, colon, port = host.lower().partition(":")
    return host.lower() if host.startswith("[") else f"{name.rstrip('.')}{colon}{port}"
