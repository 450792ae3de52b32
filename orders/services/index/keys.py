"""The keys of copies rise with the time at which the order was created: newest first is the key, backwards."""

import hashlib
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Q

Identity = tuple[int, str, str]  # merchant, mode and order
Wanted = tuple[Identity, datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BITS = 15  # so many keys has a millisecond: 2^15
_MOST_BITS = 40  # over so many are spread those of a moment at which very many orders were created: nine hours


def first_of(moment: datetime) -> int:
    """The least key of an order created at `moment`."""
    return (moment - _EPOCH) // timedelta(milliseconds=1) << _BITS


def after(moment: datetime) -> int:
    """Greater than every key of an order created before `moment`."""
    return first_of(moment) + (1 << _MOST_BITS)


def bounded(asked: Q) -> Q:
    """The same; where it says when orders were placed, those from before and after need not be looked at."""
    return asked & _between(asked)


def _between(condition: Any) -> Q:
    match condition:
        case ("created_at__gte", datetime() as start):
            return Q(pk__gte=first_of(start))
        case ("created_at__lt", datetime() as end):
            return Q(pk__lt=after(end))
        case Q(connector=Q.AND, negated=False):
            return reduce(and_, map(_between, condition.children), Q())
        case _:
            return Q()


def choose(wanted: Iterable[Wanted], taken: Callable[[Collection[int]], set[int]]) -> dict[Identity, int]:
    """A free key for each; `taken` says which of some keys are not.

    Where very many were created at once, the later ones get keys of the next moments.
    """
    left, chosen, attempt = dict(wanted), dict[Identity, int](), 0
    while left:
        candidates = {_key(identity, moment, attempt): identity for identity, moment in left.items()}
        free = candidates.keys() - taken(candidates) - set(chosen.values())
        chosen |= {candidates[key]: key for key in free}
        left = {identity: moment for identity, moment in left.items() if identity not in chosen}
        attempt += 1
    return chosen


def _key(identity: Identity, moment: datetime, attempt: int) -> int:
    digest = hashlib.blake2b(repr((identity, attempt)).encode(), digest_size=8).digest()
    return first_of(moment) + int.from_bytes(digest) % (1 << min(_BITS + 3 * attempt, _MOST_BITS))
