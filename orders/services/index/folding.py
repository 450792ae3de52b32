"""Text as it is searched: folded here and never by the database, whose own folding depends on how it was set up."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from orders.storable import storable

LONGEST_TERM = 200  # characters; what is longer is found by its beginning
LONGEST_TEXT = 20_000  # characters of an order in which parts of words are found
MOST_VALUES = 200  # of the metadata of an order or a line

# Scripts that are written without spaces: Chinese, Japanese, Korean. Their words are found by two neighbors.
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_WORD = re.compile(r"[^\W_]+")
_NOT_A_DIGIT = re.compile(r"\D")


def folded(text: str) -> str:
    """In one case, one width, and with single spaces."""
    plain = unicodedata.normalize("NFKC", storable(text)).casefold()
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def without_accents(text: str) -> str:
    """`muller` of folded `müller`."""
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(letter for letter in apart if not unicodedata.combining(letter)))


def spellings(text: str) -> list[str]:
    """Folded as it is, and without accents where that differs; none of nothing."""
    plain = folded(text)
    return list(dict.fromkeys(spelling for spelling in (plain, without_accents(plain)) if spelling))


def term(text: str) -> str:
    """As a term is kept and looked for."""
    return folded(text)[:LONGEST_TERM]


def words(text: str) -> list[str]:
    return list(dict.fromkeys(word[:LONGEST_TERM] for one in spellings(text) for word in _WORD.findall(one)))


def pairs(text: str) -> list[str]:
    """Each two neighbors of a script without spaces."""
    runs = _CJK.findall(folded(text))
    return list(dict.fromkeys(run[at : at + 2] for run in runs for at in range(len(run) - 1)))


def digits(text: str) -> str:
    return _NOT_A_DIGIT.sub("", unicodedata.normalize("NFKC", text))[:LONGEST_TERM]


def values(metadata: Any) -> list[str]:
    """The texts and numbers in some metadata, however deep, in the order of its keys: PostgreSQL keeps another one."""
    return [text for _, text in zip(range(MOST_VALUES), _values(metadata), strict=False)]


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in [value[key] for key in sorted(value)] if isinstance(value, dict) else value:
            yield from _values(inner)
    elif value not in (None, "") and not isinstance(value, bool):
        yield str(value)
