"""Pages of a list that go on from a row: what comes after it in the order of some columns, as Django writes them."""

from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q


def turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def pinned(asked: Any, column: str) -> Q:
    """What a question says a column is; nothing where it may be several things.

    Of a list that is sorted by it first, what comes before need not be looked through.
    """
    match asked:
        case (name, _) if name == column:
            return Q(asked)
        case Q(connector=Q.AND, negated=False):
            return reduce(and_, (pinned(one, column) for one in asked.children), Q())
        case _:
            return Q()


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
