"""Which lines are ticked, and the units that a tick fills in. All of it before Django's forms see what was sent."""

from collections import Counter
from collections.abc import Iterable, Mapping

from django.http import QueryDict

from orders.services.fulfillment.fulfillable import LineSnapshot


def fill_in(data: QueryDict, keys: Iterable[str], lines: Mapping[str, LineSnapshot]) -> None:
    """A line that was ticked without a word on its units leaves with those that no parcel has yet."""
    left = left_over(data, keys, lines)
    for key in keys:
        for line in data.getlist(f"p{key}-lines"):
            if left[line] > 0 and not str(data.get(f"p{key}-units-{line}", "")).strip():
                data[f"p{key}-units-{line}"] = str(left[line])
                left[line] = 0


def tick_all(data: QueryDict, key: str, keys: Iterable[str], lines: Mapping[str, LineSnapshot]) -> None:
    """Those of which something is left for this parcel."""
    others = left_over(data, [other for other in keys if other != key], lines)
    ticked = [line for line in lines if others[line] > 0]
    for line in ticked:
        if line not in data.getlist(f"p{key}-lines"):
            data[f"p{key}-units-{line}"] = str(others[line])
    data.setlist(f"p{key}-lines", ticked)


def tick_none(data: QueryDict, key: str) -> None:
    data.setlist(f"p{key}-lines", [])


def left_over(data: QueryDict, keys: Iterable[str], lines: Mapping[str, LineSnapshot]) -> Counter[str]:
    """Line → units that none of these parcels has. What is typed and is no number counts for none."""
    left = Counter({line_id: line.left for line_id, line in lines.items()})
    for key in keys:
        for line in data.getlist(f"p{key}-lines"):
            left[line] -= _number(data.get(f"p{key}-units-{line}", ""))
    return left


def _number(typed: object) -> int:
    text = str(typed).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
