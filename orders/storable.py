"""What an API sends may hold what no database keeps: PostgreSQL refuses NUL and half a surrogate pair."""

import re
from typing import Any, TypeVar

T = TypeVar("T")

UNKEPT = re.compile("[\x00\ud800-\udfff]")


def storable(value: T) -> T:
    """The same text, or JSON with such text in it, without those characters."""
    return _storable(value)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return UNKEPT.sub("", value)
    if isinstance(value, dict):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return value
