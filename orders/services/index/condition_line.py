"""The conditions of a list as one line that people type: `status:paid -carrier:ups total:>100 tent "3 m"`.

A condition is a name and a text. What stands alone is text to look for; it has no name, and there is one at most.
Quotes hold a text with spaces together, and a doubled quote inside them is one. Nothing is refused here: what no list
knows is a condition too, and the list says so.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

PIECE = re.compile(r'(?P<sign>-?)(?:(?P<name>[a-z_]+):)?(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>\S*))\s*')
BARE = re.compile(r'(?!-)[^\s":]\S*(?<!")')  # a word that `PIECE` reads as itself
NAMED = re.compile(r"-?[a-z_]+:")


@dataclass(frozen=True)
class Condition:
    """`-carrier:ups` is ("carrier", "ups", negated); a text to look for has no name."""

    name: str
    text: str
    negated: bool = False

    @property
    def written(self) -> str:
        """As it stands in the line."""
        if not self.name:
            return _text(self.text)
        return f"{'-' * self.negated}{self.name}:{_value(self.text)}"


def read(line: str) -> list[Condition]:
    """What a line says, in its order; the text to look for comes last, its pieces with a space between them."""
    found, pieces = [], []
    for piece in PIECE.finditer(line.strip()):
        text = piece["bare"] if piece["quoted"] is None else piece["quoted"].replace('""', '"')
        if piece["name"]:
            found.append(Condition(piece["name"], text, bool(piece["sign"])))
        else:
            pieces.append(piece["sign"] + text)
    together = " ".join(piece for piece in pieces if piece)
    return [*found, Condition("", together)] if together else found


def write(conditions: Iterable[Condition]) -> str:
    """The line that `read` makes the same conditions of."""
    return " ".join(condition.written for condition in conditions)


def _value(text: str) -> str:
    return text if text and not re.search(r'[\s"]', text) else _quoted(text)


def _text(text: str) -> str:
    """Words as they are, where they are read as themselves; else in quotes."""
    words = text.split(" ")
    return text if all(BARE.fullmatch(word) and not NAMED.match(word) for word in words) else _quoted(text)


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
