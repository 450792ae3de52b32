"""The rules by which a number's last character follows from those before it.

Each takes the characters that a rule is about, the check character last, and says whether it is the right one.
The characters are A-Z and 0-9 only, of the shape that `directory.py` gives for the rule.
"""

import re
from collections.abc import Iterable
from itertools import cycle

# Who may issue a postal number (UPU standard S10): the codes of ISO 3166-1, as in the public domain time zone database,
# and the two that ISO reserved at the UPU's request: AC (Ascension) and TA (Tristan da Cunha).
COUNTRIES = frozenset(
    """
    AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
    JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT
    TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()
)
POSTAL = re.compile(r"[A-Z]{2}(?P<digits>[0-9]{8})(?P<check>[0-9])(?P<country>[A-Z]{2})")


def _weighed(digits: Iterable[str], *weights: int) -> int:
    """The sum of the digits, each times its weight; the weights begin again when they are used up."""
    return sum(int(digit) * weight for digit, weight in zip(digits, cycle(weights)))


def _fills_ten(total: int, check: str) -> bool:
    return (10 - total % 10) % 10 == int(check)


def ups(text: str) -> bool:
    """Every second character counts twice; a letter counts as a digit: A as 2, B as 3, … H as 9, I as 0."""
    digits = [character if character.isdigit() else str((ord(character) - 3) % 10) for character in text[:-1]]
    return _fills_ten(_weighed(digits, 1, 2), text[-1])


def ontrac(text: str) -> bool:
    """As UPS, over the digits alone, with 4 for C and 5 for D in front unless they begin with it."""
    lead = {"C": "4", "D": "5"}[text[0]]
    digits = text[1:]
    return ups(digits if digits.startswith(lead) else lead + digits)


def fedex_express(text: str) -> bool:
    """The number of 12 digits."""
    return _weighed(text[:-1], 3, 1, 7) % 11 % 10 == int(text[-1])


def fedex_express_label(text: str) -> bool:
    """The last 14 digits of the long bar code."""
    return _weighed(text[:-1], 1, 7, 3) % 11 % 10 == int(text[-1])


def fedex_ground(text: str) -> bool:
    return _fills_ten(_weighed(text[:-1], 1, 3), text[-1])


def gs1(text: str) -> bool:
    """Three times every second digit, counted from the check digit to the left."""
    return _fills_ten(_weighed(reversed(text[:-1]), 3, 1), text[-1])


def identcode(text: str) -> bool:
    """DHL Paket's 12 digits."""
    return _fills_ten(_weighed(text[:-1], 4, 9), text[-1])


def usps_20(text: str) -> bool:
    """The check digit may have been made with the 91 that stood in front of the number."""
    return gs1(text) or gs1("91" + text)


def dhl_express(text: str) -> bool:
    return int(text[:-1]) % 7 == int(text[-1])


def postal(text: str) -> bool:
    """UPU S10, country included."""
    found = POSTAL.fullmatch(text)
    if not found or found["country"] not in COUNTRIES:
        return False
    rest = 11 - _weighed(found["digits"], 8, 6, 4, 2, 3, 5, 9, 7) % 11
    return {10: 0, 11: 5}.get(rest, rest) == int(found["check"])


def dpd(text: str) -> bool:
    """ISO 7064, MOD 37,36: the check character may be a letter."""
    product = 36
    for character in text[:-1]:
        total = product + int(character, 36)
        product = 2 * (total - 36 if total > 36 else total)
        product = product - 37 if product > 36 else product
    return (37 - product) % 36 == int(text[-1], 36)
