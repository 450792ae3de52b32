"""Carriers: which there are, whose number it may be, where a parcel is followed.

`directory.py` is the data, `check_digits.py` the rules it names, `detection.py` the guess.
"""

from orders.carriers.detection import Certainty, Guess, check_digit_wrong, detect
from orders.carriers.directory import CARRIERS, Carrier, Format, find, name_of, normalized, tracking_address

__all__ = [
    "CARRIERS",
    "Carrier",
    "Certainty",
    "Format",
    "Guess",
    "check_digit_wrong",
    "detect",
    "find",
    "name_of",
    "normalized",
    "tracking_address",
]
