"""What a partner calls an order and its lines: read one way, whoever asks. What was typed counts before metadata."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

LONGEST = 200  # characters


def said(metadata: Any, key: str) -> str:
    """The id under a key of metadata, or "". It may come as a number; anything else is none."""
    value = metadata.get(key) if key and isinstance(metadata, dict) else None
    return str(value)[:LONGEST] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def of_lines(by_line: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """Line → what it is called. An id that two lines share is none: which of them has left there could not be told."""
    items = {line: typed.get(line) or text for line, text in by_line.items()}
    named = Counter(items.values())
    return {line: text if named[text] == 1 else "" for line, text in items.items()}
