"""Where a page is. What `reverse` finds never changes within a process, and a page asks for dozens: it is kept."""

from functools import lru_cache

from django.urls import reverse

KEPT = 4_096


@lru_cache(maxsize=KEPT, typed=True)
def path_of(name: str, *parts: object) -> str:
    """The path of the page of this name. Raise `NoReverseMatch`, which is not kept."""
    return reverse(name, args=parts)
