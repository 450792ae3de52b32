"""Bars of what was collected, above the line, and refunded, below it: drawn here, from the list of the table."""

from dataclasses import dataclass

from orders.money import Money
from orders.services.finance.sums import Figures, Sums

WIDTH, HEIGHT = 960, 160  # units of the drawing
GAP = 2


@dataclass(frozen=True)
class Bar:
    label: str
    x: int
    width: int
    top: int  # of what was collected
    collected_height: int
    refunded_height: int
    collected: Money
    refunded: Money


@dataclass(frozen=True)
class Chart:
    line: int  # where zero is
    bars: list[Bar]
    highest: Money
    width: int = WIDTH
    height: int = HEIGHT


def bars(currency: str, parts: list[tuple[str, Sums]]) -> Chart | None:
    """None where nothing moved in the currency."""
    figures = [(label, found.get(currency, Figures(currency))) for label, found in parts]
    up = max((max(one.collected, 0) for _, one in figures), default=0)
    down = max((max(one.refunded, 0) for _, one in figures), default=0)
    if not up + down:
        return None
    line = HEIGHT * up // (up + down)
    room = WIDTH // len(figures)
    drawn = [_bar(label, one, place * room, room, line, up + down) for place, (label, one) in enumerate(figures)]
    return Chart(line, drawn, Money(up, currency))


def _bar(label: str, figures: Figures, x: int, room: int, line: int, span: int) -> Bar:
    collected, refunded = max(figures.collected, 0), max(figures.refunded, 0)
    up = -(-HEIGHT * collected // span)  # what is little is seen all the same
    down = -(-HEIGHT * refunded // span)
    return Bar(
        label,
        x,
        max(room - GAP, 1),
        max(line - up, 0),
        up,
        down,
        figures.money("collected"),
        figures.money("refunded"),
    )
