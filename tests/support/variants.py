"""Which members of a product of parameters `make test` runs, and which only `make test-full`: those are marked `full`.

A product grows fast, and most of it says the same once more. The short run goes through the parameters side by side,
each from its beginning again when it ends, until the longest is through: each value is tried, with one value of each of
the others. The full run has the product. What is in which depends on nothing but the order in which the values stand.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import pytest

_short = [False]

Values = Iterable[Any] | Mapping[str, Any]  # by their names where str() gives none


def spread(**parameters: Values) -> Any:
    """Run the test with the product of these parameters, and in the short run with each of their values."""
    axes = [named(values) for values in parameters.values()]
    short = in_short(*map(len, axes))
    members = [
        together(*(axis[place] for axis, place in zip(axes, places, strict=True)), full=places not in short)
        for places in product(*(range(len(axis)) for axis in axes))
    ]
    return pytest.mark.parametrize(tuple(parameters), members)


def begin(*, short: bool) -> None:
    """Before the tests are read: whether this run leaves out what is marked `full`."""
    _short[0] = short


def times(short: int, full: int) -> int:
    """How often the same is tried with other values: fewer times in the short run."""
    return short if _short[0] else full


def only_full(value: Any) -> Any:
    """A parameter that the short run leaves out: another one shows the same there."""
    return pytest.param(value, marks=pytest.mark.full)


def in_short(*sizes: int, shift: int = 0) -> set[tuple[int, ...]]:
    """The places of the members that the short run has; `shift` is the one that the last parameter begins with."""
    begins = [0] * (len(sizes) - 1) + [shift]
    return {
        tuple((step + begin) % size for begin, size in zip(begins, sizes, strict=True)) for step in range(max(sizes))
    }


def named(values: Values) -> list[tuple[str, Any]]:
    return list(values.items()) if isinstance(values, Mapping) else [(str(value), value) for value in values]


def together(*chosen: tuple[str, Any], full: bool = False, marks: Iterable[Any] = ()) -> Any:
    """One set of parameters, each with its name."""
    name = "-".join(name for name, _ in chosen)
    return pytest.param(*(value for _, value in chosen), id=name, marks=[*marks, *([pytest.mark.full] if full else [])])
