"""What a spreadsheet does to numbers that are no numbers: `1.23E+20`, `12. Mar`, digits that became zeros."""

import re

DIGITS = 15  # that a spreadsheet keeps of a number
ZEROS = 3  # in place of so many others at least: fewer may be the number's own
POWER = re.compile(r"[+-]?[0-9]{1,40}(?:[.,][0-9]{0,40})?[eE]\+?[0-9]{1,3}")
MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|mai|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
DATES = [
    re.compile(r"[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{2,4}(?: [0-9:]+)?"),
    re.compile(r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?:[ T][0-9:.]+)?"),
    re.compile(rf"[0-9]{{1,2}}[-. ]+(?:{MONTHS})\.?(?:[-. ]+[0-9]{{2,4}})?", re.IGNORECASE),
    re.compile(rf"(?:{MONTHS})[-. ]+[0-9]{{1,4}}", re.IGNORECASE),
]


def damage(text: str) -> str:
    """What has become of it, as the end of a sentence; "" where nothing shows."""
    if POWER.fullmatch(text):
        return "was rounded to a power of ten."
    if any(date.fullmatch(text) for date in DATES):
        return "became a date."
    if text.startswith("#") and text.rstrip("#!?/0AEFLMNRUV") == "":
        return "is an error of the spreadsheet."
    digits = text.replace(" ", "")
    if digits.isascii() and digits.isdigit() and len(digits) >= DIGITS + ZEROS and not digits[DIGITS:].strip("0"):
        return "lost its last digits."
    return ""
