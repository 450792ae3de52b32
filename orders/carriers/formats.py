"""What a carrier is: its name, the shapes of its numbers, and the page where a parcel can be followed."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from orders.carriers import check_digits
from orders.carriers.check_digits import COUNTRIES

LONGEST = 42  # characters of the longest number that any carrier has: USPS as scanned


MINUS = "\u2212"  # what spreadsheets make of a dash; Unicode calls it a sign for sums


def cleaned(text: str) -> str:
    """As it was meant, where it was copied: no marks that nobody sees, any space one space, any dash a hyphen."""
    return " ".join("".join(map(_cleaned, unicodedata.normalize("NFKC", text))).split())


def _cleaned(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cf":
        return ""
    return "-" if category == "Pd" or sign == MINUS else sign


def normalized(number: str) -> str:
    """How numbers are compared: upper-case, without anything but A-Z and 0-9."""
    return re.sub(r"[^0-9A-Za-z]", "", number).upper()


@dataclass(frozen=True)
class Format:
    """One shape of a carrier's numbers, without spaces and in upper-case.

    A group `checked` is what the check is about, a group `tracked` what the carrier's page wants; else the whole.
    """

    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None  # None: no rule is known
    example: str
    loose: bool = False  # the carrier publishes no format, and nearly everything fits

    def fits(self, number: str) -> bool:
        return len(number) <= LONGEST and self.pattern.fullmatch(number) is not None

    def is_right(self, number: str) -> bool:
        """Of a number that fits: its check digit is right, or there is no rule for one."""
        return self.check is None or self.check(self._part("checked", number))

    def tracked(self, number: str) -> str:
        return self._part("tracked", number)

    def holds(self, number: str) -> str:
        """The number that is in a bar code as it was scanned, "" where it is the number itself."""
        tracked = self.tracked(number)
        return tracked if tracked != number else ""

    def _part(self, name: str, number: str) -> str:
        found = self.pattern.fullmatch(number)
        return found[name] if found and name in self.pattern.groupindex else number


@dataclass(frozen=True)
class Carrier:
    code: str  # as RevKeen is told
    name: str  # as Digital River and OrderProtection are told
    page: str  # where a parcel is followed; {} stands for its number
    formats: tuple[Format, ...]
    aliases: tuple[str, ...] = ()

    def fitting(self, number: str) -> list[Format]:
        """Its formats that this number has the shape of; the number normalized."""
        return [form for form in self.formats if form.fits(number)]

    def tracking_address(self, number: str) -> str:
        """Spaces are for the eye, and nothing in a number can lead to another page."""
        plain = normalized(number)
        parts = [form.tracked(plain) for form in self.fitting(plain) if form.is_right(plain)]
        shorter = next((part for part in parts if part != plain), None)
        return self.page.format(quote(shorter or "".join(number.split()), safe=""))


def shape(pattern: str, example: str, check: Callable[[str], bool] | None = None, *, loose: bool = False) -> Format:
    return Format(re.compile(pattern), check, example, loose)


def post(country: str) -> Format:
    """The postal numbers (UPU S10) that this country's post issues."""
    return shape(f"[A-Z]{{2}}[0-9]{{9}}{country}", f"RB123456785{country}", check_digits.postal)


def anything(shortest: int, longest: int, example: str) -> Format:
    """Letters and digits, of which one is a digit; but no postal number, which names the post that issued it."""
    postal = f"[A-Z]{{2}}[0-9]{{9}}(?:{'|'.join(sorted(COUNTRIES))})$"
    pattern = f"(?!{postal})(?=[A-Z]*[0-9])[0-9A-Z]{{{shortest},{longest}}}"
    return shape(pattern, example, loose=True)
