"""JSON of any API by type: nothing nested without end, and a null where a member may be absent is read as absent."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar, get_args

import msgspec

T = TypeVar("T")
Json = msgspec.Raw | bytes

DEEPEST = 64  # levels; everything that we show, keep or compare is walked by functions that call themselves
TOO_DEEP = f"It is nested more than {DEEPEST} levels deep."
MOST_VALUES = 250_000  # of one answer: a small value takes twenty times the memory that it takes in JSON

_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

_plain = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def too_deep(json: bytes) -> bool:
    """Whether JSON is nested more than `DEEPEST` levels deep. Walks without calling itself, for any bytes."""
    if json.count(b"[") + json.count(b"{") <= DEEPEST:
        return False
    brackets = _STRINGS.sub(b"", json).translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return False
    return True


def reader(kind: type[T]) -> Callable[[Json], T]:
    """How to read one object of this kind. What is returned raises `msgspec.ValidationError`."""
    decode = tolerant(kind)

    def read(body: Json) -> T:
        refuse_depth(body)
        return decode(body)

    return read


def refuse_depth(body: Json) -> None:
    """Raise `msgspec.ValidationError` for what is nested too deeply, in words for staff."""
    if too_deep(bytes(body)):
        raise msgspec.ValidationError(TOO_DEEP)


def tolerant(kind: type[T]) -> Callable[[Json], T]:
    """Decode strictly; where that fails, once more without the nulls of members that are known by name."""
    decode = msgspec.json.Decoder(kind).decode

    def read(body: Json) -> T:
        try:
            return decode(body)
        except msgspec.ValidationError:
            plain = _plain(body)
            without = without_nulls(plain, kind)
            if without == plain:
                raise
            return decode(_encode(without))

    return read


def without_nulls(plain: Any, kind: Any) -> Any:
    """JSON without the nulls of members that `kind`, a Struct or some of them, knows; all inside others stays."""
    struct = _struct_in(kind)
    if struct is None:
        return plain
    if isinstance(plain, list):
        return [without_nulls(one, struct) for one in plain]
    if not isinstance(plain, dict):
        return plain
    kinds = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    return {
        name: without_nulls(value, kinds.get(name))
        for name, value in plain.items()
        if value is not None or name not in kinds
    }


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    """`Card` in `Card`, `Card | None` and `tuple[Card, ...]`."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    return next((found for inner in get_args(kind) if (found := _struct_in(inner))), None)
