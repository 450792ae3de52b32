"""What was scanned for an order so far: units counted by parcel, and the form that fulfills as it will be sent."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from orders import item_keys
from orders.models import Packing
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot

GOOD, BAD, WAIT, PLAIN = "good", "bad", "wait", "plain"  # the tone of what is said


@dataclass(frozen=True)
class Said:
    """What is said to a scan: heard and seen. `order_id`: which order it leads to; `offers`: it can be taken over."""

    tone: str
    words: str
    order_id: str = ""
    offers: bool = False


class Work(Struct, kw_only=True):
    """`fields` are those of the form that fulfills, by name; the units in it are filled in when it is sent."""

    fields: dict[str, list[str]]
    parcels: list[str]  # keys, in the order in which they were packed; the last is the one at hand
    counted: dict[str, dict[str, int]] = {}  # parcel → line → units
    keys: dict[str, list[str]] = {}  # line → what a scanner may read on its items
    notes: str = ""
    must: bool = False  # nothing leaves uncounted
    unclear: bool = False  # some of it left without us, and nobody knows which lines
    part: bool = False  # ship only what is counted
    reason: str = ""  # why units leave uncounted, where counting is required
    doubted: str = ""  # what was scanned last and not taken, though it may be a label
    asked: list[str] = []  # what the next Enter confirms

    @property
    def parcel(self) -> str:
        return self.parcels[-1]

    @property
    def units(self) -> Counter[str]:
        """Line → units counted, over all parcels."""
        units: Counter[str] = Counter()
        for lines in self.counted.values():
            units.update(lines)
        return +units

    def numbers(self, parcel: str) -> list[str]:
        """The tracking numbers of a parcel."""
        typed = (self.fields.get(f"p{parcel}-number-{place}", [""])[0] for place in range(10))
        return [number for number in typed if number]

    @property
    def all_numbers(self) -> list[str]:
        return [number for parcel in self.parcels for number in self.numbers(parcel)]


def of(packing: Packing) -> Work:
    return msgspec.convert(packing.work, Work)


def kept(work: Work) -> Any:
    return msgspec.to_builtins(work)


def lines_with(work: Work, shown: FulfillmentSnapshot, code: str) -> list[str]:
    """The lines on whose items a scanner reads this, in the order's own order."""
    key = item_keys.key(code)
    return [line_id for line_id in shown.lines if key in work.keys.get(line_id, [])]


def count(work: Work, shown: FulfillmentSnapshot, lines: list[str]) -> Said:
    """One unit more of the first of these lines that has room; said loudly where none has."""
    room = next((line_id for line_id in lines if work.units[line_id] < shown.lines[line_id].left), None)
    if room is None:
        total = sum(shown.lines[line_id].left for line_id in lines)
        what = shown.lines[lines[0]].description
        return Said(BAD, f"One too many: all {total} of {what} are counted already. Put this one back.")
    counted = work.counted.setdefault(work.parcel, {})
    counted[room] = counted.get(room, 0) + 1
    line = shown.lines[room]
    return Said(GOOD, f"{work.units[room]} of {line.left}: {line.description}")


def count_all(work: Work, shown: FulfillmentSnapshot, line_id: str) -> Said:
    """What is left of a line, at once."""
    line = shown.lines[line_id]
    counted = work.counted.setdefault(work.parcel, {})
    counted[line_id] = counted.get(line_id, 0) + line.left - work.units[line_id]
    return Said(GOOD, f"{line.left} of {line.left}: {line.description}")


def uncount(work: Work, shown: FulfillmentSnapshot, line_id: str) -> Said:
    """One unit less, from the parcel that it was counted into last."""
    for parcel in reversed(work.parcels):
        counted = work.counted.get(parcel, {})
        if counted.get(line_id):
            counted[line_id] -= 1
            break
    line = shown.lines[line_id]
    return Said(PLAIN, f"{work.units[line_id]} of {line.left}: {line.description}")


def uncounted(work: Work, shown: FulfillmentSnapshot) -> int:
    return sum(line.left for line in shown.lines.values()) - work.units.total()
