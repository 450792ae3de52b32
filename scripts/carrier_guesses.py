"""How often digits that mean nothing are taken for a carrier's number: the table of docs/carriers.md.

python -m scripts.carrier_guesses
"""

import random
from collections import Counter

from orders.carriers import Certainty, detect

LENGTHS = range(8, 35)
NUMBERS = 20_000  # of each length
HEADING = "| Digits | Good check digit | Shape alone | Anything goes |\n| --- | --- | --- | --- |"


def guesses(length: int, numbers: int = NUMBERS) -> dict[Certainty, Counter[str]]:
    """How many of these random numbers were taken for which carrier's, by name; the same ones each time."""
    dice = random.Random(length)  # noqa: S311
    found: dict[Certainty, Counter[str]] = {certainty: Counter() for certainty in Certainty}
    for _ in range(numbers):
        for guess in detect("".join(dice.choices("0123456789", k=length))):
            found[guess.certainty][guess.carrier.name] += 1
    return found


def _shares(names: Counter[str], numbers: int) -> str:
    shares = ((name, 100 * count / numbers) for name, count in sorted(names.items()))
    texts = (f"{name} {share:.1f} %" if share >= 0.05 else f"{name} < 0.1 %" for name, share in shares)
    return ", ".join(texts) or "–"


def row(length: int, numbers: int = NUMBERS) -> str:
    found = guesses(length, numbers)
    columns = (Certainty.DIGITS, Certainty.SHAPE, Certainty.LOOSE)
    return " | ".join([f"| {length}", *(_shares(found[column], numbers) for column in columns)]) + " |"


if __name__ == "__main__":
    print(HEADING)
    for digits in LENGTHS:
        print(row(digits))
