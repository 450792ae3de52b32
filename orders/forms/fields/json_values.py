"""Values of metadata as people see and type them: text as it is, everything else as JSON.

What is not touched is never read back from the page, so it stays what RevKeen sent to the last digit.
"""

import json
import math
import unicodedata
from typing import Any

from django import forms

from orders.apis.decoding import DEEPEST, too_deep
from orders.forms.fields.text import plain_newlines

TEXT, JSON = "text", "json"
KINDS = {TEXT: "Text", JSON: "JSON"}


def shown(value: Any) -> tuple[str, str]:
    """(kind, text). Text with characters that a page would change or hide is shown as JSON, which escapes them."""
    if isinstance(value, str) and not any(unicodedata.category(letter) == "Cc" for letter in _visible(value)):
        return TEXT, value
    return JSON, json.dumps(value, ensure_ascii=False)


def parsed(kind: str, text: str) -> Any:
    """What somebody typed. Raise `forms.ValidationError`."""
    value = _from_json(text) if kind == JSON else plain_newlines(text)
    if not can_be_kept(value):
        raise forms.ValidationError("It contains a character that cannot be saved: NUL, or half of a surrogate pair.")
    return value


def same(one: Any, other: Any) -> bool:
    """Equal in JSON, where `1`, `1.0` and `true` are three values, and the order of names means nothing."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def can_be_kept(value: Any) -> bool:
    """Whether the journal can hold it: PostgreSQL refuses NUL and lone surrogates in JSON."""
    if isinstance(value, dict):
        return all(can_be_kept(name) and can_be_kept(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(can_be_kept(inner) for inner in value)
    return not isinstance(value, str) or not any(
        letter == "\x00" or unicodedata.category(letter) == "Cs" for letter in value
    )


def _visible(text: str) -> str:
    return text.replace("\n", "").replace("\t", "")


def _from_json(text: str) -> Any:
    if too_deep(text.encode(errors="replace")):
        raise forms.ValidationError(f"This is nested too deeply: {DEEPEST} levels are the most.")
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_object)
    except ValueError as error:
        raise forms.ValidationError(
            f"This is not JSON: {_why(error)}. Text needs quotes, or “Text” as its type."
        ) from error


def _why(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at character {error.pos + 1}"
    return str(error)[:100]


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number there")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name appears twice")
    return found
