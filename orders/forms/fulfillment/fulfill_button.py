"""What the button of the form names: exactly that is sent, or nothing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """What the button names. `told`: for each parcel how many lines RevKeen hears of with it."""

    lines: int
    units: int
    parcels: int
    told: tuple[int, ...]

    @property
    def lines_told(self) -> int:
        return sum(self.told)

    @property
    def tells(self) -> bool:
        return any(self.told)

    @property
    def whole(self) -> bool:
        """Nothing of these lines stays here."""
        return self.lines_told == self.lines

    @property
    def words(self) -> str:
        """`Fulfill 2 lines in 2 parcels`, where RevKeen hears of any."""
        what = _count(self.lines_told, "line")
        whole = f"Fulfill {what}" if self.whole else f"Ship {_count(self.units, 'unit')}, fulfill {what}"
        return f"{whole} in {self.parcels} parcels" if self.parcels > 1 else whole

    @property
    def value(self) -> str:
        return f"{self.lines}:{self.units}:{self.parcels}:{'+'.join(map(str, self.told))}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
