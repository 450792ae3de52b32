"""Pages of a list that go on from a row: what comes after it in the order of some columns, as Django writes them."""

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q


def turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def beyond(keys: list[str], start: list[Any] | None) -> Q:
    """What comes after a position: further in the first key, or equal there and further in the next one, …"""
    if start is None:
        return Q()
    names = [key.lstrip("-") for key in keys]
    equal = [Q(**dict(zip(names[:at], start, strict=False))) for at in range(len(keys))]
    further = [
        Q(**{f"{name}__{'lt' if key.startswith('-') else 'gt'}": value})
        for key, name, value in zip(keys, names, start, strict=True)
    ]
    least = Q(**{f"{names[0]}__{'lte' if keys[0].startswith('-') else 'gte'}": start[0]})  # what an index can begin at
    return least & reduce(or_, (same & beyond for same, beyond in zip(equal, further, strict=True)))
