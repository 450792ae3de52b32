"""Whose number it may be: a proposal for the person who types it.

Detection overrules nobody, and a wrong check digit refuses nothing: several carriers publish no rule, and formats
change.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from orders.carriers.directory import find, ordered
from orders.carriers.formats import LONGEST, Carrier, Format, cleaned, normalized

REMEMBERED = 500  # numbers: one press of a button asks for the same one six times


class Certainty(IntEnum):
    """The smaller, the better."""

    LETTERS = 1  # letters where the carrier has them, and a good check digit: dependable
    DIGITS = 2  # digits only, and a good check digit: one random number in ten has that too
    SHAPE = 3  # the carrier's shape; no rule for a check digit is known
    WRONG = 4  # letters where the carrier has them, but the check digit is wrong: mistyped, more likely than another's
    LOOSE = 5  # the carrier publishes no format, so that nearly everything fits


@dataclass(frozen=True)
class Guess:
    carrier: Carrier
    certainty: Certainty


def _certainty(form: Format, number: str) -> Certainty | None:
    """None: only digits, and the wrong check digit."""
    has_letters = not number.isdigit()
    if not form.is_right(number):
        return Certainty.WRONG if has_letters else None
    if form.check:
        return Certainty.LETTERS if has_letters else Certainty.DIGITS
    return Certainty.LOOSE if form.loose else Certainty.SHAPE


def certainty_of(carrier: Carrier, number: str) -> Certainty | None:
    """By the best of the carrier's formats that fit the normalized number; None where none does."""
    found = [certainty for form in carrier.fitting(number) if (certainty := _certainty(form, number))]
    return min(found, default=None)


def detect(number: str, zone: str = "") -> list[Guess]:
    """Whose number it may be, best first, and among equals in the directory's order; [] where it is nobody's.

    `zone` is the merchant's time zone, by which the directory is ordered.
    """
    plain = normalized(number)
    return list(_detected(plain, zone)) if len(plain) <= LONGEST else []


@lru_cache(REMEMBERED)
def _detected(plain: str, zone: str) -> tuple[Guess, ...]:
    found = [(carrier, certainty_of(carrier, plain)) for carrier in ordered(zone)]
    guesses = sorted((Guess(carrier, good) for carrier, good in found if good), key=lambda guess: guess.certainty)
    has_better = any(guess.certainty < Certainty.WRONG for guess in guesses)
    return tuple(guess for guess in guesses if not (has_better and guess.certainty == Certainty.WRONG))


def certain(number: str) -> Carrier | None:
    """The only carrier whose number it can be, by a shape and a good check digit; None where there is any doubt."""
    guesses = [guess for guess in detect(number) if guess.certainty != Certainty.LOOSE]
    if len(guesses) != 1 or guesses[0].certainty > Certainty.DIGITS:
        return None
    return guesses[0].carrier


def plain(text: str) -> str:
    """The number as a carrier knows it: cleaned, and taken out of the bar code where one was scanned whole."""
    carrier, number = certain(text), normalized(text)
    forms = carrier.fitting(number) if carrier else []
    return next((form.holds(number) for form in forms if form.is_right(number) and form.holds(number)), cleaned(text))


def check_digit_wrong(carrier_text: str, number: str) -> bool:
    """The number has a shape of that carrier's, and not its check digit: worth a warning, never a refusal.

    False for a carrier that is not known, and for a shape whose rule is not.
    """
    carrier, plain_number = find(carrier_text), normalized(number)
    fitting = carrier.fitting(plain_number) if carrier else []
    return bool(fitting) and not any(form.is_right(plain_number) for form in fitting)
