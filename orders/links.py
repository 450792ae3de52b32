"""Links that go out by mail. They lead to the one address of this site, whatever name somebody asked it by."""

from django.conf import settings


def public(path: str) -> str:
    """The whole address of a page of ours, by `PUBLIC_URL`."""
    return f"{settings.PUBLIC_URL}{path}"
