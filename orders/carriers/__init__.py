"""Carriers: which there are, whose number it may be, where a parcel is followed.

`directory.py` is the data, `formats.py` what it is made of, `check_digits.py` the rules it names, `detection.py` the
guess, `doubts.py` what speaks against a number.
"""

from orders.carriers.detection import Certainty, Guess, certain, check_digit_wrong, detect, plain
from orders.carriers.directory import CARRIERS, find, name_of, ordered, tracking_address
from orders.carriers.doubts import Doubt, doubts, several
from orders.carriers.formats import Carrier, Format, cleaned, normalized

__all__ = [
    "CARRIERS",
    "Carrier",
    "Certainty",
    "Doubt",
    "Format",
    "Guess",
    "certain",
    "check_digit_wrong",
    "cleaned",
    "detect",
    "doubts",
    "find",
    "name_of",
    "normalized",
    "ordered",
    "plain",
    "several",
    "tracking_address",
]
