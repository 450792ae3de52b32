"""Whose number it may be: a proposal for the person who types it, never a decision.

Detection overrules nobody, and a wrong check digit refuses nothing: several carriers publish no rule, and formats
change.
"""

from dataclasses import dataclass
from enum import IntEnum

from orders.carriers.directory import CARRIERS, Carrier, Format, find, normalized


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


def _guess(carrier: Carrier, number: str) -> Guess | None:
    """By the best of the carrier's formats that fit."""
    found = [certainty for form in carrier.fitting(number) if (certainty := _certainty(form, number))]
    return Guess(carrier, min(found)) if found else None


def detect(number: str) -> list[Guess]:
    """Whose number it may be, best first, and among equals in the directory's order; [] where it is nobody's."""
    plain = normalized(number)
    guesses = sorted(
        (guess for carrier in CARRIERS if (guess := _guess(carrier, plain))), key=lambda guess: guess.certainty
    )
    has_better = any(guess.certainty < Certainty.WRONG for guess in guesses)
    return [guess for guess in guesses if not (has_better and guess.certainty == Certainty.WRONG)]


def check_digit_wrong(carrier_text: str, number: str) -> bool:
    """The number has a shape of that carrier's, and not its check digit: worth a warning, never a refusal.

    False for a carrier that is not known, and for a shape whose rule is not.
    """
    carrier, plain = find(carrier_text), normalized(number)
    fitting = carrier.fitting(plain) if carrier else []
    return bool(fitting) and not any(form.is_right(plain) for form in fitting)
