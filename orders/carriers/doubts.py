"""What speaks against a tracking number: each is said and can be overruled, because formats change.

The rules are the ones of `directory.py`; what another order has is for the caller to say, who can look it up.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from orders.carriers.detection import Certainty, certain, certainty_of, check_digit_wrong, detect
from orders.carriers.directory import CARRIERS, find
from orders.carriers.formats import LONGEST, Carrier, normalized

UPS_LENGTH = 18  # characters of a number that begins with 1Z
SHORTEST = 6  # characters of what may be one of several numbers
LONGEST_TEXT = 1000  # characters of what is looked at for several numbers
MOST_WORDS = 60  # of what is looked at for several
KNOWN = Certainty.SHAPE  # what is a carrier's as surely as this, or more so, is known


class Kind(StrEnum):
    """Why a number is doubted."""

    SEVERAL = "several"
    ORDER_NUMBER = "order_number"
    CARRIER_NAME = "carrier_name"
    TAKEN = "taken"
    UPS_LENGTH = "ups_length"
    OTHER_CARRIER = "other_carrier"
    CHECK_DIGIT = "check_digit"
    NO_SHAPE = "no_shape"


@dataclass(frozen=True)
class Doubt:
    kind: Kind
    words: str


def doubts(carrier_text: str, number: str, *, order_number: str = "", taken_by: str = "") -> list[Doubt]:
    """What speaks against this number with this carrier; [] where nothing does, or nothing was typed.

    Of what the number itself shows, the most certain doubt alone: the others follow from it, or are none beside it.

    `carrier_text`: a code of the directory, another carrier's name, or "" where none is given. `order_number`: of the
    order that the parcel is of. `taken_by`: the number of another order that has this tracking number.
    """
    if not normalized(number):
        return []
    parts = several(number)
    if parts:
        return [Doubt(Kind.SEVERAL, f"These look like {len(parts)} numbers: {', '.join(parts)}.")]
    plainest = _own_number(number, order_number) or _changed_over(carrier_text, number) or _shape(carrier_text, number)
    return [doubt for doubt in (_taken(taken_by), plainest) if doubt]


def several(text: str) -> list[str]:
    """The numbers that were pasted or scanned into one field; [] where it is one."""
    if len(text) > LONGEST_TEXT or _is_known(text):
        return []
    apart = [part.strip() for part in re.split(r"[,;\r\n\t|]+", text) if part.strip()]
    if len(apart) > 1:
        return apart if all(len(normalized(part)) >= SHORTEST for part in apart) else []
    words = text.split()
    return (_of_words(words) if len(words) > 1 else []) or _run_together(normalized(text))


def _is_known(number: str) -> bool:
    best = next(iter(detect(number)), None)
    return best is not None and best.certainty <= KNOWN


def _of_words(words: list[str]) -> list[str]:
    """A number may have spaces of its own: each is as many words as make a known number, the fewest first.

    Looked at from the end, so that no rest is looked at twice.
    """
    if len(words) > MOST_WORDS:
        return []
    parts: list[list[str]] = [[]]  # of the last 0, 1, 2 … words; [] where they are no numbers
    for first in reversed(range(len(words))):
        parts.append(next(_beginnings(words[first:], parts), []))
    return parts[-1]


def _beginnings(words: list[str], parts: list[list[str]]) -> Iterator[list[str]]:
    for count in range(1, len(words) + 1):
        number, rest = " ".join(words[:count]), parts[len(words) - count]
        if len(normalized(number)) > LONGEST:
            return
        if (rest or count == len(words)) and _is_known(number):
            yield [number, *rest]


def _run_together(number: str) -> list[str]:
    """Two numbers with nothing between them, each with a good check digit."""
    if len(number) > 2 * LONGEST:
        return []
    for cut in range(SHORTEST, len(number) - SHORTEST + 1):
        halves = [number[:cut], number[cut:]]
        if all(_is_checked(half) for half in halves):
            return halves
    return []


def _is_checked(number: str) -> bool:
    best = next(iter(detect(number)), None)
    return best is not None and best.certainty <= Certainty.DIGITS


def _own_number(number: str, order_number: str) -> Doubt | None:
    plain, order = normalized(number), normalized(order_number)
    if not order or plain not in (order, re.sub("[A-Z]", "", order)):
        return None
    return Doubt(Kind.ORDER_NUMBER, "This is the order number, not a tracking number.")


def _changed_over(carrier_text: str, number: str) -> Doubt | None:
    """One stands where the other belongs."""
    if find(number):
        return Doubt(Kind.CARRIER_NAME, "This is the name of a carrier, not a tracking number.")
    named = None if find(carrier_text) else certain(carrier_text)
    return Doubt(Kind.CARRIER_NAME, f"The carrier looks like a tracking number from {named.name}.") if named else None


def _taken(order_number: str) -> Doubt | None:
    return Doubt(Kind.TAKEN, f"Order {order_number} already has this tracking number.") if order_number else None


def _shape(carrier_text: str, number: str) -> Doubt | None:
    """What the shape and the check digit say, the plainest thing alone."""
    plain, carrier = normalized(number), find(carrier_text)
    if plain.startswith("1Z") and not _is_known(plain) and len(plain) != UPS_LENGTH:
        words = f"A UPS number that starts with 1Z has {UPS_LENGTH} characters. This one has {len(plain)}."
        return Doubt(Kind.UPS_LENGTH, words)
    fits = certainty_of(carrier, plain) if carrier else None
    if fits is not None and fits <= KNOWN:
        return None
    if carrier_text and carrier is None:  # nobody knows what its numbers look like
        return _of_another(carrier_text, carrier, plain)
    return _of_another(carrier_text, carrier, plain) or _mistyped(carrier, plain)


def _of_another(carrier_text: str, carrier: Carrier | None, plain: str) -> Doubt | None:
    """It is surely another's; or where the chosen one cannot have it at all, it looks like another's."""
    if not carrier_text:
        return None
    other = certain(plain)
    if other is None and carrier and not carrier.fitting(plain):
        other = next((guess.carrier for guess in detect(plain) if guess.certainty <= KNOWN), None)
    if other is None or other == carrier:
        return None
    name = carrier.name if carrier else carrier_text
    return Doubt(Kind.OTHER_CARRIER, f"This looks like a number from {other.name}, not from {name}.")


def _mistyped(carrier: Carrier | None, plain: str) -> Doubt | None:
    """`carrier`: the chosen one, or None, where none is given."""
    if carrier is None:
        return _nobodys(plain)
    if check_digit_wrong(carrier.code, plain):
        return Doubt(Kind.CHECK_DIGIT, f"Check digit wrong for {carrier.name}. Compare it with the label.")
    if not carrier.fitting(plain):
        return Doubt(Kind.NO_SHAPE, f"This does not look like a number from {carrier.name}.")
    return None


def _nobodys(plain: str) -> Doubt | None:
    """Without a carrier: it has the shape of some, and the check digit of none."""
    if _is_known(plain):
        return None
    wrong = [carrier.name for carrier in CARRIERS if check_digit_wrong(carrier.code, plain)]
    return Doubt(Kind.CHECK_DIGIT, f"Check digit wrong for {' and '.join(wrong)}.") if wrong else None
