"""Amounts: whole minor units with a currency, exact everywhere."""

from dataclasses import dataclass
from decimal import Context, Inexact, InvalidOperation, Overflow

from orders.iso4217 import PLACES

LARGEST_MINOR = 10**15  # beyond what any order amounts to, and within what every program on the way keeps exactly
EXACT = Context(prec=40, traps=[Inexact, InvalidOperation, Overflow])  # more digits than that are refused, not cut


class CurrencyMismatch(TypeError):
    """Two amounts of different currencies were added, subtracted or compared."""


def decimal_places(currency: str) -> int | None:
    """How many decimals a currency has; None for one we do not know, which is never guessed."""
    return PLACES.get(currency)


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` is in minor units (cents, yen, fils); `currency` is an upper-case ISO 4217 code."""

    minor: int
    currency: str

    @classmethod
    def from_major(cls, amount: str, currency: str) -> "Money":
        """`"12.50"`, `"USD"` is 1250 cents; raise ValueError for `"12.505"`: nothing is rounded."""
        places = decimal_places(currency)
        if places is None:
            raise ValueError(f"The decimals of {currency} are not known.")
        try:
            minor = EXACT.scaleb(EXACT.create_decimal(amount), places)
            whole = int(minor)
        except (ArithmeticError, ValueError) as error:
            raise ValueError("Enter an amount such as 12.50.") from error
        if minor != whole:
            raise ValueError(f"{currency} has {places} decimals." if places else f"{currency} has no decimals.")
        return cls(whole, currency)

    @classmethod
    def typed(cls, amount: str, currency: str) -> "Money":
        """An amount as forms take it: in major units, or in whole minor units where the decimals are not known.

        Raise ValueError, as `from_major`.
        """
        if decimal_places(currency) is not None:
            return cls.from_major(amount, currency)
        if not (amount.isascii() and amount.isdigit()):
            raise ValueError(f"The decimals of {currency} are not known. Enter whole minor units, such as 1250.")
        return cls(int(amount), currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __str__(self) -> str:
        return f"{self.number} {self.currency}"

    @property
    def number(self) -> str:
        """`1,052.03`, with a real minus; minor units and a note where the currency's decimals are not known."""
        return self.whole + self.fraction

    @property
    def as_typed(self) -> str:
        """As a form has it, and `typed` reads it back."""
        return f"{self.minor:,}" if decimal_places(self.currency) is None else self.number

    @property
    def whole(self) -> str:
        places = decimal_places(self.currency) or 0
        return f"{'−' if self.minor < 0 else ''}{abs(self.minor) // 10**places:,}"

    @property
    def fraction(self) -> str:
        places = decimal_places(self.currency)
        if places is None:
            return " minor units"
        return f".{abs(self.minor) % 10**places:0{places}d}" if places else ""

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up.")
        return other.minor
