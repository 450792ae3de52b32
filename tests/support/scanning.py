"""What a scanner reads from a barcode that was drawn."""

import re
from itertools import pairwise

from orders.barcodes import QUIET

# The widths of the bars and gaps of each value, from the standard's table; 106 is the stop.
SYMBOLS = """212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231
113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321
232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121
211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124
121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241
114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141
114131 311141 411131 211412 211214 211232 2331112""".split()
START_B, STOP = 104, 106


def scanned(drawing: str) -> str:
    """What a scanner reads from the drawing: bars to widths, widths to values, values to text."""
    width = int(re.search(r'viewBox="0 0 (\d+) 1"', drawing)[1])  # type: ignore[index]
    bars = [(int(at), int(wide)) for at, wide in re.findall(r"M(\d+) 0h(\d+)v1h-\2z", drawing)]
    assert bars[0][0] >= QUIET
    assert width - sum(bars[-1]) >= QUIET
    gaps = [after[0] - sum(before) for before, after in pairwise(bars)]
    widths = "".join(f"{bar[1]}{gap}" for bar, gap in zip(bars, [*gaps, ""], strict=True))
    values = [SYMBOLS.index(widths[at : at + 6]) for at in range(0, len(widths) - 7, 6)]
    assert widths[-7:] == SYMBOLS[STOP]
    *values, check = values
    assert check == sum(value * max(1, place) for place, value in enumerate(values)) % 103
    return _text(values)


def _text(values: list[int]) -> str:
    """Of subset B, in which every sign has a value and no value changes the subset."""
    start, *signs = values
    assert start == START_B
    assert max(signs) <= ord("~") - 32
    return "".join(chr(value + 32) for value in signs)
